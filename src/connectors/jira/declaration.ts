import { auth, defineConnector } from '#kit'
import { config } from './config.ts'
import { events } from './events.ts'
import { gateway, threeLegged } from './oauth.ts'
import { responseRules } from './response-rules.ts'
import { projectTarget } from './project-target.ts'
import { webhook } from './webhook.ts'

export const jira = defineConnector({
  name: 'jira',
  title: 'Jira',
  description: 'Projects, issues, transitions, comments and users of Jira Cloud, Server and Data Center.',
  sendsTo: 'private',
  connect:
    'In Jira Cloud create an API token under Account settings, Security, and store it as credential jira-credentials {"username": "you@example.com", "api_token": "…", "base_url": "https://your-domain.atlassian.net"}; on Jira Server or Data Center create a personal access token and store {"token": "…"}.',
  config,
  auth: [
    auth.basic({
      title: 'E-mail and API token',
      username: { name: 'username', describe: 'User name; in the cloud the e-mail address.' },
      password: { name: 'api_token', describe: 'API token; on old servers the password.' },
      aliases: { email: 'username', password: 'api_token', token: 'api_token' },
    }),
    auth.token({ title: 'Personal access token (Server, Data Center)', aliases: ['personal_access_token'] }),
    threeLegged,
  ],
  baseUrl: ({ base_url, cloud_id, gateway_url = gateway, api_version }) =>
    `${cloud_id === undefined ? base_url.replace(/\/+$/, '') : `${gateway_url}/ex/jira/${cloud_id}`}/rest/api/${api_version}`,
  responseRules,
  ids: [
    {
      // Not the names of standards, such as UTF-8.
      pattern: /(?<![\w-])(?!(?:utf|sha|iso|rfc|gpt|covid)-)[a-z][a-z\d_]{1,9}-\d{1,6}(?![\w-])/,
      fields: ['issue_key', 'other_key', 'parent_key'],
      words: 'ticket',
    },
    { pattern: /\bhttps:\/\/[\w.-]{1,100}\/browse\/[\w-]{1,20}/, fields: ['issue_key'], words: 'ticket' },
  ],
  targets: { project: projectTarget },
  wellKnownCredentials: ['jira-credentials'],
  environment: {
    JIRA_BASE_URL: { description: 'Jira site, e.g. https://your-domain.atlassian.net.', names: 'url' },
    JIRA_USERNAME: { description: 'Jira user name; in Jira Cloud the e-mail address.' },
    JIRA_API_TOKEN: { description: 'Jira API token.', secret: true },
    JIRA_CLIENT_ID: { description: 'Client id of an Atlassian app, to connect Jira Cloud by OAuth.' },
    JIRA_CLIENT_SECRET: { description: 'Client secret of the Atlassian app.', secret: true },
  },
  fromEnvironment: ({ JIRA_BASE_URL, JIRA_USERNAME, JIRA_API_TOKEN }) => ({
    credential: { username: JIRA_USERNAME, api_token: JIRA_API_TOKEN },
    config: { base_url: JIRA_BASE_URL },
  }),
  test: async ({ http }) => {
    const { displayName: name } = await http.get<{ displayName: string }>('/myself')
    return { account: name }
  },
  legacyPaths: [
    {
      method: 'GET',
      path: '/api/integrations/jira/projects',
      action: 'list_projects',
      summary: 'List projects, or find one by project_name',
      ifQuery: { parameter: 'project_name', action: 'find_project' },
    },
    { method: 'GET', path: '/api/integrations/jira/projects/:project_key', action: 'get_project', summary: 'Get a project' },
    {
      method: 'GET',
      path: '/api/integrations/jira/issues',
      action: 'search_issues',
      queryAliases: { type: 'issue_type', issuetype: 'issue_type', project: 'project_key' },
      summary: 'Search issues by filters, or by jql',
    },
    { method: 'POST', path: '/api/integrations/jira/issues', action: 'create_issue', summary: 'Create an issue' },
    { method: 'GET', path: '/api/integrations/jira/users', action: 'search_users', summary: 'Search users' },
  ],
  webhook,
  events,
})

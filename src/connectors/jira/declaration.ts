import { auth, defineConnector } from '#kit'
import { config } from './config.ts'
import { responseRules } from './response-rules.ts'
import { events, webhook } from './webhook.ts'

export const jira = defineConnector({
  name: 'jira',
  title: 'Jira',
  description: 'Projects, issues, transitions, comments and users of Jira Cloud, Server and Data Center.',
  connect:
    'In the cloud make an API token under Account settings, Security, and store it as credential jira-credentials {"username": "you@example.com", "api_token": "…", "base_url": "https://your-domain.atlassian.net"}; on a server of your own make a personal access token and store {"token": "…"}.',
  config,
  auth: [
    auth.basic({
      title: 'E-mail and API token',
      username: { name: 'username', describe: 'User name; in the cloud the e-mail address.' },
      password: { name: 'api_token', describe: 'API token; on old servers the password.' },
      aliases: { email: 'username', password: 'api_token', token: 'api_token' },
    }),
    auth.token({ title: 'Personal access token (Server, Data Center)', aliases: ['personal_access_token'] }),
  ],
  baseUrl: ({ base_url, api_version }) => `${base_url.replace(/\/+$/, '')}/rest/api/${api_version}`,
  responseRules,
  wellKnownCredentials: ['jira-credentials'],
  environment: {
    JIRA_BASE_URL: { description: 'Jira site, e.g. https://your-domain.atlassian.net.', names: 'url' },
    JIRA_USERNAME: { description: 'Jira user name; in Jira Cloud the e-mail address.' },
    JIRA_API_TOKEN: { description: 'Jira API token.', secret: true },
  },
  fromEnvironment: ({ JIRA_BASE_URL, JIRA_USERNAME, JIRA_API_TOKEN }) =>
    JIRA_BASE_URL && JIRA_USERNAME && JIRA_API_TOKEN
      ? { credential: { username: JIRA_USERNAME, api_token: JIRA_API_TOKEN }, config: { base_url: JIRA_BASE_URL } }
      : undefined,
  test: async ({ http }) => {
    const { displayName: name } = await http.get<{ displayName: string }>('/myself')
    return { account: name }
  },
  webhook,
  events,
})

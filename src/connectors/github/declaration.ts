import { z } from 'zod'
import { auth, defineConnector, refuseSameBody } from '#kit'
import { githubApp } from './auth.ts'
import { events } from './events.ts'
import { oauthApp } from './oauth.ts'
import { responseRules } from './response-rules.ts'
import { webhook } from './webhook.ts'

export const github = defineConnector({
  name: 'github',
  title: 'GitHub',
  description:
    'Repositories, code, issues, pull requests, reviews, checks, releases, workflows and projects on GitHub and GitHub Enterprise.',
  // A repository may be public, and an input does not tell.
  sendsTo: 'public',
  connect:
    'Make a personal access token with the scopes repo and read:org (and project for projects) and store it as credential github-pat {"personal_access_token": "…"}.',
  config: z.object({
    refuse_same_body: refuseSameBody,
    api_url: z
      .url({ protocol: /^https?$/ })
      .default('https://api.github.com')
      .describe('The API, for GitHub Enterprise: https://HOST/api/v3.'),
    default_labels: z.array(z.string()).optional().describe('Labels that are added to every new issue.'),
    auto_sync: z.boolean().optional().describe('Keep issues and tasks in sync.'),
  }),
  auth: [
    auth.token({ title: 'Personal access token', describe: 'A classic or fine-grained token.', aliases: ['personal_access_token', 'pat'] }),
    oauthApp,
    githubApp,
  ],
  baseUrl: ({ api_url }) => api_url,
  targets: {
    repository: {
      fields: [],
      values: ({ owner, repo }) => (typeof owner === 'string' && typeof repo === 'string' ? [`${owner}/${repo}`] : []),
      normal: (text) => text.trim().toLowerCase(),
    },
  },
  ids: [
    { pattern: /\b(?:pr|pull request|pull|mr)s? ?(?:no\.? ?|number )?#?\d{1,7}\b/, fields: ['number'], words: 'pull request' },
    { pattern: /\b(?:issue|bug)s? ?(?:no\.? ?|number )?#?\d{1,7}\b/, fields: ['number'], words: 'issue' },
    { pattern: /(?<![\w#])#\d{1,7}\b/, fields: ['number'], words: '' },
    { pattern: /\bhttps:\/\/github\.com\/[^\s/]{1,100}\/[^\s/]{1,100}\/pull\/\d{1,7}\b/, fields: ['number'], words: 'pull request' },
    { pattern: /\bhttps:\/\/github\.com\/[^\s/]{1,100}\/[^\s/]{1,100}\/issues\/\d{1,7}\b/, fields: ['number'], words: 'issue' },
    {
      pattern: /(?<![\w.-])[\w-]{1,60}\.(?:[cm]?[jt]sx?|json|ya?ml|toml|md|py|go|rs|java|rb|php|css|html|sh|lock)(?!\w)/,
      fields: ['path'],
      words: 'file',
    },
    { pattern: /\bhttps:\/\/github\.com\/\S{1,200}/, fields: ['repo'], words: 'repository' },
    { pattern: /(?<![\w/.:@-])[a-z\d][a-z\d-]{0,38}\/[\w.-]{1,100}(?![\w/])/, fields: ['repo'], words: '' },
    { pattern: /(?<![\w-])(?=[a-f]{0,39}\d)[\da-f]{7,40}(?![\w-])/, fields: ['ref', 'sha', 'head_sha', 'head'], words: 'commit' },
  ],
  headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  responseRules,
  wellKnownCredentials: ['github-pat'],
  environment: {
    GITHUB_TOKEN: { description: 'GitHub personal access token.', secret: true },
    GITHUB_CLIENT_ID: { description: 'Client id of a GitHub OAuth App, to connect by OAuth.' },
    GITHUB_CLIENT_SECRET: { description: 'Client secret of the OAuth App.', secret: true },
    GITHUB_INTEGRATION_REDIRECT_URI: {
      description: 'Redirect URL of the OAuth App, where an application of your own completes the connection.',
    },
    GITHUB_APP_ID: { description: 'Id of a GitHub App, to connect by its installation.' },
    GITHUB_APP_SLUG: { description: 'Name of the GitHub App in its URL.' },
    GITHUB_APP_PRIVATE_KEY: { description: 'Private key of the GitHub App, in PEM.', secret: true },
    GITHUB_APP_CLIENT_ID: { description: 'Client id of the GitHub App.' },
    GITHUB_APP_CLIENT_SECRET: { description: 'Client secret of the GitHub App.', secret: true },
    GITHUB_API_URL: { description: 'GitHub API, for GitHub Enterprise.', names: 'url' },
  },
  fromEnvironment: ({ GITHUB_TOKEN, GITHUB_API_URL }) => ({ credential: { token: GITHUB_TOKEN }, config: { api_url: GITHUB_API_URL } }),
  test: async ({ http }) => {
    const { login } = await http.get<{ login: string }>('/user')
    return { account: login }
  },
  legacyPaths: [
    {
      method: 'GET',
      path: '/api/integrations/github/repos',
      action: 'search_repositories',
      queryAliases: { q: 'query' },
      summary: 'Search repositories',
    },
    { method: 'GET', path: '/api/integrations/github/repos/:owner/:repo', action: 'get_repository', summary: 'Get a repository' },
    {
      method: 'GET',
      path: '/api/integrations/github/commits',
      action: 'list_commits',
      queryAliases: { branch: 'sha' },
      summary: 'List commits',
    },
    { method: 'GET', path: '/api/integrations/github/issues', action: 'list_issues', summary: 'List issues' },
    { method: 'POST', path: '/api/integrations/github/issues', action: 'create_issue', summary: 'Create an issue' },
    { method: 'GET', path: '/api/v1/integrations/:integration/github/projects', action: 'list_projects', summary: 'List projects' },
    { method: 'GET', path: '/api/integrations/github/pullrequests', action: 'list_pull_requests', summary: 'List pull requests' },
  ],
  webhook,
  events,
})

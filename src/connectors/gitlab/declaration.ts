import { z } from 'zod'
import { auth, defineConnector, refuseSameBody } from '#kit'
import { events } from './events.ts'
import { application } from './oauth.ts'
import { responseRules } from './response-rules.ts'
import { apiOf } from './urls.ts'
import { webhook } from './webhook.ts'

export const gitlab = defineConnector({
  name: 'gitlab',
  title: 'GitLab',
  description: 'Projects, issues, merge requests, comments, commits, branches, files and pipelines on GitLab.com and self-managed GitLab.',
  // A project may be public, and an input does not tell.
  sendsTo: 'public',
  connect:
    'Make a personal, project or group access token with the scope api (read_api to read only) and store it as credential gitlab-token {"token": "…"}, with "base_url" for a GitLab of your own.',
  config: z.object({
    refuse_same_body: refuseSameBody,
    base_url: z
      .url({ protocol: /^https?$/ })
      .default('https://gitlab.com')
      .describe('The address of GitLab, without /api/v4.'),
  }),
  auth: [
    auth.token({
      title: 'Access token',
      describe: 'A personal, project or group access token.',
      header: 'private-token',
      prefix: '',
      aliases: ['private_token', 'personal_access_token'],
    }),
    application,
  ],
  baseUrl: apiOf,
  targets: {
    repository: {
      fields: ['project'],
      // By its id, the project may be any.
      values: ({ project }) => (typeof project !== 'string' ? [] : [/^\d+$/.test(project) ? undefined : project]),
      normal: (text) => text.trim().toLowerCase(),
    },
  },
  ids: [
    { pattern: /(?<![\w!])![1-9]\d{0,6}\b/, fields: ['merge_request'], words: 'merge request' },
    { pattern: /\b(?:mr|merge request)s? ?(?:no\.? ?|number )?!?\d{1,7}\b/, fields: ['merge_request'], words: 'merge request' },
    {
      pattern: /\bhttps:\/\/[\w.-]{1,100}\/[\w./-]{1,200}\/-\/merge_requests\/\d{1,7}\b/,
      fields: ['merge_request'],
      words: 'merge request',
    },
    { pattern: /\bhttps:\/\/[\w.-]{1,100}\/[\w./-]{1,200}\/-\/issues\/\d{1,7}\b/, fields: ['issue'], words: 'issue' },
    { pattern: /\bhttps:\/\/gitlab\.com\/\S{1,200}/, fields: ['project'], words: 'gitlab project' },
  ],
  responseRules,
  wellKnownCredentials: ['gitlab-token'],
  environment: {
    GITLAB_TOKEN: { description: 'GitLab access token.', secret: true },
    GITLAB_BASE_URL: { description: 'GitLab server, if it is not https://gitlab.com.', names: 'url' },
    GITLAB_CLIENT_ID: { description: 'Client id of a GitLab application, to connect by OAuth.' },
    GITLAB_CLIENT_SECRET: { description: 'Client secret of the GitLab application.', secret: true },
  },
  fromEnvironment: ({ GITLAB_TOKEN, GITLAB_BASE_URL }) => ({ credential: { token: GITLAB_TOKEN }, config: { base_url: GITLAB_BASE_URL } }),
  test: async ({ http }) => {
    const { username } = await http.get<{ username: string }>('/user')
    return { account: username }
  },
  webhook,
  events,
})

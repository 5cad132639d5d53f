import { agentStandIn, type AgentStandIn } from '../test/standins/agent.ts'
import { githubStandIn, type GitHubStandIn } from '../test/standins/github.ts'
import { mailbox, type Mailbox } from '../test/standins/mailbox.ts'
import { slackStandIn, type SlackStandIn } from '../test/standins/slack.ts'
import { createApi, type Api } from './api.ts'

/** The outside world in small: what the hub is connected with, without an account anywhere. */
export interface StandIns extends AsyncDisposable {
  readonly github: GitHubStandIn
  readonly slack: SlackStandIn
  readonly mail: Mailbox
  readonly agent: AgentStandIn
  readonly webhookSecret: string
}

export async function startStandIns(): Promise<StandIns> {
  await using stack = new AsyncDisposableStack()
  const github = stack.use(await githubStandIn())
  const slack = stack.use(await slackStandIn())
  const mail = stack.use(await mailbox())
  const agent = stack.use(await agentStandIn())
  const owned = stack.move()
  const webhookSecret = 'a-long-random-text-shared-with-github'
  return { github, slack, mail, agent, webhookSecret, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Credentials, integrations and the webhook, as a person would make them. */
export async function connect(api: Api, { github, slack, mail, agent, webhookSecret }: StandIns): Promise<void> {
  const integration = (integration_type: string, credential: object, config: object) =>
    api.call('POST', '/api/v1/integrations', { integration_type, credential, config })
  await integration('github', { personal_access_token: github.token }, { api_url: github.url })
  await integration('slack', { token: slack.token }, { api_url: slack.url })
  await integration('smtp', mail.login, { host: '127.0.0.1', port: mail.port, require_tls: false, from: 'Hub <hub@example.com>' })
  await integration('openai', { api_key: agent.token }, { base_url: agent.url, model: agent.model })
  await api.call('POST', '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: webhookSecret } })
  await onGitHub(github).call('POST', '/repos/octocat/hello-world/hooks', {
    config: { url: `${api.url}/api/v1/webhooks/github`, content_type: 'json', secret: webhookSecret },
    events: ['pull_request', 'issues'],
  })
}

/** Calls the API of GitHub as a developer. */
export function onGitHub({ url, token }: GitHubStandIn): Api {
  return createApi(url, token)
}

export interface Change {
  readonly branch: string
  readonly title: string
  readonly files: Readonly<Record<string, string>>
  readonly draft?: boolean
  /** Who owns the fork that it comes from; nobody: the repository itself. */
  readonly from?: string | undefined
}

/** A branch with files, and the pull request for it; answers its number. */
export async function openPullRequest(github: GitHubStandIn, { branch, title, files, draft = false, from }: Change): Promise<number> {
  const repo = `/repos/${from ?? 'octocat'}/hello-world`
  const { commit } = await onGitHub(github).call<{ commit: { sha: string } }>('GET', `${repo}/branches/main`)
  await onGitHub(github).call('POST', `${repo}/git/refs`, { ref: `refs/heads/${branch}`, sha: commit.sha })
  await pushFiles(github, { branch, files, from })
  const head = from === undefined ? branch : `${from}:${branch}`
  const { number } = await onGitHub(github).call<{ number: number }>('POST', '/repos/octocat/hello-world/pulls', {
    title,
    head,
    base: 'main',
    draft,
  })
  return number
}

export async function pushFiles(github: GitHubStandIn, { branch, files, from }: Pick<Change, 'branch' | 'files' | 'from'>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const content = Buffer.from(text).toString('base64')
    await onGitHub(github).call('PUT', `/repos/${from ?? 'octocat'}/hello-world/contents/${path}`, {
      message: `Add ${path}`,
      content,
      branch,
    })
  }
}

export interface Comment {
  readonly id: number
  readonly body: string
}

export function commentsOn(github: GitHubStandIn, number: number): Promise<Comment[]> {
  return onGitHub(github).call('GET', `/repos/octocat/hello-world/issues/${number}/comments`)
}

/** The texts in #general, newest first. */
export async function slackMessages({ url, token }: SlackStandIn): Promise<string[]> {
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json()) as T
  const { channels } = await ask<{ channels: { id: string; name: string }[] }>('/conversations.list')
  const { id } = channels.find(({ name }) => name === 'general')!
  const { messages } = await ask<{ messages: { text: string }[] }>(`/conversations.history?channel=${id}&limit=100`)
  return messages.map(({ text }) => text)
}

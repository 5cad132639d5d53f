import { upstream, type RecordedRequest, type Scripted } from '#kit/testing'
import { agentWith, servedHub } from '#test'
import type { PolicyDocument } from '#tools'
import { mailbox } from '../../standins/mailbox.ts'

/** What a place outside received. */
export interface Arrival {
  readonly where: string
  readonly text: string
}

/** A workspace whose systems are scripted, and everything that has reached a place where others read. */
export interface World extends AsyncDisposable {
  readonly address: string
  readonly token: string
  /** Makes an item that tools read. */
  put(path: string, body: unknown): void
  /** Makes a run whose output is the text, and returns its id. */
  runWith(text: string): Promise<string>
  /** Forgets what has arrived, and returns it. */
  takeArrivals(): Arrival[]
}

const writeAnswer = {
  ok: true,
  id: 1,
  number: 1,
  channel: 'C0000001',
  ts: '1531420618.000100',
  key: 'SEC-1',
  html_url: '',
  sha: 'abcdefabcdef',
}

/** Which requests bring something to a place that others read. */
function isArrival({ method, path }: RecordedRequest): boolean {
  if (path.startsWith('/drop')) return true
  if (path.startsWith('/github')) return method !== 'GET'
  return path.startsWith('/slack') && /\/(chat|files|conversations\.(create|setTopic))/.test(path) && method !== 'GET'
}

export async function startWorld(name: string, informationFlow: PolicyDocument['informationFlow']): Promise<World> {
  const { hub, address } = await servedHub()
  await using stack = new AsyncDisposableStack()
  const items = new Map<string, unknown>()
  const answer = ({ method, path }: RecordedRequest): Scripted => {
    const item = items.get(path)
    if (item !== undefined && (method === 'GET' || path.startsWith('/slack')))
      return isRefusal(item) ? { status: item.refused, body: item.body } : { body: item }
    return method === 'GET' && !path.startsWith('/drop') ? { status: 404, body: { message: 'Not Found' } } : { body: writeAnswer }
  }
  const outside = stack.use(await upstream(answer))
  const mail = stack.use(await mailbox())
  const { id: workspaceId } = await hub.access.workspaces.create(await hub.access.operator('tester'), name)
  const operator = { ...(await hub.access.operator('tester')), workspaceId }
  const http = { connector: 'http', authType: 'none' }
  const { username, password } = mail.login
  const all = {
    github: { connector: 'github', credential: { token: 'ghp_abcdefghijkl' }, config: { api_url: `${outside.url}/github` } },
    jira: {
      connector: 'jira',
      credential: { email: 'me@acme.example', api_token: 'jira-token-1' },
      config: { base_url: `${outside.url}/jira` },
    },
    slack: { connector: 'slack', credential: { token: 'xoxb-123456789012' }, config: { api_url: `${outside.url}/slack` } },
    smtp: {
      connector: 'smtp',
      credential: { username, password },
      config: { host: '127.0.0.1', port: mail.port, require_tls: false, from: 'agent@acme.example' },
    },
    web: { ...http, config: { base_url: `${outside.url}/web` } },
    drop: { ...http, config: { base_url: `${outside.url}/drop` } },
  }
  for (const [integration, rest] of Object.entries(all)) await hub.integrations.create(operator, { name: integration, ...rest })
  // Hidden text reaches the agent: what removes it has its own tests, and may know fewer tricks than an attacker.
  await hub.tools.policies.write(operator, { informationFlow, sanitize: 'never' })
  const send =
    '{ id: send, uses: smtp_send, with: { to: "${{ parameters.to }}", subject: "${{ parameters.subject }}", text: "${{ parameters.text }}" } }'
  const words = '{ properties: { to: { type: string }, subject: { type: string }, text: { type: string } } }'
  await hub.flows.save(operator, `id: send-mail\nparameters: ${words}\nsteps: [${send}]`)
  await hub.flows.save(operator, `id: mail-tool\ntool: true\nparameters: ${words}\nsteps: [${send}]`)
  await hub.flows.save(
    operator,
    `id: repeat\nparameters: { properties: { text: { type: string } } }\nsteps: [{ id: a, transform: "\${{ parameters.text }}" }]\noutputs: { text: "\${{ steps.a.output }}" }`,
  )
  const { token } = await agentWith(hub, ['tools:call', 'flows:run', 'flows:read', 'integrations:read'], operator)
  const owned = stack.move()
  return {
    address,
    token,
    put: (path, body) => void items.set(path, body),
    async runWith(text) {
      const { id } = await hub.flows.trigger(operator, 'repeat', { parameters: { text } })
      await hub.flows.wait(workspaceId, id, 20_000)
      return id
    },
    takeArrivals: () => [
      ...outside.requests
        .splice(0)
        .filter(isArrival)
        .map(({ path, query, body, headers }) => ({
          where: path,
          text: [path, ...query.values(), body, JSON.stringify(headers)].join('\n'),
        })),
      ...mail.mails.splice(0).map((one) => ({ where: 'mail', text: JSON.stringify([one.subject, one.text, one.html, one.to]) })),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** An error that the system answers instead of the item. */
export interface Refusal {
  readonly refused: number
  readonly body: object
}

function isRefusal(item: unknown): item is Refusal {
  return typeof item === 'object' && item !== null && 'refused' in item
}

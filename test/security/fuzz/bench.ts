import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectors } from '#connectors'
import { adminToken, configFor, freshDatabase, sampleCredential, serveProcess, startReceiver, type HubProcess } from '#test'
import type { Ingredients } from './request.ts'
import type { Document } from './routes.ts'

const elsewhere = 'elsewhere'
const hookSecret = 'secret-of-the-hooks-0123456789'
const foreignHookSecret = 'secret-of-others-hooks-0123456789'
/** What changes by itself. */
const volatile = /"(last_used_at|updated_at)":("[^"]*"|null)/g

export interface Bench extends AsyncDisposable {
  readonly hub: HubProcess
  readonly document: Document
  /** Makes what was deleted or disabled anew, and returns all that requests may name. */
  prepare(): Promise<Ingredients>
  /** All that another workspace has, by subject. */
  foreign(): Promise<Readonly<Record<string, string>>>
}

type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; text: string }>

/** A hub as a process of its own, with two workspaces that have some of everything. */
export async function startBench(): Promise<Bench> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await freshDatabase())
  // Every system outside finds nothing, so an error of one is never the hub's.
  const outside = stack.use(
    await startReceiver({ status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"not here"}' }),
  )
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-fuzz-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const hub = stack.use(
    await serveProcess({
      DATABASE_URL: database.url,
      HUB_DATA_DIR: dataDir,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      HUB_EGRESS_ALLOW: '127.0.0.1',
      HUB_TRUST_PROXY: '127.0.0.1',
      HUB_DRAIN_SECONDS: '1',
      RATE_LIMIT_PER_MINUTE: '1000000',
      MAX_RETRY_ATTEMPTS: '0',
      INTEGRATION_TIMEOUT: '2',
      LOG_LEVEL: 'info',
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'no-names.ts')}`,
    }),
  )

  const callIn =
    (workspace: string): Call =>
    async (method, path, body) => {
      const reply = await fetch(hub.url + path, {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          'hub-workspace': workspace,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: reply.status, text: await reply.text() }
    }
  const [here, there] = [callIn('default'), callIn(elsewhere)]
  await here('POST', '/api/v1/workspaces', { name: elsewhere })
  const document = JSON.parse((await here('GET', '/openapi.json')).text) as Document
  await furnish(there, { outside: outside.url, secret: foreignHookSecret, types: ['nothing.such'] })
  const tokens = {
    admin: await tokenOf(here, { name: 'fuzz', scopes: ['admin'] }),
    others: [
      await tokenOf(here, { name: 'reader', scopes: ['admin'], read_only: true }),
      await tokenOf(here, { name: 'narrow', scopes: ['tools:call:http_request'] }),
      await tokenOf(there, { name: 'stranger', scopes: ['flows:read', 'events:read', 'integrations:read'] }),
    ],
  }
  const flows = await here('GET', '/api/v1/flows')
  const definitions = await Promise.all(
    idsIn(flows.text, ['id']).map(
      async (id) => (JSON.parse((await here('GET', `/api/v1/flows/${id}`)).text) as { definition: unknown }).definition,
    ),
  )
  const owned = stack.move()
  return {
    hub,
    document,
    async prepare() {
      await furnish(here, { outside: outside.url, secret: hookSecret, types: ['*'] })
      await keepInStep(here)
      const known = Object.fromEntries(
        await Promise.all(
          subjects.map(async (subject) => {
            const lists = await Promise.all([here, there].map((call) => call('GET', `/api/v1/${subject}`)))
            const ids = lists.flatMap(({ text }) => idsIn(text, subject === 'tokens' ? [] : ['id', 'name']))
            return [subject, [...new Set(ids)].slice(0, 60)] as const
          }),
        ),
      )
      const { integrations = [] } = known
      return {
        tokens,
        definitions,
        hookSecret,
        outside: outside.url,
        since: new Date().toISOString(),
        host: new URL(hub.url).host,
        known: { ...known, integration: integrations, webhooks: integrations, webhook: integrations, hook: integrations },
      }
    },
    foreign: async () => {
      const all = [...subjects, 'policies', 'retention', 'approval-settings']
      const read = async (subject: string) => [subject, (await there('GET', `/api/v1/${subject}`)).text.replaceAll(volatile, '')] as const
      return Object.fromEntries(await Promise.all(all.map(read)))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A source whose syncs fail, because nothing is there. Only in the workspace that is asked: its state changes by itself. */
async function keepInStep(call: Call): Promise<void> {
  await call('POST', '/api/v1/sources', { integration: 'github', kind: 'issues', config: { repository: 'octocat/hello-world' } })
}

const subjects = [
  'sources',
  'integrations',
  'flows',
  'runs',
  'events',
  'endpoints',
  'deliveries',
  'approvals',
  'credentials',
  'invocations',
  'connectors',
  'tools',
  'tokens',
]

function idsIn(text: string, fields: readonly string[]): string[] {
  const { items } = JSON.parse(text) as { items: Record<string, unknown>[] }
  return items.flatMap((item) => fields.map((field) => item[field]).filter((id) => typeof id === 'string'))
}

async function tokenOf(call: Call, wanted: object): Promise<string> {
  const { status, text } = await call('POST', '/api/v1/tokens', wanted)
  assert.equal(status, 201, text)
  return (JSON.parse(text) as { token: string }).token
}

interface Furniture {
  readonly outside: string
  /** What deliveries to its hooks are signed with. */
  readonly secret: string
  /** Of the events that its endpoint receives. */
  readonly types: readonly string[]
}

/** Some of everything. What exists already is left as it is, but enabled. */
async function furnish(call: Call, { outside, secret, types }: Furniture): Promise<void> {
  await call('PUT', '/api/v1/policies', { rules: [{ tools: ['http_request'], where: { path: '/asked' }, decision: 'ask' }] })
  await call('PUT', '/api/v1/credentials/a-credential', { data: { token: 'a-secret-value' } })
  const connect = (name: string, integration_type: string, more: object) =>
    call('POST', `/api/integrations/${name}/configure`, { integration_type, enabled: true, ...more })
  for (const connector of connectors) {
    const { name } = connector
    if (name === 'smtp') await connect(name, name, { auth_type: 'none', config: { host: '127.0.0.1', port: 9 } })
    else if (name === 'webhook')
      for (const verification of ['github', { kind: 'bearer' }])
        await connect(`${name}-${typeof verification}`, name, { credential: { secret }, config: { verification } })
    else {
      const config = { ...configFor(connector, outside), ...(name === 'github' ? { webhook_secret: secret } : {}) }
      await connect(name, name, { credential: sampleCredential(connector), config })
    }
  }
  await call('POST', '/api/v1/flows', { definition: { id: 'done', steps: [{ id: 'a', transform: 1 }] } })
  await call('POST', '/api/v1/flows', { definition: { id: 'waiting', steps: [{ id: 'a', wait: '1h' }] } })
  for (const flow of ['done', 'waiting']) await call('POST', `/api/v1/flows/${flow}/trigger?wait=${flow === 'done' ? 5 : 0}`, {})
  await call('POST', '/api/v1/endpoints', { url: outside, types })
  await call('POST', '/api/v1/tokens', { name: 'to be revoked', scopes: ['tools:read'] })
  for (const path of ['/a', '/asked'])
    await call('POST', '/api/v1/tools/http_request/invoke', { integration: 'http', input: { method: 'POST', path } })
}

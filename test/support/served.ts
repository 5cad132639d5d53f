import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { loadConfig, type Environment } from '#config'
import { serveHub, type ServingHub } from '#serve'
import type { Principal } from '#access'
import { atEnd, freshDatabase } from './database.ts'
import { adminToken } from './hub.ts'

export interface Outside {
  readonly url: string
  /** The requests, oldest first, such as `POST /thing`. */
  readonly seen: { readonly what: string; readonly key: string | undefined; readonly body: string }[]
  /** The responses by path. Other paths get `{"ok": 1}`. */
  readonly answers: Map<string, (request: IncomingMessage) => { status?: number; body: unknown; afterMs?: number }>
}

export interface ServedHub extends ServingHub {
  readonly outside: Outside
  readonly operator: Principal
}

/** A hub that listens and works, on a database of its own. A process can have only one at a time. */
export interface OwnHub extends AsyncDisposable {
  readonly serving: ServingHub
  readonly dataDir: string
  readonly databaseUrl: string
}

/** Starts one that reaches this machine, and has the probe connector. */
export async function serveOwnHub(env: Environment = {}): Promise<OwnHub> {
  await using stack = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-served-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const { url: databaseUrl } = stack.use(await freshDatabase())
  const { config } = loadConfig(
    {
      DATABASE_URL: databaseUrl,
      HUB_DATA_DIR: dataDir,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      HUB_EGRESS_ALLOW: '127.0.0.1',
      HUB_CONNECTORS: join(import.meta.dirname, 'connector'),
      HUB_PORT: '0',
      HUB_DRAIN_SECONDS: '1',
      LOG_LEVEL: process.env['TEST_LOG'] ?? 'silent',
      ...env,
    },
    dataDir,
  )
  const serving = await serveHub(config)
  stack.defer(() => serving.stop())
  const owned = stack.move()
  return { serving, dataDir, databaseUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

let served: Promise<ServedHub> | undefined

/**
 * One serving hub with its engine for all tests of this process that run flows, because a process can have only one engine. The probe
 * connector is connected, and `outside` stores its requests.
 */
export function servedHub(): Promise<ServedHub> {
  served ??= (async () => {
    const own = await serveOwnHub({ RATE_LIMIT_PER_MINUTE: '1000000' })
    const { serving } = own
    const outside: Outside & { close(): void } = await startOutside()
    const operator = await serving.hub.access.operator('tester')
    await serving.hub.integrations.create(operator, {
      name: 'probe',
      connector: 'probe',
      credential: { token: 'probe-token-value' },
      config: { base_url: outside.url },
    })
    atEnd(async () => {
      await own[Symbol.asyncDispose]()
      outside.close()
    })
    return { ...serving, outside, operator }
  })()
  return served
}

async function startOutside(): Promise<Outside & { close(): void }> {
  const seen: Outside['seen'] = []
  const answers: Outside['answers'] = new Map()
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString()
    const path = request.url!.split('?')[0]!
    seen.push({ what: `${request.method} ${path}`, key: request.headers['idempotency-key'] as string | undefined, body })
    const { status = 200, body: answer, afterMs = 0 } = answers.get(path)?.(request) ?? { body: { ok: 1 } }
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    }, afterMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answers,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

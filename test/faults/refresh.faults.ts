import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { adminToken, oauthHub, serveProcess, type OAuthHub } from '#test'
import { workerEnvironment } from './chaos.ts'
import { hubSettings } from './webhooks.ts'
import type { RefreshReport, RefreshWorkerOptions } from './refresh-worker.ts'

const kills = 200
const leaseMs = 300
/** The key of the hubs of tests. */
const key = Buffer.alloc(32, 7).toString('base64')

interface Worker {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  readonly reports: RefreshReport[]
  /** Resolves with the first report of a kind among these. */
  first(...kinds: RefreshReport['kind'][]): Promise<RefreshReport>
  kill(): Promise<void>
}

function startWorker(options: RefreshWorkerOptions): Worker {
  const child = fork(join(import.meta.dirname, 'refresh-worker.ts'), [JSON.stringify(options)], { execArgv: [], env: workerEnvironment })
  const reports: RefreshReport[] = []
  const listeners = new Set<() => void>()
  child.on('message', (report: RefreshReport) => {
    reports.push(report)
    for (const listener of listeners) listener()
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const first: Worker['first'] = (...kinds) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = reports.find(({ kind }) => kinds.includes(kind))
        if (!found) return
        listeners.delete(look)
        resolve(found)
      }
      listeners.add(look)
      void exited.then(() => reject(new Error('the worker ended before that')))
      look()
    })
  const ready = first('ready').then(() => undefined)
  // The last one is killed without anybody waiting for it.
  ready.catch(() => undefined)
  return {
    child,
    reports,
    first,
    ready,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Stores tokens that a person has just allowed, as when they connect again. */
async function connectAgain(setup: OAuthHub, workspaceId: string, name: string): Promise<void> {
  await setup.connect()
  const found = await setup.hub.hub.credentials.readVersion(workspaceId, name)
  assert.ok(found)
}

test(`a rotated refresh token survives ${kills} kills at random moments; where one falls between the provider’s answer and its storage, that is found out`, async (t) => {
  await using setup = await oauthHub({ accessTokenSeconds: 3600 })
  await setup.connect()
  const { hub } = setup.hub
  const { workspaceId } = await hub.access.operator('test')
  const { credential } = await hub.integrations.get(workspaceId, 'api')
  const { clients, endpoints } = setup.server
  const options: RefreshWorkerOptions = {
    url: hub.config.DATABASE_URL!,
    workspaceId,
    credential: credential!,
    tokenUrl: endpoints.token,
    client: clients.basic,
    key,
    leaseMs,
  }
  let survived = 0
  let lost = 0
  let next = startWorker(options)
  try {
    for (let count = 0; count < kills; count++) {
      const worker = next
      await worker.ready
      // The next process starts meanwhile, because a start takes longer than the rest.
      next = startWorker(options)
      const before = setup.server.asked['refresh_token'] ?? 0
      worker.child.send('go')
      // The first outcome says what the kill before this one left.
      const outcome = await worker.first('renewed', 'lost')
      if (count > 0) {
        if (outcome.kind === 'renewed') survived++
        else {
          lost++
          assert.match(outcome.detail!, /stopped after it had sent the refresh token/, 'a loss is told from other failures')
          assert.ok(before > 0)
          await connectAgain(setup, workspaceId, credential!)
        }
      }
      if (outcome.kind === 'renewed') await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      await worker.kill()
      assert.deepEqual(
        worker.reports.filter(({ kind }) => kind === 'failed'),
        [],
      )
    }
  } finally {
    await next.kill()
  }
  t.diagnostic(`${survived} kills survived, ${lost} fell between the provider's answer and its storage and were found out`)
  assert.equal(survived + lost, kills - 1)
  assert.ok(survived > lost, 'the moment in which a token can be lost is short')
})

test('50 calls in two processes whose access token has expired renew it once', async () => {
  await using setup = await oauthHub()
  await setup.connect()
  const { hub } = setup.hub
  const { workspaceId } = await hub.access.operator('test')
  const { credential: name } = await hub.integrations.get(workspaceId, 'api')
  const settings = { ...hubSettings, DATABASE_URL: hub.config.DATABASE_URL! }
  await using one = await serveProcess(settings)
  await using two = await serveProcess(settings)
  const { data, version } = (await hub.credentials.readVersion(workspaceId, name!))!
  const past = new Date(Date.now() - 1000).toISOString()
  assert.ok(await hub.credentials.swap(workspaceId, name!, { data: { ...data, expires_at: past, renew_at: past }, version }))
  const call = async (url: string): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/tools/http_request/invoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: { path: '/me' }, integration: 'api' }),
    })
    return answer.status
  }
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => call(index % 2 === 0 ? one.url : two.url)))
  assert.deepEqual([...new Set(answers)], [200])
  assert.equal(setup.server.asked['refresh_token'], 1)
})

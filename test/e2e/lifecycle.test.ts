import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep, within } from '#lib/clock'
import { adminToken, freshDatabase, runHub, serveProcess } from '#test'
import { until } from '#test/faults'
import { temporaryFolder } from './command.ts'

const secretKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`

/** A connection on which a test says byte for byte what it wants. */
interface Line {
  readonly socket: Socket
  readonly heard: () => string
  readonly closed: Promise<unknown>
}

async function dial(url: string, said: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  let heard = ''
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  socket.on('error', () => undefined)
  // Not by `once`, which an error before would reject.
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(said)
  return { socket, heard: () => heard, closed }
}

/** What comes of a new connection: an error's code, or that it was taken. */
function knock(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    socket.once('connect', () => {
      socket.on('error', () => undefined)
      socket.destroy()
      resolve('taken')
    })
  })
}

function head(method: string, path: string, length?: number): string {
  const body = length === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${length}\r\n`
  return `${method} ${path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${adminToken}\r\n${body}`
}

test('a promise that is rejected and that nobody waits for is logged, and the hub goes on', async () => {
  await using database = await freshDatabase()
  const connectors = join(import.meta.dirname, '../support/lethal')
  const env = {
    DATABASE_URL: database.url,
    HUB_SECRET_KEYS: secretKeys,
    HUB_ADMIN_TOKEN: adminToken,
    HUB_CONNECTORS: connectors,
    LOG_LEVEL: 'info',
  }
  await using hub = await serveProcess(env)
  const call = (path: string, body: unknown): Promise<Response> =>
    fetch(`${hub.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const integration = {
    name: 'lethal',
    integration_type: 'lethal',
    credential: { token: 'a-token' },
    config: { base_url: 'http://127.0.0.1:1' },
  }
  assert.equal((await call('/api/v1/integrations', integration)).status, 201)
  assert.equal((await call('/api/v1/tools/lethal_forget_promise/invoke', { input: {} })).status, 200)
  await until('it is logged', () => /nobody waits for this.*a promise was rejected that nobody waited for/.test(hub.output()))
  assert.equal((await fetch(`${hub.url}/readyz`)).status, 200)
})

test('SIGTERM lets a request under way finish, takes no new connection, says 503 on open ones, and ends with 0', async () => {
  await using database = await freshDatabase()
  const env = { DATABASE_URL: database.url, HUB_SECRET_KEYS: secretKeys, HUB_ADMIN_TOKEN: adminToken, HUB_DRAIN_SECONDS: '30' }
  await using hub = await serveProcess(env)
  const body = JSON.stringify({ name: 'made while stopping', scopes: ['tools:read'] })
  // Sent in halves, so that each is under way when the hub is told to stop.
  const writing = await dial(hub.url, `${head('POST', '/api/v1/tokens', body.length)}\r\n${body.slice(0, 10)}`)
  const asking = await dial(hub.url, head('GET', '/readyz'))
  const late = await dial(hub.url, head('GET', '/api/v1/tokens'))
  const idle = await dial(hub.url, `${head('GET', '/readyz')}\r\n`)
  while (!idle.heard().includes('"ready"')) await sleep(5)

  hub.child.kill('SIGTERM')
  // An idle connection is closed at once, which also tells that the stop has begun.
  await idle.closed
  while ((await knock(hub.url)) !== 'ECONNREFUSED') await sleep(5)

  asking.socket.write('\r\n')
  await asking.closed
  assert.match(asking.heard(), /^HTTP\/1\.1 503 [^]*connection: close[^]*"not_ready"[^]*"shutting down"/i)
  late.socket.write('\r\n')
  await late.closed
  assert.match(late.heard(), /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n[^]*application\/problem\+json[^]*"code":"shutting_down"/i)
  assert.equal(hub.child.exitCode, null, 'it waits for the request under way')
  writing.socket.write(body.slice(10))
  await writing.closed
  assert.match(writing.heard(), /^HTTP\/1\.1 201 [^]*"token":"ih_/)
  // Long before HUB_DRAIN_SECONDS, though the client would have kept its connection.
  assert.equal(await within(15_000, hub.exited, 'still running'), 0)
  assert.match(hub.output(), /"msg":"stopped"/)
})

test('a request that never ends is cut off when the time for draining is over', async () => {
  await using database = await freshDatabase()
  const env = { DATABASE_URL: database.url, HUB_SECRET_KEYS: secretKeys, HUB_ADMIN_TOKEN: adminToken, HUB_DRAIN_SECONDS: '0.3' }
  await using hub = await serveProcess(env)
  const endless = await dial(hub.url, `${head('POST', '/api/v1/tokens', 100)}\r\n{`)
  await sleep(50)
  hub.child.kill('SIGTERM')
  assert.equal(await within(10_000, hub.exited, 'still running'), 0)
  await endless.closed
  assert.equal(endless.heard(), '')
})

test('kill -9 at any moment, the first start included, leaves a hub that starts again with all it had acknowledged', async () => {
  using folder = temporaryFolder()
  const env = { HUB_DATA_DIR: join(folder.path, 'data'), HUB_ADMIN_TOKEN: adminToken }
  for (const moment of [400, 900]) {
    const starting = runHub(['serve'], { ...env, HUB_PORT: '0' })
    await sleep(moment)
    starting.child.kill('SIGKILL')
    await starting.exited
  }
  const names = ['a', 'b', 'c']
  const ask = async (url: string, path: string, data?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const reply = await fetch(`${url}${path}`, data === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(data) })
    assert.ok(reply.ok, `${path}: ${reply.status}`)
    return reply.json()
  }
  const killed = await serveProcess(env)
  for (const name of names) await ask(killed.url, '/api/v1/credentials', { name, data: { token: 'x' } })
  killed.child.kill('SIGKILL')
  await killed.exited

  await using again = await serveProcess(env)
  const kept = (await ask(again.url, '/api/v1/credentials')) as { items: { name: string }[] }
  assert.deepEqual(
    kept.items.map(({ name }) => name),
    names,
  )
  const audit = (await ask(again.url, '/api/v1/audit')) as { items: { action: string; subject: string }[] }
  const set = audit.items.filter(({ action }) => action === 'credential.set').map(({ subject }) => subject)
  assert.deepEqual(set.toSorted(), names)
})

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { adminToken, freshDatabase, serveProcess, testHub } from '#test'
import { until } from '#test/faults'

const mb = 1024 * 1024

interface Sent {
  readonly socket: Socket
  /** What the hub has answered so far. */
  readonly answer: () => string
  readonly isClosed: () => boolean
}

/** In bytes. */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, kb] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kb) * 1024
}

/** Sends a request with the head of a large body, and `bytes` of it. */
function send(url: string, path: string, { length, bytes = 0 }: { length: number; bytes?: number }): Sent {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  let closed = false
  socket.on('data', (piece: Buffer) => (answer += piece.toString()))
  socket.on('error', () => undefined)
  socket.on('close', () => (closed = true))
  socket.write(`POST ${path} HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`)
  if (bytes > 0) socket.write(Buffer.alloc(bytes, 0x20))
  return { socket, answer: () => answer, isClosed: () => closed }
}

test('sixty bodies of 24 MB for a hook that does not exist are refused at once and cost no memory', async () => {
  await using database = await freshDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-bodies-'))
  await using hub = await serveProcess({
    DATABASE_URL: database.url,
    HUB_DATA_DIR: dataDir,
    HUB_ADMIN_TOKEN: adminToken,
    HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    LOG_LEVEL: 'info',
  })
  const before = memoryOf(hub.child.pid!, 'VmRSS')
  const all = Array.from({ length: 60 }, () => send(hub.url, '/api/v1/webhooks/no-such-hook', { length: 24 * mb, bytes: 8 * mb }))
  await until('every connection is closed', () => all.every(({ isClosed }) => isClosed()), 30_000)
  for (const { answer } of all) assert.match(answer() || 'HTTP/1.1 404 ', /^HTTP\/1\.1 (404|429) /)
  assert.ok(all.some(({ answer }) => answer().startsWith('HTTP/1.1 404 ')))
  const peak = memoryOf(hub.child.pid!, 'VmHWM')
  assert.ok(peak - before < 150 * mb, `the hub grew from ${Math.round(before / mb)} to ${Math.round(peak / mb)} MB`)
  rmSync(dataDir, { recursive: true, force: true })
})

test('a body longer than its hook needs is refused by its declared length, and one without length as soon as it is too long', async () => {
  await using started = await testHub()
  const url = await started.address()
  await started.call('PUT', '/api/v1/credentials/github-webhook-secret', { data: { secret: 'a-secret-of-sufficient-length' } })
  await started.call('POST', '/api/v1/integrations', {
    name: 'small',
    integration_type: 'webhook',
    config: { verification: 'stripe' },
    credential: { secret: 'a-secret-of-sufficient-length-0123' },
  })
  const small = send(url, '/api/v1/webhooks/small', { length: 6 * mb })
  await until('it is refused', () => small.answer().startsWith('HTTP/1.1 413 ') && small.isClosed())
  // GitHub sends up to 25 MB, so this one is waited for.
  const large = send(url, '/api/v1/webhooks/github', { length: 24 * mb, bytes: 1024 })
  const tooLarge = send(url, '/api/v1/webhooks/github', { length: 26 * mb })
  await until('the larger one is refused', () => tooLarge.answer().startsWith('HTTP/1.1 413 '))
  assert.equal(large.answer(), '')
  large.socket.destroy()
})

test('unfinished bodies of one address are bounded, and their bytes are free again when the connections end', async () => {
  await using started = await testHub()
  await started.call('PUT', '/api/v1/credentials/github-webhook-secret', { data: { secret: 'a-secret-of-sufficient-length' } })
  const url = await started.address()
  const all = Array.from({ length: 6 }, () => send(url, '/api/v1/webhooks/github', { length: 24 * mb, bytes: 20 * mb }))
  // 64 MB hold three of them.
  await until(
    'those beyond the budget are refused',
    () => all.filter(({ answer }) => answer().startsWith('HTTP/1.1 503 ')).length >= 3,
    20_000,
  )
  assert.match(all.map(({ answer }) => answer()).join(''), /bodies_in_flight/)
  for (const { socket } of all) socket.destroy()
  await until('another request has room', async () => {
    const response = await fetch(`${url}/api/v1/webhooks/github`, { method: 'POST', body: Buffer.alloc(8 * mb, 0x20) })
    return response.status === 401
  })
})

test(
  'a sender that stops in the middle of its body is answered 408, and a connection without headers is closed',
  { timeout: 60_000 },
  async () => {
    await using started = await testHub()
    const url = await started.address()
    const { hostname, port } = new URL(url)
    const idle = send(url, '/api/v1/webhooks/github', { length: 1000, bytes: 10 })
    const silent = connect(Number(port), hostname)
    const halfOpen = connect(Number(port), hostname, () => halfOpen.write('POST /api/v1/webhooks/github HTTP/1.1\r\nhost: h'))
    const closed = new Set<string>()
    for (const [name, socket] of Object.entries({ silent, halfOpen }))
      socket
        .on('error', () => undefined)
        .on('close', () => closed.add(name))
        .resume()
    await until('the idle body is answered', () => idle.answer().startsWith('HTTP/1.1 408 ') && idle.isClosed(), 20_000)
    await until('both connections are closed', () => closed.size === 2, 20_000)
  },
)

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { sleep } from '#lib/clock'
import { adminToken, freshDatabase, sharedHub, testHub } from '#test'
import { startProxy, until } from '#test/faults'

test('while the database is away, what needs it is 503 with Retry-After, and it works again afterwards without a restart', async () => {
  await using database = await freshDatabase()
  const url = new URL(database.url.replace('@/', '@localhost/'))
  const socket = `${url.searchParams.get('host')}/.s.PGSQL.${url.searchParams.get('port')}`
  await using proxy = await startProxy({ path: socket })
  await using hub = await testHub({ DATABASE_URL: `postgresql://${url.username}@${proxy.host}:${proxy.port}${url.pathname}` })
  assert.equal((await hub.call('GET', '/api/v1/tokens')).statusCode, 200)

  proxy.cut()
  // A token that is cached for a moment, one that is not, and a change.
  const asked = [
    () => hub.call('GET', '/api/v1/tokens'),
    () => hub.with({ token: 'ih_unknown' }).call('GET', '/api/v1/tokens'),
    () => hub.call('POST', '/api/v1/credentials', { name: 'x', data: { token: 'x' } }),
    () => hub.call('GET', '/api/v1/audit'),
  ]
  for (const ask of [...asked, ...asked]) {
    const reply = await ask()
    assert.equal(reply.statusCode, 503, reply.payload)
    assert.equal(reply.json().code, 'database_unavailable')
    assert.equal(reply.json().retryable, true)
    assert.ok(Number(reply.headers['retry-after']) >= 1)
    assert.doesNotMatch(reply.payload, new RegExp(`${proxy.port}|ECONN|socket|127\\.0\\.0\\.1|SELECT`, 'i'))
  }
  const ready = await hub.with({ token: null }).call('GET', '/readyz')
  assert.equal(ready.statusCode, 503)
  assert.equal(ready.json().checks.database.ok, false)
  assert.equal((await hub.with({ token: null }).call('GET', '/healthz')).statusCode, 200)

  proxy.resume()
  await until('the hub answers again', async () => (await hub.call('GET', '/api/v1/tokens')).statusCode === 200)
  assert.equal((await hub.with({ token: null }).call('GET', '/readyz')).statusCode, 200)
})

test('a fault of the hub itself is 500 with an id to look it up by, and shows nothing of the inside', async () => {
  const hub = await sharedHub()
  await hub.hub.db.pool.query('alter table credentials rename column name to broken')
  const reply = await hub.call('GET', '/api/v1/credentials')
  await hub.hub.db.pool.query('alter table credentials rename column broken to name')
  assert.equal(reply.statusCode, 500)
  const { request_id: id, detail, ...problem } = reply.json<Record<string, string>>()
  assert.deepEqual(problem, {
    type: '/docs/errors#internal',
    title: detail,
    status: 500,
    code: 'internal',
    kind: 'internal',
    retryable: false,
  })
  assert.equal(id, reply.headers['x-request-id'])
  assert.doesNotMatch(reply.payload, /column|broken|select|kysely|node_modules|at \w+ \(|\.ts/i)
})

test('a caller that goes away in the middle of its body is no trouble of the database', async (t) => {
  await using hub = await testHub()
  const errors = t.mock.method(hub.rest.log, 'error')
  const { port } = new URL(await hub.address())
  const socket = connect(Number(port), '127.0.0.1')
  const head = ['POST /api/v1/credentials HTTP/1.1', 'Host: x', `Authorization: Bearer ${adminToken}`, 'Content-Type: application/json']
  socket.write(`${[...head, 'Content-Length: 1000'].join('\r\n')}\r\n\r\n{"name":`)
  const { server } = hub.rest
  const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
  await until('the request has arrived', async () => (await connections()) === 1)
  await sleep(200)
  socket.destroy()
  await until('the connection is gone', async () => (await connections()) === 0)
  await sleep(50)
  assert.deepEqual(
    errors.mock.calls.map(({ arguments: [line] }) => line),
    [],
  )
})

test('every error of the catalogue can be looked up at the address that its problem names', async () => {
  const hub = await sharedHub()
  const page = await hub.with({ token: null }).call('GET', '/docs/errors')
  const { type } = (await hub.call('GET', '/nothing')).json<{ type: string }>()
  assert.equal(type, '/docs/errors#not_found')
  assert.match(page.payload, /id="not_found"/)
})

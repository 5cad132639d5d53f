import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { freshDatabase, serveProcess, startReceiver, type HubProcess, type TestDatabase } from '#test'
import { startProxy, until, type Proxy } from '#test/faults'
import { ask, deliver, hookSecret, hubSettings, killUnderLoad } from './webhooks.ts'

test('kill -9 of the hub and of its database under load loses nothing that was acknowledged, and no event has two effects', async (t) => {
  const { acknowledged, events, arrivals } = await killUnderLoad({ rounds: 2, patient: false })
  t.diagnostic(`${acknowledged} acknowledged, ${events} stored, ${arrivals} arrivals`)
  assert.ok(acknowledged > 0 && events >= acknowledged && arrivals >= events)
})

suite('two hub processes on one database', () => {
  let database: TestDatabase
  let proxy: Proxy
  let hubs: readonly [HubProcess, HubProcess]
  let client: pg.Client
  before(async () => {
    database = await freshDatabase()
    const url = new URL(database.url.replace('@/', '@localhost/'))
    proxy = await startProxy({ path: `${url.searchParams.get('host')}/.s.PGSQL.${url.searchParams.get('port')}` })
    const settings = { ...hubSettings, DATABASE_URL: `postgresql://${url.username}@${proxy.host}:${proxy.port}${url.pathname}` }
    hubs = await Promise.all([serveProcess(settings), serveProcess(settings)])
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await ask(hubs[0], '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: hookSecret } })
  })
  after(async () => {
    await client.end()
    await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()))
    await proxy[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test('take fifty identical deliveries at once as one event', async () => {
    const same = { action: 'opened', issue: { number: 1 }, repository: { full_name: 'octo/race' } }
    const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => deliver(hubs[index % 2]!, same)))
    const answers = await Promise.all(replies.map(async (reply) => [reply.status, ((await reply.json()) as { status: string }).status]))
    assert.deepEqual([...new Set(answers.map(([status]) => status))], [202])
    assert.equal(answers.filter(([, said]) => said === 'accepted').length, 1)
    assert.equal((await client.query('select from hub.events')).rowCount, 1)
  })

  test('hand each event on once, and to an ordered endpoint in the order in which those of a subject came', async () => {
    await using receiver = await startReceiver()
    const { id } = await ask(hubs[0], '/api/v1/endpoints', { url: receiver.url, types: ['github.issues'], ordered: true })
    const subjects = ['octo/a', 'octo/b', 'octo/c', 'octo/d']
    const each = 25
    await Promise.all(
      subjects.map(async (full_name, index) => {
        // One after the other as a sender would; which of the two takes it changes.
        for (let place = 0; place < each; place++) {
          const reply = await deliver(hubs[(index + place) % 2]!, { place, repository: { full_name } })
          assert.equal(reply.status, 202)
          await reply.arrayBuffer()
        }
      }),
    )
    const count = subjects.length * each
    await until('all have arrived', () => receiver.received.length >= count, 30_000)
    await until('all are settled', async () => (await client.query(`select from hub.deliveries where status = 'pending'`)).rowCount === 0)
    assert.equal(receiver.received.length, count)
    assert.equal((await client.query('select from hub.deliveries where endpoint_id = $1', [id])).rowCount, count)
    const bodies = receiver.received.map(({ body }) => JSON.parse(body).data as { place: number; repository: { full_name: string } })
    for (const subject of subjects) {
      assert.deepEqual(
        bodies.filter(({ repository }) => repository.full_name === subject).map(({ place }) => place),
        Array.from({ length: each }, (_, place) => place),
      )
    }
  })

  test('answer 503 with Retry-After while the database is away, and take the same deliveries afterwards', async () => {
    proxy.cut()
    const sent = Array.from({ length: 6 }, (_, index) => ({ away: index }))
    for (const [index, data] of sent.entries()) {
      const reply = await deliver(hubs[index % 2]!, data)
      assert.equal(reply.status, 503, await reply.text())
      assert.ok(Number(reply.headers.get('retry-after')) >= 1)
    }
    proxy.resume()
    for (const [index, data] of sent.entries())
      await until('it is taken', async () => (await deliver(hubs[index % 2]!, data)).status === 202, 20_000)
    await until('all are handed on', async () => (await client.query('select from hub.event_queue')).rowCount === 0)
    assert.equal((await client.query(`select from hub.events where convert_from(body, 'utf8') like '%away%'`)).rowCount, sent.length)
  })
})

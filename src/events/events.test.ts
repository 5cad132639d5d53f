import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { sleep } from '#lib/clock'
import { startSender, type Sender } from '#test'
import type { HubEvent, Subscriber } from './index.ts'

const bomb = '($f := function($n) { $n < 2 ? 1 : $f($n - 1) + $f($n - 2) }; $f(60) = event.data.n)'

interface Listening {
  readonly types: readonly string[]
  readonly filters?: readonly (string | null)[]
  readonly fails?: (event: HubEvent) => boolean
}

/** A sender with a subscriber to these types, which keeps what it gets. */
async function listen({ types, filters = [null], fails }: Listening) {
  const got: { target: string; data: any; replays: number }[] = []
  const listener: Subscriber = {
    async prepare(matches) {
      if (matches.some(({ event }) => fails?.(event))) throw new Error('as it was told to')
      return async () => {
        got.push(...matches.map(({ event, subscription }) => ({ target: subscription.target, data: event.data, replays: event.replays })))
        return matches.map(() => undefined)
      }
    },
  }
  const sender = await startSender({ subscribers: { listener } })
  const { workspaceId } = sender.operator
  await sender.db.transaction(async (trx) => {
    for (const [index, filter] of filters.entries()) {
      const row = { workspaceId, kind: 'listener', target: `l${index}`, types, filter, ordered: false, detail: null }
      await sender.events.subscribe(trx, row)
    }
  })
  return { sender, got }
}

const sweep = ({ retention, events }: Sender) => retention.poller(events.retention).run(new AbortController().signal)
const list = (sender: Sender) => sender.events.list(sender.operator.workspaceId, {}, { limit: 200 })

suite('events', () => {
  test('of the hub are wanted as soon as there is a subscription, and no longer than that', async () => {
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    const wanted = () => sender.publisher.hasSubscribers(workspaceId, 'flow.completed')
    assert.equal(await wanted(), false)
    const row = { workspaceId, kind: 'run', target: 'a', types: ['flow.completed'], filter: null, ordered: false, detail: null }
    await sender.db.transaction((trx) => sender.events.subscribe(trx, row))
    assert.equal(await wanted(), true)
    await sender.db.transaction((trx) => sender.events.unsubscribe(trx, 'run', 'a'))
    assert.equal(await wanted(), false)
    const { endpoint } = await sender.outbound.endpoints.create(sender.operator, { url: 'http://127.0.0.1:9/', types: ['flow.*'] })
    assert.equal(await wanted(), true)
    await sender.outbound.endpoints.update(sender.operator, endpoint.id, { types: ['thing.*'] })
    assert.equal(await wanted(), false)
    await sender.outbound.endpoints.update(sender.operator, endpoint.id, { types: ['*'] })
    assert.equal(await wanted(), true)
    await sender.outbound.endpoints.remove(sender.operator, endpoint.id)
    assert.equal(await wanted(), false)
  })

  test('a filter that never ends switches its subscription off at the third event, tells so, and holds up no other', async () => {
    const { sender, got } = await listen({ types: ['thing.*'], filters: ['event.data.n = 1', bomb, null] })
    await using _ = sender
    await sender.happen('thing.happened', { n: 1 })
    assert.deepEqual(
      got.map(({ target }) => target),
      ['l0', 'l2'],
    )
    const [first] = await list(sender)
    assert.equal(first!.status, 'dispatched')
    assert.match(first!.problem!, /^the filter of the listener l1: .* it takes too long\.$/)
    await sender.happen('thing.happened', { n: 1 })
    assert.equal((await sender.events.subscriptions(sender.operator.workspaceId)).length, 3)
    await sender.happen('thing.happened', { n: 1 })
    got.length = 0
    await sender.happen('thing.happened', { n: 1 })
    assert.deepEqual(
      got.map(({ target }) => target),
      ['l0', 'l2'],
    )
    const told = (await list(sender)).find(({ type }) => type === 'subscription.disabled')
    assert.equal((told!.data as { target: string }).target, 'l1')
    assert.deepEqual(
      (await sender.events.subscriptions(sender.operator.workspaceId)).map(({ target }) => target),
      ['l0', 'l2'],
    )
    await sender.happen('thing.happened', { n: 2 })
    assert.deepEqual(
      got.map(({ target, data }) => `${target} ${data.n}`),
      ['l0 1', 'l2 1', 'l2 2'],
    )
  })

  test('a filter that exceeds its limits now and then stays on', async () => {
    const { sender, got } = await listen({ types: ['thing.*'], filters: [`event.data.n > 0 ? ${bomb} : true`] })
    await using _ = sender
    for (const n of [1, 2, 0, 1, 2, 0]) await sender.happen('thing.happened', { n })
    assert.equal(got.length, 2)
    const [subscription] = await sender.events.subscriptions(sender.operator.workspaceId)
    assert.equal(subscription!.overruns, 0)
  })

  test('one that cannot be handed on is put aside with a reason, and all others are handed on in their order', async () => {
    const { sender, got } = await listen({ types: ['thing.*'], fails: ({ data }) => (data as { n: number }).n === 2 })
    await using _ = sender
    await sender.db.transaction(async (trx) => {
      const announcements = [1, 2, 3].map((n) => ({ workspaceId: sender.operator.workspaceId, type: 'thing.happened', data: { n } }))
      await sender.publisher.publish(trx, announcements)
    })
    await sender.dispatch()
    assert.deepEqual(
      got.map(({ data }) => data.n),
      [1, 3],
    )
    const rows = (await list(sender)).toReversed()
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['dispatched', 'failed', 'dispatched'],
    )
    assert.match(rows[1]!.problem!, /could not deliver this event/)
    assert.match(sender.lines.join('\n'), /as it was told to/)
  })

  test('an event that cannot be delivered holds up no other for long', async () => {
    const { sender, got } = await listen({ types: ['thing.*'], fails: ({ data }) => (data as { n: number }).n === 20 })
    await using _ = sender
    const { workspaceId } = sender.operator
    await sender.db.transaction((trx) =>
      sender.publisher.publish(
        trx,
        Array.from({ length: 40 }, (_event, n) => ({ workspaceId, type: 'thing.happened', data: { n } })),
      ),
    )
    const began = Date.now()
    await sender.start()
    while (got.length < 39 && Date.now() - began < 10_000) await sleep(20)
    assert.equal(got.length, 39)
    assert.ok(Date.now() - began < 4000, `it took ${Date.now() - began} ms`)
  })

  test('one, or a range, happens again as often as it is asked for, in the order of before', async () => {
    const { sender, got } = await listen({ types: ['thing.*'] })
    await using _ = sender
    for (const n of [1, 2, 3]) await sender.happen(n === 2 ? 'thing.second' : 'thing.happened', { n })
    const [first] = (await list(sender)).toReversed()
    const again = async (which: object): Promise<string[]> => {
      got.length = 0
      await sender.events.replay(sender.operator, { transform: 'then', ...which })
      await sender.dispatch()
      return got.map(({ data, replays }) => `${data.n}:${replays}`)
    }
    assert.deepEqual(await again({ ids: [first!.id] }), ['1:1'])
    assert.deepEqual(await again({ types: ['thing.happened'] }), ['1:2', '3:1'])
    assert.deepEqual(await again({ types: ['thing.*'] }), ['1:3', '2:1', '3:2'])
    assert.deepEqual(await again({ to: new Date(first!.receivedAt.getTime() - 1) }), [])
    await assert.rejects(again({ ids: ['evt_nothing'] }), { code: 'not_found' })
    const { rows } = await sender.db.pool.query(`select detail from hub.audit where action = 'events.replayed' order by seq`)
    assert.deepEqual(
      rows.map(({ detail }: { detail: { count: number } }) => detail.count),
      [1, 2, 3, 0],
    )
  })

  test('too old, or more than a workspace may keep, goes from the oldest on; what waits to be handed on stays', async () => {
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    for (let n = 0; n < 8; n++) await sender.happen('thing.happened', { n, filling: randomBytes(200_000).toString('hex') })
    const rows = (await list(sender)).toReversed()
    const left = async (): Promise<number[]> => (await list(sender)).toReversed().map(({ data }) => (data as { n: number }).n)
    const age = (index: number, days: number) =>
      sender.db.pool.query(`update hub.events set received_at = now() - $2::int * interval '1 day' where id = $1`, [rows[index]!.id, days])
    await age(0, 31)
    await age(1, 31)
    await age(2, 3)
    await sender.db.pool.query('insert into hub.event_queue (workspace_id, event_id) values ($1, $2)', [workspaceId, rows[0]!.id])
    await sweep(sender)
    assert.deepEqual(await left(), [0, 2, 3, 4, 5, 6, 7])
    const rule = { eventsDays: 2, eventsBytes: null, deliveriesDays: null, runsDays: null }
    await sender.retention.set(sender.operator, rule)
    await sweep(sender)
    assert.deepEqual(await left(), [0, 3, 4, 5, 6, 7])
    const { rows: sizes } = await sender.db.pool.query(`select pg_column_size(data) as size from hub.events where id = $1`, [rows[7]!.id])
    await sender.retention.set(sender.operator, { ...rule, eventsBytes: Math.round(sizes[0].size * 3.5) })
    await sweep(sender)
    const kept = await left()
    assert.ok(kept.includes(0) && kept.includes(7) && !kept.includes(3), kept.join())
    assert.ok(kept.length >= 3 && kept.length <= 4, kept.join())
  })

  test('what a run still works on stays, however much there is', async () => {
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    for (let n = 0; n < 3; n++) await sender.happen('thing.happened', { n, filling: randomBytes(600_000).toString('hex') })
    const [first] = (await list(sender)).toReversed()
    await sender.db.pool.query(
      `insert into hub.flow_runs (id, workspace_id, flow_id, flow, version, status, trigger, event_id, parameters, actor, scopes, read_only, created_at)
       values ('run_1', $1, 'flow_1', 'f', 1, 'waiting', '{}', $2, '{}', 'token:x', '{}', false, now())`,
      [workspaceId, first!.id],
    )
    const left = async (): Promise<number[]> => (await list(sender)).toReversed().map(({ data }) => (data as { n: number }).n)
    const rule = { eventsDays: null, eventsBytes: 1_000_000, deliveriesDays: null, runsDays: null }
    await sender.retention.set(sender.operator, rule)
    await sweep(sender)
    assert.deepEqual(await left(), [0])
    await sender.db.pool.query('update hub.flow_runs set finished_at = now()')
    await sweep(sender)
    assert.deepEqual(await left(), [])
  })

  test('what the database has no letters for is announced, and waited for, all the same', async () => {
    const { sender, got } = await listen({ types: ['thing.*'] })
    await using _ = sender
    const { workspaceId } = sender.operator
    const row = {
      workspaceId,
      kind: 'listener',
      target: 'odd',
      types: ['thing.*'],
      filter: null,
      ordered: false,
      detail: { said: 'NUL \0' },
    }
    await sender.db.transaction((trx) => sender.events.subscribe(trx, row))
    await sender.happen('thing.happened', { text: 'NUL \0, half \ud83d' })
    assert.deepEqual(
      got.map(({ data }) => data.text),
      ['NUL \ufffd, half \ufffd', 'NUL \ufffd, half \ufffd'],
    )
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hubError } from '#errors'
import { sleep } from '#lib/clock'
import { startSender, strangerTo, type Sender } from '#test'
import { until } from '#test/faults'
import { claimNext, DispatchAgain, finish } from './claim-store.ts'
import type { HubEvent, Match, Subscriber } from './index.ts'

interface Listener extends Subscriber {
  readonly got: { event: HubEvent; target: string }[]
}

/** Keeps what it gets. `before` runs outside of the transaction. */
function listener(before: (matches: readonly Match[]) => Promise<void> = async () => undefined): Listener {
  const got: Listener['got'] = []
  return {
    got,
    async prepare(matches) {
      await before(matches)
      return async () => {
        got.push(...matches.map(({ event, subscription: { target } }) => ({ event, target })))
        return matches.map(() => undefined)
      }
    },
  }
}

const subscribe = (
  { db, events }: Sender,
  workspaceId: string,
  { filter = null, target = 'l' }: { filter?: string | null; target?: string },
) =>
  db.transaction((trx) =>
    events.subscribe(trx, { workspaceId, kind: 'listener', target, types: ['thing.*'], filter, ordered: false, detail: null }),
  )

const publish = ({ db, publisher }: Sender, workspaceId: string, ns: readonly number[]) =>
  db.transaction((trx) =>
    publisher.publish(
      trx,
      ns.map((n) => ({ workspaceId, type: 'thing.happened', data: { n } })),
    ),
  )

const numbers = ({ got }: Listener): unknown[] => got.map(({ event }) => (event.data as { n: number }).n)
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
/** Takes nearly the whole time that a filter has, and no more. */
const slow = '$sum($map([1..40000], function($n) { $n % 7 })) > 0 and event.data.n >= 0'

suite('dispatch', () => {
  test('a workspace whose filters take long does not delay the others', async () => {
    const kept = listener()
    await using sender = await startSender({ subscribers: { listener: kept } })
    const { workspaceId } = sender.operator
    const { workspaceId: other } = await strangerTo(sender)
    for (const n of range(20)) await subscribe(sender, workspaceId, { filter: slow, target: `slow ${n}` })
    await subscribe(sender, other, { filter: '$sum([event.data.n, 1]) > 0' })
    await publish(sender, workspaceId, range(100))
    await sender.start()
    await sleep(500)
    const delays: number[] = []
    for (const n of range(5)) {
      const began = performance.now()
      await publish(sender, other, [n])
      await until('the other workspace has its event', () => kept.got.filter(({ target }) => target === 'l').length > n)
      delays.push(performance.now() - began)
    }
    const { rowCount } = await sender.db.pool.query('select from hub.event_queue where workspace_id = $1', [workspaceId])
    assert.ok(rowCount! > 0, 'the slow workspace was ready too early for this test')
    assert.ok(Math.min(...delays) < 200 && Math.max(...delays) < 1500, delays.map(Math.round).join())
  })

  test('an event during which three processes died is set aside, those around it are dispatched, and a replay tries it again', async () => {
    const kept = listener()
    await using sender = await startSender({ subscribers: { listener: kept } })
    const { workspaceId } = sender.operator
    await subscribe(sender, workspaceId, {})
    await publish(sender, workspaceId, range(5))
    const { rows: queue } = await sender.db.pool.query('select seq from hub.event_queue order by seq')
    const seqs = queue.map(({ seq }) => Number(seq))
    const die = (first: number, { alone, deaths }: { alone: boolean; deaths: number }) =>
      sender.db.pool.query(
        `insert into hub.dispatch_claims values ($1, 'exe_dead', $2, $3, $4, $5)
         on conflict (workspace_id) do update set executor_id = 'exe_dead', first_seq = $2, alone = $4, deaths = $5`,
        [workspaceId, first, seqs.at(-1), alone, deaths],
      )
    // A process that died with all five leaves them to be tried one at a time, and nothing else happens to the first one.
    await die(seqs[0]!, { alone: false, deaths: 0 })
    await sender.dispatch()
    assert.deepEqual(numbers(kept), range(5))

    kept.got.length = 0
    await publish(sender, workspaceId, range(5))
    const { rows: again } = await sender.db.pool.query('select seq from hub.event_queue order by seq')
    seqs.splice(0, 5, ...again.map(({ seq }) => Number(seq)))
    await sender.db.pool.query('delete from hub.event_queue where seq = any($1)', [seqs.slice(0, 2)])
    await die(seqs[2]!, { alone: true, deaths: 2 })
    await sender.dispatch()
    assert.deepEqual(numbers(kept), [3, 4])
    const [failed] = await sender.events.list(workspaceId, { statuses: ['failed'] }, { limit: 10 })
    assert.deepEqual(failed!.data, { n: 2 })
    assert.match(failed!.problem!, /^3 processes of the hub ended while they dispatched this event$/)
    await sender.events.replay(sender.operator, { transform: 'then', ids: [failed!.id] })
    await sender.dispatch()
    assert.deepEqual(numbers(kept), [3, 4, 2])
    assert.equal((await sender.db.pool.query('select from hub.dispatch_claims')).rowCount, 0)
  })

  test('the deaths of processes add up for the event at which they died, and begin anew at the next one', async () => {
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    await publish(sender, workspaceId, range(3))
    const claim = async (executorId: string) => (await claimNext(sender.db.sql, { executorId, busy: [], max: 10 }))!
    const first = await claim('exe_1')
    assert.deepEqual([first.deaths, first.alone, first.events.length], [0, false, 3])
    // The same process again, after an error.
    assert.deepEqual([(await claim('exe_1')).deaths, (await claim('exe_1')).alone], [0, false])
    const second = await claim('exe_2')
    assert.deepEqual([second.deaths, second.alone, second.events.length], [1, true, 1])
    const third = await claim('exe_3')
    assert.deepEqual([third.deaths, third.alone], [2, true])
    await assert.rejects(
      sender.db.transaction((trx) => finish(trx, second, second.events)),
      DispatchAgain,
    )
    await sender.db.transaction((trx) => finish(trx, third, third.events))
    const next = await claim('exe_4')
    assert.deepEqual([next.deaths, next.alone, next.firstSeq > third.firstSeq], [0, true, true])
    await sender.db.transaction((trx) => finish(trx, next, next.events))
    const last = await claim('exe_4')
    await sender.db.transaction((trx) => finish(trx, last, last.events))
    assert.equal((await sender.db.pool.query('select from hub.dispatch_claims')).rowCount, 0)
  })

  test('what an event needs and what is away for a moment fails no event, and holds up no other workspace', async () => {
    let away = 2
    let other = ''
    const kept = listener(async (matches) => {
      if (matches[0]!.event.workspaceId !== other && away-- > 0) throw hubError('vendor_unreachable')
    })
    await using sender = await startSender({ subscribers: { listener: kept } })
    const { workspaceId } = sender.operator
    other = (await strangerTo(sender)).workspaceId
    await subscribe(sender, workspaceId, { target: 'needs it' })
    await subscribe(sender, other, { target: 'does not' })
    await sender.start()
    await publish(sender, workspaceId, [1])
    await publish(sender, other, [2])
    await until('the other workspace has its event', () => kept.got.some(({ target }) => target === 'does not'))
    assert.ok(!kept.got.some(({ target }) => target === 'needs it'))
    await until('it is dispatched', () => kept.got.some(({ target }) => target === 'needs it'))
    const [event] = await sender.events.list(workspaceId, {}, { limit: 1 })
    assert.deepEqual([event!.status, event!.problem], ['dispatched', null])
  })

  test('a process that has lost its claim stores nothing, and the event is dispatched once', async () => {
    const isWaiting = Promise.withResolvers<void>()
    const mayGoOn = Promise.withResolvers<void>()
    const late = listener(() => {
      isWaiting.resolve()
      return mayGoOn.promise
    })
    await using sender = await startSender({ subscribers: { listener: late } })
    const { workspaceId } = sender.operator
    await subscribe(sender, workspaceId, {})
    await publish(sender, workspaceId, range(3))
    const delivering = sender.dispatch()
    await isWaiting.promise
    const next = listener()
    await using other = await startSender({ url: sender.url, subscribers: { listener: next } })
    await other.dispatch()
    assert.deepEqual(numbers(next), range(3))
    mayGoOn.resolve()
    await delivering
    assert.deepEqual(numbers(late), [])
  })

  test('while a registered process has the claim, another one leaves the events to it', async () => {
    const isWaiting = Promise.withResolvers<void>()
    const mayGoOn = Promise.withResolvers<void>()
    const first = listener(() => {
      isWaiting.resolve()
      return mayGoOn.promise
    })
    await using sender = await startSender({ subscribers: { listener: first } })
    const { workspaceId } = sender.operator
    await subscribe(sender, workspaceId, {})
    await sender.start()
    await publish(sender, workspaceId, range(3))
    await isWaiting.promise
    const next = listener()
    await using other = await startSender({ url: sender.url, subscribers: { listener: next } })
    assert.equal(await other.dispatch(), 0)
    mayGoOn.resolve()
    await until('it is dispatched', () => first.got.length === 3)
  })

  test('subscriptions that were replaced meanwhile get the event, and those that are gone do not', async () => {
    let change = async (): Promise<void> => undefined
    const kept = listener(async () => change())
    await using sender = await startSender({ subscribers: { listener: kept } })
    const { workspaceId } = sender.operator
    await subscribe(sender, workspaceId, { target: 'before' })
    await publish(sender, workspaceId, [1])
    let rounds = 0
    change = async () => {
      if (rounds++ > 0) return
      await sender.db.transaction((trx) => sender.events.unsubscribe(trx, 'listener', 'before'))
      await subscribe(sender, workspaceId, { target: 'after' })
    }
    await sender.dispatch()
    assert.deepEqual(
      kept.got.map(({ target }) => target),
      ['after'],
    )
    assert.equal(rounds, 2)
  })

  test('a stop does not wait for the filters of a whole round, and nothing counts against the events', async () => {
    const kept = listener()
    await using sender = await startSender({ subscribers: { listener: kept } })
    const { workspaceId } = sender.operator
    for (const n of range(200)) await subscribe(sender, workspaceId, { filter: slow, target: `slow ${n}` })
    await publish(sender, workspaceId, [1])
    await sender.start()
    await sleep(700)
    const began = performance.now()
    await sender.stop()
    const took = performance.now() - began
    assert.ok(took < 1500, `it took ${Math.round(took)} ms`)
    const { rows } = await sender.db.pool.query('select executor_id, alone, deaths from hub.dispatch_claims')
    assert.deepEqual(rows, [{ executor_id: null, alone: false, deaths: 0 }])
    assert.equal((await sender.db.pool.query('select from hub.event_queue')).rowCount, 1)
  })
})

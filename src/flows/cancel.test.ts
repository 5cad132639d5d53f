import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'

suite('a run', () => {
  let bench: FlowBench
  before(async () => {
    bench = await flowBench()
  })

  const waiting = (id: string) => until('the run waits', async () => (await bench.current(id)).status === 'waiting')

  /** Starts a run, waits until it waits, and cancels it. */
  const cancelled = async (steps: string) => {
    const { id } = await (await bench.flow(steps)).start()
    await waiting(id)
    await bench.hub.flows.cancel(bench.operator, id)
    const ended = await bench.ended(id)
    assert.equal(ended.status, 'cancelled')
    return ended
  }

  test('that is cancelled while it waits runs the steps of `finally` of what had begun, and no others', async () => {
    const ended = await cancelled(
      `steps:
  - id: first
    try:
      steps:
        - id: nap
          wait: 1h
    finally:
      steps:
        - id: release
          uses: probe_create_thing
          with: { at: /released }
  - id: second
    try:
      steps:
        - id: later
          uses: probe_create_thing
          with: { at: /later }
    finally:
      steps:
        - id: not_begun
          uses: probe_create_thing
          with: { at: /not-begun }`,
    )
    assert.deepEqual([bench.writes('/released'), bench.writes('/later'), bench.writes('/not-begun')], [1, 0, 0])
    assert.equal(ended.steps.find(({ path }) => path === 'release')?.status, 'completed')
  })

  test('that is cancelled does not wait in `finally`', async () => {
    await cancelled(
      `steps:
  - id: all
    try:
      steps:
        - id: nap
          wait: 1h
    finally:
      steps:
        - id: nap_again
          wait: 1h`,
    )
  })

  test('that is cancelled leaves no subscription behind', async () => {
    const flow = await bench.flow(
      `steps:
  - id: hear
    wait_for: { event: thing.happened, timeout: 1h }`,
    )
    const { id } = await flow.start()
    await waiting(id)
    const subscriptions = async (): Promise<number> =>
      (await bench.hub.db.pool.query(`select from hub.subscriptions where kind = 'run' and target = $1`, [`${id} hear`])).rowCount ?? 0
    assert.equal(await subscriptions(), 1)
    await bench.hub.flows.cancel(bench.operator, id)
    assert.equal((await bench.ended(id)).status, 'cancelled')
    assert.equal(await subscriptions(), 0)
  })

  test('of a flow that is deleted is cancelled', async () => {
    const flow = await bench.flow(
      `steps:
  - id: nap
    wait: 1h`,
    )
    const { id } = await flow.start()
    await waiting(id)
    await bench.hub.flows.remove(bench.operator, flow.id)
    assert.equal((await bench.ended(id)).status, 'cancelled')
  })

  test('repeats the failed steps of a block that is tried again, and not the others', async () => {
    let calls = 0
    bench.outside.answers.set('/unsteady', () => ((calls += 1) < 6 ? { status: 503, body: {} } : { body: { ok: 1 } }))
    const flow = await bench.flow(
      `steps:
  - id: both
    try:
      steps:
        - id: once
          uses: probe_create_thing
          with: { at: /once }
        - id: again
          uses: probe_get_thing
          with: { at: /unsteady }
    retry: { attempts: 4, backoff: 10ms }`,
    )
    const ended = await flow.run()
    assert.equal(ended.status, 'completed', JSON.stringify(ended.error))
    assert.deepEqual([bench.writes('/once'), calls], [1, 6])
  })
})

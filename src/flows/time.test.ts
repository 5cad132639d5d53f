import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'

let b: FlowBench

/** Simulates that the time until then has passed. */
async function passTime(runId: string): Promise<void> {
  await b.hub.db.pool.query(`update hub.flow_steps set until = now() where run_id = $1 and status = 'waiting'`, [runId])
  await b.hub.db.pool.query('update hub.flow_runs set wake_at = now() where id = $1', [runId])
}

const waiting = (runId: string) => until('it waits', async () => (await b.current(runId)).status === 'waiting')

suite('time in a flow', () => {
  before(async () => {
    b = await flowBench()
  })

  test('a schedule that is due starts one run, however many look, and none while the flow is disabled', async () => {
    const { flows, db } = b.hub
    const { id } = await b.flow(`
on: [{ schedule: "0 9 1 1 *", timezone: Europe/Kyiv, missed: once, parameters: { n: 1 } }]
parameters: { type: object, properties: { n: { type: integer } } }
steps: [{ id: a, transform: 1 }]`)
    const runs = () => flows.runs(b.workspaceId, { flow: id }, { limit: 50 })
    const nextAt = async (): Promise<Date> =>
      (await db.pool.query('select next_at from hub.flow_schedules s join hub.flows f on f.id = s.flow_id where f.name = $1', [id])).rows[0]
        .next_at
    const first = await nextAt()
    await flows.tick(new Date(first.getTime() - 1))
    assert.equal((await runs()).length, 0)
    await Promise.all(Array.from({ length: 8 }, () => flows.tick(new Date(first.getTime() + 1000))))
    await flows.tick(new Date(first.getTime() + 2000))
    const [run, ...others] = await runs()
    assert.deepEqual(others, [])
    assert.deepEqual([run!.trigger['kind'], run!.trigger['at'], run!.parameters], ['schedule', first.toISOString(), { n: 1 }])
    const second = await nextAt()
    assert.equal(second.getUTCFullYear(), first.getUTCFullYear() + 1)
    await flows.setEnabled(b.operator, id, false)
    await flows.tick(second)
    assert.equal((await runs()).length, 1)
  })

  test('a wait of months holds nothing and is over when its time has come', async () => {
    const { start } = await b.flow(
      'steps: [{ id: w, wait: 90d }, { id: after, transform: done }]\noutputs: { a: "${{ steps.after.output }}" }',
    )
    const { id } = await start()
    await waiting(id)
    const { rows } = await b.hub.db.pool.query('select wake_at from hub.flow_runs where id = $1', [id])
    assert.ok(Math.abs(rows[0].wake_at.getTime() - Date.now() - 90 * 86_400_000) < 60_000)
    await b.hub.flows.tick(new Date(Date.now() + 91 * 86_400_000))
    await waiting(id)
    await passTime(id)
    assert.deepEqual((await b.ended(id)).outputs, { a: 'done' })
  })

  test('a step that takes too long fails, also when it only waits, and what is around it can deal with that', async () => {
    b.outside.answers.set('/slow', () => ({ body: { ok: 1 }, afterMs: 15_000 }))
    const { run } = await b.flow(`
steps:
  - { id: look, uses: probe_get_thing, with: { at: /slow }, timeout: 200ms, on_error: continue }
  - { id: pause, wait: 1h, timeout: 300ms, on_error: continue }
  - id: block
    timeout: 2500ms
    on_error: continue
    try: { steps: [{ id: inner, wait: 1h }, { id: never, uses: probe_create_thing, with: { at: /never-after-timeout } }] }
    finally: { steps: [{ id: tidy, uses: probe_create_thing, with: { at: /tidy-after-timeout } }] }
outputs: { look: "\${{ steps.look.error.code }}", pause: "\${{ steps.pause.error.code }}", block: "\${{ steps.block.error }}" }`)
    const done = await run()
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    const outputs = done.outputs as any
    assert.deepEqual(
      [outputs.look, outputs.pause, outputs.block.code, outputs.block.step],
      ['step_timeout', 'step_timeout', 'step_timeout', 'inner'],
    )
    assert.deepEqual([b.writes('/never-after-timeout'), b.writes('/tidy-after-timeout')], [0, 1])
  })

  test('a run that takes too long fails and says so, whether it works or waits, and on_error still tells', async () => {
    b.outside.answers.set('/slow', () => ({ body: { ok: 1 }, afterMs: 15_000 }))
    for (const step of ['{ id: s, wait: 1h }', '{ id: s, uses: probe_get_thing, with: { at: /slow } }']) {
      const before = b.writes('/told-of-timeout')
      const { run } = await b.flow(
        `timeout: 500ms\nsteps: [${step}]\non_error: { steps: [{ id: told, uses: probe_create_thing, with: { at: /told-of-timeout } }] }`,
      )
      const done = await run()
      assert.deepEqual([done.status, done.error?.code], ['failed', 'step_timeout'], step)
      assert.match(done.error!.message, /the run took longer than 500ms/)
      assert.equal(b.writes('/told-of-timeout'), before + 1)
    }
  })

  test('a write that its step’s time cut short has an unknown outcome, and is not made again when the run is retried', async () => {
    b.outside.answers.set('/cut', () => ({ body: { ok: 1 }, afterMs: 3000 }))
    const { run } = await b.flow('steps: [{ id: cut, uses: probe_create_thing, with: { at: /cut }, timeout: 400ms }]')
    const failed = await run()
    assert.equal(failed.error?.code, 'outcome_unknown')
    await b.hub.flows.retry(b.operator, failed.id)
    assert.equal((await b.ended(failed.id)).error?.code, 'outcome_unknown')
    assert.equal(b.writes('/cut'), 1)
  })

  test('a schedule that cannot start its flow delays neither other schedules nor cancellations', async () => {
    const { access, credentials, flows } = b.hub
    const workspaceId = (await access.workspaces.create(b.operator, 'unlucky')).id
    const unlucky = { ...b.operator, workspaceId }
    await flows.save(
      unlucky,
      `id: unlucky
on: [{ schedule: "* * * * * *", parameters: { token: a-secret-token } }]
parameters: { properties: { token: { type: string, writeOnly: true } } }
steps: [{ id: a, transform: 1 }]`,
    )
    await credentials.set(unlucky, { name: 'flow-parameters', data: { key: 'too short' } })
    b.outside.answers.set('/long', () => ({ body: { ok: 1 }, afterMs: 8000 }))
    const { start } = await b.flow('steps: [{ id: long, uses: probe_get_thing, with: { at: /long } }]')
    const { id } = await b.flow('on: [{ schedule: "* * * * * *" }]\nsteps: [{ id: a, transform: 1 }]')
    const runs = async () => (await b.hub.db.pool.query('select from hub.flow_runs where flow = $1', [id])).rowCount ?? 0
    await until('the other schedule has started runs', async () => (await runs()) >= 2)
    const running = await start()
    await until('it runs', async () => (await b.current(running.id)).steps.length > 0)
    await flows.cancel(b.operator, running.id)
    assert.equal((await b.ended(running.id)).status, 'cancelled')
    for (const flow of [id, 'unlucky']) await flows.setEnabled(flow === id ? b.operator : unlucky, flow, false)
  })

  test('an event continues a waiting branch while another branch works', async () => {
    b.outside.answers.set('/long', () => ({ body: { ok: 1 }, afterMs: 8000 }))
    const { start } = await b.flow(`
steps:
  - id: both
    parallel:
      branches:
        works: [{ id: long, uses: probe_get_thing, with: { at: /long } }]
        waits:
          - { id: comes, wait_for: { event: hub_test.during, timeout: 1h } }
          - { id: after, uses: probe_create_thing, with: { at: /after-event } }`)
    const emit = await b.flow('steps: [{ id: e, emit: { type: hub_test.during, data: { n: 7 } } }]')
    const { id } = await start()
    await until('the branch waits', async () =>
      (await b.current(id)).steps.some(({ path, status }) => path === 'comes' && status === 'waiting'),
    )
    const began = Date.now()
    await emit.run()
    await until('the branch has continued', () => b.writes('/after-event') === 1)
    assert.ok(Date.now() - began < 4000, `it took ${Date.now() - began} ms`)
    assert.ok((await b.current(id)).steps.some(({ path, status }) => path === 'long' && status === 'running'))
    const { status, steps } = await b.ended(id)
    assert.equal(status, 'completed')
    assert.deepEqual((steps.find(({ path }) => path === 'comes')!.output as { data: unknown }).data, { n: 7 })
  })

  test('an event that does not come fails the step; retried, it is waited for anew', async () => {
    const { start } = await b.flow(
      'steps: [{ id: e, wait_for: { event: bench.late, timeout: 1d } }]\noutputs: { n: "${{ steps.e.output.data.n }}" }',
    )
    const { id } = await start()
    await waiting(id)
    await passTime(id)
    assert.equal((await b.ended(id)).error?.code, 'wait_timeout')
    await b.hub.flows.retry(b.operator, id)
    await waiting(id)
    const emit = await b.flow('steps: [{ id: e, emit: { type: bench.late, data: { n: 5 } } }]')
    await emit.run()
    assert.deepEqual((await b.ended(id)).outputs, { n: 5 })
  })

  test('a question that nobody answers fails the step; retried, it is asked anew', async () => {
    const { approvals } = b.hub.tools
    const { start } = await b.flow('steps: [{ id: ask, approve: { message: "Well?", expires: 2500ms } }]')
    const { id } = await start()
    assert.equal((await b.ended(id)).error?.code, 'approval_expired')
    await b.hub.flows.retry(b.operator, id)
    const pending = await until('it asks again', async () =>
      (await approvals.list(b.workspaceId, { run: id }, { limit: 5 })).find(({ status }) => status === 'pending'),
    )
    await approvals.decide(await b.hub.access.operator('boss'), pending.id, { decision: 'approve' })
    assert.equal((await b.ended(id)).status, 'completed')
  })

  test('of several runs that wait, the event goes to the one it belongs to', async () => {
    const { start } = await b.flow(`
parameters: { type: object, properties: { order: { type: integer } } }
steps: [{ id: paid, wait_for: { event: bench.paid, correlate: "event.data.order = parameters.order", timeout: 1h } }]
outputs: { order: "\${{ steps.paid.output.data.order }}" }`)
    const runs = await Promise.all([1, 2, 3].map((order) => start({ order })))
    for (const { id } of runs) await waiting(id)
    const emit = await b.flow('steps: [{ id: e, emit: { type: bench.paid, data: { order: 2 } } }]')
    await emit.run()
    assert.deepEqual((await b.ended(runs[1]!.id)).outputs, { order: 2 })
    for (const { id } of [runs[0]!, runs[2]!]) assert.equal((await b.current(id)).status, 'waiting')
  })
})

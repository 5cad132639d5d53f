import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'

let b: FlowBench

suite('a flow at its limits', () => {
  before(async () => {
    b = await flowBench()
  })

  test('takes what no database takes, NUL and half characters, in parameters, outputs and keys, and others are none the worse', async () => {
    const { run } = await b.flow(`
parameters: { type: object }
steps:
  - { id: echo, transform: "\${{ parameters }}" }
  - { id: text, transform: "<\${{ parameters.text }}>" }
  - { id: told, emit: { type: bench.odd, data: "\${{ parameters }}" } }
outputs: { text: "\${{ steps.text.output }}", keys: "\${{ $keys(steps.echo.output) }}" }`)
    const quick = await b.flow('steps: [{ id: a, transform: 1 }]')
    const odd = Array.from({ length: 5 }, () => run({ text: 'a\0b\ud800c', ['k\0\udc00']: 1 }))
    const [one, ...others] = await Promise.all([...odd, ...Array.from({ length: 10 }, () => quick.run())])
    assert.equal(one!.status, 'completed', JSON.stringify(one!.error))
    assert.deepEqual(one!.outputs, { text: '<a\uFFFDb\uFFFDc>', keys: ['text', 'k\uFFFD\uFFFD'] })
    assert.ok(others.every(({ status }) => status === 'completed'))
  })

  test('takes the same from outside: a tool’s answer goes on as it is kept', async () => {
    b.outside.answers.set('/odd', () => ({ body: { items: [{ id: 1, text: 'x\0y\udfff' }] } }))
    const { run } = await b.flow(`
steps:
  - { id: odd, uses: probe_list_things, with: { at: /odd } }
  - { id: length, transform: "\${{ steps.odd.output.items[0].text }}" }
outputs: { text: "\${{ steps.length.output }}" }`)
    assert.deepEqual((await run()).outputs, { text: 'x\uFFFDy\uFFFD' })
  })

  test('keeps a large output once, and hands all of it on', async () => {
    const text = 'large '.repeat(800_000)
    b.outside.answers.set('/large', () => ({ body: { items: [{ id: 1, text }] } }))
    const { run } = await b.flow(`
steps:
  - { id: large, uses: probe_list_things, with: { at: /large } }
  - { id: each, for_each: { in: "\${{ steps.large.output.items }}", steps: [{ id: size, transform: "\${{ $length(item.text) }}" }] } }
outputs: { size: "\${{ steps.each.output[0] }}" }`)
    const done = await run()
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.deepEqual(done.outputs, { size: text.length })
    const { rows } = await b.hub.db.pool.query(
      `select path from hub.flow_steps where run_id = $1 and greatest(length(input::text), length(output::text)) > 1000000`,
      [done.id],
    )
    assert.deepEqual(rows, [{ path: 'large' }])
  })

  test('goes through ten thousand items at most, and says how many there were', async () => {
    const { run } = await b.flow(`
parameters: { type: object, properties: { n: { type: integer } } }
steps: [{ id: each, for_each: { in: "\${{ [1..parameters.n] }}", max_parallel: 50, on_error: continue, steps: [{ id: one, transform: 1 }] } }]
outputs: { n: "\${{ $count(steps.each.output) }}" }`)
    const many = await run({ n: 10_001 })
    assert.deepEqual([many.status, many.error?.code], ['failed', 'expression_limit'])
    assert.match(many.error!.message, /10001 items; 10000 are allowed/)
    assert.deepEqual((await run({ n: 1000 })).outputs, { n: 1000 })
  })

  test('whose condition cannot be computed fails at that step, and tries it again when it is retried', async () => {
    const { run } = await b.flow('steps: [{ id: a, if: "flow.id + 1 = 2", uses: probe_create_thing, with: { at: /conditional } }]')
    const failed = await run()
    assert.deepEqual([failed.status, failed.error?.step, failed.error?.code], ['failed', 'a', 'expression_failed'])
    await b.hub.flows.retry(b.operator, failed.id)
    assert.equal((await b.ended(failed.id)).error?.code, 'expression_failed')
    assert.equal(b.writes('/conditional'), 0)
  })

  test('that is retried leaves alone what failed and was dealt with', async () => {
    for (const path of ['/passed-over', '/caught', '/blocking']) b.outside.answers.set(path, () => ({ status: 403, body: {} }))
    const { run } = await b.flow(`
steps:
  - { id: loose, uses: probe_create_thing, with: { at: /passed-over }, on_error: continue }
  - id: guarded
    try: { steps: [{ id: breaks, uses: probe_create_thing, with: { at: /caught } }] }
    catch: { steps: [{ id: caught, uses: probe_create_thing, with: { at: /catching } }] }
  - { id: blocking, uses: probe_create_thing, with: { at: /blocking } }`)
    const failed = await run()
    assert.equal(failed.error?.step, 'blocking')
    for (const path of ['/passed-over', '/caught', '/blocking']) b.outside.answers.delete(path)
    await b.hub.flows.retry(b.operator, failed.id)
    assert.equal((await b.ended(failed.id)).status, 'completed')
    assert.deepEqual(['/passed-over', '/caught', '/catching', '/blocking'].map(b.writes), [1, 1, 1, 2])
  })

  test('in a circle with another is refused, and one that was closed behind the check’s back ends', async () => {
    const inner = await b.flow('steps: [{ id: a, transform: 1 }]')
    const outer = await b.flow(`steps: [{ id: s, flow: ${inner.id} }]`)
    const closing = `id: ${inner.id}\nsteps: [{ id: s, flow: ${outer.id} }]`
    await assert.rejects(b.hub.flows.save(b.operator, closing), { code: 'flow_invalid' })
    await b.hub.db.pool.query(`update hub.flow_versions v set definition = $2 from hub.flows f where f.id = v.flow_id and f.name = $1`, [
      inner.id,
      JSON.stringify({ id: inner.id, steps: [{ id: 's', flow: outer.id }] }),
    ])
    const done = await outer.run()
    assert.deepEqual([done.status, done.error?.code], ['failed', 'expression_limit'])
    assert.match(done.error!.message, /flows start other flows more than 10 levels deep/)
  })

  test('quarantined because it killed its processes says so; what waits for it goes on, and it can be retried', async () => {
    b.outside.answers.set('/lethal', () => ({ body: { ok: 1 }, afterMs: 600 }))
    const inner = await b.flow(
      'concurrency: { key: one }\nsteps: [{ id: a, uses: probe_get_thing, with: { at: /lethal } }]\noutputs: { ok: "${{ steps.a.output.ok }}" }',
    )
    const outer = await b.flow(`steps: [{ id: s, flow: ${inner.id} }]`)
    const { id } = await outer.start()
    const child = await until('it is under way', async () => {
      const [found] = await b.hub.flows.runs(b.workspaceId, { parent: id }, { limit: 1 })
      return found?.status === 'running' && found
    })
    const next = await inner.start()
    await b.hub.db.transaction((trx) => b.hub.work.jobs['flow-run']!.quarantine(trx, [`${child.id}:0`]))
    const quarantined = await b.current(child.id)
    assert.deepEqual([quarantined.status, quarantined.error?.code], ['quarantined', 'run_quarantined'])
    assert.deepEqual([(await b.ended(id)).status, (await b.ended(next.id)).status], ['failed', 'completed'])
    await b.hub.flows.retry(b.operator, child.id)
    assert.deepEqual((await b.ended(child.id)).outputs, { ok: 1 })
  })

  test('a job of an earlier segment, whose deletion was lost, does not execute the run beside the current one', async () => {
    b.outside.answers.set('/held', () => ({ body: { ok: 1 }, afterMs: 800 }))
    const flow = await b.flow('steps: [{ id: w, wait: 2100ms }, { id: a, uses: probe_get_thing, with: { at: /held } }]')
    const { id } = await flow.start()
    await until('it waits', async () => (await b.current(id)).status === 'waiting')
    await until('its second segment is under way', async () => (await b.current(id)).status === 'running')
    const { engine, db } = b.hub
    await db.transaction((trx) => engine.enqueue(trx, { id: `${id}:0`, handler: 'flow-run', input: { runId: id } }))
    await until(
      'the stale job has ended',
      async () => (await db.pool.query('select from hub.jobs where id = $1', [`${id}:0`])).rowCount === 0,
    )
    assert.equal((await b.current(id)).status, 'running')
    assert.equal((await b.ended(id)).status, 'completed')
    assert.equal(b.outside.seen.filter(({ what }) => what === 'GET /held').length, 1)
  })
})

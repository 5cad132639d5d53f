import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { agentWith, servedHub, type ServedHub } from '#test'
import { until } from '#test/faults'

let served: ServedHub
let count = 0

/** Saves a flow under a new id and returns functions that run it. */
async function flow(yaml: string) {
  const id = `flow-${(count += 1)}`
  const { flows } = served.hub
  await flows.save(served.operator, `id: ${id}\n${yaml}`)
  const workspaceId = served.operator.workspaceId
  return {
    id,
    start: (parameters: Record<string, unknown> = {}) => flows.trigger(served.operator, id, { parameters }),
    async run(parameters: Record<string, unknown> = {}) {
      const { id: runId } = await flows.trigger(served.operator, id, { parameters })
      await flows.wait(workspaceId, runId, 20_000)
      return flows.run(workspaceId, runId)
    },
    ended: (runId: string) => flows.wait(workspaceId, runId, 20_000).then(() => flows.run(workspaceId, runId)),
  }
}

const at = (path: string, steps: readonly { path: string }[]): any => steps.find((step) => step.path === path)

suite('a flow', () => {
  before(async () => {
    served = await servedHub()
  })

  test('calls tools one after the other, with what came before, and gives its outputs', async () => {
    const { run } = await flow(`
parameters: { type: object, properties: { who: { type: string }, greeting: { type: string, default: Hello } }, required: [who] }
steps:
  - id: text
    transform: "\${{ parameters.greeting }}, \${{ parameters.who }}"
  - id: thing
    uses: probe_create_thing
    with: { at: "/\${{ $length(steps.text.output) }}" }
outputs: { text: "\${{ steps.text.output }}", ok: "\${{ steps.thing.output.ok }}" }
`)
    const done = await run({ who: 'Ada' })
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.deepEqual(done.outputs, { text: 'Hello, Ada', ok: 1 })
    const step = at('thing', done.steps)
    assert.deepEqual([step.status, step.attempts, step.input.at], ['completed', 1, '/10'])
    const invocation = await served.hub.invocations.get(served.operator.workspaceId, step.invocationId)
    assert.equal(invocation.transport, 'flow')
  })

  test('takes no parameter that it does not declare, and names the nearest, unless its schema allows others', async () => {
    const steps = '\nsteps: [{ id: a, transform: "${{ parameters }}" }]\noutputs: { all: "${{ steps.a.output }}" }'
    const closed = await flow(`parameters: { properties: { number: { type: integer }, at: { properties: { x: {} } } } }${steps}`)
    await assert.rejects(closed.run({ numbers: 1 }), ({ details }) => {
      assert.deepEqual(details.errors, [{ path: 'parameters.numbers', message: 'is not a parameter of the flow. Did you mean `number`?' }])
      return true
    })
    const taken = { number: 1, at: { x: 1, y: 2 } }
    assert.deepEqual((await closed.run(taken)).outputs, { all: taken })
    const composed = await flow(
      `parameters: { properties: { a: {} }, allOf: [{ properties: { b: {} } }], patternProperties: { "^c": {} } }${steps}`,
    )
    assert.deepEqual((await composed.run({ a: 1, b: 2, c3: 3 })).outputs, { all: { a: 1, b: 2, c3: 3 } })
    await assert.rejects(composed.run({ d: 1 }), { code: 'invalid_input' })
    for (const open of ['additionalProperties: true', 'additionalProperties: { type: integer }', 'unevaluatedProperties: true']) {
      const { run } = await flow(`parameters: { properties: { a: {} }, ${open} }${steps}`)
      assert.deepEqual((await run({ z: 1 })).outputs, { all: { z: 1 } }, open)
    }
    const required = await flow(`parameters: { properties: { a: {} }, required: [b] }${steps}`)
    assert.deepEqual((await required.run({ b: 1 })).outputs, { all: { b: 1 } })
    for (const undeclared of ['', 'parameters: { type: object }']) {
      const { run } = await flow(undeclared + steps)
      assert.deepEqual((await run({ z: 1 })).outputs, { all: { z: 1 } })
    }
  })

  test('that is a tool shows that it takes no other parameters, and refuses them', async () => {
    const { tools } = served.hub
    await flow('parameters: { properties: { day: {} } }\ntool: { name: closed_tool }\nsteps: [{ id: a, transform: 1 }]')
    const tool = await tools.find(served.operator.workspaceId, 'closed_tool')
    const { input_schema: schema } = tools.registry.describe(tool)
    assert.deepEqual(schema, { type: 'object', properties: { day: {} }, additionalProperties: false })
    await assert.rejects(tools.invoke(served.operator, 'closed_tool', { dya: 1 }, { transport: 'rest' }), { code: 'invalid_input' })
  })

  test('whose trigger cannot compute the parameters fails with the reason', async () => {
    const { id } = await flow(
      'parameters: { properties: { n: {} } }\non: [{ event: hub_test.sums, parameters: { n: "${{ event.data.n + 1 }}" } }]\nsteps: [{ id: a, transform: 1 }]',
    )
    await (await flow('steps: [{ id: e, emit: { type: hub_test.sums, data: { n: text } } }]')).run()
    const [run] = await until('it fails', async () => {
      const runs = await served.hub.flows.runs(served.operator.workspaceId, { flow: id }, { limit: 1 })
      return runs[0]?.status === 'failed' && runs
    })
    assert.equal(run!.error?.code, 'expression_failed')
  })

  test('started with parameters that do not fit is refused, each by its path', async () => {
    const { start } = await flow(
      'parameters: { type: object, properties: { n: { type: integer } }, required: [n, m] }\nsteps: [{ id: a, transform: 1 }]',
    )
    await assert.rejects(start({ n: 'x' }), (error: any) => {
      assert.equal(error.code, 'invalid_input')
      assert.deepEqual(error.details.errors.map(({ path }: { path: string }) => path).toSorted(), ['parameters.m', 'parameters.n'])
      return true
    })
  })

  test('decides, chooses, repeats and runs side by side', async () => {
    const { run } = await flow(`
steps:
  - id: numbers
    transform: [1, 2, 3, 4]
  - id: each
    for_each: { in: "\${{ steps.numbers.output }}", max_parallel: 2, steps: [{ id: twice, transform: "\${{ item * 2 + index }}" }] }
  - id: choice
    switch: { on: "\${{ $count(steps.each.output) }}", cases: [{ when: [3, 4], steps: [{ id: few, transform: few }] }], default: [{ id: many, transform: many }] }
  - id: maybe
    if: \${{ steps.choice.output = "few" }}
    then: [{ id: yes_, transform: yes }]
    else: [{ id: no_, transform: no }]
  - id: both
    parallel: { branches: { left: [{ id: l, transform: 1 }], right: [{ id: r, transform: 2 }] } }
  - id: skipped
    if: \${{ steps.maybe.output = "no" }}
    transform: never
outputs: { each: "\${{ steps.each.output }}", choice: "\${{ steps.choice.output }}", maybe: "\${{ steps.maybe.output }}", both: "\${{ steps.both.output }}", right: "\${{ steps.r.output }}" }
`)
    const done = await run()
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.deepEqual(done.outputs, { each: [2, 5, 8, 11], choice: 'few', maybe: 'yes', both: { left: 1, right: 2 }, right: 2 })
    assert.equal(at('skipped', done.steps).status, 'skipped')
    assert.equal(at('each/3/twice', done.steps).output, 11)
  })

  test('that fails says which step and why; later steps do not run, finally and on_error do', async () => {
    served.outside.answers.set('/broken', () => ({ status: 404, body: { message: 'no such thing' } }))
    const { run } = await flow(`
steps:
  - id: outer
    try:
      steps: [{ id: breaks, uses: probe_create_thing, with: { at: /broken } }, { id: after, uses: probe_create_thing, with: { at: /after } }]
    finally:
      steps: [{ id: tidy, uses: probe_create_thing, with: { at: /tidy } }]
  - id: later
    uses: probe_create_thing
    with: { at: /later }
on_error:
  steps: [{ id: told, uses: probe_create_thing, with: { at: "/told/\${{ error.step }}" } }]
`)
    const done = await run()
    assert.equal(done.status, 'failed')
    assert.deepEqual([done.error?.step, done.error?.code], ['breaks', 'vendor_not_found'])
    const seen = new Set(served.outside.seen.map(({ what }) => what))
    assert.ok(seen.has('POST /tidy') && seen.has('POST /told/breaks'))
    assert.ok(!seen.has('POST /later') && !seen.has('POST /after'))
  })

  test('catches what fails, and goes on past what may fail', async () => {
    served.outside.answers.set('/broken', () => ({ status: 404, body: {} }))
    const { run } = await flow(`
steps:
  - id: guarded
    try: { steps: [{ id: breaks, uses: probe_create_thing, with: { at: /broken } }] }
    catch: { steps: [{ id: caught, transform: "\${{ error.code }}" }] }
  - id: loose
    uses: probe_create_thing
    with: { at: /broken }
    on_error: continue
outputs: { caught: "\${{ steps.guarded.output }}", loose: "\${{ steps.loose.status }}" }
`)
    const done = await run()
    assert.deepEqual([done.status, done.outputs], ['completed', { caught: 'vendor_not_found', loose: 'failed' }])
  })

  test('tries again what may pass', async () => {
    let asked = 0
    served.outside.answers.set('/flaky', () => ((asked += 1) < 3 ? { status: 409, body: {} } : { body: { ok: 1 } }))
    served.outside.answers.set('/limited', () => ((asked += 1) < 3 ? { status: 429, body: {} } : { body: { ok: 1 } }))
    asked = 0
    const { run } = await flow(`
steps: [{ id: again, uses: probe_get_thing, with: { at: /limited }, retry: { attempts: 4, backoff: 20ms } }]
`)
    const done = await run()
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.ok(asked >= 3)
  })

  test('waits without holding anything, and goes on where it was', async () => {
    const { start, ended } = await flow(`
steps:
  - id: first
    uses: probe_create_thing
    with: { at: /before-the-wait }
  - id: pause
    wait: 3s
  - id: second
    transform: "\${{ steps.first.output.ok }}"
`)
    const { id } = await start()
    await until('it waits', async () => (await served.hub.flows.run(served.operator.workspaceId, id)).status === 'waiting')
    const done = await ended(id)
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /before-the-wait').length, 1)
    assert.equal(at('second', done.steps).output, 1)
  })

  test('runs another flow and takes its outputs; a failure inside is its own', async () => {
    const inner = await flow(
      'parameters: { type: object, properties: { n: { type: integer } } }\nsteps: [{ id: a, transform: "${{ parameters.n + 1 }}" }]\noutputs: { n: "${{ steps.a.output }}" }',
    )
    const { run } = await flow(`steps: [{ id: sub, flow: ${inner.id}, with: { n: 41 } }]\noutputs: { n: "\${{ steps.sub.output.n }}" }`)
    const done = await run()
    assert.deepEqual([done.status, done.outputs], ['completed', { n: 42 }], JSON.stringify(done.error))
  })

  test('is told about again with each call that it makes and each run that it starts, whose ids nobody can know before', async (t) => {
    const told = t.mock.method(served.hub.telemetry.notices, 'add')
    const inner = await flow('steps: [{ id: pause, wait: 10ms }]')
    const { run } = await flow(`steps: [{ id: start, uses: hub_trigger_flow, with: { flow_id: ${inner.id} } }]`)
    const { id, status, error } = await run()
    assert.equal(status, 'completed', JSON.stringify(error))
    const { workspaceId } = served.operator
    const [child] = await served.hub.flows.runs(workspaceId, { flow: inner.id }, { limit: 1 })
    const [call] = await served.hub.invocations.list(workspaceId, { run: id, limit: 1 })
    const hints = told.mock.calls.map(({ arguments: [, kind, of] }) => `${kind} ${of}`)
    const own = `run ${id}`
    const ofCall = hints.flatMap((hint, index) => (hint === `call ${call!.id}` ? [index] : []))
    assert.deepEqual(
      ofCall.map((index) => hints[index + 1]),
      [own, own],
      'with its begin and its end',
    )
    assert.ok(hints.slice(hints.indexOf(`run ${child!.id}`), ofCall[1]).includes(own))
  })

  test('starts by an event, once for each, and waits for another that belongs to it', async () => {
    const { id } = await flow(
      `
on: [{ event: hub_test.ordered, filter: "\${{ event.data.amount > 10 }}" }]
concurrency: { key: "\${{ event.subject }}" }
steps:
  - id: paid
    wait_for: { event: hub_test.paid, correlate: event.data.order = parameters.none or event.data.order = $lookup({"x": 7}, "x"), timeout: 30s }
outputs: { order: "\${{ event.data.order }}", paid: "\${{ steps.paid.output.data.sum }}" }
`.replace('event.data.order = parameters.none or event.data.order = $lookup({"x": 7}, "x")', '"${{ event.data.order = 7 }}"'),
    )
    const { db, flows } = served.hub
    const emit = await flow(`
parameters: { type: object }
steps: [{ id: e, emit: { type: "hub_test.ordered", subject: s, data: { amount: "\${{ parameters.amount }}", order: 7 } } }]`)
    await emit.run({ amount: 5 })
    await emit.run({ amount: 50 })
    const { workspaceId } = served.operator
    const [run] = await until('a run waits', async () => {
      const runs = await flows.runs(workspaceId, { flow: id }, { limit: 10 })
      return runs.length === 1 && runs[0]!.status === 'waiting' && runs
    })
    const pay = await flow(
      'parameters: { type: object }\nsteps: [{ id: e, emit: { type: hub_test.paid, data: { order: "${{ parameters.order }}", sum: 50 } } }]',
    )
    await pay.run({ order: 8 })
    await pay.run({ order: 7 })
    const done = await flows.wait(workspaceId, run!.id, 10_000)
    assert.deepEqual([done.status, done.outputs], ['completed', { order: 7, paid: 50 }], JSON.stringify(done.error))
    const { rows } = await db.pool.query(`select 1 from hub.subscriptions where kind = 'run'`)
    assert.equal(rows.length, 0)
  })

  test('cancelled while it waits or works is over, and does nothing more', async () => {
    served.outside.answers.set('/slow', () => ({ body: { ok: 1 }, afterMs: 15_000 }))
    const { start } = await flow('steps: [{ id: w, wait: 1h }, { id: never, uses: probe_create_thing, with: { at: /never } }]')
    const working = await flow('steps: [{ id: s, uses: probe_get_thing, with: { at: /slow } }]')
    const { flows } = served.hub
    const { workspaceId } = served.operator
    for (const [begin, status] of [
      [start, 'waiting'],
      [working.start, 'running'],
    ] as const) {
      const { id } = await begin()
      await until(status, async () => (await flows.run(workspaceId, id)).status === status)
      await flows.cancel(served.operator, id)
      const done = await flows.wait(workspaceId, id, 5000)
      assert.equal(done.status, 'cancelled')
      await assert.rejects(flows.cancel(served.operator, id), { code: 'run_state_conflict' })
    }
    assert.ok(!served.outside.seen.some(({ what }) => what === 'POST /never'))
  })

  test('retried goes on from the step that failed, and does no other again', async () => {
    let isBroken = true
    served.outside.answers.set('/fixed', () => (isBroken ? { status: 403, body: {} } : { body: { ok: 2 } }))
    const { run, ended } = await flow(`
steps:
  - { id: done, uses: probe_create_thing, with: { at: /only-once } }
  - { id: fixed, uses: probe_create_thing, with: { at: /fixed } }
outputs: { ok: "\${{ steps.fixed.output.ok }}" }`)
    const failed = await run()
    assert.equal(failed.status, 'failed')
    isBroken = false
    await served.hub.flows.retry(served.operator, failed.id)
    const done = await ended(failed.id)
    assert.deepEqual([done.status, done.outputs], ['completed', { ok: 2 }], JSON.stringify(done.error))
    assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /only-once').length, 1)
    const dry = await served.hub.flows.replay(served.operator, failed.id, { dryRun: true })
    const before = served.outside.seen.length
    assert.deepEqual((await ended(dry.id)).outputs, { ok: 2 })
    assert.equal(served.outside.seen.length, before)
  })

  test('has as many runs at once as it allows, the others queue, are skipped, or take the place', async () => {
    const { flows } = served.hub
    const { workspaceId } = served.operator
    const states = async (ids: string[]): Promise<string[]> => Promise.all(ids.map(async (id) => (await flows.run(workspaceId, id)).status))
    for (const [conflict, expected] of [
      ['queue', ['waiting', 'queued']],
      ['skip', ['waiting', 'skipped']],
      ['cancel_running', ['cancelled', 'waiting']],
    ] as const) {
      const { start } = await flow(`concurrency: { key: same, on_conflict: ${conflict} }\nsteps: [{ id: w, wait: 1h }]`)
      const first = (await start()).id
      await until('it waits', async () => (await states([first]))[0] === 'waiting')
      const second = (await start()).id
      await until(conflict, async () => (await states([first, second])).join() === expected.join())
      if (conflict !== 'queue') continue
      await flows.cancel(served.operator, first)
      await until('the next goes in', async () => (await states([second]))[0] === 'waiting')
    }
  })

  test('asks a person, and goes on with exactly the call that was approved', async () => {
    const { start, ended } = await flow(`
steps:
  - id: ask
    approve: { message: "May I?", call: { uses: probe_create_thing, with: { at: /approved } } }
outputs: { result: "\${{ steps.ask.output.result.ok }}" }`)
    const { tools, access } = served.hub
    const { workspaceId } = served.operator
    for (const decision of ['approve', 'reject'] as const) {
      const { id } = await start()
      const [asked] = await until('it asks', async () => {
        const found = await tools.approvals.list(workspaceId, { run: id }, { limit: 5 })
        return found.length > 0 && found
      })
      assert.ok(!served.outside.seen.slice(-1).some(({ what }) => what === 'POST /approved') || decision === 'reject')
      await tools.approvals.decide(await access.operator('boss'), asked!.id, { decision, comment: 'because' })
      const done = await ended(id)
      assert.equal(done.status, decision === 'approve' ? 'completed' : 'failed', JSON.stringify(done.error))
    }
    assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /approved').length, 1)
  })

  test('with a bomb in it fails with a clear limit within seconds, and others go on', async () => {
    const bomb = await flow('steps: [{ id: boom, transform: "${{ $sum([1..9999999].($ * $)) }}" }]')
    const quick = await flow('steps: [{ id: a, transform: 1 }]')
    const [boom, ...others] = await Promise.all([bomb.run(), ...Array.from({ length: 10 }, () => quick.run())])
    assert.deepEqual([boom.status, boom.error?.code], ['failed', 'expression_limit'])
    assert.ok(others.every(({ status }) => status === 'completed'))
  })

  test('that starts itself by its own events comes to an end', async () => {
    const { id } = await flow('on: [{ event: hub_circle.turn }]\nsteps: [{ id: again, emit: { type: hub_circle.turn } }]')
    const push = await flow('steps: [{ id: e, emit: { type: hub_circle.turn } }]')
    await push.run()
    const { flows } = served.hub
    const runs = await until('the circle is broken', async () => {
      const found = await flows.runs(served.operator.workspaceId, { flow: id }, { limit: 50 })
      return found.some(({ error }) => error?.code === 'flow_cycle') && found
    })
    assert.equal(runs.length, 11)
    assert.equal(runs.filter(({ status }) => status === 'completed').length, 10)
  })

  test('that is a tool may not say that it does less than its tools do', async () => {
    const writing = 'steps: [{ id: w, uses: probe_create_thing, with: { at: /x } }]'
    await assert.rejects(flow(`tool: { effect: read }\n${writing}`), { code: 'flow_invalid' })
    await assert.rejects(flow('tool: true\nsteps: [{ id: d, uses: probe_delete_thing, with: { at: /x } }]'), { code: 'flow_invalid' })
    await flow(`tool: { effect: write }\n${writing}`)
  })

  test('whose question comes from who saved it is answered by somebody else', async () => {
    const { access, flows, tools } = served.hub
    const { workspaceId } = served.operator
    const { principal: agent } = await agentWith(served.hub, ['flows:write', 'flows:run', 'approvals:write', 'tools:call'])
    await flows.save(agent, 'id: asks-itself\nsteps: [{ id: a, approve: { message: May I? } }]')
    const { id } = await flows.trigger(agent, 'asks-itself')
    const [asked] = await until('it asks', async () => {
      const found = await tools.approvals.list(workspaceId, { run: id }, { limit: 1 })
      return found.length > 0 && found
    })
    await assert.rejects(tools.approvals.decide(agent, asked!.id, { decision: 'approve' }), { code: 'scope_missing' })
    await tools.approvals.decide(await access.operator('boss'), asked!.id, { decision: 'approve' })
    assert.equal((await flows.wait(workspaceId, id, 10_000)).status, 'completed')
  })
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Principal } from '#access'
import { agentWith, flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'

let b: FlowBench

suite('a flow', () => {
  before(async () => {
    b = await flowBench()
  })

  test('that is a tool is found by its name as it is listed, of two the first, while it is enabled', async () => {
    const { hub, operator, workspaceId } = b
    const { flows, tools } = hub
    const steps = 'steps: [{ id: a, transform: 1 }]'
    await flows.save(operator, `id: Look-Up.One\ntool: true\n${steps}`)
    const second = await flows.save(operator, `id: look-up-2\ntool: { name: look_up }\n${steps}`)
    const first = await flows.save(operator, `id: look-up-1\ntool: { name: look_up, description: The first. }\n${steps}`)
    const flowOf = async (name: string): Promise<string | undefined> => {
      const listed = (await tools.all(workspaceId)).filter((tool) => tool.name === name)
      const found = await tools.find(workspaceId, name).then(
        (tool) => [tool],
        () => [],
      )
      assert.deepEqual(
        found.map((tool) => tool.origin),
        listed.map((tool) => tool.origin),
      )
      const [origin] = found.map((tool) => tool.origin)
      return origin?.kind === 'flow' ? origin.flow : undefined
    }
    assert.ok(await flowOf('flow_look_up_one'))
    assert.equal(await flowOf('look_up'), first.id)
    await flows.setEnabled(operator, first.id, false)
    assert.equal(await flowOf('look_up'), second.id)
    await flows.save(operator, `id: look-up-2\n${steps}`)
    assert.equal(await flowOf('look_up'), undefined)
    await assert.rejects(tools.find(workspaceId, 'flow_look_up_two'), /flow_look_up_one/)
    await assert.rejects(tools.find(workspaceId, 'look\0up'), { code: 'tool_unknown' })
  })

  test('may not be a tool that is called as a connector or as another tool', async () => {
    const { flows } = b.hub
    for (const [tool, message] of [
      ['{ name: probe }', '`probe` is the name of a connector'],
      ['{ name: hub }', '`hub` is the name of a connector'],
      ['{ name: flow }', '`flow` is the name of a connector'],
      ['{ name: probe_get_thing }', '`probe_get_thing` is the name of another tool'],
    ] as const) {
      const source = `id: named\ntool: ${tool}\nsteps: [{ id: a, transform: 1 }]`
      const checked = await flows.check(b.workspaceId, source)
      assert.deepEqual('problems' in checked && checked.problems.map((problem) => [problem.path, problem.message]), [
        ['tool.name', message],
      ])
      await assert.rejects(flows.save(b.operator, source), { code: 'flow_invalid' })
    }
  })

  test('and its runs are not to be seen, started, changed or called in another workspace', async () => {
    const { hub, operator } = b
    const { flows, tools, access } = hub
    const { id, run } = await b.flow('tool: { name: bench_secret }\nsteps: [{ id: w, transform: 1 }]')
    const done = await run()
    const { id: otherId } = await access.workspaces.create(operator, 'elsewhere')
    const stranger: Principal = { ...operator, workspaceId: otherId }
    for (const reach of [
      () => flows.get(otherId, id),
      () => flows.get(otherId, done.flowId),
      () => flows.versions(otherId, id),
      () => flows.trigger(stranger, id),
      () => flows.setEnabled(stranger, id, false),
      () => flows.remove(stranger, id),
      () => flows.run(otherId, done.id),
      () => flows.wait(otherId, done.id, 0),
      () => flows.cancel(stranger, done.id),
      () => flows.retry(stranger, done.id),
      () => flows.replay(stranger, done.id),
    ])
      await assert.rejects(reach(), { code: 'not_found' }, String(reach))
    assert.deepEqual(await flows.runs(otherId, {}, { limit: 10 }), [])
    assert.ok(!(await flows.list(otherId)).some(({ name }) => name === id))
    await assert.rejects(tools.find(otherId, 'bench_secret'), { code: 'tool_unknown' })
    await assert.rejects(flows.save(stranger, `id: mine\nsteps: [{ id: s, flow: ${id} }]`), { code: 'flow_invalid' })
    // A flow of the same name in another workspace gets no events of this one.
    await flows.save(stranger, `id: ${id}\non: [{ event: bench.crossing }]\nsteps: [{ id: w, transform: 2 }]`)
    const emit = await b.flow('steps: [{ id: e, emit: { type: bench.crossing } }]')
    await emit.run()
    await until('it is handed on', async () => (await hub.db.pool.query('select from hub.event_queue')).rowCount === 0)
    assert.deepEqual(await flows.runs(otherId, {}, { limit: 10 }), [])
    assert.equal((await flows.get(b.workspaceId, id)).version, 1)
  })

  test('may do no more than who saved it, also when that is asked for by somebody who may', async () => {
    const { flows } = b.hub
    const { principal: clerk } = await agentWith(b.hub, ['flows:write', 'tools:call:probe_get_thing'])
    const source = (tool: string): string => `id: clerks\nsteps: [{ id: a, uses: ${tool}, with: { at: /clerks } }]`
    await flows.save(clerk, source('probe_create_thing'))
    const refused = await flows.trigger(b.operator, 'clerks')
    assert.equal((await b.ended(refused.id)).error?.code, 'scope_missing')
    assert.equal(b.writes('/clerks'), 0)
    await flows.save(clerk, source('probe_get_thing'))
    const { id } = await flows.trigger(b.operator, 'clerks')
    assert.equal((await b.ended(id)).status, 'completed')
  })

  test('whose call a policy asks about waits for a person by itself, and makes exactly that call once', async () => {
    const { tools, access } = b.hub
    await tools.policies.write(b.operator, { rules: [{ tools: ['probe_delete_thing'], decision: 'ask', reason: 'it is for good' }] })
    try {
      const { start } = await b.flow(`
steps: [{ id: gone, uses: probe_delete_thing, with: { at: /asked-about } }]
outputs: { ok: "\${{ steps.gone.output.ok }}" }`)
      for (const [decision, expected] of [
        ['approve', { status: 'completed', code: undefined, writes: 1 }],
        ['reject', { status: 'failed', code: 'approval_rejected', writes: 1 }],
      ] as const) {
        const { id } = await start()
        await until('it waits', async () => (await b.current(id)).status === 'waiting')
        const [asked] = await tools.approvals.list(b.workspaceId, { run: id }, { limit: 5 })
        assert.match(asked!.message, /it is for good/)
        await tools.approvals.decide(await access.operator('boss'), asked!.id, { decision })
        const done = await b.ended(id)
        assert.deepEqual({ status: done.status, code: done.error?.code, writes: b.writes('/asked-about') }, expected)
      }
    } finally {
      await tools.policies.write(b.operator, { rules: [] })
    }
  })
})

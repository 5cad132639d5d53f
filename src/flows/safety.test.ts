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
    await tools.policies.write(b.operator, [{ tools: ['probe_delete_thing'], decision: 'ask', reason: 'it is for good' }])
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
        await tools.approvals.decide(await access.operator('boss'), asked!.id, decision)
        const done = await b.ended(id)
        assert.deepEqual({ status: done.status, code: done.error?.code, writes: b.writes('/asked-about') }, expected)
      }
    } finally {
      await tools.policies.write(b.operator, [])
    }
  })
})

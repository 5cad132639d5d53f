import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { agentWith, flowBench, type FlowBench } from '#test'

let b: FlowBench
const clerkWith = async (...scopes: string[]) => (await agentWith(b.hub, scopes)).principal

suite('a flow', () => {
  before(async () => {
    b = await flowBench()
  })

  test('replayed by its version of then has the rights of then, whoever saved it since', async () => {
    const { flows } = b.hub
    const clerk = await clerkWith('flows:write', 'flows:run')
    await flows.save(clerk, 'id: rights-replay\nsteps: [{ id: a, uses: probe_create_thing, with: { at: /rights } }]')
    const { id } = await flows.trigger(clerk, 'rights-replay')
    assert.equal((await b.ended(id)).error?.code, 'scope_missing')
    await flows.save(b.operator, 'id: rights-replay\nsteps: [{ id: a, transform: 1 }]')
    const again = await b.ended((await flows.replay(clerk, id)).id)
    assert.deepEqual([again.version, again.actor, again.error?.code], [1, `token:${clerk.id}`, 'scope_missing'])
    assert.equal(b.writes('/rights'), 0)
    const latest = await b.ended((await flows.replay(clerk, id, { version: 'latest' })).id)
    assert.deepEqual([latest.version, latest.status], [2, 'completed'])
  })

  test('that runs another one needs the right to run flows', async () => {
    const { flows } = b.hub
    const { id: others } = await b.flow('steps: [{ id: a, uses: probe_create_thing, with: { at: /others } }]')
    const source = `id: rights-child\nsteps: [{ id: a, flow: ${others} }]`
    await flows.save(await clerkWith('flows:write'), source)
    const refused = await b.ended((await flows.trigger(b.operator, 'rights-child')).id)
    assert.equal(refused.error?.code, 'scope_missing')
    assert.equal(b.writes('/others'), 0)
    await flows.save(await clerkWith('flows:write', 'flows:run'), source)
    assert.equal((await b.ended((await flows.trigger(b.operator, 'rights-child')).id)).status, 'completed')
    assert.equal(b.writes('/others'), 1)
  })
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { actorOf, type Principal } from '#access'
import { HubError } from '#errors'
import { operations } from '#operations'
import { agentWith } from '#test'
import { until } from '#test/faults'
import { authorityBench, codeOf, type AuthorityBench } from './bench.ts'

let b: AuthorityBench
const run: AuthorityBench['run'] = (principal, operation, input) => b.run(principal, operation, input)
const invoke: AuthorityBench['invoke'] = (principal, tool, input) => b.invoke(principal, tool, input)

before(async () => {
  b = await authorityBench()
})

suite('an approval', () => {
  const scopes = ['tools:call', 'approvals:write', 'flows:write', 'flows:run', 'tokens:write']
  const decide = (principal: Principal, id: string) => run(principal, operations.decideApproval, { id, decision: 'approve' })
  const asking = [{ tools: ['probe_delete_thing', 'hub_trigger_flow', 'approved_flow'], decision: 'ask' as const }]
  before(() => b.hub.tools.policies.write(b.operator, { rules: asking }))
  after(() => b.hub.tools.policies.write(b.operator, { rules: [] }))

  /** The id of the approval that a call needs. */
  async function askedBy(principal: Principal, tool: string, input: object): Promise<string> {
    const error: unknown = await invoke(principal, tool, input).then(
      () => assert.fail('no approval was needed'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof HubError && error.code === 'approval_required', String(error))
    return error.details.approvalId!
  }

  const askedIn = (runId: string) =>
    until('the run asks', async () => (await b.hub.tools.approvals.list(b.workspaceId, { run: runId }, { limit: 1 }))[0])

  test('is not decided on by the asker, the token that created it, nor a token that one of both created', async () => {
    const parent = (await agentWith(b.hub, scopes)).principal
    const asker = (await agentWith(b.hub, scopes, parent)).principal
    const child = (await agentWith(b.hub, scopes, asker)).principal
    const sibling = (await agentWith(b.hub, scopes, parent)).principal
    const other = (await agentWith(b.hub, scopes)).principal
    const id = await askedBy(asker, 'probe_delete_thing', { at: '/family' })
    for (const principal of [asker, parent, child, sibling]) {
      const error: unknown = await decide(principal, id).then(
        () => assert.fail('it decided'),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof HubError && error.code === 'scope_missing')
      assert.match(error.details.hint!, /neither had a part.*command line.*involved_may_decide/)
    }
    assert.equal(await codeOf(decide(other, id)), undefined)
  })

  test('of a run is decided on neither by who triggered it nor by who saved the flow, also through other flows and events', async () => {
    const saver = (await agentWith(b.hub, scopes)).principal
    const caller = (await agentWith(b.hub, scopes)).principal
    const question = 'steps: [{ id: a, approve: { message: May I? } }]'
    await b.hub.flows.save(saver, `id: questions\non: [{ event: rights.question }]\n${question}`)
    await b.hub.flows.save(b.operator, 'id: questions-outer\nsteps: [{ id: a, flow: questions }]')
    await b.hub.flows.save(b.operator, 'id: questions-event\nsteps: [{ id: a, emit: { type: rights.question } }]')
    for (const name of ['questions', 'questions-outer', 'questions-event']) {
      await b.hub.flows.trigger(caller, name)
      const asks = await until('a run asks', async () => {
        const [latest] = await b.hub.flows.runs(b.workspaceId, { flow: 'questions', statuses: ['waiting'] }, { limit: 1 })
        return latest
      })
      const { id } = await askedIn(asks.id)
      assert.equal(await codeOf(decide(caller, id)), 'scope_missing', `${name}: who triggered it`)
      assert.equal(await codeOf(decide(saver, id)), 'scope_missing', `${name}: who saved it`)
      await decide((await agentWith(b.hub, scopes)).principal, id)
      await b.ended(asks.id)
    }
  })

  test('of a call in a run that hub_trigger_flow started is not decided on by who called that', async () => {
    const caller = (await agentWith(b.hub, scopes)).principal
    await b.hub.flows.save(b.operator, 'id: deletes\nsteps: [{ id: a, uses: probe_delete_thing, with: { at: /deletes } }]')
    const trigger = { flow_id: 'deletes' }
    const first = await askedBy(caller, 'hub_trigger_flow', trigger)
    await decide(b.operator, first)
    const { output } = await b.hub.tools.invoke(caller, 'hub_trigger_flow', trigger, { transport: 'rest', approval: first })
    const { id } = await askedIn((output as { run_id: string }).run_id)
    assert.equal(await codeOf(decide(caller, id)), 'scope_missing')
  })

  test('may be decided on by those involved where the workspace says so, which an administrator sets', async () => {
    const asker = (await agentWith(b.hub, scopes)).principal
    const id = await askedBy(asker, 'probe_delete_thing', { at: '/allowed' })
    const allowing = { involved_may_decide: true }
    assert.equal(await codeOf(run(asker, operations.setApprovalSettings, allowing)), 'scope_missing')
    await run(b.operator, operations.setApprovalSettings, allowing)
    try {
      assert.equal(await codeOf(decide(asker, id)), undefined)
    } finally {
      await run(b.operator, operations.setApprovalSettings, { involved_may_decide: false })
    }
    const [entry] = await b.hub.access.audit.list(b.workspaceId, { limit: 1 })
    assert.deepEqual([entry?.action, entry?.detail], ['approval_settings.set', { involved_may_decide: false }])
  })

  /** Asks, approves, changes something, and returns what is wrong with the approval then. */
  async function mismatchAfter(
    call: { tool: string; input: object; integration?: string },
    change: () => Promise<unknown>,
  ): Promise<string> {
    const asker = (await agentWith(b.hub, scopes)).principal
    const { tool, input, integration } = call
    const options = { transport: 'rest' as const, integration }
    const asked: unknown = await b.hub.tools.invoke(asker, tool, input, options).catch((thrown: unknown) => thrown)
    const approval = (asked as HubError).details.approvalId!
    await decide(b.operator, approval)
    await change()
    const refused: unknown = await b.hub.tools.invoke(asker, tool, input, { ...options, approval }).then(
      () => assert.fail('the approval covered it'),
      (thrown: unknown) => thrown,
    )
    assert.ok(refused instanceof HubError && refused.code === 'approval_mismatch', String(refused))
    return refused.message
  }

  test('does not cover a flow that was saved anew, or that runs one that was, whichever tool starts it', async () => {
    const save = (id: string, step: string, more = '') => b.hub.flows.save(b.operator, `id: ${id}\n${more}\nsteps: [${step}]`)
    const harmful = '{ id: a, uses: probe_create_thing, with: { at: /swapped } }'
    await save('swapped', '{ id: a, transform: 1 }', 'tool: { name: approved_flow }')
    await save('swapped-outer', '{ id: a, flow: swapped }')
    const swap = () => save('swapped', harmful, 'tool: { name: approved_flow }')
    const restore = () => save('swapped', '{ id: a, transform: 1 }', 'tool: { name: approved_flow }')
    for (const call of [
      { tool: 'approved_flow', input: {} },
      { tool: 'hub_trigger_flow', input: { flow_id: 'swapped' } },
      { tool: 'hub_trigger_flow', input: { flow_id: 'swapped-outer' } },
    ]) {
      assert.match(await mismatchAfter(call, swap), /the flow that it runs, or one that this runs, has changed/)
      await restore()
    }
    assert.equal(b.writes('/swapped'), 0)
  })

  test('does not cover another address, another credential, another integration of the name, or another asker', async () => {
    const { integrations, credentials } = b.hub
    const config = { base_url: b.outside.url }
    await credentials.set(b.operator, { name: 'bound', data: { token: 'bound-token-value' } })
    const make = () => integrations.create(b.operator, { name: 'bound', connector: 'probe', credential: 'bound', config })
    await make()
    const call = { tool: 'probe_delete_thing', input: { at: '/bound' }, integration: 'bound' }
    const moved = { base_url: `${b.outside.url}/elsewhere` }
    assert.match(
      await mismatchAfter(call, () => integrations.update(b.operator, 'bound', { config: moved })),
      /settings of the integration/,
    )
    const set = () => credentials.set(b.operator, { name: 'bound', data: { token: 'another-token-value' } })
    assert.match(await mismatchAfter(call, set), /credential of the integration/)
    const replace = () => integrations.remove(b.operator, 'bound').then(make)
    assert.match(await mismatchAfter(call, replace), /earlier integration of this name/)

    await integrations.remove(b.operator, 'bound')
    const asker = (await agentWith(b.hub, scopes)).principal
    const approval = await askedBy(asker, 'probe_delete_thing', { at: '/mine' })
    await decide(b.operator, approval)
    const thief = (await agentWith(b.hub, scopes)).principal
    const stolen = b.hub.tools.invoke(thief, 'probe_delete_thing', { at: '/mine' }, { transport: 'rest', approval })
    await assert.rejects(stolen, { code: 'approval_mismatch', message: new RegExp(`${actorOf(asker)} asked for it`) })
  })
})

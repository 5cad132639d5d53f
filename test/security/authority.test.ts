import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import { actorOf, type Principal } from '#access'
import { HubError } from '#errors'
import { operations, type Operation } from '#operations'
import { agentWith, flowBench, type FlowBench } from '#test'

let b: FlowBench

async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(20)) {
    const found = await look()
    if (found !== false && found !== undefined) return found
  }
  throw new Error(`it did not happen: ${what}`)
}

function run(principal: Principal, operation: Operation, input: object): Promise<unknown> {
  return b.hub.execute({ principal, transport: 'rest' }, operation, input)
}

/** The code of the error that something ends with; undefined where it succeeds. */
async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof HubError) return error.code
    throw error
  }
}

const invoke = (principal: Principal, tool: string, input: object) => b.hub.tools.invoke(principal, tool, input, { transport: 'rest' })

before(async () => {
  b = await flowBench()
})

suite('who may run and read', () => {
  test('hub_trigger_flow needs flows:run, whatever else a token may call', async () => {
    const { id } = await b.flow('steps: [{ id: a, transform: 1 }]')
    const agent = await agentWith(b.hub, ['tools:call', 'flows:read'])
    assert.equal(await codeOf(invoke(agent.principal, 'hub_trigger_flow', { flow_id: id })), 'scope_missing')
  })

  test('a token with tools:call alone reads the runs that it caused, and no others', async () => {
    const { id } = await b.flow('tool: { name: asked_for }\nsteps: [{ id: a, transform: 1 }]\noutputs: { a: 1 }')
    const [one, other] = [await agentWith(b.hub, ['tools:call']), await agentWith(b.hub, ['tools:call'])]
    await invoke(one.principal, 'asked_for', {})
    const [caused] = await b.hub.flows.runs(b.workspaceId, { flow: id }, { limit: 1 })
    const shown = await invoke(one.principal, 'hub_get_run', { run_id: caused!.id })
    assert.deepEqual((shown.output as { outputs: unknown }).outputs, { a: 1 })
    assert.equal(await codeOf(invoke(other.principal, 'hub_get_run', { run_id: caused!.id })), 'scope_missing')
    assert.equal(await codeOf(invoke(one.principal, 'hub_get_run', { run_id: 'run_of_nobody' })), 'scope_missing')
    const reader = await agentWith(b.hub, ['tools:call', 'flows:read'])
    assert.equal(await codeOf(invoke(reader.principal, 'hub_get_run', { run_id: caused!.id })), undefined)
  })

  test('a token with tools:call alone reads the rest of its own results, and no others', async () => {
    const [one, other] = [await agentWith(b.hub, ['tools:call']), await agentWith(b.hub, ['tools:call'])]
    const made = await invoke(one.principal, 'probe_create_thing', { at: '/result' })
    const handle = { handle: made.invocationId, path: '' }
    assert.equal(await codeOf(invoke(one.principal, 'hub_read_result', handle)), undefined)
    assert.equal(await codeOf(invoke(other.principal, 'hub_read_result', handle)), 'scope_missing')
    assert.equal(await codeOf(run(one.principal, operations.readResult, { id: made.invocationId })), undefined)
    assert.equal(await codeOf(run(other.principal, operations.readResult, { id: made.invocationId })), 'scope_missing')
    const reader = await agentWith(b.hub, ['tools:call', 'invocations:read'])
    assert.equal(await codeOf(invoke(reader.principal, 'hub_read_result', handle)), undefined)
  })

  test('the inputs and outputs of tool calls need invocations:read; tools:read shows none', async () => {
    const { invocationId: id } = await invoke(b.operator, 'probe_create_thing', { at: '/journal' })
    const lister = (await agentWith(b.hub, ['tools:read', 'tools:call'])).principal
    const reader = (await agentWith(b.hub, ['invocations:read'])).principal
    for (const [operation, input] of [
      [operations.listInvocations, {}],
      [operations.getInvocation, { id }],
      [operations.readResult, { id }],
    ] as const) {
      assert.equal(await codeOf(run(lister, operation as never, input)), 'scope_missing', operation.name)
      assert.equal(await codeOf(run(reader, operation as never, input)), undefined, operation.name)
    }
  })
})

suite('who may change a flow', () => {
  const writes = (name: string): string => `id: ${name}\nsteps: [{ id: a, uses: probe_create_thing, with: { at: /${name} } }]`
  const harmless = (name: string): string => `id: ${name}\nsteps: [{ id: a, transform: 1 }]`

  test('a token with flows:write alone neither saves, disables, adopts nor deletes an administrator’s flow', async () => {
    const admin = (await agentWith(b.hub, ['admin'])).principal
    const clerk = (await agentWith(b.hub, ['flows:write', 'flows:run'])).principal
    await b.hub.flows.save(admin, writes('of-admin'))
    const tries: readonly (readonly [Operation, object])[] = [
      [operations.saveFlow, { source: harmless('of-admin') }],
      [operations.replaceFlow, { id: 'of-admin', source: harmless('of-admin') }],
      [operations.updateFlow, { id: 'of-admin', enabled: false }],
      [operations.adoptFlow, { id: 'of-admin' }],
      [operations.deleteFlow, { id: 'of-admin' }],
    ]
    for (const [operation, input] of tries) {
      const error: unknown = await run(clerk, operation, input).then(
        () => assert.fail('it was changed'),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof HubError && error.code === 'scope_missing')
      assert.match(error.message, /saved the flow "of-admin" with rights that this token does not have: admin/)
    }
    const { version, enabled, actor } = await b.hub.flows.get(b.workspaceId, 'of-admin')
    assert.deepEqual([version, enabled, actor], [1, true, actorOf(admin)])
  })

  test('whoever saved it, created the token that did, or has all its rights may change it; a child of the saver may not', async () => {
    const parent = (await agentWith(b.hub, ['flows:write', 'tokens:write', 'tools:call'])).principal
    const saver = (await agentWith(b.hub, ['flows:write', 'tokens:write', 'tools:call'], parent)).principal
    const child = (await agentWith(b.hub, ['flows:write'], saver)).principal
    const peer = (await agentWith(b.hub, ['flows:write', 'tokens:write', 'tools:call', 'jobs:read'])).principal
    await b.hub.flows.save(saver, writes('shared'))
    assert.equal(await codeOf(run(child, operations.updateFlow, { id: 'shared', enabled: false })), 'scope_missing')
    for (const principal of [saver, parent, peer])
      assert.equal(await codeOf(run(principal, operations.updateFlow, { id: 'shared', enabled: false })), undefined)
    assert.equal(await codeOf(run(peer, operations.deleteFlow, { id: 'shared' })), undefined)
  })

  test('a flow without flows:run runs no flow of others, neither as a step nor by a tool', async () => {
    const admin = (await agentWith(b.hub, ['admin'])).principal
    const clerk = (await agentWith(b.hub, ['flows:write', 'tools:call:hub'])).principal
    await b.hub.flows.save(admin, writes('rich'))
    await b.hub.flows.save(clerk, 'id: poor-step\nsteps: [{ id: a, flow: rich }]')
    await b.hub.flows.save(clerk, 'id: poor-tool\nsteps: [{ id: a, uses: hub_trigger_flow, with: { flow_id: rich } }]')
    for (const name of ['poor-step', 'poor-tool']) {
      const ended = await b.ended((await b.hub.flows.trigger(b.operator, name)).id)
      assert.equal(ended.error?.code, 'scope_missing', name)
    }
    assert.equal(b.writes('/rich'), 0)
  })
})

suite('a flow whose saver has lost its rights', () => {
  const saverOf = () => agentWith(b.hub, ['flows:write', 'flows:run', 'tools:call'])
  const revoke = (id: string) => b.hub.access.tokens.revoke(b.operator, id)
  const waiting = (id: string) =>
    until('it waits', async () => {
      const now = await b.current(id)
      return now.status === 'waiting' && now
    })

  test('stops at its next step, and nothing in it reacts to that', async () => {
    const saver = await saverOf()
    const call = 'uses: probe_create_thing, with: { at: /outlived }'
    await b.hub.flows.save(
      saver.principal,
      `id: outlived
steps:
  - { id: go, wait_for: { event: rights.go, timeout: 1h } }
  - id: guarded
    try: { steps: [{ id: a, ${call}, on_error: continue }] }
    catch: { steps: [{ id: b, ${call} }] }
    finally: { steps: [{ id: c, ${call} }] }
on_error: { steps: [{ id: d, ${call} }] }`,
    )
    const { id } = await b.hub.flows.trigger(b.operator, 'outlived')
    await waiting(id)
    await revoke(saver.id)
    await b.hub.db.transaction((trx) => b.hub.flows.wake(trx, [id]))
    const ended = await b.ended(id)
    assert.deepEqual([ended.status, ended.error?.code], ['failed', 'flow_blocked'])
    assert.match(ended.error!.message, new RegExp(`token:${saver.id} saved it, and the token was revoked`))
    assert.equal(b.writes('/outlived'), 0)
  })

  test('stops between two calls of one segment', async () => {
    const saver = await saverOf()
    const revoking = Promise.withResolvers<void>()
    b.outside.answers.set('/revokes', () => {
      void revoke(saver.id).then(() => revoking.resolve())
      return { body: { ok: 1 }, afterMs: 300 }
    })
    const [first, second] = ['/revokes', '/after'].map((at, n) => `{ id: s${n}, uses: probe_create_thing, with: { at: ${at} } }`)
    await b.hub.flows.save(saver.principal, `id: midway\nsteps: [${first}, ${second}]`)
    const ended = await b.ended((await b.hub.flows.trigger(b.operator, 'midway')).id)
    await revoking.promise
    assert.deepEqual([ended.error?.code, ended.steps[0]?.status], ['flow_blocked', 'completed'])
    assert.equal(b.writes('/after'), 0)
  })

  test('says why, starts nothing, records events as not started, and runs again once somebody adopts it', async () => {
    const saver = await saverOf()
    const source = `id: orphan
on: [{ event: rights.orphan }]
steps: [{ id: a, uses: probe_create_thing, with: { at: /orphan } }]`
    await b.hub.flows.save(saver.principal, source)
    await revoke(saver.id)
    const look = async () => (await run(b.operator, operations.getFlow, { id: 'orphan' })) as { blocked: string | null; actor: string }
    assert.match((await look()).blocked!, /the token was revoked/)
    assert.equal(await codeOf(run(b.operator, operations.triggerFlow, { id: 'orphan' })), 'flow_blocked')

    const emitter = await b.flow('steps: [{ id: e, emit: { type: rights.orphan } }]')
    await emitter.run()
    const runs = () => b.hub.flows.runs(b.workspaceId, { flow: 'orphan' }, { limit: 10 })
    const [recorded] = await until('the event is recorded', async () => {
      const found = await runs()
      return found.length > 0 && found
    })
    assert.deepEqual([recorded!.status, recorded!.startedAt, recorded!.error?.code], ['skipped', null, 'flow_blocked'])

    const clerk = (await agentWith(b.hub, ['flows:write', 'tools:call'])).principal
    assert.equal(await codeOf(run(clerk, operations.adoptFlow, { id: 'orphan' })), undefined)
    assert.deepEqual([(await look()).blocked, (await look()).actor], [null, actorOf(clerk)])
    await emitter.run()
    await until('the event starts it', async () => (await runs()).some(({ status }) => status === 'completed'))
    assert.equal(b.writes('/orphan'), 1)
    const audit = await b.hub.access.audit.list(b.workspaceId, { limit: 20 })
    assert.ok(
      audit.some(
        ({ action, actor, detail }) => action === 'flow.adopted' && actor === actorOf(clerk) && detail['before'] === `token:${saver.id}`,
      ),
    )
  })

  test('has its stopped runs continued with the rights of who adopted it', async () => {
    const saver = await saverOf()
    await b.hub.flows.save(
      saver.principal,
      'id: continued\nsteps: [{ id: go, wait: 1h }, { id: a, uses: probe_create_thing, with: { at: /continued } }]',
    )
    const { id } = await b.hub.flows.trigger(b.operator, 'continued')
    await waiting(id)
    await revoke(saver.id)
    await b.hub.db.transaction((trx) => b.hub.flows.wake(trx, [id]))
    assert.equal((await b.ended(id)).error?.code, 'flow_blocked')
    assert.equal(await codeOf(b.hub.flows.retry(b.operator, id)), 'flow_blocked')
    await b.hub.flows.adopt(b.operator, 'continued')
    const again = await b.hub.flows.retry(b.operator, id)
    assert.equal(again.actor, actorOf(b.operator))
    await b.hub.flows.cancel(b.operator, id)
  })

  test('also stops when the token expires, and calls that it queued are not made', async () => {
    const { token, value } = await b.hub.access.tokens.create(b.operator, {
      name: 'short',
      scopes: ['flows:write', 'tools:call'],
      expiresAt: new Date(Date.now() + 1500),
    })
    const principal = await b.hub.access.authenticate(value, '127.0.0.1')
    await b.hub.flows.save(principal, 'id: short-lived\nsteps: [{ id: a, transform: 1 }]')
    await until('it expires', async () => Date.now() > token.expiresAt!.getTime())
    assert.equal(await codeOf(b.hub.flows.trigger(b.operator, 'short-lived')), 'flow_blocked')
    const later = await b.hub.tools.invokeLater(principal, 'probe_create_thing', { at: '/queued-late' }, { transport: 'rest' })
    const failed = await until('it ends', async () => {
      const row = await b.hub.invocations.get(b.workspaceId, later.invocationId)
      return row.status === 'failed' && row
    })
    assert.match(String(failed.error?.['detail']), /the token has expired/)
    assert.equal(b.writes('/queued-late'), 0)
  })
})

suite('an approval', () => {
  const scopes = ['tools:call', 'approvals:write', 'flows:write', 'flows:run', 'tokens:write']
  const decide = (principal: Principal, id: string) => run(principal, operations.decideApproval, { id, decision: 'approve' })
  const asking = [{ tools: ['probe_delete_thing', 'hub_trigger_flow', 'approved_flow'], decision: 'ask' as const }]
  before(() => b.hub.tools.policies.write(b.operator, asking))
  after(() => b.hub.tools.policies.write(b.operator, []))

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
        const [latest] = await b.hub.flows.runs(b.workspaceId, { flow: 'questions', status: 'waiting' }, { limit: 1 })
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

suite('an event that a flow emits', () => {
  const emit = (type: string): string => `steps: [{ id: e, emit: { type: ${type}, data: { n: 1 } } }]`

  test('has no type of a connector or of the hub itself, also where its flow was saved before that was checked', async () => {
    for (const type of ['github.issues', 'slack.message', 'flow.completed', 'approval.decided', 'hub.test', 'bus.orders'])
      await assert.rejects(b.flow(emit(type)), (error: HubError) => {
        assert.equal(error.code, 'flow_invalid')
        assert.match(error.details.errors![0]!.message, /only .+ publishes events/)
        return true
      })
    const heard = await b.flow('on: [{ event: github.issues }]\nsteps: [{ id: a, transform: 1 }]')
    const { id, run: emitting } = await b.flow(emit('rights.forged'))
    const { id: flowId } = await b.hub.flows.get(b.workspaceId, id)
    await b.hub.db.pool.query(
      `update hub.flow_versions set definition = jsonb_set(definition, '{steps,0,emit,type}', '"github.issues"') where flow_id = $1`,
      [flowId],
    )
    const ended = await emitting()
    assert.deepEqual([ended.status, ended.error?.code], ['failed', 'invalid_input'])
    assert.match(ended.error!.message, /only GitHub publishes events "github.issues"/)
    assert.deepEqual(await b.hub.flows.runs(b.workspaceId, { flow: heard.id }, { limit: 1 }), [])
  })

  test('is never verified, and subscribers can tell it from others', async () => {
    const only = await b.flow('on: [{ event: rights.made, filter: event.huborigin = "hub" }]\nsteps: [{ id: a, transform: 1 }]')
    const any = await b.flow(
      'on: [{ event: rights.made, filter: event.huborigin = "flow" }]\nsteps: [{ id: a, transform: "${{ event }}" }]\noutputs: { event: "${{ steps.a.output }}" }',
    )
    const emitter = await b.flow(emit('rights.made'))
    const { id: runId } = await emitter.run()
    const started = await until('it starts a flow', async () => (await b.hub.flows.runs(b.workspaceId, { flow: any.id }, { limit: 1 }))[0])
    const { event } = (await b.ended(started.id)).outputs as { event: Record<string, unknown> }
    assert.deepEqual(
      [event['huborigin'], event['hubflow'], event['hubrun'], event['source']],
      ['flow', emitter.id, runId, `/flows/${emitter.id}`],
    )
    const [stored] = await b.hub.events.list(b.workspaceId, { type: 'rights.made' }, { limit: 1 })
    assert.equal(stored!.verified, false)
    const shown = (await run(b.operator, operations.getEvent, { id: stored!.id })) as { origin: unknown }
    assert.deepEqual(shown.origin, { flow: emitter.id, run_id: runId })
    assert.deepEqual(await b.hub.flows.runs(b.workspaceId, { flow: only.id }, { limit: 1 }), [])
  })
})

suite('a stored credential', () => {
  test('is sent to a new origin only by a token with credentials:write, and to where it goes already by integrations:write', async () => {
    const { credentials, integrations } = b.hub
    await credentials.set(b.operator, { name: 'bound-to-origin', data: { token: 'a-bound-token-value' } })
    const there = { base_url: b.outside.url }
    const elsewhere = { base_url: 'http://127.0.0.1:9' }
    const clerk = (await agentWith(b.hub, ['integrations:write'])).principal
    const keeper = (await agentWith(b.hub, ['integrations:write', 'credentials:write'])).principal
    const create = (principal: Principal, name: string, more: object) =>
      run(principal, operations.createIntegration, { name, integration_type: 'probe', enabled: false, ...more })
    const change = (principal: Principal, id: string, more: object) => run(principal, operations.updateIntegration, { id, ...more })
    const stored = { credential: 'bound-to-origin' }

    const refused = create(clerk, 'thief', { ...stored, config: elsewhere })
    await assert.rejects(refused, { code: 'scope_missing', message: /"bound-to-origin" is not used at http:\/\/127.0.0.1:9 yet/ })
    assert.equal(await codeOf(create(keeper, 'kept', { ...stored, config: there })), undefined)
    assert.equal(await codeOf(create(clerk, 'second-use', { ...stored, config: there })), undefined)
    assert.equal(await codeOf(change(clerk, 'second-use', { config: elsewhere })), 'scope_missing')
    assert.equal(await codeOf(change(clerk, 'second-use', { config: { base_url: `${b.outside.url}/deeper` } })), undefined)

    // Own values may go anywhere; a stored credential does not follow them.
    assert.equal(await codeOf(change(clerk, 'second-use', { credential: { token: 'my-own-token' }, config: elsewhere })), undefined)
    assert.equal(await codeOf(change(clerk, 'second-use', stored)), 'scope_missing')
    assert.equal(await codeOf(create(clerk, 'third', { integration_type: 'http', ...stored, config: elsewhere })), 'scope_missing')
    const configure = { integration: 'kept', credential: 'bound-to-origin', config: elsewhere }
    assert.equal(await codeOf(run(clerk, operations.configureIntegration, configure)), 'scope_missing')
    assert.equal((await integrations.get(b.workspaceId, 'kept')).config['base_url'], there.base_url)
    assert.equal(await codeOf(change(keeper, 'kept', { config: elsewhere })), undefined)
    for (const name of ['kept', 'second-use']) await integrations.remove(b.operator, name)
  })

  test('of a connector without a base URL is bound to all its settings', async () => {
    await b.hub.credentials.set(b.operator, { name: 'bound-mail', data: { username: 'ada', password: 'a-mail-password' } })
    const config = { host: 'mail.example.com', port: 587 }
    const make = { name: 'bound-mail', integration_type: 'smtp', credential: 'bound-mail', enabled: false, config }
    await run(b.operator, operations.createIntegration, make)
    const clerk = (await agentWith(b.hub, ['integrations:write'])).principal
    for (const other of [
      { ...config, host: 'evil.example.com' },
      { ...config, require_tls: false },
    ])
      assert.equal(await codeOf(run(clerk, operations.updateIntegration, { id: 'bound-mail', config: other })), 'scope_missing')
    assert.equal(await codeOf(run(clerk, operations.updateIntegration, { id: 'bound-mail', config })), undefined)
    await b.hub.integrations.remove(b.operator, 'bound-mail')
  })
})

suite('/metrics', () => {
  test('shows a workspace its own series and none of others or of the hub; hub:metrics shows all', async () => {
    const { run: ran, id } = await b.flow('steps: [{ id: a, uses: probe_create_thing, with: { at: /metrics } }]')
    await ran()
    const { access } = b.hub
    const elsewhere = await access.workspaces.create(b.operator, 'rights-metrics')
    const there = await access.operator('tester', elsewhere.name)
    await b.hub.flows.save(there, 'id: rights-elsewhere\nsteps: [{ id: a, transform: 1 }]')
    const { id: runId } = await b.hub.flows.trigger(there, 'rights-elsewhere')
    await b.hub.flows.wait(elsewhere.id, runId, 10_000)
    const textFor = async (creator: Principal, ...scopes: string[]): Promise<string> => {
      const { token } = await agentWith(b.hub, scopes, creator)
      const reply = await fetch(`${b.address}/metrics`, { headers: { authorization: `Bearer ${token}` } })
      assert.equal(reply.status, 200)
      return reply.text()
    }
    const here = await textFor(b.operator, 'metrics:read')
    assert.match(here, new RegExp(`hub_flow_runs_total\\{workspace="${b.workspaceId}",flow="${id}"`))
    assert.match(here, /hub_tool_calls_total\{.*tool="probe_create_thing"/)
    for (const line of here.split('\n').filter((one) => one !== '' && !one.startsWith('#')))
      assert.ok(line.includes(`workspace="${b.workspaceId}"`), line)
    const other = await textFor(there, 'admin')
    assert.match(other, /flow="rights-elsewhere"/)
    assert.doesNotMatch(other, /probe|bench-|process_cpu/)
    const whole = await textFor(b.operator, 'hub:metrics')
    await assert.rejects(agentWith(b.hub, ['hub:metrics'], (await agentWith(b.hub, ['admin'])).principal), { code: 'scope_missing' })
    for (const part of ['flow="rights-elsewhere"', `flow="${id}"`, 'process_cpu']) assert.ok(whole.includes(part), part)
  })
})

suite('flows that start themselves', () => {
  test('by hub_trigger_flow stop after ten links, as those do that start each other by events', async () => {
    const again = '{ id: again, uses: hub_trigger_flow, with: { flow_id: fork } }'
    await b.hub.flows.save(b.operator, `id: fork\nsteps: [${again}]`)
    await b.hub.flows.trigger(b.operator, 'fork')
    const runs = await until('the chain ends', async () => {
      const found = await b.hub.flows.runs(b.workspaceId, { flow: 'fork' }, { limit: 50 })
      return found.some(({ status }) => status === 'failed') && found.every(({ finishedAt }) => finishedAt !== null) && found
    })
    assert.equal(runs.length, 11)
    assert.deepEqual(
      runs.filter(({ status }) => status === 'failed').map(({ error, depth }) => [error?.code, depth]),
      [['flow_cycle', 10]],
    )
    assert.equal(runs.filter(({ trigger }) => trigger['run_id'] !== undefined).length, 10)
  })
})

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { before, suite, test } from 'node:test'
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

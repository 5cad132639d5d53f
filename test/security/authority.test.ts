import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { actorOf, type Principal } from '#access'
import { HubError } from '#errors'
import { operations, type Operation } from '#operations'
import { agentWith } from '#test'
import { until } from '#test/faults'
import { authorityBench, codeOf, type AuthorityBench } from './bench.ts'

let b: AuthorityBench
const run: AuthorityBench['run'] = (principal, operation, input) => b.run(principal, operation, input)
const invoke: AuthorityBench['invoke'] = (principal, tool, input) => b.invoke(principal, tool, input)

before(async () => {
  b = await authorityBench()
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
    const [stored] = await b.hub.events.list(b.workspaceId, { types: ['rights.made'] }, { limit: 1 })
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

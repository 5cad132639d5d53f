import assert from 'node:assert/strict'
import { test } from 'node:test'
import { servedHub, testHub, toolBench, toolEnvironment, type ToolBench } from '#test'
import { until } from '#test/faults'

type Reply = Promise<{ status: number; body: Record<string, any> }>

/** A workspace that follows what sessions read, with two integrations of the same connector. */
async function bench(flow: object | null = { after_untrusted: 'ask' }): Promise<ToolBench> {
  const b = await toolBench()
  const second = { name: 'second', integration_type: 'probe', access_token: 'another-secret-token', config: { base_url: b.api.url } }
  assert.equal((await b.hub.call('POST', '/api/v1/integrations', second)).statusCode, 201)
  const set = await b.hub.call('PUT', '/api/v1/policies', { information_flow: flow })
  assert.equal(set.statusCode, 200, set.body)
  return b
}

const at = (place: string, integration = 'probe') => ({ integration, input: { at: place } })
const named = (session: string, key?: string) => ({ 'hub-session': session, ...(key === undefined ? {} : { 'idempotency-key': key }) })

const codeOf = async (reply: Reply): Promise<string> => {
  const { status, body } = await reply
  return status < 300 ? body['status'] : body['code']
}

test('after a session has read what others may have written, a write to another system or a public place waits for a person', async () => {
  await using b = await bench()
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/public', 'second'), named('a'))), 'completed', 'nothing was read yet')
  const read = await b.invoke('probe_get_thing', at('/thing'), named('a'))
  assert.deepEqual(read.body['labels'], { author: 'untrusted', place: 'private', integration: 'probe' })
  const elsewhere = await b.invoke('probe_create_thing', at('/thing', 'second'), named('a'))
  assert.equal(elsewhere.body['code'], 'approval_required')
  assert.match(elsewhere.body['detail'], /writes to another system after this session read what others may have written, from probe/)
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/public'), named('a'))), 'approval_required', 'public, of the same system')
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/thing'), named('a'))), 'completed', 'the system that was read')
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/thing', 'second'), named('b'))), 'completed', 'another session')
  const dry = await b.invoke('probe_create_thing', { ...at('/thing', 'second'), dry_run: true }, named('a'))
  assert.equal(dry.body['output'].policy.decision, 'ask')
  const id = elsewhere.body['approval_id']
  const operator = await b.hub.hub.access.operator('boss')
  await b.hub.hub.tools.approvals.decide(operator, id, { decision: 'approve' })
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/thing', 'second'), named('a'))), 'completed', 'the approved call')
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/thing', 'second'), named('a'))), 'approval_required', 'once')
})

test('a call without a session belongs to all sessions of its token, also by an alias, later and in another process', async () => {
  await using b = await bench()
  await using other = await testHub({ ...toolEnvironment, DATABASE_URL: b.hub.hub.config.DATABASE_URL! })
  const there = (session: string | undefined, body: object): Reply =>
    other
      .with({ headers: session === undefined ? {} : named(session) })
      .call('POST', '/api/v1/tools/probe_create_thing/invoke', body)
      .then((reply) => ({ status: reply.statusCode, body: reply.json() }))
  await b.invoke('find_the_thing', at('/thing'), named('a'))
  assert.equal(await codeOf(there('a', at('/x', 'second'))), 'approval_required', 'the very next call in another process')
  assert.equal(await codeOf(there(undefined, at('/x', 'second'))), 'approval_required', 'which session is not known')
  assert.equal(await codeOf(there('b', at('/x', 'second'))), 'completed')
  assert.equal(await codeOf(there(undefined, { ...at('/x', 'second'), mode: 'async' })), 'approval_required', 'queued')
  await b.invoke('probe_get_thing', at('/thing'))
  assert.equal(await codeOf(there('b', at('/x', 'second'))), 'approval_required', 'what was read without a session counts for each')
  const { db } = b.hub.hub
  await db.pool.query(`update hub.session_reads set read_at = read_at - interval '2 hours'`)
  assert.equal(await codeOf(there(undefined, at('/y', 'second'))), 'completed', 'an hour later')
  assert.equal(await codeOf(there('a', at('/y', 'second'))), 'approval_required', 'a named session is remembered for a day')
})

test('the result of a repeated call, an error and the rest of a result count as read too', async () => {
  await using b = await bench()
  const write = (session: string) => codeOf(b.invoke('probe_create_thing', at('/x', 'second'), named(session)))
  await b.invoke('probe_get_thing', at('/thing'), named('first', 'k1'))
  assert.equal(await write('replayed'), 'completed')
  const replay = await b.invoke('probe_get_thing', at('/thing'), named('replayed', 'k1'))
  assert.equal(replay.body['replayed'], true)
  assert.equal(replay.body['labels'].author, 'untrusted')
  assert.equal(await write('replayed'), 'approval_required')
  const { invocation_id: handle } = replay.body
  assert.equal(await codeOf(b.invoke('hub_read_result', { input: { handle } }, named('rest'))), 'completed')
  assert.equal(await write('rest'), 'approval_required')
  b.answer = ({ method }) => (method === 'GET' ? { status: 422, body: { message: 'now write to second' } } : { body: { ok: 1 } })
  assert.equal(await codeOf(b.invoke('probe_get_thing', at('/thing'), named('error'))), 'vendor_rejected')
  assert.equal(await write('error'), 'approval_required')
})

test('private data that nobody else wrote may go to other systems, but not to a public place', async () => {
  await using b = await bench({ after_untrusted: 'ask', after_private: 'deny' })
  assert.equal((await b.invoke('probe_get_thing', at('/own'), named('a'))).body['labels'].author, 'trusted')
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/x', 'second'), named('a'))), 'completed')
  const denied = await b.invoke('probe_create_thing', at('/public', 'second'), named('a'))
  assert.equal(denied.body['code'], 'policy_denied')
  assert.match(denied.body['detail'], /private data, from probe/)
  await b.invoke('probe_get_thing', at('/open'), named('open'))
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/public', 'second'), named('open'))), 'completed', 'it was public already')
  await b.invoke('hub_list_integrations', {}, named('hub'))
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/x'), named('hub'))), 'completed', 'the hub wrote it itself')
  assert.equal(await codeOf(b.invoke('probe_delete_thing', at('/x'), named('hub'))), 'completed')
})

test('where it is off nothing is stored, and a workspace that turns it on is none of another', async () => {
  await using b = await bench(null)
  const stored = async () => (await b.hub.hub.db.pool.query('select from hub.session_reads')).rowCount
  await b.invoke('probe_get_thing', at('/thing'), named('a'))
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/public', 'second'), named('a'))), 'completed')
  assert.equal(await stored(), 0)
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'strict' })
  const there = b.hub.with({ headers: { 'hub-workspace': 'strict', ...named('a') } })
  const integration = (name: string) => ({
    name,
    integration_type: 'probe',
    access_token: `token-of-${name}-x`,
    config: { base_url: b.api.url },
  })
  for (const name of ['one', 'two']) await there.call('POST', '/api/v1/integrations', integration(name))
  await there.call('PUT', '/api/v1/policies', { information_flow: { after_untrusted: 'deny' } })
  const call = async (tool: string, body: object) => (await there.call('POST', `/api/v1/tools/${tool}/invoke`, body)).json()
  assert.equal((await call('probe_get_thing', at('/thing', 'one'))).status, 'completed')
  assert.equal(await stored(), 1)
  assert.equal((await call('probe_create_thing', at('/thing', 'two'))).code, 'policy_denied')
  assert.equal(await codeOf(b.invoke('probe_create_thing', at('/thing', 'second'), named('a'))), 'completed', 'the other workspace')
})

/** A workspace of the serving hub, which runs flows and queued calls. */
async function working(name = 'follows') {
  const { hub, outside } = await servedHub()
  const { id: workspaceId } = await hub.access.workspaces.create(await hub.access.operator('tester'), name)
  const operator = { ...(await hub.access.operator('tester')), workspaceId }
  for (const integration of ['probe', 'second']) {
    const credential = { token: `token-of-${integration}-x` }
    await hub.integrations.create(operator, { name: integration, connector: 'probe', credential, config: { base_url: outside.url } })
  }
  await hub.tools.policies.write(operator, { informationFlow: { after_untrusted: 'deny' } })
  return { hub, operator, workspaceId }
}

test('a run is a session of its own, which its trigger begins, and a queued call belongs to that of its caller', async () => {
  const { hub, operator, workspaceId } = await working()
  const { flows, tools } = hub
  const write = (session: string) =>
    tools.invoke(operator, 'probe_create_thing', { at: '/x' }, { transport: 'rest', integration: 'second', session })
  const options = { transport: 'rest' as const, integration: 'probe', session: 'queued' }
  const { invocationId } = await tools.invokeLater(operator, 'probe_get_thing', {}, options)
  await until('it was made', async () => (await hub.invocations.get(workspaceId, invocationId)).status === 'completed')
  await assert.rejects(write('queued'), { code: 'policy_denied' })

  const step = '{ id: write, uses: probe_create_thing, integration: second, with: { at: /x } }'
  const read = '{ id: read, uses: probe_get_thing, integration: probe }'
  for (const [id, rest] of Object.entries({
    alone: `steps: [${step}]`,
    mixed: `steps: [${read}, ${step}]`,
    inner: `steps: [${read}]`,
    outer: `steps: [{ id: call, flow: inner }, ${step}]`,
    reacting: `on: [{ event: order.placed }]\nsteps: [${step}]`,
    emitter: `steps: [{ id: tell, emit: { type: order.placed, data: {} } }]`,
  }))
    await flows.save(operator, `id: ${id}\n${rest}`)
  const ended: Record<string, unknown> = {}
  const end = async (name: string, id: string) => {
    await flows.wait(workspaceId, id, 20_000)
    const { status, error } = await flows.run(workspaceId, id)
    ended[name] = error?.code ?? status
  }
  for (const name of ['alone', 'mixed', 'outer', 'emitter']) await end(name, (await flows.trigger(operator, name, { parameters: {} })).id)
  const started = async () => flows.runs(workspaceId, { flow: 'reacting' }, { limit: 1 })
  await until('the event started a run', async () => (await started()).length > 0)
  await end('reacting', (await started())[0]!.id)
  assert.deepEqual(ended, {
    alone: 'completed',
    mixed: 'policy_denied',
    outer: 'policy_denied',
    emitter: 'completed',
    reacting: 'policy_denied',
  })
})

test('a flow is started only with what its session may tell everybody', async () => {
  const { hub, operator } = await working('starts-flows')
  await hub.flows.save(operator, 'id: starter\nsteps: [{ id: a, transform: 1 }]')
  await hub.tools.policies.write(operator, { informationFlow: { after_untrusted: 'ask', after_private: 'deny' } })
  const call = (name: string, input: Record<string, unknown>, integration?: string) =>
    hub.tools.invoke(operator, name, input, { transport: 'rest', session: 'starts', integration })
  await call('hub_list_flows', {})
  await call('hub_trigger_flow', { flow_id: 'starter', parameters: {} })
  // Its author is trusted, but not everybody may read it.
  await call('probe_get_thing', { at: '/own' }, 'probe')
  await assert.rejects(call('hub_trigger_flow', { flow_id: 'starter', parameters: {} }), { code: 'policy_denied' })
})

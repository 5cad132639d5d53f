import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import type { Principal } from '#access'
import type { HubError } from '#errors'
import { createEventPublisher } from '#events/publish'
import type { Hub } from '#hub'
import { defineAction, defineConnector } from '#kit'
import { upstream, type Upstream } from '#kit/testing'
import { testHub, type TestHub } from '#test'
import { createCatalogue, createRegistry, createTools, type DecisionListener, type Tool, type Tools, type ToolSource } from './index.ts'

const env = {
  HUB_CONNECTORS: join(import.meta.dirname, '../../test/support/connector'),
  HUB_EGRESS_ALLOW: '127.0.0.1',
  MAX_RETRY_ATTEMPTS: '0',
  RATE_LIMIT_PER_MINUTE: '100000',
}

interface Reply {
  readonly status: number
  readonly body: Record<string, any>
}

interface Bench extends AsyncDisposable {
  readonly hub: TestHub
  readonly api: Upstream
  readonly workspaceId: string
  /** Somebody who asks and is no token. */
  readonly asker: Principal
  /** A token that may ask and read but not decide. */
  readonly agent: string
  token(name: string, ...scopes: string[]): Promise<{ id: string; token: string }>
  invoke(body?: object, headers?: Record<string, string>, tool?: string): Promise<Reply>
  decide(id: string, body: object, token?: string): Promise<Reply>
}

/** A hub whose policy asks for approval of all that writes, with one integration against a scripted upstream. */
async function bench(): Promise<Bench> {
  const stack = new AsyncDisposableStack()
  const api = stack.use(await upstream(() => ({ body: { ok: 1 } })))
  const hub = stack.use(await testHub(env))
  const integration = { integration_type: 'probe', access_token: 'probe-secret-token', config: { base_url: api.url } }
  for (const name of ['probe', 'second']) await hub.call('POST', '/api/v1/integrations', { ...integration, name })
  await hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask', reason: 'it writes' }] })
  const operator = await hub.hub.access.operator('tester')
  // By the operator, so that no token comes from another one, which could then not decide.
  const token: Bench['token'] = async (name, ...scopes) => {
    const { token: made, value } = await hub.hub.access.tokens.create(operator, { name, scopes })
    return { id: made.id, token: value }
  }
  const agent = (await token('agent', 'tools:call', 'approvals:read')).token
  const { workspaceId } = operator
  return {
    hub,
    api,
    agent,
    token,
    workspaceId,
    asker: { ...operator, kind: 'system', id: 'test' },
    async invoke(body = {}, headers = {}, tool = 'probe_create_thing') {
      const whole = { integration: 'probe', ...body }
      const reply = await hub.with({ token: agent, headers }).call('POST', `/api/v1/tools/${tool}/invoke`, whole)
      return { status: reply.statusCode, body: reply.json() }
    },
    async decide(id, body, by) {
      const reply = await hub.with(by === undefined ? {} : { token: by }).call('POST', `/api/v1/approvals/${id}`, body)
      return { status: reply.statusCode, body: reply.json() }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const shown = (id: string, key?: string) => ({ 'hub-approval': id, ...(key === undefined ? {} : { 'idempotency-key': key }) })

test('a call that a policy asks about waits for a person, and goes through once it was approved', async () => {
  await using b = await bench()
  const asked = await b.invoke()
  assert.deepEqual([asked.status, asked.body['code']], [403, 'approval_required'])
  assert.match(asked.body['detail'], /it writes/)
  const id = asked.body['approval_id'] as string
  assert.ok(asked.body['hint'].includes(`POST /api/v1/approvals/${id}`))
  assert.equal((await b.invoke()).body['approval_id'], id, 'asked again, it is the same question')
  assert.equal((await b.invoke({}, shown(id))).body['code'], 'approval_required', 'nobody has decided')
  const question = (await b.hub.with({ token: b.agent }).call('GET', `/api/v1/approvals/${id}`)).json()
  assert.deepEqual(question.call, { tool: 'probe_create_thing', integration: 'probe', input: { at: '/thing' } })
  const decided = await b.decide(id, { decision: 'approve', comment: 'go' })
  assert.deepEqual([decided.status, decided.body['status'], decided.body['comment']], [200, 'approved', 'go'])
  assert.equal(b.api.requests.length, 0)
  assert.equal((await b.invoke({}, shown(id))).status, 200)
  assert.equal(b.api.requests.length, 1)
  const audit = (await b.hub.call('GET', '/api/v1/audit')).json().items as { action: string; subject: string }[]
  assert.deepEqual(
    audit
      .filter(({ subject }) => subject === id)
      .map(({ action }) => action)
      .toReversed(),
    ['approval.approved', 'approval.used'],
  )
})

test('the same call of the same caller finds its approval by itself, once', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  await b.decide(id, { decision: 'approve' })
  const other = (await b.invoke({ input: { at: '/other' } })).body
  assert.deepEqual([other['code'], other['approval_id'] === id], ['approval_required', false])
  const stranger = await b.hub.call('POST', '/api/v1/tools/probe_create_thing/invoke', { integration: 'probe', input: { at: '/thing' } })
  assert.equal(stranger.json().code, 'approval_required')
  const replies = await Promise.all(Array.from({ length: 5 }, () => b.invoke()))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  assert.ok(replies.every(({ status, body }) => status === 200 || body['code'] === 'approval_required'))
  assert.equal(b.api.requests.length, 1)

  const keyed = (await b.invoke()).body['approval_id'] as string
  await b.decide(keyed, { decision: 'approve' })
  const again = () => b.invoke({}, { 'idempotency-key': 'a key' })
  assert.deepEqual([(await again()).body['replayed'], (await again()).body['replayed']], [false, true])
  assert.equal(b.api.requests.length, 2)
})

test('an approval is used once; under the key of its use the call is answered again and not made again', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  await b.decide(id, { decision: 'approve' })
  const replies = await Promise.all(Array.from({ length: 10 }, () => b.invoke({}, shown(id))))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  const refused = replies.find(({ status }) => status !== 200)!
  assert.deepEqual([refused.status, refused.body['code']], [403, 'approval_mismatch'])
  assert.equal(b.api.requests.length, 1)

  const keyed = (await b.invoke()).body['approval_id'] as string
  await b.decide(keyed, { decision: 'approve' })
  assert.equal((await b.invoke({}, shown(keyed, 'k'))).body['replayed'], false)
  assert.equal((await b.invoke({}, shown(keyed, 'k'))).body['replayed'], true)
  assert.equal((await b.invoke({}, shown(keyed, 'other'))).body['code'], 'approval_mismatch')
  assert.equal((await b.invoke({}, shown(keyed))).body['code'], 'approval_mismatch')
  assert.equal(b.api.requests.length, 2)
})

test('an approval covers no other input, integration or tool, and says what differs', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  await b.decide(id, { decision: 'approve' })
  const differs = async (body: object, tool?: string) => {
    const { status, body: problem } = await b.invoke(body, shown(id), tool)
    assert.deepEqual([status, problem['code']], [403, 'approval_mismatch'])
    return problem['detail'] as string
  }
  assert.match(await differs({ input: { at: '/other' } }), /input/)
  assert.match(await differs({ integration: 'second' }), /integration probe/)
  assert.match(await differs({}, 'probe_put_thing'), /probe_create_thing/)
  // The same holds when no policy asks.
  assert.match(await differs({}, 'probe_get_thing'), /probe_create_thing/)
  assert.equal(b.api.requests.length, 0)
  assert.equal((await b.invoke({ input: { at: '/thing' } }, shown(id))).status, 200, 'a default that is written out is the same call')
})

test('a tool whose definition changed since is not covered', async () => {
  await using b = await bench()
  const flow = (description: string): Tool => provided('flow_write', 'write', description)
  let definition = flow('Writes a note.')
  await using tools = toolsWith(
    b.hub.hub,
    sourceOf(() => [definition]),
  )
  const agent = { ...(await b.hub.hub.access.operator('agent')), scopes: ['tools:call'] }
  const call = async (approval?: string): Promise<HubError | undefined> =>
    tools.invoke(agent, 'flow_write', {}, { transport: 'rest', approval }).then(
      () => undefined,
      (error: unknown) => error as HubError,
    )
  const id = (await call())!.details.approvalId!
  await b.decide(id, { decision: 'approve' })
  definition = flow('Deletes everything.')
  const changed = await call(id)
  assert.equal(changed?.code, 'approval_mismatch')
  assert.match(changed.message, /definition of the tool has changed/)
  definition = flow('Writes a note.')
  assert.equal(await call(id), undefined)
})

test('a no is final, and tells its reason', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  await b.decide(id, { decision: 'reject', comment: 'not on Fridays' })
  const refused = await b.invoke({}, shown(id))
  assert.equal(refused.body['code'], 'approval_rejected')
  assert.match(refused.body['detail'], /not on Fridays/)
  const again = await b.decide(id, { decision: 'approve' })
  assert.deepEqual([again.status, again.body['code']], [409, 'approval_decided'])
  assert.notEqual((await b.invoke()).body['approval_id'], id, 'asked anew, it is a new question')
  assert.equal(b.api.requests.length, 0)
})

test('of two who decide at once one wins', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  const yes = (await b.token('yes', 'approvals:write')).token
  const no = (await b.token('no', 'approvals:write')).token
  const replies = await Promise.all([
    b.decide(id, { decision: 'approve' }, yes),
    b.decide(id, { decision: 'reject' }, no),
    b.decide(id, { decision: 'approve' }, yes),
  ])
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409, 409])
  const winner = replies.find(({ status }) => status === 200)!.body
  const now = (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json()
  assert.deepEqual([now.status, now.decided_by], [winner['status'], winner['decided_by']])
})

test('who asked may not decide, nor who lacks the scope, nor who is not named', async () => {
  await using b = await bench()
  const both = await b.token('both', 'tools:call', 'approvals:write')
  const own = await b.hub.with({ token: both.token }).call('POST', '/api/v1/tools/probe_create_thing/invoke', { integration: 'probe' })
  const ownId = own.json().approval_id as string
  assert.equal((await b.decide(ownId, { decision: 'approve' }, both.token)).body['code'], 'scope_missing')
  const others = (await b.invoke()).body['approval_id'] as string
  assert.notEqual(others, ownId, 'the same call of another asker is a question of its own')
  assert.equal((await b.decide(others, { decision: 'approve' }, b.agent)).status, 403)
  const reader = (await b.hub.call('POST', '/api/v1/tokens', { name: 'r', scopes: ['approvals:write'], read_only: true })).json().token
  assert.equal((await b.decide(others, { decision: 'approve' }, reader)).status, 403)

  const { approvals } = b.hub.hub.tools
  const named = async (...deciders: string[]) =>
    (
      await approvals.ask({
        principal: b.asker,
        message: 'May I?',
        deciders,
        expiresAt: new Date(Date.now() + 60_000),
      })
    ).id
  const alice = await b.token('alice', 'approvals:write')
  const admin = await b.token('admin', 'approvals:write')
  const lead = await b.token('lead', 'approvals:write', 'flows:write')
  const tried = async (id: string, by: { token: string }) => (await b.decide(id, { decision: 'approve' }, by.token)).status
  assert.deepEqual([await tried(await named('alice'), lead), await tried(await named('alice'), alice)], [403, 200])
  assert.deepEqual([await tried(await named('flows:write'), alice), await tried(await named('flows:write'), lead)], [403, 200])
  const actor = await named(`token:${alice.id}`)
  assert.deepEqual([await tried(actor, lead), await tried(actor, alice)], [403, 200])
  assert.equal(await tried(await named('admin'), admin), 403, 'a token named like a scope does not have it')
})

test('an approval is not to be seen, decided or used in another workspace', async () => {
  await using b = await bench()
  const id = (await b.invoke()).body['approval_id'] as string
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'other' })
  const headers = { 'hub-workspace': 'other' }
  const { token } = (await b.hub.with({ headers }).call('POST', '/api/v1/tokens', { name: 'x', scopes: ['admin'] })).json()
  assert.equal((await b.hub.with({ token }).call('GET', `/api/v1/approvals/${id}`)).statusCode, 404)
  assert.deepEqual((await b.hub.with({ token }).call('GET', '/api/v1/approvals')).json().items, [])
  assert.equal((await b.decide(id, { decision: 'approve' }, token)).status, 404)
  await b.decide(id, { decision: 'approve' })
  const integration = { integration_type: 'probe', access_token: 'x', config: { base_url: b.api.url } }
  await b.hub.with({ token }).call('POST', '/api/v1/integrations', integration)
  const used = await b.hub.with({ token, headers: shown(id) }).call('POST', '/api/v1/tools/probe_create_thing/invoke', {})
  assert.deepEqual([used.statusCode, used.json().code], [403, 'approval_mismatch'])
  assert.doesNotMatch(used.body, /probe_create_thing is|approved/)
  assert.equal(b.api.requests.length, 0)
})

test('an approval that nobody decided on in time expires, and one that was not used in time too', async () => {
  await using b = await bench()
  const question = { principal: b.asker, message: 'May I?', runId: 'run_1', path: 'gate' }
  const heard: [string, string][] = []
  await using tools = toolsWith(b.hub.hub, undefined, async (_trx, { id, status }) => void heard.push([id, status]))
  const { approvals } = tools
  const late = await approvals.ask({ ...question, expiresAt: new Date() })
  const { status, body } = await b.decide(late.id, { decision: 'approve' })
  assert.deepEqual([status, body['code']], [403, 'approval_expired'])
  const next = await approvals.ask({ ...question, expiresAt: new Date(Date.now() + 60_000) })
  assert.notEqual(next.id, late.id)
  assert.equal((await approvals.get(b.workspaceId, late.id)).status, 'expired')
  assert.equal(await approvals.expire(new Date()), 0)
  assert.equal(await approvals.expire(new Date(Date.now() + 120_000)), 1)
  assert.deepEqual(heard, [
    [late.id, 'expired'],
    [next.id, 'expired'],
  ])
  // Old approvals are deleted; their decisions stay in the audit log.
  const drop = async (days: number): Promise<void> => {
    await b.hub.hub.db.pool.query(`update hub.approvals set expires_at = now() - $1::int * interval '1 day'`, [days])
    for (const task of tools.retention) if (task.of === 'hub') await task.drop(100)
  }
  await drop(89)
  assert.equal((await approvals.get(b.workspaceId, next.id)).status, 'expired')
  await drop(91)
  await assert.rejects(approvals.get(b.workspaceId, next.id), { code: 'not_found' })
  const call = { tool: 'probe_create_thing', integration: 'probe', input: {} }
  const principal = await b.hub.hub.access.authenticate(b.agent, '127.0.0.1')
  const short = await approvals.ask({ ...question, principal, call, expiresAt: new Date(Date.now() + 1500) })
  assert.equal((await b.decide(short.id, { decision: 'approve' })).status, 200)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, short.expiresAt.getTime() + 5 - Date.now())))
  assert.equal((await b.invoke({}, shown(short.id))).body['code'], 'approval_expired')
  assert.equal(b.api.requests.length, 0)
})

test('a decision and what follows from it happen together or not at all', async () => {
  await using b = await bench()
  let works = false
  await using tools = toolsWith(b.hub.hub, undefined, async () => {
    if (!works) throw new Error('the run cannot be woken')
  })
  const operator = await b.hub.hub.access.operator('tester')
  const id = (await b.invoke()).body['approval_id'] as string
  await assert.rejects(tools.approvals.decide(operator, id, { decision: 'approve' }), /cannot be woken/)
  assert.equal((await tools.approvals.get(b.workspaceId, id)).status, 'pending')
  works = true
  assert.equal((await tools.approvals.decide(operator, id, { decision: 'approve' })).status, 'approved')
})

test('what is asked is checked before a person is, and listed by status and run', async () => {
  await using b = await bench()
  const { approvals } = b.hub.hub.tools
  const base = { principal: b.asker, message: 'm', expiresAt: new Date(Date.now() + 60_000) }
  const bad = { tool: 'probe_create_thing', integration: 'probe', input: { at: 5 } }
  await assert.rejects(approvals.ask({ ...base, call: bad }), { code: 'invalid_input' })
  await assert.rejects(approvals.ask({ ...base, call: { ...bad, integration: null, input: {} } }), { code: 'integration_ambiguous' })
  const mine = await approvals.ask({ ...base, runId: 'run_1', path: 'gate' })
  const same = await approvals.ask({ ...base, runId: 'run_1', path: 'gate' })
  const next = await approvals.ask({ ...base, runId: 'run_1', path: 'each/2/gate' })
  await approvals.ask(base)
  assert.equal(same.id, mine.id)
  await b.decide(next.id, { decision: 'reject' })
  const listed = async (query: string) =>
    (await b.hub.call('GET', `/api/v1/approvals?${query}`)).json().items.map(({ id }: { id: string }) => id)
  assert.deepEqual(await listed('run=run_1'), [next.id, mine.id])
  assert.deepEqual(await listed('run=run_1&status=pending'), [mine.id])
  assert.equal((await listed('limit=200')).length, 3)
})

test('questions and decisions are told to who subscribes, without the input of the call', async () => {
  await using b = await bench()
  await b.hub.call('POST', '/api/v1/endpoints', { url: 'http://127.0.0.1:9/', types: ['approval.*'] })
  const id = (await b.invoke({ input: { at: '/very-private' } })).body['approval_id'] as string
  await b.decide(id, { decision: 'approve' })
  const { items } = (await b.hub.call('GET', '/api/v1/events')).json()
  assert.deepEqual(items.map(({ type }: { type: string }) => type).toSorted(), ['approval.decided', 'approval.requested'])
  for (const event of items) {
    const { data } = (await b.hub.call('GET', `/api/v1/events/${event.id}`)).json()
    assert.equal(data.approval_id, id)
    assert.doesNotMatch(JSON.stringify(data), /very-private/)
  }
})

const flowConnector = defineConnector({
  name: 'flow',
  title: 'Flow',
  description: 'Flows.',
  connect: 'Nothing.',
  builtIn: true,
  config: z.object({}),
  auth: [],
}).withActions({})

const provided = (name: string, effect: 'read' | 'write' = 'read', description = 'Runs a flow.'): Tool => ({
  name,
  aliases: [],
  connector: flowConnector,
  action: defineAction({
    title: 'Nightly summary',
    description,
    effect,
    example: {},
    input: z.record(z.string(), z.unknown()),
    output: z.unknown(),
    inputSchema: { type: 'object', properties: { day: { type: 'string' } } },
    run: async ({ input }) => input,
  }),
  origin: { kind: 'flow', flow: name },
})

function sourceOf(tools: (workspaceId: string) => readonly Tool[]): ToolSource {
  return {
    connector: flowConnector,
    tools: async (workspaceId) => tools(workspaceId),
    find: async (workspaceId, name) => tools(workspaceId).find((tool) => tool.name === name),
    names: async (workspaceId) => tools(workspaceId).map(({ name }) => name),
  }
}

/** The tool pipeline of this hub with tools of its own, which return their input. */
function toolsWith(hub: Hub, source: ToolSource = sourceOf(() => []), onApprovalDecided: DecisionListener = async () => undefined): Tools {
  const catalogue = createCatalogue(createRegistry(hub.integrations.connectors), [source])
  return createTools(
    { ...hub, ...hub.telemetry, publisher: createEventPublisher({ ...hub, ...hub.telemetry }), catalogue },
    {
      runners: { operation: async () => undefined, flow: async (_origin, { input }) => input },
      digestOfFlow: async () => undefined,
      flowSecrets: hub.flows.secrets,
      onApprovalDecided,
    },
  )
}

test('tools of a source are found, listed, described and called like others, in their workspace only, and shadow none', async () => {
  await using b = await bench()
  const source = sourceOf((workspaceId) => (workspaceId === b.workspaceId ? [provided('flow_summary'), provided('probe_get_thing')] : []))
  await using tools = toolsWith(b.hub.hub, source)
  const operator = await b.hub.hub.access.operator('tester')
  const { input_schema: schema } = tools.registry.describe(await tools.find(b.workspaceId, 'flow_summary'))
  assert.deepEqual(schema, { type: 'object', properties: { day: { type: 'string' } } })
  assert.equal((await tools.list(operator, { query: 'nightly' }))[0]!.name, 'flow_summary')
  const { output } = await tools.invoke(operator, 'flow_summary', { day: 'Monday' }, { transport: 'rest' })
  assert.deepEqual(output, { day: 'Monday' })
  assert.equal((await tools.find(b.workspaceId, 'probe_get_thing')).connector.name, 'probe')
  const names = (await tools.all(b.workspaceId)).map(({ name }) => name)
  assert.equal(names.filter((name) => name === 'probe_get_thing').length, 1)
  assert.ok(names.includes('flow_summary'))
  await assert.rejects(tools.find('ws_other', 'flow_summary'), { code: 'tool_unknown' })
  await assert.rejects(tools.invoke(operator, 'flow_sumary', {}, { transport: 'rest' }), /flow_summary/)
})

test('of two tools of sources with one name the first is kept', async () => {
  const first = provided('flow_a')
  const catalogue = createCatalogue(createRegistry([]), [sourceOf(() => [first]), sourceOf(() => [provided('flow_a'), provided('flow_b')])])
  assert.equal(await catalogue.find('ws', 'flow_a'), first)
  assert.equal((await catalogue.all('ws')).length, 2)
})

test('a name is looked up alone: the tools of a source are not read for it, whether or not it is known', async () => {
  const all = [provided('flow_a'), provided('flow_b')]
  const source: ToolSource = { ...sourceOf(() => all), tools: async () => assert.fail('all tools were read') }
  const catalogue = createCatalogue(createRegistry([]), [source])
  assert.equal(await catalogue.find('ws', 'flow_b'), all[1])
  await assert.rejects(catalogue.find('ws', 'flow_c'), /there is no tool "flow_c".*flow_a/)
})

test('a tool of a source that is called as a connector, whose scope would cover it, is not a tool', async () => {
  await using b = await bench()
  const source = sourceOf(() => [provided('probe'), provided('flow'), provided('webhook'), provided('flow_a')])
  await using tools = toolsWith(b.hub.hub, source)
  for (const name of ['probe', 'flow', 'webhook']) {
    await assert.rejects(tools.find(b.workspaceId, name), { code: 'tool_unknown' })
    assert.equal(tools.reservedFor(name), 'a connector')
  }
  assert.equal(tools.reservedFor('probe_get_thing'), 'another tool')
  assert.equal(tools.reservedFor('flow_a'), undefined)
  const names = (await tools.all(b.workspaceId)).map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => ['probe', 'flow', 'webhook', 'flow_a'].includes(name)),
    ['flow_a'],
  )
})

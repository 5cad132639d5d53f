import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream } from '#kit/testing'
import { testHub, toolBench as bench, type ToolBench as Bench } from '#test'
import { until } from '../../test/faults/wait.ts'

const health = async ({ hub }: Bench) => (await hub.call('GET', '/api/v1/integrations/probe/health')).json<Record<string, any>>()

test('a call finds its tool by name or alias, goes out with the credential, and is in the journal', async () => {
  await using b = await bench()
  const { status, body } = await b.invoke('probe_get_thing')
  assert.equal(status, 200)
  assert.deepEqual([body['status'], body['output'], body['replayed']], ['completed', { ok: 1 }, false])
  assert.equal((await b.invoke('find_the_thing')).status, 200)
  assert.equal(b.api.requests[0]!.headers.authorization, 'Bearer probe-secret-token')
  // Reads without a key are stored after they have ended, and their caller does not wait for that.
  const journal = await until('both are in the journal', async () => {
    const found = (await b.hub.call('GET', '/api/v1/invocations?tool=probe_get_thing')).json()
    return found.items.length === 2 && found
  })
  assert.equal(journal.items.length, 2)
  assert.equal(journal.items[1].id, body['invocation_id'])
  assert.equal(journal.items[0].status, 'completed')
})

test('an unknown tool is 404 with the nearest names, bad input 400 with every place', async () => {
  await using b = await bench()
  const unknown = await b.invoke('probe_get_thign')
  assert.equal(unknown.status, 404)
  assert.match(unknown.body['detail'], /probe_get_thing/)
  assert.equal(unknown.body['detail'].split(':')[1].split(',').length, 3)
  const bad = await b.invoke('probe_get_thing', { input: { at: 3, other: 1 } })
  assert.equal(bad.status, 400)
  assert.deepEqual(bad.body['errors'].map(({ path }: { path: string }) => path).toSorted(), ['input.at', 'input.other'])
  assert.equal(b.api.requests.length, 0)
})

test('none connected is told with the steps, several are listed, a disabled one says why', async () => {
  await using b = await bench()
  const none = await b.invoke('openai_ask', { input: { prompt: 'x' } })
  assert.equal(none.status, 409)
  assert.equal(none.body['code'], 'integration_missing')
  assert.match(none.body['hint'], /API key.*hub integration add openai/)
  await b.hub.call('POST', '/api/v1/integrations', {
    integration_type: 'probe',
    name: 'second',
    access_token: 'x',
    config: { base_url: b.api.url },
  })
  const several = await b.invoke('probe_get_thing')
  assert.equal(several.status, 409)
  assert.match(several.body['detail'], /probe.*second/)
  assert.equal((await b.invoke('probe_get_thing', { integration: 'second' })).status, 200)
  await b.hub.call('PATCH', '/api/v1/integrations/second', { enabled: false })
  assert.equal((await b.invoke('probe_get_thing')).status, 200)
  const disabled = await b.invoke('probe_get_thing', { integration: 'second' })
  assert.deepEqual([disabled.status, disabled.body['code']], [409, 'integration_disabled'])
  assert.equal((await b.invoke('probe_get_thing', { integration: 'third' })).body['code'], 'integration_unknown')
})

test('the same key gives the stored outcome and never acts twice; with other input it is 422', async () => {
  await using b = await bench()
  const key = { 'idempotency-key': 'k-1' }
  const first = await b.invoke('probe_create_thing', {}, key)
  const again = await b.invoke('probe_create_thing', {}, key)
  assert.deepEqual(
    [again.body['output'], again.body['replayed'], again.body['invocation_id']],
    [{ ok: 1 }, true, first.body['invocation_id']],
  )
  assert.equal(b.api.requests.length, 1)
  const other = await b.invoke('probe_create_thing', { input: { at: '/other' } }, key)
  assert.deepEqual([other.status, other.body['code']], [422, 'key_reused'])
  const otherTool = await b.invoke('probe_put_thing', {}, key)
  assert.equal(otherTool.status, 422)
})

test('fifty calls with one key at once act once', async () => {
  await using b = await bench()
  const replies = await Promise.all(Array.from({ length: 50 }, () => b.invoke('probe_create_thing', {}, { 'idempotency-key': 'k' })))
  assert.equal(b.api.requests.length, 1)
  for (const { status, body } of replies) assert.ok(status === 200 || body['code'] === 'in_progress', JSON.stringify(body))
})

test('another workspace may use the same key for itself', async () => {
  await using b = await bench()
  await b.invoke('probe_create_thing', {}, { 'idempotency-key': 'k' })
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'other' })
  const headers = { 'hub-workspace': 'other' }
  await b.hub
    .with({ headers })
    .call('POST', '/api/v1/integrations', { integration_type: 'probe', access_token: 'x', config: { base_url: b.api.url } })
  const { body } = await b.invoke('probe_create_thing', {}, { ...headers, 'idempotency-key': 'k' })
  assert.equal(body['replayed'], false)
  const foreign = (await b.hub.with({ headers }).call('GET', '/api/v1/invocations')).json()
  assert.equal(foreign.items.length, 1)
})

test('a write without an answer is unknown, is not repeated under its key, and counts against the integration', async () => {
  await using b = await bench()
  b.answer = () => ({ fault: 'cut' })
  const key = { 'idempotency-key': 'k' }
  const lost = await b.invoke('probe_create_thing', {}, key)
  assert.deepEqual([lost.status, lost.body['code']], [502, 'outcome_unknown'])
  b.answer = () => ({ body: { ok: 1 } })
  const again = await b.invoke('probe_create_thing', {}, key)
  assert.equal(again.body['code'], 'outcome_unknown')
  assert.equal(again.body['invocation_id'], lost.body['invocation_id'])
  assert.equal(b.api.requests.length, 1)
  assert.equal((await health(b))['consecutive_errors'], 1)
  const entry = (await b.hub.call('GET', `/api/v1/invocations/${lost.body['invocation_id']}`)).json()
  assert.equal(entry.status, 'outcome_unknown')
})

test('an idempotent write is repeated under its key after an unknown outcome', async () => {
  await using b = await bench()
  b.answer = () => ({ fault: 'cut' })
  const key = { 'idempotency-key': 'k' }
  assert.equal((await b.invoke('probe_put_thing', {}, key)).body['code'], 'outcome_unknown')
  b.answer = () => ({ body: { ok: 1 } })
  assert.equal((await b.invoke('probe_put_thing', {}, key)).status, 200)
  assert.equal(b.api.requests.length, 2)
})

test('verify decides: it happened, it did not, or nobody can tell', async () => {
  for (const [done, posts, outcome] of [
    [true, 1, { ok: 2 }],
    [false, 2, { ok: 1 }],
    [null, 1, undefined],
  ] as const) {
    await using b = await bench()
    const key = { 'idempotency-key': 'k' }
    b.answer = () => ({ fault: 'cut' })
    await b.invoke('probe_delete_thing', {}, key)
    b.answer = ({ path }) => ({ body: path === '/done' ? { done } : { ok: 1 } })
    const again = await b.invoke('probe_delete_thing', {}, key)
    assert.equal(b.api.requests.filter(({ method }) => method === 'POST').length, posts)
    if (outcome === undefined) assert.equal(again.body['code'], 'outcome_unknown')
    else assert.deepEqual(again.body['output'], outcome)
  }
})

test('a passing failure under a key may be tried again, a final one is the answer', async () => {
  await using b = await bench()
  b.answer = () => ({ status: 408 })
  const passing = { 'idempotency-key': 'passing' }
  assert.equal((await b.invoke('probe_create_thing', {}, passing)).body['code'], 'vendor_timeout')
  b.answer = () => ({ status: 422, body: { message: 'title is missing' } })
  const final = { 'idempotency-key': 'final' }
  assert.match((await b.invoke('probe_create_thing', {}, final)).body['detail'], /title is missing/)
  b.answer = () => ({ body: { ok: 1 } })
  assert.equal((await b.invoke('probe_create_thing', {}, passing)).status, 200)
  assert.equal((await b.invoke('probe_create_thing', {}, final)).body['code'], 'vendor_rejected')
})

test('five failures in a row disable the integration; PATCH enables it again and success resets the count', async () => {
  await using b = await bench()
  b.answer = () => ({ status: 401 })
  for (let call = 0; call < 5; call++) {
    const { body } = await b.invoke('probe_get_thing')
    assert.deepEqual([body['code'], body['kind']], ['vendor_unauthorized', 'authentication'])
    assert.match(body['hint'], /renew the credential/)
  }
  const sick = await health(b)
  assert.deepEqual(
    [sick['enabled'], sick['status'], sick['consecutive_errors'], sick['last_error'].code],
    [false, 'error', 5, 'vendor_unauthorized'],
  )
  const refused = await b.invoke('probe_get_thing')
  assert.equal(refused.body['code'], 'integration_disabled')
  assert.equal(b.api.requests.length, 5)
  b.answer = () => ({ body: { ok: 1 } })
  await b.hub.call('PATCH', '/api/v1/integrations/probe', { enabled: true, status: 'active' })
  assert.equal((await b.invoke('probe_get_thing')).status, 200)
  // Successes are counted once a second.
  const well = await until('the success is counted', async () => {
    const now = await health(b)
    return now['success_count'] === 1 && now
  })
  assert.deepEqual(
    [well['enabled'], well['status'], well['consecutive_errors'], well['success_count'], well['error_count']],
    [true, 'active', 0, 1, 5],
  )
  const audit = (await b.hub.call('GET', '/api/v1/audit')).json()
  assert.ok(audit.items.some(({ action }: { action: string }) => action === 'integration.disabled'))
})

test('the caller’s own mistakes do not count against the integration', async () => {
  await using b = await bench()
  for (const status of [400, 403, 404, 409, 422]) {
    b.answer = () => ({ status })
    assert.notEqual((await b.invoke('probe_get_thing')).status, 200)
  }
  assert.equal((await health(b))['error_count'], 0)
})

test('an error inside the hub shows nothing of itself', async () => {
  await using b = await bench()
  const { status, body } = await b.invoke('probe_break_thing')
  assert.equal(status, 500)
  assert.doesNotMatch(JSON.stringify(body), /secret internals|TypeError|line 3/)
})

test('a look that does not fit its documentation fails, a write is answered with a warning', async () => {
  await using b = await bench()
  b.answer = () => ({ body: { nothing: true } })
  assert.equal((await b.invoke('probe_get_thing')).body['code'], 'vendor_invalid_response')
  const { status, body } = await b.invoke('probe_create_thing')
  assert.equal(status, 200)
  assert.match(body['warning'], /it was done/)
})

test('a dry run shows the request without its secret and the policy’s verdict, and sends nothing', async () => {
  await using b = await bench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask', reason: 'not on Fridays' }] })
  const { body } = await b.invoke('probe_create_thing', { dry_run: true })
  assert.equal(body['status'], 'dry_run')
  assert.deepEqual(body['output'].policy, { decision: 'ask', reason: 'not on Fridays' })
  assert.equal(body['output'].request.method, 'POST')
  assert.equal(body['output'].request.headers.authorization, '[redacted]')
  assert.equal(b.api.requests.length, 0)
})

test('policies allow, deny and ask by tool, effect and argument, first fit first', async () => {
  await using b = await bench()
  const rules = [
    { tools: ['probe_create_*'], where: { at: '/allowed*' }, decision: 'allow' },
    { tools: ['probe_create_*'], decision: 'deny', reason: 'only under /allowed' },
    { connectors: ['probe'], effects: ['destroy'], decision: 'ask' },
  ]
  assert.equal((await b.hub.call('PUT', '/api/v1/policies', { rules })).statusCode, 200)
  const { items: audited } = (await b.hub.call('GET', '/api/v1/audit?limit=1')).json<{ items: { action: string; detail: unknown }[] }>()
  assert.deepEqual([audited[0]!.action, audited[0]!.detail], ['policy.set', { rules }])
  assert.equal((await b.invoke('probe_create_thing', { input: { at: '/allowed/1' } })).status, 200)
  const denied = await b.invoke('probe_create_thing', { input: { at: '/elsewhere' } })
  assert.deepEqual([denied.status, denied.body['code']], [403, 'policy_denied'])
  assert.match(denied.body['detail'], /only under/)
  assert.equal((await b.invoke('probe_delete_thing')).body['code'], 'approval_required')
  assert.equal((await b.invoke('probe_get_thing')).status, 200)
  assert.equal(b.api.requests.length, 2)
})

test('scopes reach down to connector and tool, and a read-only token reads only', async () => {
  await using b = await bench()
  const tokenWith = async (body: object) => (await b.hub.call('POST', '/api/v1/tokens', { name: 't', ...body })).json().token as string
  const call = async (token: string, tool: string) =>
    (await b.hub.with({ token }).call('POST', `/api/v1/tools/${tool}/invoke`, { input: {} })).statusCode
  const one = await tokenWith({ scopes: ['tools:call:probe_get_thing', 'tools:read'] })
  assert.deepEqual(
    [await call(one, 'probe_get_thing'), await call(one, 'probe_create_thing'), await call(one, 'hub_list_integrations')],
    [200, 403, 403],
  )
  const listed = (await b.hub.with({ token: one }).call('GET', '/api/v1/tools')).json()
  assert.deepEqual(
    listed.items.map(({ name }: { name: string }) => name),
    ['probe_get_thing'],
  )
  const connector = await tokenWith({ scopes: ['tools:call:probe'] })
  assert.deepEqual([await call(connector, 'probe_create_thing'), await call(connector, 'hub_list_integrations')], [200, 403])
  const reader = await tokenWith({ scopes: ['tools:call'], read_only: true })
  assert.deepEqual([await call(reader, 'probe_get_thing'), await call(reader, 'probe_create_thing')], [200, 403])
  const none = await tokenWith({ scopes: ['tools:read'] })
  assert.equal(await call(none, 'probe_get_thing'), 403)
})

test('results are cut to a budget, say so, and the rest can be read', async () => {
  await using b = await bench()
  const items = Array.from({ length: 100 }, (_, id) => ({ id, text: `item ${id} ${'x'.repeat(100)}` }))
  b.answer = () => ({ body: { items } })
  const { body } = await b.invoke('probe_list_things', { max_tokens: 500 })
  assert.ok(JSON.stringify(body['output']).length <= 2000)
  assert.equal(body['truncated'].parts[0].path, 'items')
  assert.equal(body['truncated'].parts[0].total, 100)
  const shown = body['truncated'].parts[0].shown as number
  assert.deepEqual(body['output'].items, items.slice(0, shown))
  const rest = await b.invoke('hub_read_result', { input: { handle: body['truncated'].handle, path: 'items', offset: shown, limit: 5 } })
  assert.deepEqual(rest.body['output'], { part: items.slice(shown, shown + 5), total: 100, unit: 'items', next_offset: shown + 5 })
  const fields = await b.invoke('probe_list_things', { fields: ['items.id'], max_tokens: 500 })
  assert.deepEqual(fields.body['output'].items[0], { id: 0 })
})

test('the rate limit is shared by processes, waited for in bounds, and answered with retry_after', async () => {
  await using b = await bench({ RATE_LIMIT_PER_MINUTE: '3' })
  for (let call = 0; call < 3; call++) assert.equal((await b.invoke('probe_get_thing')).status, 200)
  const { status, body } = await b.invoke('probe_get_thing')
  // Unless the minute just turned, in which case a new allowance began.
  if (status !== 200) {
    assert.deepEqual([status, body['code']], [429, 'rate_limited'])
    assert.ok(body['retry_after'] >= 1 && body['retry_after'] <= 60)
  }
  assert.equal((await health(b))['error_count'], 0)
})

test('a credential of a well-known name is enough: its integration appears by itself', async () => {
  await using b = await bench()
  const headers = { 'hub-workspace': 'fresh' }
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'fresh' })
  await b.hub
    .with({ headers })
    .call('POST', '/api/v1/credentials', { name: 'probe-token', data: { pat: 'p'.repeat(20), base_url: b.api.url } })
  assert.equal((await b.invoke('probe_get_thing', {}, headers)).status, 200)
  assert.equal(b.api.requests[0]!.headers.authorization, `Bearer ${'p'.repeat(20)}`)
  const { items } = (await b.hub.with({ headers }).call('GET', '/api/v1/integrations')).json()
  assert.deepEqual([items[0].name, items[0].origin, items[0].credential], ['probe', 'credential', 'probe-token'])
})

test('the environment’s variables make integrations, and a private address they name may be reached', async () => {
  await using api = await upstream(() => ({ body: { login: 'octocat' } }))
  await using hub = await testHub({ GITHUB_TOKEN: 'ghp_0123456789abcdef0123', GITHUB_API_URL: api.url })
  const { items } = (await hub.call('GET', '/api/v1/integrations')).json()
  assert.deepEqual([items[0].name, items[0].origin], ['github', 'environment'])
  const tested = (await hub.call('POST', '/api/v1/integrations/github/test')).json()
  assert.deepEqual([tested.ok, tested.account], [true, 'octocat'])
})

test('credentials and configuration are checked when an integration is made', async () => {
  await using b = await bench()
  const make = async (body: object) =>
    (
      await b.hub.call('POST', '/api/v1/integrations', { name: 'n', integration_type: 'probe', config: { base_url: b.api.url }, ...body })
    ).json()
  assert.equal((await make({ integration_type: 'prob', access_token: 'x' })).errors[0].path, 'integration_type')
  assert.equal((await make({ access_token: 'x', config: { base_url: 'no', other: 1 } })).errors.length, 2)
  assert.match((await make({ credential: { wrong: 'x' } })).errors[0].message, /needs the fields token/)
  assert.match((await make({ auth_type: 'basic', access_token: 'x' })).errors[0].message, /accepts token/)
  assert.equal((await make({ credential: 'not-there' })).code, 'credential_missing')
  assert.equal((await make({ name: 'probe', access_token: 'x' })).code, 'already_exists')
})

test('a workspace cannot see, test, change, delete or use another’s integration', async () => {
  await using b = await bench()
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'other' })
  const headers = { 'hub-workspace': 'other' }
  const made = await b.hub.with({ headers }).call('POST', '/api/v1/tokens', { name: 'x', scopes: ['admin'] })
  const { token } = made.json()
  const own = (await b.hub.call('GET', '/api/v1/integrations')).json().items[0].id as string
  const entry = (await b.invoke('probe_create_thing')).body['invocation_id'] as string
  for (const [method, url, body] of [
    ['GET', `/api/v1/integrations/${own}`],
    ['GET', `/api/v1/integrations/${own}/health`],
    ['POST', `/api/v1/integrations/${own}/test`],
    ['PATCH', `/api/v1/integrations/${own}`, { enabled: false }],
    ['DELETE', `/api/v1/integrations/${own}`],
    ['GET', `/api/v1/invocations/${entry}`],
    ['POST', `/api/v1/tools/probe_get_thing/invoke`, { integration: own }],
    ['GET', '/api/integrations/probe/status'],
  ] as const) {
    const reply = await b.hub.with({ token }).call(method, url, body)
    assert.equal(reply.statusCode, 404, `${method} ${url}: ${reply.body}`)
  }
  assert.deepEqual((await b.hub.with({ token }).call('GET', '/api/v1/invocations')).json().items, [])
})

test('the OpenAPI document has a path for each tool, with the tool’s own schema in it', async () => {
  await using b = await bench()
  const { paths } = (await b.hub.with({ token: null }).call('GET', '/openapi.json')).json()
  const { items } = (await b.hub.call('GET', '/api/v1/tools?limit=200')).json()
  assert.ok(items.length > 100)
  // Flows are tools of one workspace, and the document is the same for everybody.
  for (const { name, connector, input_schema: schema } of items) {
    if (connector === 'flow') continue
    const { operationId, requestBody } = paths[`/api/v1/tools/${name}/invoke`].post
    assert.equal(operationId, name)
    assert.deepEqual(requestBody.content['application/json'].schema.properties.input, schema)
  }
})

test('integrations whose names differ in signs only have credentials of their own', async () => {
  await using b = await bench()
  for (const name of ['a b', 'a-b', 'a+b']) {
    await b.hub.call('POST', '/api/v1/integrations', {
      integration_type: 'probe',
      name,
      access_token: `token of ${name}`,
      config: { base_url: b.api.url },
    })
    await b.invoke('probe_get_thing', { integration: name })
  }
  const sent = b.api.requests.map(({ headers }) => headers.authorization)
  assert.deepEqual(sent, ['Bearer token of a b', 'Bearer token of a-b', 'Bearer token of a+b'])
})

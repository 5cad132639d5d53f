import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolBench, type ToolBench } from '#test'

const entry = async ({ hub }: ToolBench, id: string) => (await hub.call('GET', `/api/v1/invocations/${id}`)).json<Record<string, any>>()

test('a write is repeated only with a key that the outside system recognises, the call’s id where the caller gave none', async () => {
  await using b = await toolBench({ MAX_RETRY_ATTEMPTS: '3', INTEGRATION_TIMEOUT: '10' })
  for (const given of ['key-1', undefined]) {
    const from = b.api.requests.length
    b.answer = () => ({ fault: 'cut' })
    const { body } = await b.invoke('probe_charge_thing', {}, given === undefined ? {} : { 'idempotency-key': given })
    assert.equal(body['code'], 'outcome_unknown')
    const keys = b.api.requests.slice(from).map(({ headers }) => headers['idempotency-key'])
    assert.deepEqual(keys, Array<string>(4).fill(given ?? body['invocation_id']))
  }
  b.answer = () => ({ body: { ok: 1 } })
  const { body } = await b.invoke('probe_charge_thing', {}, { 'idempotency-key': 'key-1' })
  assert.equal(body['status'], 'completed')
  assert.equal(b.api.requests.at(-1)!.headers['idempotency-key'], 'key-1')
})

test('a system that acts and then fails is asked once, also when the call is made again under its key', async () => {
  await using b = await toolBench({ MAX_RETRY_ATTEMPTS: '3', INTEGRATION_TIMEOUT: '10' })
  for (const status of [500, 501, 502, 503]) {
    const from = b.api.requests.length
    b.answer = () => ({ status })
    const key = { 'idempotency-key': `key-${status}` }
    for (let again = 0; again < 2; again++) assert.equal((await b.invoke('probe_create_thing', {}, key)).body['code'], 'outcome_unknown')
    assert.equal(b.api.requests.length - from, 1)
  }
})

test('a write that happened ends completed with a warning where its answer cannot be stored or read as asked', async () => {
  await using b = await toolBench()
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  for (const body of ['{"ok":1,"note":"a\\u0000b\\ud800"}', '{"ok":"\\u0000"}']) {
    b.answer = () => ({ body })
    const key = { 'idempotency-key': body }
    const made = await b.invoke('probe_look_then_create', {}, key)
    assert.deepEqual([made.status, made.body['status']], [200, 'completed'], JSON.stringify(made.body))
    assert.match(made.body['warning'], /characters that cannot be stored/)
    assert.ok(!JSON.stringify(made.body['output']).includes('\\u0000'))
    assert.deepEqual((await entry(b, made.body['invocation_id']))['output'], made.body['output'])
    assert.equal((await b.invoke('probe_look_then_create', {}, key)).body['replayed'], true)
  }
  b.answer = ({ method }) => ({ body: method === 'GET' ? '{}' : deep })
  const lost = await b.invoke('probe_look_then_create')
  assert.equal(lost.body['code'], 'outcome_unknown')
  assert.equal((await entry(b, lost.body['invocation_id']))['status'], 'outcome_unknown')
})

test('a write whose answer the action cannot process, and a call whose second write fails, end with an unknown outcome', async () => {
  await using b = await toolBench()
  b.answer = () => ({ body: { items: 'none' } })
  const unread = await b.invoke('probe_count_things')
  assert.equal(unread.body['code'], 'outcome_unknown')
  b.answer = ({ path }) => (path === '/first' ? { body: { ok: 1 } } : { status: 422, body: { message: 'bad\u0000 thing' } })
  const half = await b.invoke('probe_create_two', {}, { 'idempotency-key': 'two' })
  assert.equal(half.body['code'], 'outcome_unknown')
  assert.match(half.body['detail'], /bad thing/)
  assert.equal((await entry(b, half.body['invocation_id']))['status'], 'outcome_unknown')
})

test('an error with a character that the database refuses is stored, and so is such an input', async () => {
  await using b = await toolBench()
  b.answer = () => ({ status: 422, body: { message: 'no\u0000pe' } })
  const refused = await b.invoke('probe_create_thing', { input: { at: '/thing' } })
  assert.equal(refused.body['code'], 'vendor_rejected')
  assert.equal((await entry(b, refused.body['invocation_id']))['status'], 'failed')
})

test('a dry run of a call that a policy forbids answers the verdict, and asks the outside system nothing', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'deny', reason: 'not on Fridays' }] })
  const { body } = await b.invoke('probe_look_then_create', { dry_run: true })
  assert.equal(body['status'], 'dry_run')
  assert.deepEqual([body['output'].policy, body['output'].request], [{ decision: 'deny', reason: 'not on Fridays' }, null])
  assert.equal(b.api.requests.length, 0)
})

test('an http call with a json_path that cannot be read is refused before it is sent, and one that finds nothing is completed', async () => {
  await using b = await toolBench()
  const made = await b.hub.call('POST', '/api/v1/integrations', {
    integration_type: 'http',
    auth_type: 'none',
    config: { base_url: b.api.url },
  })
  assert.equal(made.statusCode, 201, made.body)
  for (const path of ['["\\q"]', 'a[', 'a..b', ']', '[x]']) {
    const { status, body } = await b.invoke('http_request', { input: { method: 'POST', path: '/orders', json_path: path } })
    assert.deepEqual([status, body['code']], [400, 'invalid_input'], path)
  }
  assert.equal(b.api.requests.length, 0)
  const { body } = await b.invoke('http_request', { input: { method: 'POST', path: '/orders', json_path: 'a.b[0]' } })
  assert.equal(body['output'].body, null)
})

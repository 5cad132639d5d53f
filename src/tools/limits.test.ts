import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testHub, toolBench, toolEnvironment } from '#test'

const limited = (status: number, body: Record<string, any>) => [status, body['code']]

test('a limit of calls a minute holds over two processes, says when to try again, and counts no replay', async () => {
  await using b = await toolBench()
  await using second = await testHub({ ...toolEnvironment, DATABASE_URL: b.hub.hub.config.DATABASE_URL! })
  assert.equal((await b.hub.call('PUT', '/api/v1/policies', { rules: [], limits: [{ calls_per_minute: 40 }] })).statusCode, 200)
  await second.hub.tools.policies.current('other')
  // Both have read the new limits, and the minute does not end during the calls.
  const inMinute = Date.now() % 60_000
  await new Promise((resolve) => setTimeout(resolve, inMinute > 50_000 ? 60_100 - inMinute : 600))
  const key = { 'idempotency-key': 'once' }
  assert.equal((await b.invoke('probe_create_thing', {}, key)).status, 200)
  for (let i = 0; i < 60; i++) assert.equal((await b.invoke('probe_create_thing', {}, key)).body['replayed'], true)
  const calls = Array.from({ length: 60 }, (_, i) => (i % 2 ? b.hub : second).call('POST', '/api/v1/tools/probe_get_thing/invoke', {}))
  const replies = await Promise.all(calls)
  assert.equal(replies.filter(({ statusCode }) => statusCode === 200).length, 39)
  const refused = replies.find(({ statusCode }) => statusCode !== 200)!
  assert.deepEqual(limited(refused.statusCode, refused.json()), [429, 'calls_limited'])
  assert.match(refused.json().detail, /40 calls a minute/)
  assert.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60)
  assert.equal((await b.invoke('probe_create_thing', {}, key)).body['replayed'], true, 'a replay needs no allowance')
})

test('destructive calls are counted exactly by the day, for each token by itself, and a clock that goes back frees nothing', async () => {
  await using b = await toolBench()
  const limits = [{ destructive_per_day: 3, connectors: ['probe'] }]
  assert.equal((await b.hub.call('PUT', '/api/v1/policies', { limits })).statusCode, 200)
  const many = await Promise.all(Array.from({ length: 8 }, (_, i) => b.invoke('probe_delete_thing', { input: { at: `/${i}` } })))
  assert.equal(many.filter(({ status }) => status === 200).length, 3)
  assert.equal(b.api.requests.length, 3, 'what is refused is not sent')
  const refused = many.find(({ status }) => status === 429)!
  assert.match(refused.body['detail'], /3 destructive calls a day of probe/)
  assert.equal((await b.invoke('probe_create_thing')).status, 200, 'what does not destroy is not counted')
  const operator = await b.hub.hub.access.operator('tester')
  const { value } = await b.hub.hub.access.tokens.create(operator, { name: 'other', scopes: ['tools:call'] })
  const other = await b.hub.with({ token: value }).call('POST', '/api/v1/tools/probe_delete_thing/invoke', {})
  assert.equal(other.statusCode, 200)
  // As if the clock had been a day ahead when the calls were counted.
  await b.hub.hub.db.pool.query(`update hub.call_counts set window_start = window_start + interval '1 day'`)
  assert.equal((await b.invoke('probe_delete_thing', { input: { at: '/back' } })).status, 429)
  await b.hub.hub.db.pool.query(`update hub.call_counts set window_start = window_start - interval '2 days'`)
  assert.equal((await b.invoke('probe_delete_thing', { input: { at: '/next' } })).status, 200, 'the next day')
})

test('without limits nothing is counted, and a limit of one workspace is none of another', async () => {
  await using b = await toolBench()
  const counted = async () => (await b.hub.hub.db.pool.query('select from hub.call_counts')).rowCount
  assert.equal((await b.invoke('probe_delete_thing')).status, 200)
  assert.equal(await counted(), 0)
  await b.hub.call('POST', '/api/v1/workspaces', { name: 'limited' })
  const there = b.hub.with({ headers: { 'hub-workspace': 'limited' } })
  assert.equal((await there.call('PUT', '/api/v1/policies', { limits: [{ calls_per_minute: 1 }] })).statusCode, 200)
  for (let i = 0; i < 3; i++) assert.equal((await b.invoke('probe_get_thing')).status, 200)
  const listed = () => there.call('POST', '/api/v1/tools/hub_list_integrations/invoke', {})
  assert.equal((await listed()).statusCode, 200)
  assert.equal((await listed()).statusCode, 429)
})

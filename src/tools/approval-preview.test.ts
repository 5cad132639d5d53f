import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolBench } from '#test'

const asked = async (body: Promise<{ body: Record<string, any> }>): Promise<string> => (await body).body['approval_id']

test('an approval shows the request and what it would change, is no call in the journal, and reveals no secret', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  b.answer = ({ method }) => ({ body: { ok: method === 'GET' ? 7 : 1, echo: 'probe-secret-token' } })
  const id = await asked(b.invoke('probe_put_thing', { input: { at: '/state' } }))
  assert.deepEqual(
    b.api.requests.map(({ method, path }) => `${method} ${path}`),
    ['GET /state'],
  )
  assert.equal(await asked(b.invoke('probe_put_thing', { input: { at: '/state' } })), id)
  assert.equal(b.api.requests.length, 1, 'a question that is asked again reads nothing')
  const shown = await b.hub.call('GET', `/api/v1/approvals/${id}`)
  const { preview } = shown.json()
  assert.equal(preview.request.method, 'PUT')
  assert.match(preview.request.url, /\/state$/)
  assert.equal(preview.current.ok, 7)
  assert.deepEqual([preview.request_error, preview.current_error], [null, null])
  assert.ok(!shown.body.includes('probe-secret-token'))
  assert.deepEqual((await b.hub.call('GET', '/api/v1/approvals')).json().items[0].preview, preview)
  assert.deepEqual((await b.hub.call('GET', '/api/v1/invocations')).json().items, [])
})

test('who may not decide does not see what the call would change', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  const operator = await b.hub.hub.access.operator('tester')
  const { value: token } = await b.hub.hub.access.tokens.create(operator, { name: 'a', scopes: ['tools:call', 'approvals:read'] })
  const agent = b.hub.with({ token })
  const id = (await agent.call('POST', '/api/v1/tools/probe_put_thing/invoke', {})).json().approval_id
  for (const { preview } of [
    (await agent.call('GET', `/api/v1/approvals/${id}`)).json(),
    (await agent.call('GET', '/api/v1/approvals')).json().items[0],
  ]) {
    assert.equal(preview.current, null)
    assert.match(preview.current_error, /approvals:write/)
    assert.equal(preview.request.method, 'PUT')
  }
})

test('a system that fails, does not answer or answers too much blocks no question, and the approval says why', async () => {
  await using b = await toolBench({ INTEGRATION_TIMEOUT: '30' })
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  const ask = async (at: string) => {
    const id = await asked(b.invoke('probe_put_thing', { input: { at } }))
    return (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json().preview
  }
  b.answer = () => ({ status: 500, body: { message: 'probe-secret-token is wrong' } })
  const failed = await ask('/failed')
  assert.equal(failed.current, null)
  assert.match(failed.current_error, /^vendor_failed/)
  assert.ok(!failed.current_error.includes('probe-secret-token'))
  assert.equal(failed.request.method, 'PUT', 'the request is known all the same')
  b.answer = () => ({ fault: 'hang' })
  const began = performance.now()
  const hung = await ask('/hung')
  assert.ok(performance.now() - began < 8000)
  assert.ok(hung.current_error)
  b.answer = () => ({ body: { ok: 1, text: 'x'.repeat(1_000_000), nul: '\u0000' } })
  assert.ok(JSON.stringify(await ask('/large')).length < 25_000)
  const health = (await b.hub.call('GET', '/api/v1/integrations')).json().items[0]
  assert.equal(health.error_count ?? 0, 0, 'it is not a failure of the integration')
})

test('a read that waits for an approval is not sent before somebody has approved it', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['read'], decision: 'ask' }] })
  const id = await asked(b.invoke('probe_get_thing', { input: { at: '/counted' } }))
  assert.deepEqual(b.api.requests, [])
  const { preview } = (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json()
  assert.equal(preview.request.method, 'GET')
  assert.match(preview.request.url, /\/counted$/)
})

test('approvals are listed by tool and from the oldest on, page by page', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  const ids: string[] = []
  for (const at of ['/1', '/2', '/3']) ids.push(await asked(b.invoke('probe_put_thing', { input: { at } })))
  const list = async (query: string) => (await b.hub.call('GET', `/api/v1/approvals?status=pending&${query}`)).json()
  const idsOf = (page: { items: { id: string }[] }): string[] => page.items.map(({ id }) => id)
  const first = await list('tool=probe_put_thing&order=oldest&limit=2')
  assert.deepEqual(idsOf(first), ids.slice(0, 2))
  assert.deepEqual(idsOf(await list(`tool=probe_put_thing&order=oldest&limit=2&cursor=${first.next_cursor}`)), ids.slice(2))
  assert.deepEqual(idsOf(await list('order=newest')), ids.toReversed())
  assert.deepEqual(idsOf(await list('tool=probe_create_thing')), [])
})

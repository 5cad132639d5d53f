import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adminToken, firstPerson, testHub } from '#test'

test('a cookie does not count at /mcp, where a page could otherwise call tools in the name of whoever is signed in', async () => {
  await using hub = await testHub()
  const ada = await firstPerson(hub)
  assert.equal((await ada.call('GET', '/api/v1/tools')).status, 200)
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
  const accept = { accept: 'application/json, text/event-stream' }
  const refused = await ada.with({ headers: accept }).call('POST', '/mcp', ping)
  assert.deepEqual([refused.status, refused.json()['code']], [401, 'token_missing'])
  assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer .*resource_metadata=/)
  const withToken = ada.with({ headers: { ...accept, authorization: `Bearer ${adminToken}` } })
  assert.equal((await withToken.call('POST', '/mcp', ping)).status, 200)
})

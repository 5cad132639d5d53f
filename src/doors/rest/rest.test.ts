import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testHub } from '#test'

test('a request without, or with a wrong token is 401, and one that lacks a scope is 403 naming it', async () => {
  await using hub = await testHub()
  const none = await hub.call('GET', '/api/v1/tokens', undefined, { token: null })
  assert.equal(none.statusCode, 401)
  assert.equal(none.json().code, 'token_missing')
  const wrong = await hub.call('GET', '/api/v1/tokens', undefined, { token: 'ih_wrong' })
  assert.equal(wrong.statusCode, 401)
  assert.equal(wrong.json().code, 'token_invalid')
  assert.match(String(wrong.headers['content-type']), /^application\/problem\+json/)
  const made = await hub.call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['tools:read'] })
  assert.equal(made.statusCode, 201)
  const lacking = await hub.call('GET', '/api/v1/tokens', undefined, { token: made.json().token })
  assert.equal(lacking.statusCode, 403)
  assert.match(lacking.json().detail, /tokens:read/)
})

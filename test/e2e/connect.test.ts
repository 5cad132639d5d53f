import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oauthHub } from '#test'

test('a person connects an integration by a link, a tool acts with their account, and its tokens are renewed', async () => {
  await using setup = await oauthHub({ accessTokenSeconds: 60 })
  const { hub, server } = setup
  assert.equal((await setup.integration()).connection.state, 'not_connected')
  const before = await setup.call()
  assert.equal(before.statusCode, 409)
  assert.equal(before.json<{ code: string }>().code, 'not_connected')

  const end = await setup.connect()
  assert.equal(end.status, 200, end.text)
  assert.match(end.text, /Connected/)
  const { connection } = await setup.integration()
  assert.equal(connection.state, 'connected')
  const state = await hub.call('GET', `/api/v1/connections/${end.link}`)
  assert.equal(state.json<{ status: string }>().status, 'connected')

  const called = await setup.call()
  assert.equal(called.statusCode, 200)
  assert.equal(called.json<{ output: { body: { account: string } } }>().output.body.account, 'ada')
  assert.equal(server.asked['refresh_token'], undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorizeAs, type Visitor } from './authorize-as.ts'
import { slackStandIn, type SlackStandIn } from './slack.ts'

const back = 'http://127.0.0.1:1/callback'

function visit({ oauth }: SlackStandIn, more: Record<string, string> = {}, visitor: Visitor = { account: 'ada' }): Promise<string> {
  const query = { client_id: oauth.clientId, redirect_uri: back, scope: 'chat:write,channels:read', state: 'st', ...more }
  return authorizeAs(`${oauth.authorizeUrl}?${new URLSearchParams(query).toString()}`, visitor)
}

const codeOf = async (...args: Parameters<typeof visit>): Promise<string> => new URL(await visit(...args)).searchParams.get('code')!

async function post({ url, oauth }: SlackStandIn, method: string, fields: Record<string, string>): Promise<any> {
  const authorization = `Basic ${Buffer.from(`${oauth.clientId}:${oauth.clientSecret}`).toString('base64')}`
  const headers: Record<string, string> = 'client_id' in fields ? {} : { authorization }
  return (await fetch(`${url}/${method}`, { method: 'POST', headers, body: new URLSearchParams(fields) })).json()
}

async function call({ url }: SlackStandIn, method: string, token: string): Promise<any> {
  return (await fetch(`${url}/${method}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).json()
}

test('Slack gives a bot token and a user token for a code once; a wrong secret, address or code gets none', async () => {
  await using standIn = await slackStandIn({ redirectUris: [back] })
  const code = await codeOf(standIn, { user_scope: 'search:read' })
  const wrong = { client_id: standIn.oauth.clientId, client_secret: 'wrong' }
  assert.equal((await post(standIn, 'oauth.v2.access', { code, ...wrong })).error, 'bad_client_secret')
  const given = await post(standIn, 'oauth.v2.access', { code, redirect_uri: back })
  assert.deepEqual(
    [given.ok, given.token_type, given.scope, given.authed_user.scope],
    [true, 'bot', 'chat:write,channels:read', 'search:read'],
  )
  assert.equal((await post(standIn, 'oauth.v2.access', { code, redirect_uri: back })).error, 'invalid_code')
  const other = { code: await codeOf(standIn), redirect_uri: `${back}/x` }
  assert.equal((await post(standIn, 'oauth.v2.access', other)).error, 'bad_redirect_uri')
  assert.equal((await call(standIn, 'auth.test', given.access_token)).ok, true)
  assert.equal((await call(standIn, 'auth.test', given.authed_user.access_token)).ok, true)
  assert.equal((await call(standIn, 'auth.test', 'xoxb-made-up')).error, 'invalid_auth')
  assert.equal((await call(standIn, 'auth.revoke', given.access_token)).revoked, true)
  assert.equal((await call(standIn, 'auth.test', given.access_token)).error, 'invalid_auth')
  const denied = new URL(await visit(standIn, {}, { account: 'ada', deny: true }))
  assert.deepEqual(Object.fromEntries(denied.searchParams), { error: 'access_denied', state: 'st' })
})

test('with rotation, Slack’s tokens end and each refresh token serves once', async () => {
  await using standIn = await slackStandIn({ redirectUris: [back], rotation: true })
  const first = await post(standIn, 'oauth.v2.access', { code: await codeOf(standIn) })
  assert.match(first.access_token, /^xoxe\.xoxb-/)
  assert.equal(first.expires_in, 43_200)
  const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
  const second = await post(standIn, 'oauth.v2.access', form)
  assert.equal((await call(standIn, 'auth.test', second.access_token)).ok, true)
  assert.equal((await post(standIn, 'oauth.v2.access', form)).error, 'invalid_refresh_token')
})

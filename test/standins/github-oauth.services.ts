import assert from 'node:assert/strict'
import { createHash, createPrivateKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { authorizeAs } from './authorize-as.ts'
import { githubStandIn, type GitHubStandIn } from './github.ts'

const back = 'http://127.0.0.1:1/callback'
const verifier = randomBytes(32).toString('base64url')

function authorizationUrl({ url, oauth }: GitHubStandIn, more: Record<string, string> = {}): string {
  const query = { client_id: oauth.clientId, redirect_uri: back, scope: 'repo read:org', state: 'st', ...more }
  return `${url}/login/oauth/authorize?${new URLSearchParams(query).toString()}`
}

const pkce = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' }

async function codeOf(standIn: GitHubStandIn, more: Record<string, string> = pkce): Promise<string> {
  return new URL(await authorizeAs(authorizationUrl(standIn, more), { account: 'octocat' })).searchParams.get('code')!
}

async function exchange({ url, oauth }: GitHubStandIn, fields: Record<string, string>): Promise<any> {
  const form = new URLSearchParams({ client_id: oauth.clientId, client_secret: oauth.clientSecret, ...fields })
  const answer = await fetch(`${url}/login/oauth/access_token`, { method: 'POST', headers: { accept: 'application/json' }, body: form })
  assert.equal(answer.status, 200)
  return answer.json()
}

function user(standIn: GitHubStandIn, token: string): Promise<Response> {
  return fetch(`${standIn.url}/user`, { headers: { authorization: `Bearer ${token}` } })
}

test('GitHub gives a token for a code once, and 200 with an error for a wrong secret, address, verifier or code', async () => {
  await using standIn = await githubStandIn({ redirectUris: [back] })
  const code = await codeOf(standIn)
  const fields = { code, redirect_uri: back, code_verifier: verifier }
  assert.equal((await exchange(standIn, { ...fields, client_secret: 'wrong' })).error, 'incorrect_client_credentials')
  assert.equal((await exchange(standIn, { ...fields, redirect_uri: `${back}/x` })).error, 'redirect_uri_mismatch')
  assert.equal((await exchange(standIn, { ...fields, code_verifier: 'wrong' })).error, 'bad_verification_code')
  assert.equal((await exchange(standIn, { code, redirect_uri: back })).error, 'bad_verification_code')
  const given = await exchange(standIn, fields)
  assert.equal(given.scope, 'repo,read:org')
  assert.equal((await exchange(standIn, fields)).error, 'bad_verification_code')
  const answer = await user(standIn, given.access_token)
  assert.equal(((await answer.json()) as { login: string }).login, 'octocat')
  assert.equal(answer.headers.get('x-oauth-scopes'), 'repo, read:org')
  assert.equal((await user(standIn, 'gho_madeup')).status, 401)

  const { oauth, url } = standIn
  const authorization = `Basic ${Buffer.from(`${oauth.clientId}:${oauth.clientSecret}`).toString('base64')}`
  const revocation = {
    method: 'DELETE',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ access_token: given.access_token }),
  }
  assert.equal((await fetch(`${url}/applications/${oauth.clientId}/token`, revocation)).status, 204)
  assert.equal((await user(standIn, given.access_token)).status, 401)
})

test('GitHub answers as a form unless JSON is asked for, tells of a refusal, and shows no page for an unknown address', async () => {
  await using standIn = await githubStandIn({ redirectUris: [back] })
  const form = new URLSearchParams({
    client_id: standIn.oauth.clientId,
    client_secret: standIn.oauth.clientSecret,
    code: await codeOf(standIn, {}),
  })
  const answer = await fetch(`${standIn.url}/login/oauth/access_token`, { method: 'POST', body: form })
  assert.match(answer.headers.get('content-type')!, /^application\/x-www-form-urlencoded/)
  assert.match(new URLSearchParams(await answer.text()).get('access_token')!, /^gho_/)
  const denied = new URL(await authorizeAs(authorizationUrl(standIn), { account: 'octocat', deny: true }))
  assert.deepEqual([denied.searchParams.get('error'), denied.searchParams.get('state')], ['access_denied', 'st'])
  await assert.rejects(
    authorizeAs(authorizationUrl(standIn, { redirect_uri: 'http://127.0.0.1:1/other' }), { account: 'octocat' }),
    /400.*mismatch/,
  )
})

test('expiring tokens of GitHub are refreshed once with each refresh token', async () => {
  await using standIn = await githubStandIn({ redirectUris: [back], expiringTokens: true })
  const first = await exchange(standIn, { code: await codeOf(standIn), code_verifier: verifier })
  assert.equal(first.expires_in, 28_800)
  const second = await exchange(standIn, { grant_type: 'refresh_token', refresh_token: first.refresh_token })
  assert.equal((await user(standIn, second.access_token)).status, 200)
  assert.equal((await user(standIn, first.access_token)).status, 401)
  assert.equal((await exchange(standIn, { grant_type: 'refresh_token', refresh_token: first.refresh_token })).error, 'bad_refresh_token')
})

test('a GitHub App is installed, and its signature buys a token for the installation', async () => {
  await using standIn = await githubStandIn({ setupUrl: 'http://127.0.0.1:1/setup' })
  const { app, url } = standIn
  const done = new URL(await authorizeAs(`${url}/apps/${app.slug}/installations/new?state=st`, { account: 'octocat' }))
  assert.deepEqual(Object.fromEntries(done.searchParams), { installation_id: app.installation, setup_action: 'install', state: 'st' })
  const now = Math.floor(Date.now() / 1000)
  const jwt = (key: string) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(app.id)
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(createPrivateKey(key))
  const buy = (token: string) =>
    fetch(`${url}/app/installations/${app.installation}/access_tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    })
  const bought = await buy(await jwt(app.privateKey))
  assert.equal(bought.status, 201)
  const { token } = (await bought.json()) as { token: string }
  const repository = (bearer: string) => fetch(`${url}/repos/octocat/hello-world`, { headers: { authorization: `Bearer ${bearer}` } })
  assert.equal((await repository(token)).status, 200)
  assert.equal((await repository('ghs_madeup')).status, 401)
  const forged = (await jwt(app.privateKey)).replace(/[^.]+$/, randomBytes(256).toString('base64url'))
  assert.equal((await buy(forged)).status, 401)
})

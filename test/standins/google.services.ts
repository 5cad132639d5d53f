import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { authorizeAs, type Visitor } from './authorize-as.ts'
import { googleStandIn, type GoogleStandIn } from './google.ts'

const back = 'http://127.0.0.1:1/callback'
const verifier = randomBytes(32).toString('base64url')

async function visit(
  { oauth }: GoogleStandIn,
  more: Record<string, string> = {},
  visitor: Visitor = { account: 'ada@example.com' },
): Promise<URL> {
  const query = {
    client_id: oauth.clientId,
    redirect_uri: back,
    response_type: 'code',
    scope: 'openid email',
    state: 'st',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  }
  return new URL(await authorizeAs(`${oauth.authorizeUrl}?${new URLSearchParams(query).toString()}`, visitor))
}

async function post(url: string, form: Record<string, string>): Promise<any> {
  return (await fetch(url, { method: 'POST', body: new URLSearchParams(form) })).json()
}

function token({ oauth }: GoogleStandIn, form: Record<string, string>): Promise<any> {
  return post(oauth.tokenUrl, { client_id: oauth.clientId, client_secret: oauth.clientSecret, ...form })
}

async function connected(standIn: GoogleStandIn, more: Record<string, string>): Promise<any> {
  const code = (await visit(standIn, more)).searchParams.get('code')!
  return token(standIn, { grant_type: 'authorization_code', code, redirect_uri: back, code_verifier: verifier })
}

const me = ({ url }: GoogleStandIn, bearer: string): Promise<Response> =>
  fetch(`${url}/oauth2/v2/userinfo`, { headers: { authorization: `Bearer ${bearer}` } })

test('Google gives a refresh token for offline access, and for a second consent only when it is asked to prompt', async () => {
  await using standIn = await googleStandIn({ redirectUris: [back] })
  const first = await connected(standIn, { access_type: 'offline' })
  assert.ok(first.refresh_token)
  assert.equal((await connected(standIn, { access_type: 'offline' })).refresh_token, undefined)
  assert.ok((await connected(standIn, { access_type: 'offline', prompt: 'consent' })).refresh_token)
  assert.equal((await connected(standIn, {})).refresh_token, undefined)

  const discovery = (await (await fetch(`${standIn.url}/.well-known/openid-configuration`)).json()) as Record<string, string>
  assert.equal(discovery['token_endpoint'], standIn.oauth.tokenUrl)
  const keys = createRemoteJWKSet(new URL(discovery['jwks_uri']!))
  const { payload } = await jwtVerify(first.id_token, keys, { issuer: discovery['issuer']!, audience: standIn.oauth.clientId })
  assert.deepEqual([payload['email'], payload['email_verified']], ['ada@example.com', true])

  const again = await token(standIn, { grant_type: 'refresh_token', refresh_token: first.refresh_token })
  assert.equal(again.refresh_token, undefined)
  assert.equal(((await (await me(standIn, again.access_token)).json()) as { email: string }).email, 'ada@example.com')
  assert.deepEqual(await post(standIn.oauth.revokeUrl, { token: again.access_token }), {})
  assert.equal((await me(standIn, again.access_token)).status, 401)
  assert.equal((await token(standIn, { grant_type: 'refresh_token', refresh_token: first.refresh_token })).error, 'invalid_grant')
  assert.equal((await post(standIn.oauth.revokeUrl, { token: 'made-up' })).error, 'invalid_token')
})

test('Google refuses a wrong secret, address, verifier, a used code and a made-up token, and tells of a refusal', async () => {
  await using standIn = await googleStandIn({ redirectUris: [back] })
  const code = (await visit(standIn)).searchParams.get('code')!
  const form = { grant_type: 'authorization_code', code, redirect_uri: back, code_verifier: verifier }
  assert.equal((await token(standIn, { ...form, client_secret: 'wrong' })).error, 'invalid_client')
  assert.equal((await token(standIn, { ...form, redirect_uri: `${back}/x` })).error, 'redirect_uri_mismatch')
  assert.equal((await token(standIn, { ...form, code_verifier: 'wrong' })).error, 'invalid_grant')
  assert.ok((await token(standIn, form)).access_token)
  assert.equal((await token(standIn, form)).error, 'invalid_grant')
  assert.equal((await me(standIn, 'ya29.made-up')).status, 401)
  const denied = await visit(standIn, {}, { account: 'ada@example.com', deny: true })
  assert.deepEqual(Object.fromEntries(denied.searchParams), { error: 'access_denied', state: 'st' })
})

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { authorizeAs, type Visitor } from './authorize-as.ts'
import { oauthServer, type OAuthServer } from './oauth-server.ts'

const back = 'http://127.0.0.1:1/callback'
const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

interface Tokens {
  access_token: string
  refresh_token?: string
  id_token?: string
  expires_in: number
  scope: string
  error?: string
}

function authorizationUrl(server: OAuthServer, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: server.clients.basic.id,
    redirect_uri: back,
    scope: 'openid email read write',
    state: 'st',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  })
  return `${server.endpoints.authorization}?${query.toString()}`
}

/** Asks the token endpoint as the client with a secret in the header, unless the form names another. */
async function tokens(server: OAuthServer, form: Record<string, string>): Promise<Tokens> {
  const { id, secret } = server.clients.basic
  const headers: Record<string, string> =
    'client_id' in form ? {} : { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
  return (await (await fetch(server.endpoints.token, { method: 'POST', headers, body: new URLSearchParams(form) })).json()) as Tokens
}

async function connected(server: OAuthServer, visitor: Visitor = { account: 'ada' }): Promise<Tokens> {
  const code = new URL(await authorizeAs(authorizationUrl(server), visitor)).searchParams.get('code')!
  return tokens(server, { grant_type: 'authorization_code', code, redirect_uri: back, code_verifier: verifier })
}

const refresh = (server: OAuthServer, token: string | undefined): Promise<Tokens> =>
  tokens(server, { grant_type: 'refresh_token', refresh_token: token! })

async function api(server: OAuthServer, token: string): Promise<number> {
  return (await fetch(server.endpoints.api, { headers: { authorization: `Bearer ${token}` } })).status
}

test('a code becomes tokens once; refresh tokens rotate, and an old one ends the grant and its access tokens', async () => {
  await using server = await oauthServer({ redirectUris: [back] })
  const first = await connected(server)
  assert.equal(await api(server, first.access_token), 200)
  assert.equal(await api(server, 'made-up'), 401)
  assert.deepEqual(JSON.parse(Buffer.from(first.id_token!.split('.')[1]!, 'base64url').toString()).email_verified, true)
  const second = await refresh(server, first.refresh_token)
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal((await refresh(server, first.refresh_token)).error, 'invalid_grant')
  assert.equal((await refresh(server, second.refresh_token)).error, 'invalid_grant')
  assert.equal(await api(server, second.access_token), 401)
  assert.deepEqual(server.asked, { authorization_code: 1, refresh_token: 3 })
})

test('a refusal, a missing PKCE challenge, a wrong verifier and a wrong secret give no token', async () => {
  await using server = await oauthServer({ redirectUris: [back] })
  const denied = new URL(await authorizeAs(authorizationUrl(server), { account: 'ada', deny: true }))
  assert.equal(denied.searchParams.get('error'), 'access_denied')
  assert.equal(denied.searchParams.get('state'), 'st')
  const bare = new URL(authorizationUrl(server))
  bare.searchParams.delete('code_challenge')
  bare.searchParams.delete('code_challenge_method')
  assert.equal(new URL(await authorizeAs(bare, { account: 'ada' })).searchParams.get('error'), 'invalid_request')
  const code = new URL(await authorizeAs(authorizationUrl(server), { account: 'ada' })).searchParams.get('code')!
  const form = { grant_type: 'authorization_code', code, redirect_uri: back }
  assert.equal(
    (await tokens(server, { ...form, code_verifier: verifier, client_id: server.clients.basic.id, client_secret: 'x' })).error,
    'invalid_client',
  )
  assert.equal((await tokens(server, { ...form, code_verifier: randomBytes(32).toString('base64url') })).error, 'invalid_grant')
  await assert.rejects(
    authorizeAs(authorizationUrl(server, { redirect_uri: 'http://127.0.0.1:1/other' }), { account: 'ada' }),
    /redirect_uri/,
  )
})

test('options shorten access tokens, narrow scopes and leave refresh tokens out', async () => {
  await using server = await oauthServer({
    redirectUris: [back],
    accessTokenSeconds: 1,
    granted: ['openid', 'read'],
    refreshTokens: 'never',
  })
  const given = await connected(server)
  assert.equal(given.scope, 'openid read')
  assert.equal(given.expires_in, 1)
  assert.equal(given.refresh_token, undefined)
  while ((await api(server, given.access_token)) === 200) await new Promise((resolve) => setTimeout(resolve, 50))
})

test('JWTs open the API, a refresh without rotation keeps its token, and an owner can take access back', async () => {
  await using server = await oauthServer({ redirectUris: [back], tokens: 'jwt', rotate: false })
  const given = await connected(server)
  assert.equal(given.access_token.split('.').length, 3)
  assert.equal(await api(server, given.access_token), 200)
  assert.equal(await api(server, `${given.access_token.slice(0, -6)}AAAAAA`), 401)
  const again = await refresh(server, given.refresh_token)
  assert.equal(again.refresh_token, given.refresh_token)
  assert.equal(await api(server, again.access_token), 200)
  await server.revokeAll('ada')
  assert.equal((await refresh(server, given.refresh_token)).error, 'invalid_grant')
})

test('a client acts for itself, a device waits for its owner, a revoked token ends', async () => {
  await using server = await oauthServer({ redirectUris: [back] })
  const { id, secret } = server.clients.post
  const credentials = { client_id: id, client_secret: secret }
  const own = await tokens(server, { grant_type: 'client_credentials', scope: 'read', ...credentials })
  assert.equal(await api(server, own.access_token), 200)
  const post = (url: string, form: Record<string, string>) => fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  const introspected = async (token: string) =>
    (await (await post(server.endpoints.introspection, { token, ...credentials })).json()) as { active: boolean }
  assert.equal((await introspected(own.access_token)).active, true)
  await post(server.endpoints.revocation, { token: own.access_token, ...credentials })
  assert.equal((await introspected(own.access_token)).active, false)
  assert.equal(await api(server, own.access_token), 401)

  const client = { client_id: server.clients.public.id }
  const device = (await (await post(server.endpoints.device, { ...client, scope: 'openid read' })).json()) as Record<string, string>
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device['device_code']!, ...client }
  assert.equal((await tokens(server, form)).error, 'authorization_pending')
  await authorizeAs(device['verification_uri_complete']!, { account: 'ada' })
  assert.equal(await api(server, (await tokens(server, form)).access_token), 200)
})

test('faults hit one token request each: answers that say nothing, a request that waits, an answer that is lost after it was carried out', async () => {
  await using server = await oauthServer({ redirectUris: [back] })
  const given = await connected(server)
  const { id, secret } = server.clients.basic
  const raw = (token: string) =>
    fetch(server.endpoints.token, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    })
  for (const [fault, status] of [
    ['error', 500],
    ['invalid-grant', 400],
    ['malformed', 200],
    ['rate-limited', 429],
  ] as const) {
    server.tokenFaults.next = fault
    const answer = await raw(given.refresh_token!)
    assert.equal(answer.status, status)
    if (fault === 'malformed') await assert.rejects(answer.json())
    if (fault === 'rate-limited') assert.equal(answer.headers.get('retry-after'), '1')
  }
  server.tokenFaults.next = 'held'
  const held = raw(given.refresh_token!)
  while (server.tokenFaults.held === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  server.tokenFaults.release()
  const second = (await (await held).json()) as Tokens
  server.tokenFaults.next = 'lost'
  await assert.rejects(raw(second.refresh_token!).then((answer) => answer.text()))
  assert.equal((await refresh(server, second.refresh_token)).error, 'invalid_grant')
  assert.deepEqual(server.asked, { authorization_code: 1, fault: 4, refresh_token: 3 })
})

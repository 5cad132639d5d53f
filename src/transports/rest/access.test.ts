import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { RouteOptions } from 'fastify'
import { allows, anyCaller } from '#access'
import { sharedDatabaseUrl, sharedHub, testHub, type TestHub } from '#test'

// Whoever adds to what is open to everybody adds it here too.
const open = new RegExp(
  `^/(${[
    'healthz|readyz|api/v1/health',
    'docs(/.*)?|(openapi|asyncapi)\\.json|schemas/flow\\.json|assets/.*',
    '\\.well-known/oauth-protected-resource(/mcp)?',
    '(mcp/)?\\.well-known/(oauth-authorization-server|openid-configuration)(/mcp)?',
    'auth/\\*|sign-in|setup|account|account/apps|invitations/accept|device',
    '|w/\\*|go/\\*|console/\\*',
    'connect|connect/(start|x)',
    'oauth/(callback|choice|authorize|consent|token|register|revoke|device|keys)',
    'api/v1/(hooks/)?webhooks/x|api/v1/integrations/github/webhook|api/integrations/(slack/webhook|webhook/x)',
  ].join('|')})$`,
)
/** Open to every token, because what is asked for decides which scope it needs: `src/transports/trpc/refusals.test.ts`, `bulk.test.ts`. */
const perOperation = new Set([
  '/trpc/*',
  '/api/v1/users/me',
  '/api/v1/hints',
  '/api/v1/stats',
  '/api/v1/actors',
  '/api/v1/bulk',
  '/api/v1/bulk/x',
  '/api/v1/bulk/x/cancel',
])
/** Open to who comes from a page of the hub, which checks its input itself. */
const checked = /^\/(auth\/\*|invitations\/accept|connect\/x|oauth\/(?!keys)\w+|device|account\/apps)$/
/** What these answer depends on whether the console is built. */
const ofConsole = /^\/($|w\/|go\/|console\/)/
/** Open to who signs, and to nobody else. */
const signed = /webhook/

type Method = Parameters<TestHub['call']>[0]

function routesOf(hub: TestHub): { method: Method; url: string; needed: string }[] {
  const methods = ({ method }: RouteOptions): string[] => [method].flat().filter((name) => name !== 'HEAD' && name !== 'OPTIONS')
  return hub.rest.routeTable.flatMap((route) =>
    methods(route).map((method) => ({ method: method as Method, url: route.url.replaceAll(/:\w+/g, 'x'), needed: route.config!.access! })),
  )
}

/** tRPC has a form of its own around it. */
function problemOf(reply: { json(): any }): { readonly code: string; readonly detail: string } {
  const answer = reply.json()
  return answer.error?.data.problem ?? answer
}

suite('every route', () => {
  let hub: TestHub
  const lacking: { token: string; scope: string }[] = []

  before(async () => {
    hub = await sharedHub()
    for (const scope of ['jobs:read', 'approvals:write']) {
      const made = await hub.call('POST', '/api/v1/tokens', { name: scope, scopes: [scope] })
      lacking.push({ scope, token: made.json<{ token: string }>().token })
    }
  })

  test('is open to everybody only if it is on the short list of those', () => {
    const routes = routesOf(hub)
    assert.ok(routes.length > 30)
    for (const { url, needed } of routes) assert.equal(needed === 'public', open.test(url), `${url} needs ${needed}`)
  })

  test('names its scope, unless each operation behind it has its own', () => {
    for (const { url, needed } of routesOf(hub)) assert.equal(needed === anyCaller, perOperation.has(url), url)
  })

  test('answers 401 without a token, unless it is open', async () => {
    for (const { method, url, needed } of routesOf(hub)) {
      const reply = await hub.with({ token: null }).call(method, url)
      if (needed === 'public' && signed.test(url)) assert.ok([401, 404].includes(reply.statusCode), `${method} ${url}: ${reply.statusCode}`)
      else if (needed === 'public' && checked.test(url))
        assert.ok([200, 303, 400, 401, 403, 404, 410, 415].includes(reply.statusCode), `${method} ${url}: ${reply.statusCode}`)
      else if (ofConsole.test(url)) assert.ok([200, 404].includes(reply.statusCode), `${method} ${url}: ${reply.statusCode}`)
      else if (needed === 'public') assert.ok(reply.statusCode < 400, `${method} ${url}: ${reply.statusCode}`)
      else {
        assert.equal(reply.statusCode, 401, `${method} ${url}`)
        assert.equal(problemOf(reply).code, 'token_missing')
        assert.match(String(reply.headers['www-authenticate']), /^Bearer\b/)
      }
    }
  })

  test('answers 403 to a token that lacks its scope, naming the scope', async () => {
    const nobody = { kind: 'token', id: 't', name: 't', workspaceId: 'w', readOnly: false, ancestors: [], causes: [] } as const
    for (const { method, url, needed } of routesOf(hub)) {
      if (needed === 'public' || needed === anyCaller) continue
      const { token } = lacking.find(({ scope }) => !allows({ ...nobody, scopes: [scope] }, needed))!
      const reply = await hub.with({ token }).call(method, url)
      assert.equal(reply.statusCode, 403, `${method} ${url}`)
      assert.equal(reply.json().code, 'scope_missing')
      assert.ok(reply.json().detail.includes(needed.replace(/:\*$/, '')), reply.json().detail)
    }
  })

  test('refuses to act in another workspace for a token without hub:admin', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'admin here', scopes: ['admin'] })).json()
    for (const { method, url, needed } of routesOf(hub)) {
      if (needed === 'public') continue
      const there = await hub.with({ token, headers: { 'hub-workspace': 'elsewhere' } }).call(method, url)
      assert.equal(there.statusCode, 403, `${method} ${url}`)
      assert.match(problemOf(there).detail, /hub:admin/)
    }
    const asAdmin = await hub.with({ headers: { 'hub-workspace': 'elsewhere' } }).call('GET', '/api/v1/tokens')
    assert.deepEqual(asAdmin.json().items, [])
    const nowhere = await hub.with({ headers: { 'hub-workspace': 'nowhere' } }).call('GET', '/api/v1/tokens')
    assert.equal(nowhere.statusCode, 404)
    // What is there must not be told from what is not.
    const guess = await hub.with({ token, headers: { 'hub-workspace': 'nowhere' } }).call('GET', '/api/v1/tokens')
    assert.equal(guess.statusCode, 403)
  })

  test('does not register without saying what it needs', () => {
    assert.ok(hub.rest.routeTable.every(({ config }) => typeof config?.access === 'string'))
  })
})

test('a token of one workspace neither sees nor changes what belongs to another', async () => {
  const hub = await sharedHub()
  const inside = async (workspace: string) => {
    await hub.call('POST', '/api/v1/workspaces', { name: workspace })
    const headers = { 'hub-workspace': workspace }
    const admin = (await hub.with({ headers }).call('POST', '/api/v1/tokens', { name: 'admin', scopes: ['admin'] })).json()
    const call = (method: Method, url: string, body?: unknown) => hub.with({ token: admin.token }).call(method, url, body)
    await call('POST', '/api/v1/credentials', { name: 'github-pat', kind: workspace, data: { personal_access_token: workspace } })
    return { admin, call }
  }
  const [a, b] = [await inside('tenant-a'), await inside('tenant-b')]
  const before = (await a.call('GET', '/api/v1/credentials')).json()

  const tokens = (await b.call('GET', '/api/v1/tokens?limit=200')).json().items as { id: string }[]
  assert.deepEqual(
    tokens.map(({ id }) => id),
    [b.admin.id],
  )
  assert.equal((await b.call('DELETE', `/api/v1/tokens/${a.admin.id}`)).statusCode, 404)
  assert.equal((await a.call('GET', '/api/v1/tokens')).statusCode, 200)

  // The same name is another credential.
  assert.equal((await b.call('PUT', '/api/v1/credentials/github-pat', { kind: 'changed', data: { token: 'b' } })).statusCode, 200)
  assert.equal((await b.call('DELETE', '/api/v1/credentials/github-pat')).statusCode, 204)
  assert.equal((await b.call('DELETE', '/api/v1/credentials/github-pat')).statusCode, 404)
  assert.deepEqual((await b.call('GET', '/api/v1/credentials')).json().items, [])
  assert.deepEqual((await a.call('GET', '/api/v1/credentials')).json(), before)
  assert.deepEqual(await hub.hub.credentials.read((await workspaceId(hub, 'tenant-a'))!, 'github-pat'), {
    personal_access_token: 'tenant-a',
  })

  const audited = (await b.call('GET', '/api/v1/audit?limit=200')).json().items as { subject: string; actor: string }[]
  assert.ok(audited.length > 4)
  assert.ok(!JSON.stringify(audited).includes(a.admin.id) && !JSON.stringify(audited).includes('tenant-a'))

  const seen = (await b.call('GET', '/api/v1/workspaces')).json().items as { name: string }[]
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['tenant-b'],
  )
  assert.equal((await b.call('POST', '/api/v1/workspaces', { name: 'tenant-c' })).statusCode, 403)
})

async function workspaceId(hub: TestHub, name: string): Promise<string | undefined> {
  return (await hub.hub.access.workspaces.find({ name }))?.id
}

test('guessing tokens is answered 429 with Retry-After after ten failures; X-Forwarded-For of a stranger changes nothing', async () => {
  const hub = await sharedHub()
  const from = '203.0.113.77'
  await hub.with({ from }).call('GET', '/api/v1/tokens')
  const guess = (i: number) =>
    hub.with({ token: `ih_guess${i}`, from, headers: { 'x-forwarded-for': `10.0.0.${i}` } }).call('GET', '/api/v1/tokens')
  for (let i = 0; i < 10; i++) assert.equal((await guess(i)).statusCode, 401)
  const held = await guess(10)
  assert.equal(held.statusCode, 429)
  const seconds = Number(held.headers['retry-after'])
  assert.ok(seconds >= 1 && seconds <= 60)
  assert.equal(held.json().retry_after, seconds)
  assert.equal((await hub.with({ from }).call('GET', '/api/v1/tokens')).statusCode, 200)
  assert.equal((await hub.with({ from, token: null }).call('GET', '/api/v1/health')).statusCode, 200)
})

test('behind a trusted proxy the address in X-Forwarded-For counts, and only that which the proxy added', async () => {
  await using hub = await testHub({ DATABASE_URL: await sharedDatabaseUrl(), HUB_TRUST_PROXY: '10.1.0.0/16' })
  const guess = (client: string, from: string) =>
    hub.with({ token: 'ih_guess', from, headers: { 'x-forwarded-for': `198.51.100.9, ${client}` } }).call('GET', '/api/v1/tokens')
  for (let i = 0; i < 10; i++) await guess('203.0.113.1', '10.1.0.1')
  assert.equal((await guess('203.0.113.1', '10.1.2.3')).statusCode, 429)
  assert.equal((await guess('203.0.113.2', '10.1.0.1')).statusCode, 401)
  // Not through the proxy: the header is anybody's word.
  assert.equal((await guess('203.0.113.1', '192.0.2.50')).statusCode, 401)
})

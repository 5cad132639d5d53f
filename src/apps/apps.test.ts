import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import {
  appAt,
  fieldsOf,
  firstPerson,
  mcpRequest,
  registerApp,
  testHub,
  type Browser,
  type TestApp,
  type TestHub,
  type TokenAnswer,
} from '#test'

const refusal = ({ status, error }: TokenAnswer): unknown[] => [status, error]

suite('an app that a person allows', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  let app: TestApp
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
    app = await registerApp(address)
  })
  after(() => hub[Symbol.asyncDispose]())

  const mcp = (token: string, query = '', message: object = { method: 'tools/list' }) =>
    fetch(`${address}/mcp${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, params: {}, ...message }),
    })
  const isAccepted = async (token: string): Promise<boolean> => (await mcp(token)).status === 200
  const namesOf = async (token: string, query = ''): Promise<string[]> => {
    const { result } = await mcpRequest(address, { token, method: 'tools/list', query })
    return (result!['tools'] as { name: string }[]).map(({ name }) => name)
  }
  const endsWithinASecond = async (token: string): Promise<void> => {
    const until = Date.now() + 1000
    while ((await isAccepted(token)) && Date.now() < until);
    assert.equal(await isAccepted(token), false)
  }

  test('calls the tools that it was allowed, for its person, over MCP and nowhere else', async () => {
    const tokens = await app.tokens(ada)
    assert.equal(tokens.scope, 'tools:call')
    assert.ok((await namesOf(tokens.access_token, '?list=full')).includes('http_request'))
    const paths = ['/api/v1/users/me', '/api/v1/tools', '/trpc/users.me', '/metrics']
    const elsewhere = paths.map((path) => fetch(`${address}${path}`, { headers: { authorization: `Bearer ${tokens.access_token}` } }))
    assert.deepEqual(
      (await Promise.all(elsewhere)).map(({ status }) => status),
      [401, 401, 401, 401],
    )
    for (const other of [tokens.refresh_token, `ih_${'a'.repeat(46)}`, 'a session of somebody'.replaceAll(' ', '-')])
      assert.equal(await isAccepted(other), false)
  })

  test('has a token for the address that it asked for, and for no other name of the hub', async () => {
    const { access_token: token } = await app.tokens(ada)
    const there = await mcpRequest(address.replace('127.0.0.1', 'localhost'), { token, method: 'tools/list' })
    assert.match(JSON.stringify(there), /token_invalid/)
    assert.ok(await isAccepted(token))
  })

  test('shows up in the journal and in the audit log by its name, with its person as the actor', async () => {
    const { access_token: token } = await app.tokens(ada)
    const params = { name: 'hub_list_integrations', arguments: {} }
    assert.match(JSON.stringify(await mcpRequest(address, { token, method: 'tools/call', params })), /integrations:read/)
    const wider = await app.tokens(ada, { scope: 'tools:call integrations:read' })
    await mcpRequest(address, { token: wider.access_token, method: 'tools/call', params })
    const { id } = (await ada.call('GET', '/api/v1/users/me')).json()
    const until = Date.now() + 5000
    let found: { app: string | null; actor: string } | undefined
    while (!found && Date.now() < until)
      found = (await hub.call('GET', '/api/v1/invocations')).json<{ items: { app: string; actor: string }[] }>().items[0]
    assert.deepEqual([found?.app, found?.actor], ['Notes', `user:${String(id)}`])
    const { items } = (await hub.call('GET', '/api/v1/audit')).json<{
      items: { action: string; actor: string; detail: { app?: string } }[]
    }>()
    const entry = items.find(({ action }) => action === 'grant.created')
    assert.deepEqual([entry?.actor, entry?.detail.app], [`user:${String(id)}`, 'Notes'])
  })

  test('gets new tokens for a refresh token once; a second use ends everything that came from it', async () => {
    const first = await app.tokens(ada)
    const second = await app.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
    assert.equal(second.status, 200)
    assert.ok(await isAccepted(second.access_token))
    assert.deepEqual(refusal(await app.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })), [400, 'invalid_grant'])
    assert.equal(await isAccepted(second.access_token), false)
    assert.deepEqual(refusal(await app.token({ grant_type: 'refresh_token', refresh_token: second.refresh_token })), [400, 'invalid_grant'])
  })

  test('cannot get more scopes by a refresh, and may get less', async () => {
    const { refresh_token } = await app.tokens(ada, { scope: 'tools:call flows:read' })
    const more = await app.token({ grant_type: 'refresh_token', refresh_token, scope: 'tools:call events:read' })
    assert.deepEqual(refusal(more), [400, 'invalid_scope'])
    assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token, scope: 'flows:read' })).scope, 'flows:read')
  })

  test('uses a code once; a second use revokes what the first gave', async () => {
    const code = (await app.decide(ada)).searchParams.get('code')!
    const tokens = await app.exchange(code)
    assert.ok(await isAccepted(tokens.access_token))
    assert.deepEqual(refusal(await app.exchange(code)), [400, 'invalid_grant'])
    assert.equal(await isAccepted(tokens.access_token), false)
  })

  test('cannot use the code of another app, with a wrong verifier, another redirect URI or another resource', async () => {
    const code = async (): Promise<string> => (await app.decide(ada)).searchParams.get('code')!
    const other = await registerApp(address, { client_name: 'Other' })
    const stolen = await code()
    assert.deepEqual(refusal(await other.exchange(stolen, { code_verifier: app.verifier })), [400, 'invalid_grant'])
    // The attempt of the other one costs the right one nothing.
    assert.equal((await app.exchange(stolen)).status, 200)
    const wrong = await code()
    assert.deepEqual(refusal(await app.exchange(wrong, { code_verifier: randomBytes(32).toString('base64url') })), [400, 'invalid_grant'])
    assert.deepEqual(refusal(await app.exchange(wrong)), [400, 'invalid_grant'])
    assert.deepEqual(refusal(await app.exchange(await code(), { code_verifier: '' })), [400, 'invalid_request'])
    assert.deepEqual(refusal(await app.exchange(await code(), { redirect_uri: 'https://app.example/other' })), [400, 'invalid_grant'])
    assert.deepEqual(refusal(await app.exchange(await code(), { resource: 'https://other.example/mcp' })), [400, 'invalid_target'])
  })

  test('is refused without PKCE, with the plain method, for another resource, and for scopes that no app gets', async () => {
    const attempt = async (parameters: Record<string, string | undefined>): Promise<string | null> => {
      const { headers, status } = await ada.call('GET', app.authorizeUrl({ parameters }))
      assert.equal(status, 303)
      const back = new URL(headers.get('location')!)
      assert.deepEqual(
        [back.origin, back.searchParams.get('iss'), back.searchParams.get('state')],
        ['https://app.example', address, 'a state'],
      )
      assert.equal(back.searchParams.get('code'), null)
      return back.searchParams.get('error')
    }
    assert.equal(await attempt({ code_challenge: undefined }), 'invalid_request')
    assert.equal(await attempt({ code_challenge_method: 'plain' }), 'invalid_request')
    assert.equal(await attempt({ code_challenge_method: undefined }), 'invalid_request')
    assert.equal(await attempt({ resource: 'https://other.example/mcp' }), 'invalid_target')
    assert.equal(await attempt({ resource: `${address}/api/v1` }), 'invalid_target')
    assert.equal(await attempt({ resource: `${address}/mcp?unknown=1` }), 'invalid_target')
    assert.equal(await attempt({ scope: 'admin tokens:write approvals:write flows:write' }), 'invalid_scope')
    assert.equal(await attempt({ response_type: 'token' }), 'unsupported_response_type')
  })

  test('is not a way to lead a browser elsewhere: an address that it did not register gets a page, whatever else is wrong', async () => {
    const places = [
      'https://evil.example/callback',
      'https://app.example/callback/more',
      'https://app.example/callback?more=1',
      'https://app.example.evil.example/callback',
      'https://app.example@evil.example/callback',
      'http://app.example/callback',
      'javascript:alert(1)',
      undefined,
    ]
    for (const redirect_uri of places)
      for (const parameters of [{ redirect_uri }, { redirect_uri, response_type: 'wrong' }]) {
        const { status, headers } = await ada.call('GET', app.authorizeUrl({ parameters }))
        assert.deepEqual([status, headers.get('location')], [400, null], redirect_uri)
      }
    assert.equal((await ada.call('GET', app.authorizeUrl({ parameters: { client_id: 'app_unknown' } }))).status, 400)
  })

  test('has a free port on the machine of its person, and nothing else free', async () => {
    const local = await registerApp(address, { redirect_uris: ['http://127.0.0.1/callback', 'http://localhost:1234/other'] })
    for (const [redirect_uri, status] of [
      ['http://127.0.0.1:49152/callback', 303],
      ['http://localhost:9/other', 303],
      ['http://[::1]:49152/callback', 400],
      ['http://127.0.0.1:49152/else', 400],
      ['http://127.0.0.1:49152@evil.example/callback', 400],
      ['https://127.0.0.1:49152/callback', 400],
    ] as const)
      assert.equal((await ada.call('GET', local.authorizeUrl({ parameters: { redirect_uri } }))).status, status, redirect_uri)
  })

  test('asks a person who is signed in; nobody else and no other site can answer for them', async () => {
    const query = new URL(app.authorizeUrl()).search.slice(1)
    const form = { request: query, decision: 'allow', 'scope.tools:call': '1' }
    const page = await ada.call('GET', `/oauth/consent?${query}`)
    const workspace = fieldsOf(page.text)['workspace']!
    for (const origin of ['https://evil.example', 'null', null]) {
      const crossed = await ada.with({ origin }).form('/oauth/consent', { ...form, workspace })
      assert.equal(crossed.status, 403, String(origin))
    }
    assert.match(page.headers.get('content-security-policy')!, /frame-ancestors 'none'/)
    assert.equal(page.headers.get('x-frame-options'), 'DENY')
    const unknown = await fetch(`${address}/oauth/consent`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: address, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form, workspace }),
    })
    assert.deepEqual([unknown.status, unknown.headers.get('location')!.split('?')[0]], [303, '/sign-in'])
    const elsewhere = await ada.form('/oauth/consent', { ...form, workspace: 'ws_other' })
    assert.equal(elsewhere.status, 400)
    const nothing = await ada.form('/oauth/consent', { request: query, decision: 'allow', workspace })
    assert.equal(nothing.status, 400)
    const wider = await ada.form('/oauth/consent', { ...form, workspace, 'scope.flows:read': '1', 'scope.admin': '1' })
    const code = new URL(wider.headers.get('location')!).searchParams.get('code')!
    assert.equal((await app.exchange(code)).scope, 'tools:call')
    const refused = await app.decide(ada, { parameters: { prompt: 'consent' } }, { decision: 'refuse' })
    assert.deepEqual([refused.searchParams.get('error'), refused.searchParams.get('code')], ['access_denied', null])
  })

  test('is remembered for what was allowed before, and asks again for more', async () => {
    const known = await registerApp(address, { client_name: 'Known' })
    await known.tokens(ada, { scope: 'tools:call flows:read' })
    const again = await ada.call('GET', known.authorizeUrl({ scope: 'flows:read' }))
    assert.ok(new URL(again.headers.get('location')!).searchParams.has('code'))
    for (const request of [
      { scope: 'flows:read events:read' },
      { scope: 'flows:read', query: '?toolset=http' },
      { scope: 'flows:read', parameters: { prompt: 'consent' } },
    ])
      assert.match((await ada.call('GET', known.authorizeUrl(request))).headers.get('location')!, /^\/oauth\/consent\?/)
    // Any program of the machine can say that it is this one.
    const local = await registerApp(address, { redirect_uris: ['http://127.0.0.1/callback'] })
    await local.tokens(ada)
    assert.match((await ada.call('GET', local.authorizeUrl())).headers.get('location')!, /^\/oauth\/consent\?/)
  })

  test('keeps what it was allowed when less is asked for, by any web page or by itself, until the person takes it away on the page', async () => {
    const known = await registerApp(address, { client_name: 'Kept' })
    const tokens = await known.tokens(ada, { scope: 'tools:call flows:read' })
    const grantScopes = async () => {
      const { items } = (await ada.call('GET', '/api/v1/grants')).json() as unknown as { items: { app: string; scopes: string[] }[] }
      return items.find(({ app: name }) => name === 'Kept')!.scopes
    }
    const both = ['flows:read', 'tools:call']
    const silent = new URL((await ada.call('GET', known.authorizeUrl({ scope: 'flows:read' }))).headers.get('location')!)
    assert.deepEqual([(await known.exchange(silent.searchParams.get('code')!)).scope, await grantScopes()], ['flows:read', both])
    await known.decide(ada, { scope: 'flows:read', parameters: { prompt: 'consent' } })
    assert.deepEqual(await grantScopes(), both)
    assert.ok(await isAccepted(tokens.access_token))

    await known.decide(ada, { scope: 'tools:call flows:read', parameters: { prompt: 'consent' } }, { 'scope.tools:call': '0' })
    assert.deepEqual(await grantScopes(), ['flows:read'])
    const next = await known.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    assert.deepEqual([next.status, next.scope], [200, 'flows:read'])
    const none = await known.token({ grant_type: 'refresh_token', refresh_token: next.refresh_token, scope: 'tools:call' })
    assert.deepEqual(refusal(none), [400, 'invalid_grant'])
  })

  test('sees no tools beyond those of the resource that it was allowed, whatever its URL says', async () => {
    const { access_token: token } = await app.tokens(ada, { query: '?toolset=github&read_only=1' })
    assert.ok((await namesOf(token, '?list=full')).includes('github_get_repository'))
    for (const query of ['', '?toolset=github,hub', '?toolset=hub&list=full', '?list=full']) {
      const names = await namesOf(token, query)
      assert.deepEqual(
        names.filter((name) => /^(http|hub|slack)_|create/.test(name)),
        [],
        query,
      )
    }
    const call = { name: 'hub_list_integrations', arguments: {} }
    assert.match(JSON.stringify((await mcpRequest(address, { token, method: 'tools/call', params: call })).error), /there is no tool/)
  })

  test('ends within a second when its person ends it, with an answer that says how to ask again', async () => {
    const one = await registerApp(address, { client_name: 'Ended' })
    const tokens = await one.tokens(ada)
    assert.ok(await isAccepted(tokens.access_token))
    const { items } = (await ada.call('GET', '/api/v1/grants')).json() as unknown as { items: { id: string; app: string }[] }
    const { id } = items.find(({ app: name }) => name === 'Ended')!
    const { workspaceId } = await hub.hub.access.operator('tester')
    const standing = async () => (await hub.hub.access.standings(workspaceId, [`grant:${id}`])).get(`grant:${id}`)?.lost
    assert.equal(await standing(), null)
    assert.equal((await ada.call('DELETE', `/api/v1/grants/${id}`)).status, 200)
    // What the app had queued is not done any more.
    assert.match((await standing()) ?? '', /does not allow the app/)
    await endsWithinASecond(tokens.access_token)
    assert.deepEqual(refusal(await one.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })), [400, 'invalid_grant'])
    const answer = await mcp(tokens.access_token, '?toolset=http')
    assert.equal(
      answer.headers.get('www-authenticate'),
      `Bearer error="invalid_token", scope="tools:call", resource_metadata="${address}/.well-known/oauth-protected-resource/mcp?toolset=http"`,
    )
    assert.match((await ada.call('GET', one.authorizeUrl())).headers.get('location')!, /^\/oauth\/consent\?/)
  })

  test('ends one token, or all that came from its code, when the app says so; tokens of others it cannot end', async () => {
    const revoke = async (by: TestApp, token: string): Promise<number> => {
      const body = new URLSearchParams({ token, client_id: by.client.clientId })
      return (await fetch(`${address}/oauth/revoke`, { method: 'POST', body })).status
    }
    const tokens = await app.tokens(ada)
    const other = await registerApp(address)
    assert.equal(await revoke(other, tokens.access_token), 200)
    assert.ok(await isAccepted(tokens.access_token))
    assert.equal(await revoke(app, tokens.access_token), 200)
    await endsWithinASecond(tokens.access_token)
    const next = await app.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    assert.equal(await revoke(app, next.refresh_token), 200)
    await endsWithinASecond(next.access_token)
    assert.equal(await revoke(app, 'unknown'), 200)
  })
})

test('an app with a secret proves that it is itself', async () => {
  await using hub = await testHub()
  const address = await hub.address()
  const ada = await firstPerson(hub)
  const secretive = await registerApp(address, { token_endpoint_auth_method: 'client_secret_post' })
  assert.match(secretive.client.secret!, /^ihs_/)
  const code = (await secretive.decide(ada)).searchParams.get('code')!
  const pretender = appAt(address, { ...secretive.client, secret: undefined })
  assert.deepEqual(refusal(await pretender.exchange(code, { code_verifier: secretive.verifier })), [401, 'invalid_client'])
  const wrong = appAt(address, { ...secretive.client, secret: 'ihs_wrong' })
  assert.deepEqual(refusal(await wrong.exchange(code, { code_verifier: secretive.verifier })), [401, 'invalid_client'])
  assert.equal((await secretive.exchange(code)).status, 200)
})

test('a flood of registrations ends, and what nobody allowed anything is deleted after a day', async () => {
  await using hub = await testHub()
  const address = await hub.address()
  const register = async (metadata: object): Promise<number> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(metadata) }
    return (await fetch(`${address}/oauth/register`, init)).status
  }
  const wrong = ['http://app.example/', 'javascript:alert(1)', 'https://app.example/#x', 'data:text/html,x', 'no URL']
  const answers = await Promise.all(wrong.map((uri) => register({ redirect_uris: [uri] })))
  assert.deepEqual(answers, [400, 400, 400, 400, 400])
  const more: number[] = []
  for (let i = 0; i < 8; i++) more.push(await register({ redirect_uris: ['https://app.example/'] }))
  assert.ok(more.includes(201) && more.at(-1) === 429, more.join(' '))

  const ada = await firstPerson(hub)
  const { id } = (await ada.call('GET', '/api/v1/users/me')).json()
  const { db, apps, access } = hub.hub
  await db.pool.query(`update hub.apps set created_at = now() - interval '2 days'`)
  const { workspaceId } = await access.operator('tester')
  await db.pool.query(
    `insert into hub.grants (id, workspace_id, user_id, app_id, scopes, view)
     select 'grn_kept', $1, $2, id, '{tools:call}', '' from hub.apps limit 1`,
    [workspaceId, id],
  )
  for (const task of apps.retention) if (task.of === 'hub') await task.drop(500)
  const { rows } = await db.pool.query<{ left: number }>('select count(*) as left from hub.apps')
  assert.equal(rows[0]!.left, 1)
})

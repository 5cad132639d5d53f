import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, firstPerson, idOf, invited, setupToken, testHub, testPassword, type Browser, type TestHub } from '#test'

const roles = ['owner', 'admin', 'member', 'viewer'] as const

suite('people of a hub', () => {
  let hub: TestHub
  let address: string
  let ada: Browser
  const by: Record<string, Browser> = {}

  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
    for (const role of roles) by[role] = await invited(ada, address, { name: `${role}-person`, role })
  })
  after(() => hub[Symbol.asyncDispose]())

  const join = (browser: Browser, token: unknown, email: string) =>
    browser.call('POST', '/invitations/accept', { token, name: 'Somebody', email, password: testPassword })

  const codeOf = (answer: { readonly status: number; json(): Record<string, unknown> }) => [answer.status, answer.json()['code']]

  test('cannot sign up by themselves, nor reach what of the library is not served', async () => {
    const stranger = browserAt(address)
    const asked = { name: 'Eve', email: 'eve@example.com', password: testPassword }
    assert.equal((await stranger.call('POST', '/auth/sign-up/email', asked)).status, 404)
    for (const path of ['/auth/get-session', '/auth/list-sessions', '/auth/reset-password/x', '/auth/token', '/auth/jwks'])
      assert.equal((await ada.call('GET', path)).status, 404, path)
    assert.equal((await ada.call('POST', '/auth/change-email', { newEmail: 'x@example.com' })).status, 404)
    assert.equal((await ada.call('POST', '/auth/delete-user', {})).status, 404)
  })

  test('get a new session when they sign in, so that one planted before is worth nothing', async () => {
    const browser = browserAt(address)
    const planted = [...by['member']!.cookies.values()][0]!
    browser.cookies.set('hub.session_token', planted)
    const answer = await browser.call('POST', '/auth/sign-in/email', { email: 'viewer-person@example.com', password: testPassword })
    assert.equal(answer.status, 200)
    assert.notEqual(browser.cookies.get('hub.session_token'), planted)
    assert.equal(await idOf(browser), await idOf(by['viewer']!))
    // Neither a token without its own signature nor a signature without its token is a session.
    const signature = browser.cookies.get('hub.session_token')!.split('.')[1]
    for (const made of ['x'.repeat(32), `${'x'.repeat(32)}.${signature}`, `${planted.split('.')[0]}.${signature}`]) {
      const forged = browserAt(address)
      forged.cookies.set('hub.session_token', made)
      assert.deepEqual(codeOf(await forged.call('GET', '/api/v1/users/me')), [401, 'session_ended'])
    }
  })

  test('change nothing from a page of another site, on any route', async () => {
    for (const route of hub.rest.routeTable) {
      for (const method of [route.method].flat()) {
        // Programs send these, with secrets of their own; no cookie counts there.
        if (['GET', 'HEAD', 'OPTIONS'].includes(method) || /webhook|^\/oauth\/(token|register|revoke|device)$/.test(route.url)) continue
        const url = route.url.replaceAll(/:\w+/g, 'x').replace('/auth/*', '/auth/sign-out')
        const isForm = /^\/(connect\/|oauth\/(choice|consent)|device|account\/apps)/.test(url)
        const headers = isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
        for (const origin of ['https://evil.example', 'null', null]) {
          const answer = await ada.with({ origin, headers }).call(method as 'POST', url, method === 'DELETE' ? undefined : {})
          // Problems, errors of tRPC and pages have the code in different places.
          const [status, code] = url === '/mcp' ? [401, 'token_missing'] : [403, 'origin_refused']
          assert.equal(answer.status, status, `${method} ${url} from ${origin}: ${answer.text}`)
          assert.ok(answer.text.includes(code), answer.text)
        }
      }
    }
    assert.equal((await ada.call('GET', '/api/v1/users/me')).status, 200)
    const same = ada.with({ origin: null, headers: { 'sec-fetch-site': 'same-origin' } })
    assert.equal((await same.call('POST', '/api/v1/tokens', { name: 'same site', scopes: ['tools:read'] })).status, 201)
    const cross = ada.with({ origin: null, headers: { 'sec-fetch-site': 'cross-site' } })
    assert.equal((await cross.call('POST', '/api/v1/tokens', { name: 'other', scopes: ['tools:read'] })).status, 403)
  })

  test('see pages that no other site can frame, and that run no script of their own text', async () => {
    for (const path of ['/sign-in', '/setup', '/invitations/accept', '/account']) {
      const { headers } = await ada.call('GET', path)
      assert.equal(headers.get('x-frame-options'), 'DENY', path)
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /frame-ancestors 'none'/, path)
      assert.doesNotMatch(policy, /unsafe/, path)
      assert.equal(headers.get('referrer-policy'), 'same-origin', path)
      assert.equal(headers.get('cache-control'), 'no-store', path)
    }
  })

  test('are not led to another site after they sign in', async () => {
    for (const next of ['//evil.example', 'https://evil.example', '/%5Cevil.example/..//evil.example']) {
      const answer = await ada.call('GET', `/sign-in?next=${encodeURIComponent(next)}`)
      const target = new URL(answer.headers.get('location') ?? '/', address)
      assert.equal(target.origin, new URL(address).origin, next)
    }
    const start = await ada.call('POST', '/auth/sign-in/social', { provider: 'sso', callbackURL: 'https://evil.example/' })
    assert.ok(start.status >= 400)
  })

  test('use an invitation once, in time, with the address it is for, and not after it was revoked', async () => {
    const invite = async (email?: string) =>
      (await ada.call('POST', '/api/v1/invitations', { ...(email ? { email } : {}), role: 'viewer' })).json()
    const bound = await invite('grace@example.com')
    assert.match(String(bound['link']), /\/invitations\/accept\?token=/)
    assert.deepEqual(codeOf(await join(browserAt(address), bound['token'], 'eve@example.com')), [403, 'scope_missing'])
    const grace = browserAt(address)
    assert.equal((await join(grace, bound['token'], 'Grace@Example.com')).status, 200)
    assert.deepEqual(codeOf(await join(browserAt(address), bound['token'], 'grace2@example.com')), [410, 'link_invalid'])

    const revoked = await invite()
    assert.equal((await ada.call('DELETE', `/api/v1/invitations/${String(revoked['id'])}`)).status, 200)
    assert.deepEqual(codeOf(await join(browserAt(address), revoked['token'], 'late@example.com')), [410, 'link_invalid'])

    const late = await invite()
    await hub.hub.db.pool.query(`update hub.invitations set expires_at = now() - interval '1 second' where id = $1`, [late['id']])
    assert.deepEqual(codeOf(await join(browserAt(address), late['token'], 'late@example.com')), [410, 'link_invalid'])

    // Of many who use one link at the same time, one comes in.
    const open = await invite()
    const answers = await Promise.all([1, 2, 3].map((n) => join(browserAt(address), open['token'], `many${n}@example.com`)))
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 410, 410])
    const listed = (await ada.call('GET', '/api/v1/invitations?limit=200')).text
    for (const { token } of [bound, revoked, late, open]) assert.ok(!listed.includes(String(token)))
  })

  test('who have an account are not replaced by somebody who is invited under their address', async () => {
    const { token } = (await ada.call('POST', '/api/v1/invitations', { role: 'viewer' })).json()
    const answer = await browserAt(address).call('POST', '/invitations/accept', {
      token,
      name: 'X',
      email: 'ADA@example.com',
      password: 'another password',
    })
    assert.deepEqual(codeOf(answer), [409, 'already_exists'])
    assert.equal(
      (await browserAt(address).call('POST', '/auth/sign-in/email', { email: 'ada@example.com', password: 'another password' })).status,
      401,
    )
  })

  test('do with members, invitations and sessions what their role allows, and nothing beyond it', async () => {
    const allowed: Record<string, readonly string[]> = {
      owner: ['owner', 'admin', 'member', 'viewer'],
      admin: ['admin', 'member', 'viewer'],
      member: [],
      viewer: [],
    }
    for (const actor of roles) {
      const browser = by[actor]!
      for (const role of roles) {
        const isAllowed = allowed[actor]!.includes(role)
        const made = await browser.call('POST', '/api/v1/invitations', { role })
        assert.equal(made.status, isAllowed ? 201 : 403, `${actor} invites ${role}`)
        const target = await invited(ada, address, { name: `target-${actor}-${role}`, role })
        const id = await idOf(target)
        const ended = await browser.call('DELETE', `/api/v1/members/${id}/sessions`)
        assert.equal(ended.status, isAllowed ? 200 : 403, `${actor} ends sessions of ${role}`)
        for (const next of roles.filter((other) => other !== role)) {
          const changed = await browser.call('PATCH', `/api/v1/members/${id}`, { role: next })
          const mayChange = isAllowed && allowed[actor]!.includes(next)
          assert.equal(changed.status, mayChange ? 200 : 403, `${actor} makes ${role} ${next}: ${changed.text}`)
          if (mayChange) assert.equal((await ada.call('PATCH', `/api/v1/members/${id}`, { role })).status, 200)
        }
        const removed = await browser.call('DELETE', `/api/v1/members/${id}`)
        assert.equal(removed.status, isAllowed ? 200 : 403, `${actor} removes ${role}`)
      }
      assert.deepEqual(codeOf(await browser.call('POST', '/api/v1/invitations', { role: 'owner', hub_admin: true })), [
        403,
        'scope_missing',
      ])
      const own = await idOf(browser)
      assert.equal((await browser.call('PATCH', `/api/v1/members/${own}`, { hub_admin: true })).status, 403)
      if (actor !== 'owner') assert.equal((await browser.call('PATCH', `/api/v1/members/${own}`, { role: 'owner' })).status, 403)
      assert.equal((await browser.call('GET', '/api/v1/members')).status, 200)
      assert.equal((await browser.call('GET', '/api/v1/sessions')).status, 200)
      assert.equal(
        (await browser.call('POST', '/api/v1/credentials', { name: 'x', data: { token: 'y' } })).status,
        actor === 'owner' || actor === 'admin' ? (actor === 'owner' ? 201 : 409) : 403,
      )
    }
  })

  test('who are members only make, see and revoke their own tokens, with no more than their role', async () => {
    const member = by['member']!
    const mine = (await member.call('POST', '/api/v1/tokens', { name: 'mine', scopes: ['tools:read', 'tools:call'] })).json()
    assert.equal(mine['user_id'], await idOf(member))
    assert.deepEqual(codeOf(await member.call('POST', '/api/v1/tokens', { name: 'more', scopes: ['credentials:read'] })), [
      403,
      'scope_missing',
    ])
    assert.deepEqual(codeOf(await member.call('POST', '/api/v1/tokens', { name: 's', scopes: ['tools:read'], service: true })), [
      403,
      'scope_missing',
    ])
    const listed = (await member.call('GET', '/api/v1/tokens')).json()['items'] as { id: string }[]
    assert.deepEqual(
      listed.map(({ id }) => id),
      [mine['id']],
    )
    const others = (await ada.call('POST', '/api/v1/tokens', { name: 'hers', scopes: ['tools:read'] })).json()
    assert.equal((await member.call('DELETE', `/api/v1/tokens/${String(others['id'])}`)).status, 403)
    assert.equal((await member.call('DELETE', `/api/v1/tokens/${String(mine['id'])}`)).status, 200)
    assert.equal((await by['viewer']!.call('POST', '/api/v1/tokens', { name: 'v', scopes: ['tools:read'] })).status, 403)
  })

  test('enter only workspaces of which they are members, with the role they have there', async () => {
    assert.equal((await ada.call('POST', '/api/v1/workspaces', { name: 'other' })).status, 201)
    const there = (browser: Browser) => browser.with({ headers: { 'hub-workspace': 'other' } })
    const admin = by['admin']!
    assert.deepEqual(codeOf(await there(admin).call('GET', '/api/v1/tokens')), [403, 'scope_missing'])
    assert.deepEqual(codeOf(await admin.with({ headers: { 'hub-workspace': 'nowhere' } }).call('GET', '/api/v1/tokens')), [
      403,
      'scope_missing',
    ])
    const { token } = (await there(ada).call('POST', '/api/v1/invitations', { role: 'viewer' })).json()
    assert.equal((await admin.call('POST', '/invitations/accept', { token })).status, 200)
    assert.equal((await there(admin).call('GET', '/api/v1/flows')).status, 200)
    assert.deepEqual(codeOf(await there(admin).call('GET', '/api/v1/tokens')), [403, 'scope_missing'])
    assert.equal((await admin.call('GET', '/api/v1/tokens')).status, 200)
    // Sessions reach every workspace of the person, and whoever ends those of others needs rights in all of them.
    const endOf = async (browser: Browser, person: Browser) => browser.call('DELETE', `/api/v1/members/${await idOf(person)}/sessions`)
    const everywhere = await invited(ada, address, { name: 'everywhere', role: 'member' })
    const everywhereId = await idOf(everywhere)
    const second = (await there(ada).call('POST', '/api/v1/invitations', { role: 'viewer' })).json()['token']
    assert.equal((await everywhere.call('POST', '/invitations/accept', { token: second })).status, 200)
    for (const browser of [admin, by['owner']!]) {
      assert.deepEqual(codeOf(await endOf(browser, everywhere)), [403, 'scope_missing'])
      assert.deepEqual(codeOf(await endOf(browser, ada)), [403, 'scope_missing'])
    }
    assert.equal((await endOf(ada, everywhere)).status, 200)
    assert.equal((await everywhere.call('GET', '/api/v1/users/me')).status, 401)
    assert.equal((await there(ada).call('DELETE', `/api/v1/members/${everywhereId}`)).status, 200)
    const me = (await there(admin).call('GET', '/api/v1/users/me')).json()
    assert.deepEqual([me['workspace'], me['role']], ['other', 'viewer'])
    const seen = (await there(admin).call('GET', '/api/v1/members')).json()['items'] as { email: string }[]
    assert.deepEqual(
      seen.map(({ email }) => email),
      ['admin-person@example.com'],
    )
  })

  test('who guess are slowed down after ten failures, and so is who guesses links', async () => {
    const guess = (n: number) =>
      hub
        .with({ token: null, from: '203.0.113.9', headers: { origin: 'http://localhost:80', host: 'localhost:80' } })
        .call('POST', '/auth/sign-in/email', { email: 'ada@example.com', password: `wrong password ${n}` })
    for (let n = 0; n < 10; n++) assert.equal((await guess(n)).statusCode, 401)
    const held = await guess(10)
    assert.equal(held.statusCode, 429)
    assert.ok(Number(held.headers['retry-after']) >= 1)
    const link = (n: number) => hub.with({ token: null, from: '203.0.113.10' }).call('GET', `/setup?token=guess${n}`)
    for (let n = 0; n < 10; n++) assert.equal((await link(n)).statusCode, 410)
    assert.equal((await link(10)).statusCode, 429)
  })

  test('have names of one line, and nothing else of their account is changed under /auth', async () => {
    const member = by['member']!
    assert.equal((await member.call('POST', '/auth/update-user', { name: 'New name' })).status, 200)
    assert.equal((await member.call('GET', '/api/v1/users/me')).json()['name'], 'New name')
    for (const body of [
      { name: 'two\nlines' },
      { name: 'x'.repeat(101) },
      { name: 'y', image: 'https://evil.example/i.png' },
      { email: 'x@y.z' },
      [],
    ])
      assert.equal((await member.call('POST', '/auth/update-user', body)).status, 400, JSON.stringify(body))
  })

  test('leave no expired sessions behind', async () => {
    const { db, people } = hub.hub
    const email = 'viewer-person@example.com'
    assert.equal((await browserAt(address).call('POST', '/auth/sign-in/email', { email, password: testPassword })).status, 200)
    const sessions = `auth.session where "userId" = (select id from auth."user" where email = '${email}')`
    const count = async () => Number((await db.pool.query<{ count: string }>(`select count(*) as count from ${sessions}`)).rows[0]!.count)
    const before = await count()
    await db.pool.query(`update auth.session set "expiresAt" = now() - interval '2 days' where id = (select max(id) from ${sessions})`)
    for (const { drop } of people.retention) assert.equal(await drop(100), 1)
    assert.equal(await count(), before - 1)
  })

  test('leave a workspace, except its last owner', async () => {
    const there = ada.with({ headers: { 'hub-workspace': 'other' } })
    const { token } = (await there.call('POST', '/api/v1/invitations', { role: 'owner' })).json()
    const joined = browserAt(address)
    assert.equal((await join(joined, token, 'alone@example.com')).status, 200)
    const id = await idOf(joined)
    assert.deepEqual(codeOf(await joined.call('DELETE', `/api/v1/members/${id}`)), [409, 'last_owner'])
    assert.deepEqual(codeOf(await joined.call('PATCH', `/api/v1/members/${id}`, { role: 'admin' })), [409, 'last_owner'])
    const viewer = await invited(ada, address, { name: 'leaving', role: 'viewer' })
    assert.equal((await viewer.call('DELETE', `/api/v1/members/${await idOf(viewer)}`)).status, 200)
    const me = (await viewer.call('GET', '/api/v1/users/me')).json()
    assert.deepEqual([me['workspaces'], me['workspace'], me['scopes'], me['role']], [[], null, [], null])
    for (const path of ['/api/v1/members', '/api/v1/tools', '/api/v1/sessions', '/api/v1/workspaces'])
      assert.deepEqual(codeOf(await viewer.call('GET', path)), [403, 'scope_missing'], path)
    const device = await viewer.call('GET', '/device?code=ABCD-EFGH')
    assert.deepEqual([device.status, /not a member of any workspace/.test(device.text)], [403, true])
    assert.match((await viewer.call('GET', '/account')).text, /hub user invite leaving@example\.com/)
  })
})

test('behind HUB_PUBLIC_URL with https, cookies are Secure and only that origin counts', async () => {
  await using hub = await testHub({ HUB_PUBLIC_URL: 'https://hub.example.com' })
  const joining = { token: setupToken(hub), name: 'Ada', email: 'ada@example.com', password: testPassword }
  const from = (origin: string, more: Record<string, string> = {}) => hub.with({ token: null, headers: { origin, ...more } })
  for (const origin of ['http://hub.example.com', 'https://evil.example', 'http://localhost', 'https://hub.example.com.evil.example'])
    assert.equal((await from(origin).call('POST', '/invitations/accept', joining)).statusCode, 403, origin)
  const joined = await from('https://hub.example.com').call('POST', '/invitations/accept', joining)
  assert.equal(joined.statusCode, 200, joined.payload)
  const cookie = [joined.headers['set-cookie'] ?? []].flat()[0]!
  assert.match(cookie, /^__Secure-hub\.session_token=/)
  for (const attribute of [/; Secure/i, /; HttpOnly/i, /; SameSite=Lax/i, /; Path=\//i]) assert.match(cookie, attribute)
  const signedIn = { cookie: cookie.split(';')[0]! }
  assert.equal((await from('https://hub.example.com', signedIn).call('POST', '/api/v1/workspaces', { name: 'more' })).statusCode, 201)
  assert.equal((await from('http://hub.example.com', signedIn).call('POST', '/api/v1/workspaces', { name: 'less' })).statusCode, 403)
  // Another host of the same domain can set the name without the prefix.
  const planted = { cookie: signedIn.cookie.replace('__Secure-', '') }
  assert.equal((await from('https://hub.example.com', planted).call('GET', '/api/v1/users/me')).statusCode, 401)
  // A token does not need the origin, and counts before the cookie.
  const withToken = hub.with({ headers: { ...signedIn, origin: 'https://evil.example' } })
  assert.equal((await withToken.call('GET', '/api/v1/users/me')).json().kind, 'token')
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  browserAt,
  firstPerson,
  identityProvider,
  idOf,
  invited,
  testHub,
  testPassword,
  totp,
  type Browser,
  type IdentityProvider,
  type TestHub,
} from '#test'

suite('single sign-on', () => {
  let provider: IdentityProvider
  let hub: TestHub
  let address: string
  let ada: Browser

  before(async () => {
    provider = await identityProvider()
    hub = await testHub({ ...provider.environment })
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(async () => {
    await hub[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
  })

  const invite = (email: string, role = 'member') => ada.call('POST', '/api/v1/invitations', { email, role })

  test('lets in who was invited under the verified address, and the same person again', async () => {
    assert.equal((await invite('grace@example.com')).status, 201)
    const grace = { sub: 'g-1', email: 'grace@example.com', email_verified: true, name: 'Grace' }
    const browser = browserAt(address)
    assert.equal(await provider.signIn(browser, address, grace), '/account')
    const me = (await browser.call('GET', '/api/v1/users/me')).json()
    assert.deepEqual([me['email'], me['role']], ['grace@example.com', 'member'])
    const again = browserAt(address)
    assert.equal(await provider.signIn(again, address, grace), '/account')
    assert.equal(await idOf(again), me['id'])
    assert.ok((await browserAt(address).call('GET', '/sign-in')).text.includes('Sign in with Example Login'))
  })

  test('lets in who could not be stored completely the first time, at their next sign-in', async () => {
    const { pool } = hub.hub.db
    const identity = (n: number) => ({ sub: `half-${n}`, email: `half-${n}@example.com`, email_verified: true, name: 'Half' })
    await pool.query(`create function hub.fail() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$`)
    for (const [n, table] of ['auth.account', 'hub.people', 'hub.members'].entries()) {
      await invite(identity(n).email)
      await pool.query(`create trigger fail before insert on ${table} for each row execute function hub.fail()`)
      const browser = browserAt(address)
      await provider.signIn(browser, address, identity(n)).catch(() => undefined)
      assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 401, table)
      await pool.query(`drop trigger fail on ${table}`)
      assert.equal(await provider.signIn(browser, address, identity(n)), '/account', table)
      assert.equal((await browser.call('GET', '/api/v1/users/me')).json()['role'], 'member', table)
    }
    await pool.query('drop function hub.fail()')

    // Who is not invited any more when they come back stays outside.
    const invitation = (await invite(identity(9).email)).json()
    await pool.query(`create function hub.fail() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$`)
    await pool.query(`create trigger fail before insert on hub.people for each row execute function hub.fail()`)
    await provider.signIn(browserAt(address), address, identity(9)).catch(() => undefined)
    await pool.query('drop function hub.fail() cascade')
    assert.equal((await ada.call('DELETE', `/api/v1/invitations/${String(invitation['id'])}`)).status, 200)
    const late = browserAt(address)
    assert.match(await provider.signIn(late, address, identity(9)), /^\/sign-in\?error=/)
    assert.equal((await late.call('GET', '/api/v1/users/me')).status, 401)
  })

  test('refuses who was not invited, and says so in words', async () => {
    const browser = browserAt(address)
    const arrived = await provider.signIn(browser, address, { sub: 's-1', email: 'stranger@example.com', email_verified: true, name: 'S' })
    assert.match(arrived, /^\/sign-in\?error=invitation_needed/)
    assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 401)
    assert.ok((await browser.call('GET', arrived)).text.includes('Nobody has invited this e-mail address'))
    const { rows } = await hub.hub.db.pool.query(`select 1 from auth."user" where email = 'stranger@example.com'`)
    assert.equal(rows.length, 0)
  })

  test('does not use an invitation for an address that the provider did not verify', async () => {
    await invite('unverified@example.com')
    for (const verified of [{ email_verified: false }, {}]) {
      const browser = browserAt(address)
      const identity = { sub: `u-${Object.keys(verified).length}`, email: 'unverified@example.com', name: 'U', ...verified }
      assert.match(await provider.signIn(browser, address, identity), /^\/sign-in\?error=email_not_verified/)
      assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 401)
    }
  })

  test('never takes over an account that has a password, whether the address is verified or not', async () => {
    const before = await ada.call('GET', '/api/v1/users/me')
    for (const [sub, email_verified] of [
      ['a-1', true],
      ['a-2', false],
    ] as const) {
      const browser = browserAt(address)
      const arrived = await provider.signIn(browser, address, { sub, email: 'ada@example.com', email_verified, name: 'Not Ada' })
      assert.match(arrived, /^\/sign-in\?error=/)
      assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 401)
    }
    const { rows } = await hub.hub.db.pool.query(
      `select "providerId" from auth.account a join auth."user" u on u.id = a."userId" where u.email = 'ada@example.com'`,
    )
    assert.deepEqual(rows, [{ providerId: 'credential' }])
    assert.equal((await ada.call('GET', '/api/v1/users/me')).text, before.text)
  })

  test('keeps people apart whose address at the provider changes to that of somebody else', async () => {
    await invite('first@example.com')
    await invite('second@example.com')
    const [one, two] = [browserAt(address), browserAt(address)]
    await provider.signIn(one, address, { sub: 'p-1', email: 'first@example.com', email_verified: true, name: 'One' })
    await provider.signIn(two, address, { sub: 'p-2', email: 'second@example.com', email_verified: true, name: 'Two' })
    const moved = browserAt(address)
    await provider.signIn(moved, address, { sub: 'p-1', email: 'second@example.com', email_verified: true, name: 'One' })
    assert.equal(await idOf(moved), await idOf(one))
    assert.notEqual(await idOf(moved), await idOf(two))
  })

  test('gives newcomers a role where the operator says so', async () => {
    await using second = await identityProvider()
    await using open = await testHub({ ...second.environment, HUB_OIDC_ROLE: 'viewer' })
    const where = await open.address()
    const browser = browserAt(where)
    assert.equal(
      await second.signIn(browser, where, { sub: 'n-1', email: 'new@example.com', email_verified: true, name: 'New' }),
      '/account',
    )
    const me = (await browser.call('GET', '/api/v1/users/me')).json()
    assert.deepEqual([me['role'], me['hub_admin'], me['workspace']], ['viewer', false, 'default'])
  })
})

suite('a second factor', () => {
  let hub: TestHub
  let address: string
  let member: Browser
  let key: string
  let backupCodes: string[]

  before(async () => {
    hub = await testHub()
    address = await hub.address()
    member = await invited(await firstPerson(hub), address, { name: 'Twice', role: 'member' })
    const enabled = await member.call('POST', '/auth/two-factor/enable', { password: testPassword })
    assert.equal(enabled.status, 200, enabled.text)
    key = new URL(String(enabled.json()['totpURI'])).searchParams.get('secret')!
    backupCodes = enabled.json()['backupCodes'] as string[]
    assert.equal((await member.call('POST', '/auth/two-factor/verify-totp', { code: totp(key) })).status, 200)
  })
  after(() => hub[Symbol.asyncDispose]())

  const withPassword = async (): Promise<Browser> => {
    const browser = browserAt(address)
    const answer = await browser.call('POST', '/auth/sign-in/email', { email: 'twice@example.com', password: testPassword })
    assert.equal(answer.json()['twoFactorRedirect'], true, answer.text)
    return browser
  }

  test('is asked for after the password, which alone gives no session', async () => {
    const browser = await withPassword()
    assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 401)
    assert.equal((await browser.call('POST', '/auth/two-factor/verify-totp', { code: '000000' })).status, 401)
    const right = await browser.call('POST', '/auth/two-factor/verify-totp', { code: totp(key) })
    assert.equal(right.status, 200, right.text)
    assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 200)
    assert.ok((await browser.call('GET', '/account')).text.includes('A second factor is on'))
  })

  test('may be a backup code, once', async () => {
    const browser = await withPassword()
    assert.equal((await browser.call('POST', '/auth/two-factor/verify-backup-code', { code: backupCodes[0] })).status, 200)
    assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 200)
    const again = await withPassword()
    assert.equal((await again.call('POST', '/auth/two-factor/verify-backup-code', { code: backupCodes[0] })).status, 401)
  })

  test('is turned off only with the password', async () => {
    assert.ok((await member.call('POST', '/auth/two-factor/disable', { password: 'not the password' })).status >= 400)
    await withPassword()
  })

  test('survives the rotation of the keys, and so does a sign-in session', async () => {
    await using own = await testHub({ HUB_SECRET_KEYS: '', DATABASE_URL: '' })
    const ada = await firstPerson(own)
    const before = (await ada.call('POST', '/auth/two-factor/enable', { password: testPassword })).json()
    const operator = await own.hub.access.operator('tester')
    const { resealed, failed } = await own.hub.credentials.keys.rotate(operator, { addKey: true })
    assert.ok(resealed > 0)
    assert.deepEqual(failed, [])
    assert.equal((await ada.call('GET', '/api/v1/users/me')).status, 200)
    const code = totp(new URL(String(before['totpURI'])).searchParams.get('secret')!)
    assert.equal((await ada.call('POST', '/auth/two-factor/verify-totp', { code })).status, 200)
  })
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  browserAt,
  firstPerson,
  identityProvider,
  idOf,
  testHub,
  testPassword,
  type Browser,
  type IdentityProvider,
  type TestHub,
} from '#test'

suite('single sign-on for an account with a password', () => {
  let provider: IdentityProvider
  let hub: TestHub
  let address: string
  let ada: Browser
  const own = { sub: 'ada-1', email: 'ada@example.com', email_verified: true, name: 'Ada' }

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

  const accounts = async (): Promise<string[]> => {
    const { rows } = await hub.hub.db.pool.query<{ way: string }>(
      `select a."providerId" || ' ' || a."accountId" as way from auth.account a join auth."user" u on u.id = a."userId"
        where u.email = 'ada@example.com' and a."providerId" <> 'credential'`,
    )
    return rows.map(({ way }) => way)
  }

  /** Adds an identity, as the page does. Returns where the browser arrives. */
  const add = async (identity: Parameters<IdentityProvider['be']>[0], browser = ada): Promise<string> => {
    provider.be(identity, address)
    const started = await ada.call('POST', '/auth/link-social', { password: testPassword })
    assert.equal(started.status, 200, started.text)
    return provider.follow(browser, String(started.json()['url']))
  }

  test('is not added without the password, nor with an identity that the caller brings along', async () => {
    for (const body of [
      {},
      { password: 'not the password' },
      { provider: 'sso', callbackURL: '/account' },
      { password: ['x'] },
      { provider: 'sso', idToken: { token: 'made.up.token' } },
    ]) {
      const answer = await ada.call('POST', '/auth/link-social', body)
      assert.deepEqual([answer.status, answer.json()['code']], [400, 'INVALID_PASSWORD'], JSON.stringify(body))
    }
    assert.equal((await browserAt(address).call('POST', '/auth/link-social', { password: testPassword })).status, 401)
    provider.be(own, address)
    const started = await ada.call('POST', '/auth/link-social', {
      password: testPassword,
      provider: 'sso',
      idToken: { token: 'made.up.token' },
      callbackURL: 'https://evil.example/',
    })
    assert.equal(started.status, 200, started.text)
    // In another browser than the one that began.
    assert.match(await provider.follow(browserAt(address), String(started.json()['url'])), /^\/account\?error=/)
    assert.deepEqual(await accounts(), [])
  })

  test('is not added with another address, one that is not verified, or an identity of somebody else', async () => {
    assert.match(await add({ ...own, email: 'other@example.com' }), /^\/account\?error=email_does_not_match/)
    assert.match(await add({ ...own, email_verified: false }), /^\/account\?error=(email_not_verified|unable_to_link_account)/)
    assert.equal((await ada.call('POST', '/api/v1/invitations', { email: 'grace@example.com', role: 'viewer' })).status, 201)
    const grace = browserAt(address)
    const hers = { sub: 'grace-1', email: 'grace@example.com', email_verified: true, name: 'Grace' }
    assert.equal(await provider.signIn(grace, address, hers), '/account')
    const taken = await add({ ...hers, email: 'ada@example.com' })
    assert.match(taken, /^\/account\?error=account_already_linked_to_different_user/)
    assert.match((await ada.call('GET', taken)).text, /belongs to the account of somebody else/)
    assert.deepEqual(await accounts(), [])
    assert.notEqual(await idOf(grace), await idOf(ada))
  })

  test('is added with the password, signs in to the same account, and is removed with the password', async () => {
    assert.equal(await add(own), '/account')
    assert.deepEqual(await accounts(), ['sso ada-1'])
    const browser = browserAt(address)
    assert.equal(await provider.signIn(browser, address, own), '/account')
    assert.equal(await idOf(browser), await idOf(ada))
    // Another identity with the address of the account is still a stranger.
    const other = browserAt(address)
    assert.match(await provider.signIn(other, address, { ...own, sub: 'not-ada' }), /^\/sign-in\?error=account_not_linked/)

    for (const body of [{}, { password: 'not the password' }])
      assert.equal((await ada.call('POST', '/auth/unlink-account', body)).status, 400)
    assert.deepEqual(await accounts(), ['sso ada-1'])
    assert.equal((await ada.call('POST', '/auth/unlink-account', { password: testPassword })).status, 200)
    assert.deepEqual(await accounts(), [])
    assert.match(await provider.signIn(browserAt(address), address, own), /^\/sign-in\?error=account_not_linked/)
    assert.equal((await browserAt(address).call('POST', '/auth/sign-in/email', { email: own.email, password: testPassword })).status, 200)
    const { items } = (await hub.call('GET', '/api/v1/audit')).json<{ items: { action: string }[] }>()
    const written = items.map(({ action }) => action).filter((action) => action.startsWith('single_sign_on'))
    assert.deepEqual(written, ['single_sign_on.unlinked', 'single_sign_on.linked'])
  })
})

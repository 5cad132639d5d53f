import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, firstPerson, idOf, invited, testHub, testPassword, totp, type Browser, type TestHub } from '#test'

interface Entry {
  readonly action: string
  readonly actor: string
  readonly subject: string
  readonly detail: Record<string, unknown>
}

suite('the audit log of each workspace of a person', () => {
  let hub: TestHub
  let address: string
  let ada: Browser
  let member: Browser
  let id: string
  const newPassword = 'a different long password'

  const entries = async (workspace: string): Promise<Entry[]> => {
    const { items } = (await hub.with({ headers: { 'hub-workspace': workspace } }).call('GET', '/api/v1/audit?limit=200')).json<{
      items: Entry[]
    }>()
    return items.filter(({ actor }) => actor === `user:${id}`).toReversed()
  }

  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
    member = await invited(ada, address, { name: 'Grace', role: 'member' })
    id = await idOf(member)
    assert.equal((await ada.call('POST', '/api/v1/workspaces', { name: 'other' })).status, 201)
    const { token } = (
      await ada.with({ headers: { 'hub-workspace': 'other' } }).call('POST', '/api/v1/invitations', { role: 'viewer' })
    ).json()
    assert.equal((await member.call('POST', '/invitations/accept', { token })).status, 200)
  })
  after(() => hub[Symbol.asyncDispose]())

  test('says how and from where they signed in, what failed after the password, and what they changed, without a secret', async () => {
    const seen = (await entries('other')).length
    const before = (await entries('default')).length
    const enabled = (await member.call('POST', '/auth/two-factor/enable', { password: testPassword })).json()
    const key = new URL(String(enabled['totpURI'])).searchParams.get('secret')!
    const backupCodes = enabled['backupCodes'] as string[]
    assert.equal((await member.call('POST', '/auth/two-factor/verify-totp', { code: totp(key) })).status, 200)
    const change = { currentPassword: testPassword, newPassword }
    assert.equal((await member.call('POST', '/auth/change-password', change)).status, 200)
    assert.equal((await member.call('POST', '/auth/sign-out', {})).status, 200)

    const browser = browserAt(address)
    await browser.call('POST', '/auth/sign-in/email', { email: 'grace@example.com', password: 'wrong password' })
    await browser.call('POST', '/auth/sign-in/email', { email: 'grace@example.com', password: newPassword })
    assert.equal((await browser.call('POST', '/auth/two-factor/verify-totp', { code: '000000' })).status, 401)
    assert.equal((await browser.call('POST', '/auth/two-factor/verify-backup-code', { code: 'wrong-wrong' })).status, 401)
    assert.equal((await browser.call('POST', '/auth/two-factor/verify-totp', { code: totp(key) })).status, 200)
    assert.equal((await browser.call('POST', '/auth/two-factor/generate-backup-codes', { password: newPassword })).status, 200)
    assert.equal((await browser.call('POST', '/auth/two-factor/disable', { password: newPassword })).status, 200)

    const elsewhere = browserAt(address)
    assert.equal((await elsewhere.call('POST', '/auth/sign-in/email', { email: 'grace@example.com', password: newPassword })).status, 200)
    const sessions = (await elsewhere.call('GET', '/api/v1/sessions')).json()['items'] as { id: string; current: boolean }[]
    const other = sessions.find(({ current }) => !current)!
    assert.equal((await elsewhere.call('DELETE', `/api/v1/sessions/${other.id}`)).status, 204)
    assert.equal((await ada.call('DELETE', `/api/v1/members/${id}/sessions`)).status, 200)

    const expected = [
      'two_factor.enabled',
      'password.changed',
      'session.ended',
      'two_factor.failed code',
      'two_factor.failed backup code',
      'session.started code',
      'two_factor.codes_made',
      'two_factor.disabled',
      'session.started password',
      'session.ended',
    ]
    for (const [workspace, from] of [
      ['other', seen],
      ['default', before],
    ] as const) {
      const written = (await entries(workspace)).slice(from)
      assert.deepEqual(
        written.map(({ action, detail }) => [action, detail['way']].filter(Boolean).join(' ')),
        expected,
        workspace,
      )
      for (const { action, detail } of written) {
        if (action !== 'session.ended') assert.equal(detail['address'], '127.0.0.1', action)
      }
      const all = JSON.stringify(written)
      for (const secret of [testPassword, newPassword, key, ...backupCodes, '000000']) assert.ok(!all.includes(secret), secret)
    }
    const { items } = (await hub.with({ headers: { 'hub-workspace': 'other' } }).call('GET', '/api/v1/audit')).json<{ items: Entry[] }>()
    assert.deepEqual([items[0]!.action, items[0]!.subject], ['sessions.ended', id])
    assert.deepEqual((await hub.hub.access.audit.verify()).breaks, [])
  })
})

test('many addresses that guess the password of one account are slowed down, and the address of its owner is not', async () => {
  await using hub = await testHub()
  const ada = await firstPerson(hub)
  const address = await hub.address()
  const owner = browserAt(address)
  const signIn = { email: 'ada@example.com', password: testPassword }
  assert.equal((await owner.call('POST', '/auth/sign-in/email', signIn)).status, 200)
  assert.equal((await owner.call('POST', '/auth/sign-out', {})).status, 200)
  const origin = new URL(address).origin
  const { host } = new URL(address)
  const from = (ip: string) => hub.with({ token: null, from: ip, headers: { origin, host } })
  const guess = async (ip: string, body = { ...signIn, password: 'a wrong password' }) =>
    (await from(ip).call('POST', '/auth/sign-in/email', body)).statusCode

  for (let n = 1; n <= 10; n++) assert.equal(await guess(`203.0.113.${n}`), 401, String(n))
  // Another way to write the address of the account is the same account.
  assert.equal(await guess('203.0.113.99', { ...signIn, email: 'Ada@Example.com' }), 429)
  assert.equal(await guess('203.0.113.99', { ...signIn, email: 'grace@example.com' }), 401)
  const again = browserAt(address)
  assert.equal((await again.call('POST', '/auth/sign-in/email', signIn)).status, 200)
  assert.equal((await ada.call('GET', '/api/v1/users/me')).status, 200)
})

test('who has the cookie of somebody guesses their password no more than ten times a minute, however many addresses they have', async () => {
  await using hub = await testHub()
  const ada = await firstPerson(hub)
  const { origin, host } = new URL(await hub.address())
  const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const asks = ['two-factor/enable', 'two-factor/disable', 'two-factor/generate-backup-codes', 'change-password', 'unlink-account']
  const guess = async (path: string, from: string) => {
    const body = { password: 'a wrong password', currentPassword: 'a wrong password', newPassword: 'a new password' }
    return (await hub.with({ token: null, from, headers: { origin, host, cookie } }).call('POST', `/auth/${path}`, body)).statusCode
  }
  for (let n = 1; n <= 10; n++) assert.equal(await guess('two-factor/enable', `203.0.113.${n}`), 400, String(n))
  for (const path of asks) assert.equal(await guess(path, '203.0.113.99'), 429, path)
  // At the address of the owner, whom others do not lock out, the address alone counts.
  for (let n = 1; n <= 10; n++) assert.equal(await guess('two-factor/generate-backup-codes', '127.0.0.1'), 400, String(n))
  assert.equal(await guess('two-factor/generate-backup-codes', '127.0.0.1'), 429)
})

test('an administrator of the hub who is a member nowhere is in the audit log of the first workspace', async () => {
  await using hub = await testHub()
  const ada = await firstPerson(hub)
  const address = await hub.address()
  const { token } = (await ada.call('POST', '/api/v1/invitations', { role: 'owner', hub_admin: true })).json()
  const grace = browserAt(address)
  const account = { email: 'grace@example.com', password: testPassword }
  assert.equal((await grace.call('POST', '/invitations/accept', { token, name: 'Grace', ...account })).status, 200)
  const id = await idOf(grace)
  assert.equal((await ada.call('DELETE', `/api/v1/members/${id}`)).status, 200)
  assert.equal((await browserAt(address).call('POST', '/auth/sign-in/email', account)).status, 200)
  const [last] = (await hub.call('GET', '/api/v1/audit')).json<{ items: Entry[] }>().items
  assert.deepEqual([last!.actor, last!.action], [`user:${id}`, 'session.started'])
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, firstPerson, idOf, invited, testHub, testPassword, type Browser, type TestHub } from '#test'

suite('invitations', () => {
  let hub: TestHub
  let address: string
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  const use = async (token: unknown, email: string) => {
    const answer = await browserAt(address).call('POST', '/invitations/accept', { token, name: 'X', email, password: testPassword })
    return [answer.status, answer.json()['code']]
  }
  const refused = [410, 'link_invalid']

  test('stop working when whoever made them loses the rights to do so, also with a token of theirs', async () => {
    const bob = await invited(ada, address, { name: 'Bob', role: 'admin' })
    const make = (name: string) => bob.call('POST', '/api/v1/tokens', { name, scopes: ['admin'] })
    const own = (await make('own')).json()
    const withToken = async (token: unknown, role: string) =>
      (await hub.with({ token: String(token) }).call('POST', '/api/v1/invitations', { role })).json<{ token: string }>().token
    const [usable, late, member] = [
      await withToken(own['token'], 'admin'),
      await withToken(own['token'], 'admin'),
      await withToken(own['token'], 'member'),
    ]
    const revoked = (await make('revoked')).json()
    const ofRevoked = await withToken(revoked['token'], 'viewer')
    assert.deepEqual(await use(usable, 'usable@example.com'), [200, undefined])

    await bob.call('DELETE', `/api/v1/tokens/${String(revoked['id'])}`)
    assert.deepEqual(await use(ofRevoked, 'a@example.com'), refused)
    const path = `/api/v1/members/${await idOf(bob)}`
    assert.equal((await ada.call('PATCH', path, { role: 'member' })).status, 200)
    for (const token of [late, member]) assert.deepEqual(await use(token, 'b@example.com'), refused)
    assert.equal((await browserAt(address).call('GET', `/invitations/accept?token=${late}`)).status, 410)
    assert.equal((await ada.call('DELETE', path)).status, 200)
    for (const token of [late, member]) assert.deepEqual(await use(token, 'c@example.com'), refused)
  })

  test('give nobody back the rights of an administrator of the hub that they lost', async () => {
    const eve = await invited(ada, address, { name: 'Eve', role: 'owner' })
    const path = `/api/v1/members/${await idOf(eve)}`
    assert.equal((await ada.call('PATCH', path, { hub_admin: true })).status, 200)
    const link = async () => (await eve.call('POST', '/api/v1/invitations', { role: 'owner', hub_admin: true })).json()['token']
    const [first, second] = [await link(), await link()]
    assert.deepEqual(await use(first, 'another@example.com'), [200, undefined])
    assert.equal((await ada.call('PATCH', path, { hub_admin: false })).status, 200)
    const answer = await eve.call('POST', '/invitations/accept', { token: second })
    assert.deepEqual([answer.status, answer.json()['code']], refused)
    assert.equal((await eve.call('GET', '/api/v1/users/me')).json()['hub_admin'], false)
  })

  test('raise the role of a member, and are not spent on somebody who has as much already', async () => {
    const grace = await invited(ada, address, { name: 'Grace', role: 'viewer' })
    const invite = async (role: string) => (await ada.call('POST', '/api/v1/invitations', { role })).json()['token']
    const accept = async (token: unknown) => {
      const answer = await grace.call('POST', '/invitations/accept', { token })
      return [answer.status, answer.json()['code']]
    }
    const role = async () => (await grace.call('GET', '/api/v1/users/me')).json()['role']
    assert.deepEqual(await accept(await invite('admin')), [200, undefined])
    assert.equal(await role(), 'admin')
    const { items } = (await hub.call('GET', '/api/v1/audit')).json<{ items: { action: string; detail: Record<string, unknown> }[] }>()
    assert.equal(items[0]!.action, 'member.changed')
    assert.deepEqual([items[0]!.detail['before'], items[0]!.detail['role']], ['viewer', 'admin'])
    for (const lower of ['admin', 'member']) {
      const token = await invite(lower)
      assert.deepEqual(await accept(token), [409, 'already_exists'], lower)
      assert.equal(await role(), 'admin')
      assert.deepEqual(await use(token, `in-place-${lower}@example.com`), [200, undefined])
    }
  })

  test('have links at the address under which the hub was asked for them', async () => {
    const { link } = (await ada.call('POST', '/api/v1/invitations', {})).json()
    assert.equal(new URL(String(link)).origin, new URL(address).origin)
    assert.equal((await browserAt(address).call('GET', String(link))).status, 200)
    await using named = await testHub({ HUB_PUBLIC_URL: 'https://hub.example.com/' })
    const made = (await named.call('POST', '/api/v1/invitations', {})).json<{ link: string }>()
    assert.match(made.link, /^https:\/\/hub\.example\.com\/invitations\/accept\?token=/)
  })
})

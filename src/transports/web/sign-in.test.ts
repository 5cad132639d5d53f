import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, firstPerson, setupToken, testHub, testPassword, type Browser, type TestHub } from '#test'
import { safeNext } from './next.ts'

suite('the first person', () => {
  let hub: TestHub
  let ada: Browser
  before(async () => {
    hub = await testHub()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  test('is the owner of the workspace and an administrator of the hub', async () => {
    const me = (await ada.call('GET', '/api/v1/users/me')).json()
    assert.match(String(me['id']), /^usr_/)
    assert.deepEqual(
      [me['kind'], me['email'], me['role'], me['hub_admin'], me['workspace']],
      ['user', 'ada@example.com', 'owner', true, 'default'],
    )
    assert.deepEqual(me['scopes'], ['admin', 'hub:admin'])
    assert.equal((await ada.call('GET', '/api/v1/workspaces')).status, 200)
  })

  test('comes in by a link that works once', async () => {
    const stranger = browserAt(await hub.address())
    const again = { token: setupToken(hub), name: 'Eve', email: 'eve@example.com', password: testPassword }
    const answer = await stranger.call('POST', '/invitations/accept', again)
    assert.deepEqual([answer.status, answer.json()['code']], [410, 'link_invalid'])
    assert.equal(stranger.cookies.size, 0)
    assert.equal((await stranger.call('GET', `/setup?token=${setupToken(hub)}`)).status, 410)
  })

  test('signs in with the password, out again, and has no session then', async () => {
    const browser = browserAt(await hub.address())
    const wrong = await browser.call('POST', '/auth/sign-in/email', { email: 'ada@example.com', password: 'something else' })
    assert.deepEqual([wrong.status, browser.cookies.size], [401, 0])
    const right = await browser.call('POST', '/auth/sign-in/email', { email: 'ada@example.com', password: testPassword })
    assert.equal(right.status, 200)
    assert.ok(!right.text.includes('token'), right.text)
    const before = new Map(browser.cookies)
    assert.equal((await browser.call('GET', '/api/v1/users/me')).status, 200)
    assert.equal((await browser.call('POST', '/auth/sign-out', {})).status, 200)
    assert.equal(browser.cookies.size, 0)
    for (const [name, value] of before) browser.cookies.set(name, value)
    const after = await browser.call('GET', '/api/v1/users/me')
    assert.deepEqual([after.status, after.json()['code']], [401, 'session_ended'])
  })
})

test('a path of this hub is where a page leads, and nothing else', () => {
  for (const next of ['/', '/account', '/w/default/runs?status=failed#x']) assert.equal(safeNext(next), next)
  const others = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    '',
    undefined,
    ['/a'],
  ]
  for (const next of others) assert.equal(safeNext(next), '/', String(next))
})

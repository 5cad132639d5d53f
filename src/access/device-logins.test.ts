// cspell:ignore BCDFGHJKLMNP
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { fieldsOf, firstPerson, testHub, type Browser, type TestHub } from '#test'

interface Begun {
  readonly device_code: string
  readonly user_code: string
}

suite('a command line that asks to be let in', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  const post = async (path: string, form: Record<string, string>): Promise<{ status: number; json: Record<string, string> }> => {
    const response = await fetch(address + path, { method: 'POST', body: new URLSearchParams({ client_id: 'hub-cli', ...form }) })
    return { status: response.status, json: (await response.json()) as Record<string, string> }
  }
  const begin = async (machine = 'ada@laptop'): Promise<Begun> => (await post('/oauth/device', { machine })).json as unknown as Begun
  const poll = async ({ device_code }: Begun) => {
    const { json } = await post('/oauth/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code })
    return json
  }
  const decide = async (code: string, decision = 'allow', browser: Pick<Browser, 'call' | 'form'> = ada) => {
    const page = await browser.call('GET', `/device?code=${code}`)
    return browser.form('/device', { ...fieldsOf(page.text), code, decision })
  }
  const me = (token: string) => fetch(`${address}/api/v1/users/me`, { headers: { authorization: `Bearer ${token}` } })

  test('gets a token of the person once, with their rights and name', async () => {
    const begun = await begin()
    assert.equal((await poll(begun))['error'], 'authorization_pending')
    assert.equal((await poll(begun))['error'], 'slow_down')
    assert.equal((await decide(begun.user_code)).status, 200)
    const { access_token: token = '' } = await poll(begun)
    assert.match(token, /^ih_/)
    assert.equal((await poll(begun))['error'], 'invalid_grant')
    const person = (await (await me(token)).json()) as Record<string, unknown>
    assert.deepEqual([person['email'], person['role'], person['hub_admin']], ['ada@example.com', 'owner', true])
    const { items } = (await hub.call('GET', '/api/v1/tokens')).json<{ items: { name: string }[] }>()
    assert.ok(items.some(({ name }) => name === 'hub login on ada@laptop'))

    await hub.hub.db.pool.query('delete from hub.members')
    await hub.hub.db.pool.query('update hub.people set hub_admin = false')
    const until = Date.now() + 1000
    while ((await me(token)).status === 200 && Date.now() < until);
    assert.equal((await me(token)).status, 401)
    await hub.hub.db.pool.query(`insert into hub.members select id, (select id from hub.people), 'owner', 'test' from hub.workspaces`)
  })

  test('gets nothing when the person refuses, when nobody decides in time, or when the code is used again', async () => {
    const refused = await begin()
    await decide(refused.user_code, 'refuse')
    assert.equal((await poll(refused))['error'], 'access_denied')
    assert.equal((await decide(refused.user_code)).status, 410)
    assert.equal((await poll(refused))['error'], 'access_denied')

    const late = await begin()
    await hub.hub.db.pool.query(`update hub.device_logins set expires_at = now() - interval '1 second' where status = 'waiting'`)
    assert.equal((await decide(late.user_code)).status, 410)
    assert.equal((await poll(late))['error'], 'expired_token')
    assert.equal((await poll({ ...late, device_code: 'ihd_unknown' }))['error'], 'invalid_grant')
  })

  test('is decided on by nobody but a person on the page of the hub, in a workspace of theirs', async () => {
    const begun = await begin('<b>laptop</b>')
    const page = await ada.call('GET', `/device?code=${begun.user_code}`)
    assert.ok(!page.text.includes('<b>'))
    assert.match(page.headers.get('content-security-policy')!, /frame-ancestors 'none'/)
    const form = { ...fieldsOf(page.text), code: begun.user_code, decision: 'allow' }
    assert.equal((await ada.with({ origin: 'https://evil.example' }).form('/device', form)).status, 403)
    assert.equal((await ada.form('/device', { ...form, workspace: 'ws_other' })).status, 403)
    const stranger = await fetch(`${address}/device?code=${begun.user_code}`, { redirect: 'manual' })
    const next = encodeURIComponent(`/device?code=${begun.user_code}`)
    assert.deepEqual([stranger.status, stranger.headers.get('location')], [303, `/sign-in?next=${next}`])
    assert.equal((await post('/oauth/device', { client_id: 'other' })).status, 401)
    assert.equal((await poll(begun))['error'], 'authorization_pending')
  })

  test('is not found by guessing: after a few codes the address has to wait', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await ada.call('GET', `/device?code=BBBB-BBB${'BCDFGHJKLMNP'[i]}`)).status)
    assert.ok(statuses.includes(410) && statuses.at(-1) === 429, statuses.join(' '))
    assert.equal((await ada.call('GET', `/device?code=${(await begin()).user_code}`)).status, 429)
  })
})

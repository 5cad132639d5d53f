import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, firstPerson, registerApp, testHub, testPassword, type Browser, type TestHub } from '#test'

interface Grant {
  readonly id: string
  readonly app: string
  readonly person: string
}

suite('what people allow apps', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  let bob: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
    const { workspaceId } = await hub.hub.access.operator('tester')
    const request = { workspaceId, role: 'member', email: null, hubAdmin: false, validMs: 60_000, actor: 'operator:tester' } as const
    const { token } = await hub.hub.people.invitations.create(request)
    bob = browserAt(address)
    await bob.call('POST', '/invitations/accept', { token, name: 'Bob', email: 'bob@example.com', password: testPassword })
  })
  after(() => hub[Symbol.asyncDispose]())

  const list = async (browser: Pick<Browser, 'call'>, query = ''): Promise<string[]> => {
    const { items } = (await browser.call('GET', `/api/v1/grants${query}`)).json() as unknown as { items: Grant[] }
    return items.map(({ app, person }) => `${person}: ${app}`).toSorted()
  }
  const idOf = async (app: string): Promise<string> => {
    const { items } = (await hub.call('GET', '/api/v1/grants')).json<{ items: Grant[] }>()
    return items.find((grant) => grant.app === app)!.id
  }

  test('each sees and ends their own; those of others only who may see and change people', async () => {
    for (const [browser, name] of [
      [ada, 'Ada’s'],
      [bob, 'Bob’s first'],
      [bob, 'Bob’s second'],
    ] as const)
      await (await registerApp(address, { client_name: name })).tokens(browser)
    assert.deepEqual(await list(ada), ['Ada: Ada’s'])
    assert.deepEqual(await list(bob), ['Bob: Bob’s first', 'Bob: Bob’s second'])
    const all = ['Ada: Ada’s', 'Bob: Bob’s first', 'Bob: Bob’s second']
    assert.deepEqual(await list(ada, '?whose=workspace'), all)
    // A token that is of no person sees those of the workspace.
    const everybody = (await hub.call('GET', '/api/v1/grants')).json<{ items: Grant[] }>()
    assert.equal(everybody.items.length, 3)

    assert.equal((await bob.call('DELETE', `/api/v1/grants/${await idOf('Ada’s')}`)).status, 403)
    assert.equal((await bob.call('DELETE', `/api/v1/grants/${await idOf('Bob’s first')}`)).status, 200)
    assert.equal((await ada.call('DELETE', `/api/v1/grants/${await idOf('Bob’s second')}`)).status, 200)
    assert.deepEqual(await list(bob), [])
    const unknown = 'grn_0197f3d2-0000-7000-8000-000000000000'
    assert.equal((await ada.call('DELETE', `/api/v1/grants/${unknown}`)).status, 404)
  })

  test('a token for something else sees and ends nothing', async () => {
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'other', scopes: ['tools:call'] })).json<{ token: string }>()
    assert.equal((await hub.with({ token }).call('GET', '/api/v1/grants')).statusCode, 403)
    assert.equal((await hub.with({ token }).call('DELETE', `/api/v1/grants/${await idOf('Ada’s')}`)).statusCode, 403)
    const personal = (await hub.call('POST', '/api/v1/tokens', { name: 'narrow', scopes: ['tools:call'] })).json<{
      token: string
      id: string
    }>()
    await hub.hub.db.pool.query(`update hub.tokens set user_id = (select id from auth."user" where name = 'Ada') where id = $1`, [
      personal.id,
    ])
    hub.hub.access.changed()
    assert.equal((await hub.with({ token: personal.token }).call('GET', '/api/v1/grants')).statusCode, 403)
  })

  test('another workspace sees and ends nothing of it', async () => {
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })).statusCode, 201)
    const there = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    assert.deepEqual((await there.call('GET', '/api/v1/grants')).json<{ items: Grant[] }>().items, [])
    assert.equal((await there.call('DELETE', `/api/v1/grants/${await idOf('Ada’s')}`)).statusCode, 404)
  })

  test('the page of a person shows and ends theirs, and those of nobody else', async () => {
    await (await registerApp(address, { client_name: '<b>Bold</b>' })).tokens(bob)
    const page = await bob.call('GET', '/account/apps')
    assert.ok(page.text.includes('&lt;b&gt;Bold') && !page.text.includes('<b>') && !page.text.includes('Ada’s'))
    const grant = await idOf('Ada’s')
    assert.equal((await bob.form('/account/apps', { grant })).status, 404)
    assert.equal((await ada.with({ origin: 'https://evil.example' }).form('/account/apps', { grant })).status, 403)
    assert.equal((await ada.form('/account/apps', { grant })).status, 303)
    assert.match((await ada.call('GET', '/account/apps')).text, /have not allowed any app/)
  })
})

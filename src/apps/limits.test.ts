import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { fieldsOf, firstPerson, registerApp, testHub, type Browser, type TestApp, type TestHub } from '#test'

const unknown = (prefix: string): string => prefix + randomBytes(32).toString('base64url')

suite('an app beside others that fail, at the same address', () => {
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

  const list = async (token: string): Promise<number> => {
    const response = await fetch(`${address}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    })
    await response.text()
    return response.status
  }

  test('is never refused with what is valid, and what is not valid gets an answer after which it is renewed', async () => {
    const tokens = await app.tokens(ada)
    const code = (await app.decide(ada)).searchParams.get('code')!
    for (let i = 0; i < 60; i++) assert.equal(await list(unknown('iha_')), 401)
    for (let i = 0; i < 45; i++)
      assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token: unknown('ihr_') })).status, 400)
    assert.equal(await list(tokens.access_token), 200)
    assert.equal((await app.exchange(code)).status, 200)
    assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).status, 200)
  })

  test('cannot renew its tokens without end', async () => {
    let { refresh_token } = await app.tokens(ada)
    const statuses: number[] = []
    while (statuses.length < 30 && statuses.at(-1) !== 429) {
      const next = await app.token({ grant_type: 'refresh_token', refresh_token })
      statuses.push(next.status)
      refresh_token = next.refresh_token
    }
    assert.deepEqual([statuses.length, statuses[0], statuses.at(-1)], [21, 200, 429])
    const other = await app.tokens(ada)
    assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token: other.refresh_token })).status, 200)
  })
})

suite('an address that asks without end', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  const post = (path: string, form: Record<string, string>) => fetch(address + path, { method: 'POST', body: new URLSearchParams(form) })
  const until429 = async (ask: () => Promise<{ readonly status: number }>): Promise<number[]> => {
    const statuses: number[] = []
    while (statuses.length < 60 && statuses.at(-1) !== 429) statuses.push((await ask()).status)
    return [...new Set(statuses)]
  }

  test('is held up with links and answers of providers that are not valid', async () => {
    assert.deepEqual(await until429(() => ada.call('GET', `/connect/${unknown('')}`)), [410, 429])
    assert.deepEqual(await until429(() => ada.call('GET', `/oauth/callback?code=x&state=${unknown('')}`)), [429])
  })

  test('is held up when it revokes what is no token, and still ends its own', async () => {
    const app = await registerApp(address)
    const tokens = await app.tokens(ada)
    const { clientId: client_id } = app.client
    assert.deepEqual(await until429(() => post('/oauth/revoke', { token: unknown('iha_'), client_id })), [200, 429])
    assert.equal((await post('/oauth/revoke', { token: tokens.refresh_token, client_id })).status, 200)
    assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).status, 400)
    assert.deepEqual(await until429(() => post('/oauth/revoke', { token: unknown('ih_'), client_id: 'hub-cli' })), [200, 429])
  })

  test('is held up when it polls for no login or too early, and still gets the token of a login', async () => {
    const begun = (await (await post('/oauth/device', { client_id: 'hub-cli', machine: 'laptop' })).json()) as Record<string, string>
    const poll = (device_code: string) => post('/oauth/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code })
    assert.deepEqual(await until429(() => poll(begun['device_code']!)), [400, 429])
    assert.equal((await poll(unknown('ihd_'))).status, 429)
    const page = await ada.call('GET', `/device?code=${begun['user_code']!}`)
    await ada.form('/device', { ...fieldsOf(page.text), code: begun['user_code']!, decision: 'allow' })
    assert.equal((await poll(begun['device_code']!)).status, 200)
  })
})

test('a flood of apps or logins pushes out its own, and nobody else has to wait', async () => {
  await using hub = await testHub()
  const address = await hub.address()
  const { pool } = hub.hub.db
  const early = await registerApp(address)
  await pool.query(
    `insert into hub.apps (id, client_id, kind, name, redirect_uris, auth_method, registered_from)
     select 'flood_' || n, 'flood_' || n, 'registered', 'Flood', '{https://flood.example/}', 'none', '203.0.113.9' from generate_series(1, 1000) n`,
  )
  await pool.query(
    `insert into hub.device_logins (id, device_hash, code_hash, name, address, status, expires_at)
     select 'flood_' || n, sha256(('d' || n)::bytea), sha256(('c' || n)::bytea), 'x', '203.0.113.9', 'waiting', now() + interval '5 minutes'
       from generate_series(1, 1000) n`,
  )
  const late = await registerApp(address)
  const left = async (what: string): Promise<string[]> =>
    (await pool.query<{ id: string }>(`select id from hub.${what} where id like 'flood%'`)).rows.map(({ id }) => id)
  const { rows: kept } = await pool.query<{ id: string }>(`select id from hub.apps where id not like 'flood%' order by id`)
  assert.deepEqual(
    kept.map(({ id }) => id),
    [early.client.clientId, late.client.clientId].toSorted(),
  )
  assert.equal((await left('apps')).length, 999)
  const init = { method: 'POST', body: new URLSearchParams({ client_id: 'hub-cli', machine: 'laptop' }) }
  assert.equal((await fetch(`${address}/oauth/device`, init)).status, 200)
  assert.equal((await left('device_logins')).length, 999)
})

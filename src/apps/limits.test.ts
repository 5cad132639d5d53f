import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { firstPerson, registerApp, testHub, type Browser, type TestApp, type TestHub } from '#test'

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

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { firstPerson, mcpRequest, registerApp, testHub, type Browser, type TestHub } from '#test'

suite('an app that a person allows', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  const listTools = async (token: string, query = '') => mcpRequest(address, { token, method: 'tools/list', query })

  test('calls the tools that it was allowed, for its person, over MCP and nowhere else', async () => {
    const app = await registerApp(address)
    const tokens = await app.tokens(ada)
    assert.equal(tokens.scope, 'tools:call')
    const { result } = await listTools(tokens.access_token)
    assert.ok((result!['tools'] as unknown[]).length > 0)
    const elsewhere = await fetch(`${address}/api/v1/users/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    assert.equal(elsewhere.status, 401)
  })
})

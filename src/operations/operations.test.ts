import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { z } from 'zod'
import { HubError } from '#errors'
import { sharedHub, type TestHub } from '#test'
import { createClient, operations, type Caller, type Client, type Operation } from './index.ts'

const all: readonly Operation[] = Object.values(operations)

suite('every operation', () => {
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
  })

  test('has a name of its own, a scope, a summary, and an example that its input accepts', () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { name, scope, summary, input, example } of all) {
      assert.match(name, /^[a-z]+\.[a-z][a-zA-Z_]*$/)
      assert.ok(scope.length > 0 && summary.length > 0, name)
      const parsed = input.safeParse(example)
      assert.ok(parsed.success, `${name}: ${parsed.success ? '' : z.prettifyError(parsed.error)}`)
    }
  })

  test('refuses unknown fields and wrong types, each by its path', async () => {
    const operator = await hub.hub.access.operator('tester')
    const wrong = { name: 5, scopes: ['tools:read', 7], more: true }
    const error = await hub.hub.execute({ principal: operator, transport: 'cli' }, operations.createToken, wrong as never).then(
      () => assert.fail('it was accepted'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof HubError)
    assert.deepEqual(error.details.errors?.map(({ path }) => path).toSorted(), ['more', 'name', 'scopes.1'])
  })

  test('has one route of its own for each spelling, which needs its scope', () => {
    for (const { http, scope, name } of all) {
      for (const { method, path } of http) {
        const routes = hub.rest.routeTable.filter((route) => route.url === path && [route.method].flat().includes(method))
        assert.equal(routes.length, 1, `${name}: ${method} ${path}`)
        assert.equal(routes[0]!.config!.access, scope, name)
      }
    }
  })

  test('returns over REST what it returns to a typed client in process', async () => {
    const operator = await hub.hub.access.operator('tester')
    const caller: Caller = { principal: operator, transport: 'cli' }
    // The types of inputs and results come from the list of operations.
    const client: Client<typeof operations> = createClient(operations, (operation, input) => hub.hub.execute(caller, operation, input))
    const created: { readonly id: string; readonly integration_type: string } = await client.createIntegration({
      name: 'typed-client',
      integration_type: 'http',
      config: { base_url: 'http://127.0.0.1:9' },
    })
    const overRest = (await hub.call('GET', `/api/v1/integrations/${created.id}`)).json()
    assert.deepEqual(await client.getIntegration({ id: created.id }), overRest)
    assert.equal(await client.deleteIntegration({ id: created.id }), null)
  })
})

suite('the hub’s own tools', () => {
  test('check the scope of their operation for whoever calls the tool', async () => {
    const hub = await sharedHub()
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'caller', scopes: ['tools:call:hub', 'flows:read'] })).json()
    const invoke = (name: string, input: object) => hub.with({ token }).call('POST', `/api/v1/tools/${name}/invoke`, { input })
    assert.equal((await invoke('hub_list_flows', {})).statusCode, 200)
    const refused = await invoke('hub_trigger_flow', { flow_id: 'any' })
    assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'])
    assert.match(refused.json().detail, /flows:run/)
  })
})

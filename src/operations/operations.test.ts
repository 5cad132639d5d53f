import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { z } from 'zod'
import type { Principal } from '#access'
import { HubError } from '#errors'
import { sharedHub, type TestHub } from '#test'
import { createClient, operations, type Caller, type Client, type Operation } from './index.ts'

const all: readonly Operation[] = Object.values(operations)

/** The scope of another subject, which covers none of these operations. */
const unrelated = (scope: string): string => (scope.startsWith('jobs:') ? 'metrics:read' : 'jobs:read')

function principalWith(scopes: readonly string[], more: Partial<Principal> = {}): Principal {
  return {
    kind: 'token',
    id: 'tok_test',
    name: 'test',
    workspaceId: 'ws_test',
    scopes,
    readOnly: false,
    ancestors: [],
    causes: [],
    ...more,
  }
}

/** The code of the error that an operation ends with; undefined where it succeeds. */
async function codeOf(hub: TestHub, caller: Caller, operation: Operation): Promise<string | undefined> {
  try {
    await hub.hub.execute(caller, operation, operation.example)
    return undefined
  } catch (error) {
    if (error instanceof HubError) return error.code
    throw error
  }
}

suite('every operation', () => {
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
  })

  test('has a name of its own, a scope, a summary, and an example that its input accepts', () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { name, scope, summary, input, example } of all) {
      assert.match(name, /^[a-z]+\.[a-z_]+$/)
      assert.ok(scope.length > 0 && summary.length > 0, name)
      const parsed = input.safeParse(example)
      assert.ok(parsed.success, `${name}: ${parsed.success ? '' : z.prettifyError(parsed.error)}`)
    }
  })

  test('is refused without its scope, whatever the transport, before its input is looked at', async () => {
    for (const operation of all) {
      const principal = principalWith([unrelated(operation.scope)])
      for (const transport of ['rest', 'cli', 'mcp', 'tool'] as const)
        assert.equal(await codeOf(hub, { principal, transport }, operation), 'scope_missing', `${operation.name} over ${transport}`)
    }
  })

  test('that changes something is refused to a read-only token that has every scope', async () => {
    const principal = principalWith(['admin', 'hub:admin'], { readOnly: true })
    const changing = all.filter(({ effect, scope }) => effect !== 'read' && !scope.startsWith('tools:call'))
    assert.ok(changing.length > 20)
    for (const operation of changing)
      assert.equal(await codeOf(hub, { principal, transport: 'cli' }, operation), 'scope_missing', operation.name)
  })

  test('sees and changes nothing of another workspace', async () => {
    const name = 'operations-elsewhere'
    await hub.call('POST', '/api/v1/workspaces', { name })
    const there = { headers: { 'hub-workspace': name } }
    const secret = { name: 'operations-secret', data: { token: 'a-secret-value' } }
    await hub.with(there).call('POST', '/api/v1/credentials', secret)
    const config = { base_url: 'http://127.0.0.1:9' }
    const site = (
      await hub.with(there).call('POST', '/api/v1/integrations', { name: 'operations-site', integration_type: 'http', config })
    ).json()
    await hub.with(there).call('POST', '/api/v1/flows', { source: 'id: operations-flow\nsteps: [{id: a, transform: 1}]' })
    const endpoint = (await hub.with(there).call('POST', '/api/v1/endpoints', { url: 'http://localhost:9/', types: ['a.b'] })).json()
    const token = (await hub.with(there).call('POST', '/api/v1/tokens', { name: 'operations', scopes: ['tools:read'] })).json()

    const operator = await hub.hub.access.operator('tester')
    const caller = { principal: operator, transport: 'cli' as const }
    const foreign: readonly (readonly [Operation, object])[] = [
      [operations.revokeToken, { id: token.id }],
      [operations.deleteCredential, { name: secret.name }],
      [operations.getIntegration, { id: site.id }],
      [operations.updateIntegration, { id: site.id, enabled: false }],
      [operations.deleteIntegration, { id: site.id }],
      [operations.testIntegration, { id: site.id }],
      [operations.integrationHealth, { id: site.id }],
      [operations.getFlow, { id: 'operations-flow' }],
      [operations.updateFlow, { id: 'operations-flow', enabled: false }],
      [operations.deleteFlow, { id: 'operations-flow' }],
      [operations.triggerFlow, { id: 'operations-flow' }],
      [operations.getEndpoint, { id: endpoint.id }],
      [operations.updateEndpoint, { id: endpoint.id, enabled: false }],
      [operations.deleteEndpoint, { id: endpoint.id }],
      [operations.rotateEndpointSecret, { id: endpoint.id }],
    ]
    for (const [operation, input] of foreign) {
      const error = await hub.hub.execute(caller, operation, input as never).then(
        () => assert.fail(`${operation.name} reached into another workspace`),
        (thrown: unknown) => thrown,
      )
      assert.ok(
        error instanceof HubError && ['not_found', 'integration_unknown'].includes(error.code),
        `${operation.name}: ${String(error)}`,
      )
    }
    const lists = all.filter(({ name: subject, scope }) => subject.endsWith('.list') && scope !== 'admin')
    assert.ok(lists.length > 8)
    for (const list of lists) {
      const shown = JSON.stringify(await hub.hub.execute(caller, list, {}))
      for (const id of [site.id, endpoint.id, token.id, secret.name, 'operations-flow'])
        assert.ok(!shown.includes(id), `${list.name} shows ${id} of another workspace`)
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

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { anyCaller, type Principal } from '#access'
import { HubError } from '#errors'
import { operations, type Caller, type Operation } from '#operations'
import { sharedHub, type TestHub } from '#test'

const all: readonly Operation[] = Object.values(operations)
/** Every way in. A new one is added here. */
const transports: readonly Caller['transport'][] = ['rest', 'cli', 'mcp', 'trpc', 'tool']

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

  test('is refused over REST without a token, before its input is looked at', async () => {
    for (const { name, http } of all)
      for (const { method, path } of http) {
        const { statusCode, body } = await hub.with({ token: null }).call(method, path.replaceAll(/:\w+/g, 'x'))
        assert.deepEqual([statusCode, JSON.parse(body).code], [401, 'token_missing'], `${name}: ${method} ${path}`)
      }
  })

  test('is refused without its scope, whatever the transport, before its input is looked at', async () => {
    for (const operation of all.filter(({ scope }) => scope !== anyCaller)) {
      const principal = principalWith([unrelated(operation.scope)])
      for (const transport of transports)
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
      [operations.adoptFlow, { id: 'operations-flow' }],
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
})

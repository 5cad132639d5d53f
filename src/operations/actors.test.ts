import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createActorNames } from '#actors'
import { firstPerson, idOf, testHub, type Browser, type TestHub } from '#test'
import { until } from '#test/faults'

interface Acted {
  readonly actor: string
  readonly actor_name: string | null
}

interface Token {
  readonly id: string
  readonly token: string
}

suite('the names of actors', () => {
  let hub: TestHub
  let working: AsyncDisposable
  let ada: Browser
  before(async () => {
    hub = await testHub()
    working = await hub.hub.engine.start(hub.hub.work)
    await hub.address()
    ada = await firstPerson(hub)
  })
  after(async () => {
    await working[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
  })

  const tokenWith = async (name: string, scopes: readonly string[]): Promise<Token> =>
    (await hub.call('POST', '/api/v1/tokens', { name, scopes })).json<Token>()
  const items = async (path: string, headers: Record<string, string> = {}): Promise<Acted[]> =>
    (await hub.with({ headers }).call('GET', path)).json<{ items: Acted[] }>().items
  const nameIn = (list: readonly Acted[], actor: string): string | null | undefined => list.find((one) => one.actor === actor)?.actor_name

  test('stand beside their ids wherever somebody acted: tokens, also revoked ones, people and flows', async () => {
    const robot = await tokenWith('robot', ['tools:call', 'integrations:read'])
    const called = await hub.with({ token: robot.token }).call('POST', '/api/v1/tools/hub_list_integrations/invoke', { input: {} })
    assert.equal(called.statusCode, 200, called.body)
    const source = 'id: named\nsteps: [{ id: list, uses: hub_list_integrations, with: {} }, { id: sure, approve: { message: Sure? } }]'
    assert.equal((await ada.call('POST', '/api/v1/flows', { source })).status, 201)
    const started = await ada.call('POST', '/api/v1/flows/named/trigger?wait=0', {})
    const run = String(started.json()['run_id'])
    const adas = `user:${await idOf(ada)}`

    const flow = (await hub.call('GET', '/api/v1/flows/named')).json<Acted & { flow_id: string }>()
    const versions = await items('/api/v1/flows/named/versions')
    const ran = (await hub.call('GET', `/api/v1/runs/${run}`)).json<Acted>()
    for (const shown of [flow, ...versions, ran]) assert.deepEqual([shown.actor, shown.actor_name], [adas, 'Ada'])
    const approval = await until('the flow has asked', async () => {
      const asked = await hub.call('GET', `/api/v1/approvals?run=${run}`)
      return asked.json<{ items: { asked_by_name: string | null; decided_by_name: string | null }[] }>().items[0]
    })
    assert.deepEqual([approval.asked_by_name, approval.decided_by_name], ['flow named', null])

    await hub.call('DELETE', `/api/v1/tokens/${robot.id}`)
    const calls = await items('/api/v1/invocations')
    assert.equal(nameIn(calls, `token:${robot.id}`), 'robot')
    assert.equal(nameIn(calls, `system:flow:${flow.flow_id}`), 'flow named')
    assert.equal(nameIn(await items('/api/v1/audit'), adas), 'Ada')
    assert.equal(nameIn(await items('/api/v1/flows'), 'system:bundled'), null)
    assert.equal((await hub.call('DELETE', '/api/v1/flows/named')).statusCode, 204)
    assert.equal(nameIn(await items('/api/v1/invocations'), `system:flow:${flow.flow_id}`), null)
  })

  test('are read in one query for a whole page', async () => {
    const queries: string[] = []
    const { sql } = hub.hub.db
    const counting = sql.withPlugin({
      transformQuery: ({ node }) => {
        queries.push(node.kind)
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const list = await items('/api/v1/audit?limit=200')
    assert.ok(new Set(list.map(({ actor }) => actor)).size > 2)
    const names = await createActorNames({ db: { sql: counting } }).of(
      (await hub.hub.access.operator('tester')).workspaceId,
      list.map(({ actor }) => actor),
    )
    assert.ok(names.size > 1)
    assert.equal(queries.length, 1)
  })

  test('say nothing of another workspace, not even of a token that acts in both', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'other' })
    const headers = { 'hub-workspace': 'other' }
    const wide = await tokenWith('wide', ['admin', 'hub:admin'])
    const made = await hub
      .with({ token: wide.token, headers })
      .call('POST', '/api/v1/flows', { source: 'id: there\nsteps: [{ id: one, transform: 1 }]' })
    assert.equal(made.statusCode, 201, made.body)
    assert.deepEqual([made.json<Acted>().actor, made.json<Acted>().actor_name], [`token:${wide.id}`, null])
    assert.equal(nameIn(await items('/api/v1/audit', headers), `token:${wide.id}`), null)
    const listed = (await items('/api/v1/actors', headers)).map(({ actor }) => actor)
    assert.ok(!listed.some((actor) => !actor.startsWith('system:flow:')), String(listed))
    const here = await items('/api/v1/actors')
    assert.ok(here.some(({ actor }) => actor === `token:${wide.id}`))
    assert.ok(!here.some(({ actor }) => listed.includes(actor)))
    const foreign = [`token:${wide.id}`, `user:${await idOf(ada)}`, ...here.map(({ actor }) => actor)]
    const { workspaceId } = await hub.hub.access.operator('tester', 'other')
    assert.equal((await createActorNames(hub.hub).of(workspaceId, foreign)).size, 0)
  })

  test('are listed by kind, as far as the scopes of the caller reach', async () => {
    const kindsFor = async (scopes: readonly string[]): Promise<string[]> => {
      const { token } = await tokenWith('lister', scopes)
      const reply = await hub.with({ token }).call('GET', '/api/v1/actors')
      return [...new Set(reply.json<{ items: { kind: string }[] }>().items.map(({ kind }) => kind))].toSorted()
    }
    assert.deepEqual(await kindsFor(['tokens:read', 'people:read', 'flows:read']), ['flow', 'token', 'user'])
    for (const [scope, kind] of [
      ['tokens:read', 'token'],
      ['people:read', 'user'],
      ['flows:read', 'flow'],
    ] as const)
      assert.deepEqual(await kindsFor([scope]), [kind])
    assert.deepEqual(await kindsFor(['events:read']), [])
  })
})

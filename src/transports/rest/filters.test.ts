import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { idsFrom, newId } from '#lib/ids'
import { sharedHub, type TestHub } from '#test'

const hour = 3_600_000

function idAt(prefix: Parameters<typeof idsFrom>[0], at: Date): string {
  return `${idsFrom(prefix, at)}-7${randomUUID().slice(15)}`
}

/** Two workspaces with the same rows of every kind: of each, one now and one three hours ago for each status. */
async function fill({ hub: { db } }: TestHub, workspaceId: string): Promise<void> {
  const times = [Date.now() - 3 * hour, Date.now()]
  const rows = <T>(values: readonly string[], make: (status: string, at: Date, n: number) => T): T[] =>
    times.flatMap((at, n) => values.map((status) => make(status, new Date(at), n)))
  const error = (status: string): string | null => (status === 'completed' ? null : JSON.stringify({ code: `code_${status}` }))
  await db.sql
    .insertInto('flowRuns')
    .values(
      rows(['completed', 'failed', 'cancelled'], (status, createdAt, n) => ({
        id: idAt('run', createdAt),
        workspaceId,
        flowId: 'flow_filters',
        flow: 'filters',
        version: 1,
        status: status as 'failed',
        trigger: '{"kind":"call"}',
        parameters: '{}',
        actor: `token:tok_${n}`,
        scopes: [],
        readOnly: false,
        eventId: null,
        sealed: null,
        error: error(status),
        replayOf: null,
        parentRun: null,
        parentPath: null,
        concurrencyKey: null,
        wakeAt: null,
        deadlineAt: null,
        createdAt,
        startedAt: createdAt,
        finishedAt: createdAt,
      })),
    )
    .execute()
  await db.sql
    .insertInto('invocations')
    .values(
      rows(['completed', 'failed', 'outcome_unknown'], (status, startedAt, n) => ({
        id: idAt('inv', startedAt),
        workspaceId,
        tool: `filters_tool${n}`,
        connector: 'filters',
        effect: n === 0 ? ('read' as const) : ('write' as const),
        integrationId: `int_${n}`,
        integration: `filters-${n}`,
        transport: n === 0 ? 'mcp' : 'flow',
        actor: `token:tok_${n}`,
        key: null,
        digest: '',
        status: status as 'failed',
        sealed: null,
        error: error(status),
        executorId: 'cli_filters',
        startedAt,
        finishedAt: startedAt,
        undoes: null,
        undoneBy: null,
        app: null,
      })),
    )
    .execute()
  const events = rows(['dispatched', 'unparsed', 'failed'], (status, receivedAt, n) => ({
    id: idAt('evt', receivedAt),
    workspaceId,
    type: `filters${n}.${status}`,
    connector: 'filters',
    integrationId: null,
    integration: null,
    dedupeKey: null,
    dedupe: null,
    deliveryId: null,
    bodyDigest: null,
    sameBodyAs: null,
    verified: true,
    status: status as 'failed',
    problem: null,
    subject: `octo/web#${n}`,
    body: null,
    transform: null,
    receivedAt,
  }))
  await db.sql.insertInto('events').values(events).execute()
  const endpointId = newId('end')
  await db.sql
    .insertInto('endpoints')
    .values({ id: endpointId, workspaceId, url: 'https://example.com', description: null, transform: null, credential: 'x' })
    .execute()
  await db.sql
    .insertInto('deliveries')
    .values(
      rows(['delivered', 'dead', 'cancelled'], (status, createdAt, n) => ({
        id: idAt('del', createdAt),
        workspaceId,
        endpointId,
        eventId: events[n]!.id,
        eventType: `filters${n}.thing`,
        event: '{}',
        replay: Math.floor(Math.random() * 1e9),
        orderKey: null,
        status: status as 'dead',
        leasedUntil: null,
        lastStatus: null,
        lastError: status === 'delivered' ? null : `It Answered ${500 + n}`,
        finishedAt: createdAt,
        createdAt,
      })) as never,
    )
    .execute()
}

suite('filters of lists', () => {
  let hub: TestHub
  let other: string

  before(async () => {
    hub = await sharedHub()
    const { workspaceId } = await hub.hub.access.operator('tester')
    const made = await hub.call('POST', '/api/v1/workspaces', { name: 'filters-elsewhere' })
    other = made.json<{ id: string }>().id
    for (const workspace of [workspaceId, other]) await fill(hub, workspace)
  })

  /** How many of the rows of this test are listed; none of the other workspace's may be. */
  const count = async (path: string, narrow: string, query: string): Promise<number> => {
    const reply = await hub.call('GET', `/api/v1/${path}?limit=200&${narrow}&${query}`)
    assert.equal(reply.statusCode, 200, `${path}?${query}: ${reply.body}`)
    return reply.json<{ items: unknown[] }>().items.length
  }
  const expect = async (path: string, narrow: string, counts: Readonly<Record<string, number>>): Promise<void> => {
    for (const [query, expected] of Object.entries(counts)) assert.equal(await count(path, narrow, query), expected, `${path}?${query}`)
  }
  const soon = new Date(Date.now() + hour).toISOString()
  const ranges = { '': 6, 'from=-1h': 3, 'to=-1h': 3, 'from=-4h&to=-2h30m': 3, 'from=-2h&to=-1h': 0, [`from=-4h&to=${soon}`]: 6 }

  test('runs: by states, time, actor and error code', async () => {
    await expect('runs', 'flow=filters', {
      ...ranges,
      'status=failed': 2,
      'status=failed,cancelled': 4,
      'status=failed&status=cancelled': 4,
      'actor=token:tok_0': 3,
      'error=code_failed': 2,
      'error=code_failed&from=-1h': 1,
      'error=nothing': 0,
    })
  })

  test('calls: by states, time, actor, integration, error code, effect and transport', async () => {
    await expect('invocations', 'connector=filters', {
      ...ranges,
      'status=failed,outcome_unknown': 4,
      'status=completed,failed&from=-1h': 2,
      'actor=token:tok_1': 3,
      'integration=filters-0': 3,
      'integration=int_1': 3,
      'error=code_outcome_unknown': 2,
      'effect=write': 3,
      'transport=mcp': 3,
      'tool=filters_tool1&status=failed': 1,
    })
  })

  test('events: by types, subject, states and time', async () => {
    await expect('events', 'connector=filters', {
      ...ranges,
      'type=filters0.*': 3,
      'type=filters0.failed,filters1.*': 4,
      'type=*': 6,
      [`subject=${encodeURIComponent('octo/web#1')}`]: 3,
      'status=unparsed,failed': 4,
      'status=received': 0,
      'status=received,failed': 2,
    })
  })

  test('deliveries: by event type, error, states and time', async () => {
    const { items } = (await hub.call('GET', '/api/v1/deliveries?type=filters0.thing')).json<{
      items: { endpoint: string; event: string }[]
    }>()
    const { endpoint, event } = items[0]!
    await expect('deliveries', `endpoint=${endpoint}`, {
      ...ranges,
      'status=dead,cancelled': 4,
      'type=filters1.thing': 3,
      [`event=${event}`]: 3,
      'error=answered%20501': 2,
      'error=answered': 4,
    })
  })

  test('pages of a filtered list have each row once', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const url = `/api/v1/runs?flow=filters&status=failed,cancelled&from=-24h&limit=3${cursor && `&cursor=${cursor}`}`
      const page = (await hub.call('GET', url)).json<{ items: { id: string }[]; next_cursor: string | null }>()
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.next_cursor ?? ''
    } while (cursor !== '')
    assert.equal(seen.length, 4)
    assert.equal(new Set(seen).size, 4)
  })

  test('over tRPC several states are a list', async () => {
    const ask = async (status: unknown): Promise<number> => {
      const input = encodeURIComponent(JSON.stringify({ flow: 'filters', status }))
      const reply = await hub.call('GET', `/trpc/runs.list?input=${input}`)
      return reply.json<{ result: { data: { items: unknown[] } } }>().result.data.items.length
    }
    assert.deepEqual([await ask(['failed', 'cancelled']), await ask('failed')], [4, 2])
  })

  test('what is no state and no time is refused by its place', async () => {
    const fields = ['status=failed,gone', 'status=,', 'status=', 'from=yesterday', 'to=-9999999999999w', 'from=-5', 'to=2026-01-31']
    for (const field of fields) {
      const reply = await hub.call('GET', `/api/v1/runs?${field}`)
      assert.equal(reply.statusCode, 400, `${field}: ${reply.body}`)
      const { errors } = reply.json<{ errors: { path: string; message: string }[] }>()
      assert.deepEqual(
        errors.map(({ path }) => path),
        [`query.${field.split('=')[0]}`],
      )
      assert.match(errors[0]!.message, /^must be (one or more of queued|a time such as)/)
    }
  })
})

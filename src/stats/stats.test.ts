import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { createSums, latencyBounds } from '#telemetry'
import { servedHub, sharedHub, toolBench, type TestHub } from '#test'
import { createStats } from './index.ts'
import { percentile } from './percentiles.ts'

const minuteMs = 60_000
/** Long ago, so that what other tests count is not in it. */
const start = Date.now() - 20 * 86_400_000 - (Date.now() % minuteMs)

suite('sums by the minute', () => {
  let hub: TestHub
  let workspaceId: string
  before(async () => {
    hub = await sharedHub()
    workspaceId = (await hub.hub.access.operator('tester')).workspaceId
  })

  test('add up what several processes did in one minute, and stay in their workspace', async () => {
    const operator = await hub.hub.access.operator('tester')
    const other = await hub.hub.access.workspaces.create(operator, `stats-${Date.now()}`)
    let now = start
    for (let process = 0; process < 2; process++) {
      const sums = createSums(() => now)
      await using stats = createStats({ ...hub.hub.telemetry, db: hub.hub.db, sums })
      for (let call = 0; call < 50; call++) sums.countCall(workspaceId, { ms: call < 40 ? 10 : 900, failed: call >= 48 })
      sums.count(workspaceId, 'eventsReceived')
      await stats.flush()
      now = start + 61_000
      sums.count(workspaceId, 'runsFailed')
      sums.count(other.id, 'runsFailed')
      sums.count('ws_gone', 'runsFailed')
      now = start
    }
    const url = `/api/v1/stats?from=${new Date(start).toISOString()}&to=${new Date(start + 10 * minuteMs).toISOString()}`
    const { totals, points, bucket_seconds: bucketSeconds } = (await hub.call('GET', url)).json()
    assert.equal(bucketSeconds, 60)
    assert.deepEqual([totals.events.received, totals.runs.failed, totals.calls.made, totals.calls.failed], [2, 2, 100, 4])
    assert.ok(totals.calls.p50_ms >= 8 && totals.calls.p50_ms <= 13, totals.calls.p50_ms)
    assert.ok(totals.calls.p95_ms >= 800 && totals.calls.p95_ms <= 1300, totals.calls.p95_ms)
    assert.equal(points.length, 10)
    assert.deepEqual(
      points.map(({ calls, runs }: { calls: { made: number }; runs: { failed: number } }) => [calls.made, runs.failed]).slice(0, 3),
      [
        [100, 0],
        [0, 2],
        [0, 0],
      ],
    )
    const there = (await hub.with({ headers: { 'hub-workspace': other.name } }).call('GET', url)).json()
    assert.deepEqual([there.totals.calls.made, there.totals.runs.failed], [0, 2])
  })

  test('show only the parts that the caller may read', async () => {
    const totals = async (...scopes: string[]): Promise<string[]> => {
      const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'stats', scopes })).json()
      const { totals: shown, points } = (await hub.with({ token }).call('GET', '/api/v1/stats')).json()
      assert.deepEqual(Object.keys(points[0]), ['at', ...Object.keys(shown)])
      return Object.keys(shown)
    }
    assert.deepEqual(await totals('flows:read'), ['runs'])
    assert.deepEqual(await totals('events:read'), ['events', 'deliveries'])
    assert.deepEqual(await totals('tools:call'), [])
    assert.deepEqual(await totals('metrics:read'), ['events', 'runs', 'calls', 'deliveries'])
  })

  test('come in two hundred points at most, whatever the time', async () => {
    for (const hours of [1, 24, 24 * 7, 24 * 35]) {
      const to = new Date()
      const from = new Date(to.getTime() - hours * 3_600_000).toISOString()
      const { points, bucket_seconds: seconds } = (await hub.call('GET', `/api/v1/stats?from=${from}&to=${to.toISOString()}`)).json()
      assert.ok(points.length > 30 && points.length <= 201, `${hours} h: ${points.length}`)
      // The first one begins with its minute.
      assert.ok([0, 1].includes(points.length - Math.ceil((hours * 3600) / seconds)), `${hours} h: ${points.length}`)
    }
    for (const query of ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z'])
      assert.equal((await hub.call('GET', `/api/v1/stats?${query}`)).statusCode, 400)
  })

  test('are counted again when they could not be stored', async () => {
    const sums = createSums(() => start + 120 * minuteMs)
    const failing = { sql: { getExecutor: () => assert.fail('the database is away') } as never }
    {
      await using stats = createStats({ ...hub.hub.telemetry, db: failing, sums })
      sums.countCall(workspaceId, { ms: 5, failed: false })
      await stats.flush()
      sums.countCall(workspaceId, { ms: 5, failed: false })
    }
    const [kept] = sums.take()
    assert.deepEqual([kept?.callsMade, kept?.latency[latencyBounds.indexOf(5)]], [2, 2])
  })

  test('are deleted after 35 days', async () => {
    await hub.hub.db.pool.query(
      `insert into hub.minute_sums select workspace_id, minute - interval '40 days', 1, 1, 1, 1, 1, 1, 1, 1, latency from hub.minute_sums
        where workspace_id = $1 limit 1`,
      [workspaceId],
    )
    const [task] = hub.hub.stats.retention
    assert.ok(task?.of === 'hub')
    assert.equal(await task.drop(500), 1)
    assert.equal(await task.drop(500), 0)
  })

  test('count events that come in and runs', async () => {
    const { hub: served, operator } = await servedHub()
    const read = async () => {
      await served.stats.flush()
      const { totals } = await served.stats.get(operator.workspaceId, {
        from: new Date(Date.now() - 3_600_000),
        to: new Date(Date.now() + 60_000),
      })
      return totals
    }
    const earlier = await read()
    for (const [name, step] of [
      ['counted', 'transform: 1'],
      ['counted-fails', 'transform: "${{ $number(\'no number\') }}"'],
    ]) {
      await served.flows.save(operator, `id: ${name}\nsteps: [{ id: a, ${step} }]`)
      const { id } = await served.flows.trigger(operator, name!, {})
      await served.flows.wait(operator.workspaceId, id, 20_000)
    }
    const arrival = { workspaceId: operator.workspaceId, connector: 'probe', type: 'probe.counted', dedupeKey: 'counted', headers: {} }
    for (let time = 0; time < 2; time++)
      await served.events.inbox.add({ ...arrival, unparsed: false, whole: false, body: Buffer.from('{}') })
    const later = await read()
    assert.deepEqual(
      (['runsStarted', 'runsCompleted', 'runsFailed', 'eventsReceived'] as const).map((name) => later[name] - earlier[name]),
      [2, 1, 1, 1],
    )
  })

  test('count calls as they are made', async () => {
    await using b = await toolBench()
    await b.invoke('probe_get_thing', { input: { at: '/a' } })
    b.answer = () => ({ status: 404, body: {} })
    await b.invoke('probe_get_thing', { input: { at: '/b' } })
    await b.hub.hub.stats.flush()
    const { totals } = (await b.hub.call('GET', '/api/v1/stats')).json()
    assert.deepEqual([totals.calls.made, totals.calls.failed], [2, 1])
  })
})

test('a percentile lies within the bounds of its place, and there is none without calls', () => {
  const latency = latencyBounds.map(() => 0)
  assert.equal(percentile(latency, 0.5), null)
  latency[4] = 100
  assert.ok(percentile(latency, 0.5)! > 5 && percentile(latency, 0.5)! <= 8)
  assert.equal(percentile([...latencyBounds.map(() => 0), 3], 0.5), 120_000)
})

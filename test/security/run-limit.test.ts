import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { testHub, type TestHub } from '#test'
import { until } from '#test/faults'

const limit = 3

suite('a workspace with as many unfinished runs as it may have', () => {
  let hub: TestHub
  // This hub executes nothing in the background, so runs stay unfinished until the test ends them.
  before(async () => {
    hub = await testHub({ HUB_MAX_ACTIVE_RUNS: String(limit) })
  })

  const trigger = async (flow: string) => {
    const { statusCode, headers, body } = await hub.call('POST', `/api/v1/flows/${flow}/trigger`)
    return { status: statusCode, retryAfter: headers['retry-after'], body: JSON.parse(body) }
  }
  const runsOf = async (flow: string): Promise<{ id: string; status: string }[]> =>
    (await hub.call('GET', `/api/v1/runs?flow=${flow}`)).json().items
  const end = (ids: readonly string[]) =>
    hub.hub.db.pool.query(`update hub.flow_runs set status = 'completed', finished_at = now() where id = any($1)`, [ids])

  test('refuses calls, lets runs of events wait in order, and starts them when there is room', async (t) => {
    t.after(() => hub[Symbol.asyncDispose]())
    const { db, access, flows, dispatch } = hub.hub
    const operator = await access.operator('tester')
    const save = (source: string) => flows.save(operator, source)
    await save('id: called\nsteps: [{ id: a, wait: 1h }]')
    await save('id: heard\non: [{ event: limit.reached }]\nsteps: [{ id: a, wait: 1h }]')
    await save('id: keyed\non: [{ event: limit.reached }]\nconcurrency: { key: one, limit: 5 }\nsteps: [{ id: a, wait: 1h }]')
    for (let n = 0; n < limit; n++) assert.equal((await trigger('called')).status, 202)
    const refused = await trigger('called')
    assert.deepEqual([refused.status, refused.body.code, refused.retryAfter], [429, 'runs_limited', '5'])
    assert.match(refused.body.detail, /3 unfinished runs/)

    await db.pool.query(
      `with made as (
         insert into hub.events (id, workspace_id, type, connector, verified, data, received_at)
         select 'evt_limit_' || n, $1, 'limit.reached', 'hub', true, '{}', now() from generate_series(1, 2) n returning workspace_id, id)
       insert into hub.event_queue (workspace_id, event_id) select workspace_id, id from made order by id`,
      [operator.workspaceId],
    )
    await dispatch()
    const waiting = async (flow: string) => (await runsOf(flow)).map(({ status }) => status)
    assert.deepEqual(
      [await waiting('heard'), await waiting('keyed')],
      [
        ['queued', 'queued'],
        ['queued', 'queued'],
      ],
    )
    await flows.tick()
    assert.deepEqual(await waiting('heard'), ['queued', 'queued'], 'there is no room yet')

    const [newest, ...older] = await runsOf('called')
    await end([older[0]!.id])
    await until('one starts', async () => {
      await flows.tick()
      return [...(await waiting('heard')), ...(await waiting('keyed'))].includes('running')
    })
    const states = [...(await waiting('heard')), ...(await waiting('keyed'))]
    assert.equal(states.filter((status) => status === 'running').length, 1)
    await end([newest!.id, older[1]!.id])
    await until('two more start', async () => {
      await flows.tick()
      return [...(await waiting('heard')), ...(await waiting('keyed'))].filter((status) => status === 'running').length === limit
    })
    assert.equal((await trigger('called')).status, 429, 'runs in the queue count for callers')
  })
})

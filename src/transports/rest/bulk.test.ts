import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { createEventPublisher } from '#events/publish'
import { adminToken, flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'

interface Reply {
  readonly status: number
  readonly body: any
}

type Ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<Reply>

interface AskOptions {
  readonly token?: string
  readonly workspace?: string
}

const failing = (at: string): string => `
steps:
  - id: thing
    uses: probe_create_thing
    with: { at: ${at} }`

suite('a bulk action', () => {
  let bench: FlowBench
  let ask: Ask

  const as =
    ({ token = adminToken, workspace }: AskOptions): Ask =>
    async (method, path, body) => {
      const reply = await fetch(`${bench.address}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(workspace === undefined ? {} : { 'hub-workspace': workspace }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      })
      return { status: reply.status, body: await reply.json() }
    }

  const tokenWith = async (scopes: readonly string[], more: object = {}): Promise<{ id: string; token: string }> =>
    (await ask('POST', '/tokens', { name: 'bulk', scopes, ...more })).body

  const ended = async (id: string): Promise<any> =>
    until(
      'the bulk action has ended',
      async () => {
        const { body } = await ask('GET', `/bulk/${id}`)
        return body.status !== 'running' && body
      },
      60_000,
    )

  const started = async (request: object, by: Ask = ask): Promise<any> => {
    const { status, body } = await by('POST', '/bulk', request)
    assert.equal(status, 202, JSON.stringify(body))
    return body.bulk
  }

  const done = async (request: object): Promise<any> => ended((await started(request)).id)

  /** Failed runs of a new flow, oldest first, and a way to let its calls succeed. */
  const failedRuns = async (count: number): Promise<{ flow: string; ids: string[]; repair(): void }> => {
    const at = `/bulk-${Math.random().toString(36).slice(2)}`
    bench.outside.answers.set(at, () => ({ status: 400, body: {} }))
    const flow = await bench.flow(failing(at))
    const ids: string[] = []
    for (let made = 0; made < count; made += 1) ids.push((await flow.run()).id)
    return { flow: flow.id, ids, repair: () => bench.outside.answers.delete(at) }
  }

  /** Keeps everybody else from changing a run, or a row of another table, until it is let go. */
  const hold = async (id: string, table = 'flow_runs'): Promise<{ release(): Promise<void> }> => {
    const client = await bench.hub.db.pool.connect()
    await client.query('begin')
    await client.query(`select 1 from hub.${table} where id = $1 for update`, [id])
    return {
      async release() {
        await client.query('rollback')
        client.release()
      },
    }
  }

  const begun = (id: string) =>
    until('an item has begun', async () => {
      const { rows } = await bench.hub.db.pool.query('select 1 from hub.bulk_items where bulk_id = $1 and started_at is not null', [id])
      return rows.length > 0
    })

  before(async () => {
    bench = await flowBench()
    ask = as({})
  })

  test('retries all runs that a filter finds, each once, and says how far it is', async () => {
    const { flow, ids, repair } = await failedRuns(3)
    repair()
    const filter = { flow, status: 'failed' }
    const preview = await ask('POST', '/bulk', { action: 'runs.retry', filter, dry_run: true })
    assert.deepEqual([preview.status, preview.body], [200, { dry_run: true, total: 3, more: false, bulk: null }])
    const bulk = await done({ action: 'runs.retry', filter, expected: 3 })
    assert.deepEqual([bulk.status, bulk.total, bulk.done, bulk.failed, bulk.failures], ['completed', 3, 3, 0, []])
    for (const id of ids) assert.equal((await bench.ended(id)).status, 'completed')
    const { rows } = await bench.hub.db.pool.query(
      `select subject from hub.audit where action = 'run.retried' and subject = any($1) order by seq`,
      [ids],
    )
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ids,
      'oldest first, each once',
    )
    const again = await done({ action: 'runs.retry', filter })
    assert.deepEqual([again.status, again.total], ['completed', 0])
  })

  test('goes on after failures, and names each with its reason', async () => {
    const { ids, repair } = await failedRuns(3)
    repair()
    const [first, second, third] = ids
    await ask('POST', `/runs/${second}/retry`)
    await bench.ended(second!)
    const unknown = 'run_0197f3d2-0000-7000-8000-000000000000'
    const bulk = await done({ action: 'runs.retry', ids: [first, second, unknown, third, first] })
    assert.deepEqual([bulk.status, bulk.total, bulk.done, bulk.failed], ['completed', 4, 2, 2])
    assert.deepEqual(
      bulk.failures.map(({ id, code }: { id: string; code: string }) => [id, code]),
      [
        // As old as its id says.
        [unknown, 'not_found'],
        [second, 'run_state_conflict'],
      ],
    )
  })

  test('takes the oldest first, in whatever order the ids were given or the list is', async () => {
    const { ids, repair } = await failedRuns(3)
    repair()
    const [first, second, third] = ids
    const replays = await done({ action: 'runs.replay', ids: [third, first, second] })
    assert.equal(replays.done, 3)
    const { rows } = await bench.hub.db.pool.query('select replay_of from hub.flow_runs where replay_of = any($1) order by id', [ids])
    assert.deepEqual(
      rows.map(({ replay_of: id }) => id),
      ids,
    )
    const asker = { ...bench.operator, kind: 'system', id: 'asker' } as const
    const expiresAt = new Date(Date.now() + 600_000)
    const approvals: string[] = []
    for (const at of ['/o1', '/o2', '/o3']) {
      const call = { tool: 'probe_put_thing', integration: 'probe', input: { at } }
      approvals.push((await bench.hub.tools.approvals.ask({ principal: asker, message: 'May I?', call, expiresAt })).id)
    }
    const decided = await done({ action: 'approvals.reject', filter: { tool: 'probe_put_thing', order: 'oldest' } })
    assert.equal(decided.done, 3)
    const { rows: inOrder } = await bench.hub.db.pool.query('select id from hub.approvals where id = any($1) order by decided_at', [
      approvals,
    ])
    assert.deepEqual(
      inOrder.map(({ id }) => id),
      approvals,
    )
  })

  test('is refused when more match than were confirmed, or than there may be', async () => {
    const { flow, ids } = await failedRuns(1)
    await bench.hub.db.pool.query(
      `insert into hub.flow_runs select (jsonb_populate_record(r, jsonb_build_object('id', 'run_' || gen_random_uuid()))).*
         from hub.flow_runs r, generate_series(1, 1001) where r.id = $1`,
      [ids[0]],
    )
    const request = { action: 'runs.cancel', filter: { flow } }
    assert.deepEqual((await ask('POST', '/bulk', { ...request, dry_run: true })).body, {
      dry_run: true,
      total: 1000,
      more: true,
      bulk: null,
    })
    const refused = await ask('POST', '/bulk', request)
    assert.deepEqual([refused.status, refused.body.code], [409, 'bulk_too_many'])
    assert.match(refused.body.detail, /1000/)
    const unexpected = await ask('POST', '/bulk', { ...request, first: 5, expected: 4 })
    assert.deepEqual([unexpected.status, unexpected.body.detail], [409, '5 match now, and 4 were expected'])
    const bulk = await done({ ...request, first: 1000 })
    assert.deepEqual([bulk.total, bulk.failed, bulk.failures.length], [1000, 1000, 200])
    assert.deepEqual(new Set(bulk.failures.map(({ code }: { code: string }) => code)), new Set(['run_state_conflict']))
  })

  test('ends after the current item when it is cancelled', async () => {
    const { ids, repair } = await failedRuns(3)
    repair()
    const lock = await hold(ids[0]!)
    const { id } = await started({ action: 'runs.retry', ids })
    await begun(id)
    const cancelled = await ask('POST', `/bulk/${id}/cancel`)
    assert.deepEqual([cancelled.status, cancelled.body.status], [200, 'cancelled'])
    await lock.release()
    const bulk = await until('the current item is counted', async () => {
      const { body } = await ask('GET', `/bulk/${id}`)
      return body.done > 0 && body
    })
    assert.deepEqual([bulk.status, bulk.done, bulk.failed, bulk.total], ['cancelled', 1, 0, 3])
    assert.equal((await bench.current(ids[1]!)).status, 'failed')
  })

  test('stops with the reason once its token is revoked', async () => {
    const { ids, repair } = await failedRuns(3)
    repair()
    const { id: tokenId, token } = await tokenWith(['flows:run'])
    const lock = await hold(ids[0]!)
    const { id } = await started({ action: 'runs.retry', ids }, as({ token }))
    await begun(id)
    await ask('DELETE', `/tokens/${tokenId}`)
    await lock.release()
    const bulk = await ended(id)
    assert.deepEqual([bulk.status, bulk.done, bulk.failed, bulk.error.code], ['stopped', 1, 0, 'token_invalid'])
    assert.match(bulk.error.detail, /the token was revoked/)
    assert.equal((await bench.current(ids[2]!)).status, 'failed')
  })

  test('needs the scope of the single operation, and that of the list for a filter', async () => {
    const { flow, ids, repair } = await failedRuns(1)
    repair()
    const filter = { flow }
    const reader = as(await tokenWith(['flows:read', 'events:read']))
    const runner = as(await tokenWith(['flows:run']))
    const readOnly = as(await tokenWith(['admin'], { read_only: true }))
    const stranger = as(await tokenWith(['events:write']))
    for (const [who, request, scope] of [
      [reader, { action: 'runs.retry', filter }, 'flows:run'],
      [reader, { action: 'events.replay', filter: { type: 'x' } }, 'events:write'],
      [runner, { action: 'runs.retry', filter, dry_run: true }, 'flows:read'],
      [readOnly, { action: 'runs.retry', ids }, 'read_only'],
      [stranger, { action: 'runs.retry', ids }, 'flows:run'],
    ] as const) {
      const { status, body } = await who('POST', '/bulk', request)
      assert.deepEqual([status, body.code], [403, 'scope_missing'])
      assert.match(body.detail, new RegExp(scope))
    }
    const { id } = await started({ action: 'runs.retry', ids }, runner)
    await ended(id)
    for (const path of [`/bulk/${id}`, `/bulk/${id}/cancel`]) {
      const { status, body } = await stranger(path.endsWith('cancel') ? 'POST' : 'GET', path)
      assert.deepEqual([status, body.code], [403, 'scope_missing'], path)
    }
    const actionsFor = async (who: Ask): Promise<string[]> =>
      (await who('GET', '/bulk')).body.items.map(({ action }: { action: string }) => action.split('.')[0])
    assert.ok((await actionsFor(reader)).includes('runs'))
    assert.ok(!(await actionsFor(stranger)).includes('runs'))
    assert.equal((await reader('GET', `/bulk/${id}`)).status, 200)
    assert.equal((await reader('POST', `/bulk/${id}/cancel`)).status, 403)
  })

  test('neither reaches nor shows anything of another workspace', async () => {
    const { flow, ids } = await failedRuns(1)
    const { id } = await started({ action: 'runs.cancel', ids })
    await ended(id)
    await ask('POST', '/workspaces', { name: 'bulk-elsewhere' })
    const there = as({ workspace: 'bulk-elsewhere' })
    for (const [method, path] of [
      ['GET', `/bulk/${id}`],
      ['POST', `/bulk/${id}/cancel`],
    ] as const)
      assert.equal((await there(method, path)).status, 404, path)
    assert.deepEqual((await there('GET', '/bulk')).body.items, [])
    assert.equal((await there('POST', '/bulk', { action: 'runs.retry', filter: { flow }, dry_run: true })).body.total, 0)
    const bulk = await started({ action: 'runs.retry', ids }, there)
    const outcome = await until('it has ended there', async () => {
      const { body } = await there('GET', `/bulk/${bulk.id}`)
      return body.status !== 'running' && body
    })
    assert.deepEqual([outcome.done, outcome.failures[0].code], [0, 'not_found'])
    assert.equal((await bench.current(ids[0]!)).status, 'failed')
  })

  test('checks its filter and its input as the operations do that they are for', async () => {
    const wrong = async (request: object): Promise<string[]> => {
      const { status, body } = await ask('POST', '/bulk', request)
      assert.equal(status, 400, JSON.stringify(body))
      return body.errors.map(({ path }: { path: string }) => path)
    }
    assert.deepEqual(await wrong({ action: 'runs.retry', filter: { flow: 'x', type: 'y' } }), ['filter.type'])
    assert.deepEqual(await wrong({ action: 'runs.retry', filter: { flow: 'x', limit: 3 } }), ['filter.limit'])
    assert.deepEqual(await wrong({ action: 'runs.retry', filter: {} }), ['filter'])
    assert.deepEqual(await wrong({ action: 'runs.replay', filter: { flow: 'x' }, input: { version: 'newest' } }), ['input.version'])
    assert.deepEqual(await wrong({ action: 'runs.replay', ids: ['a'], input: { id: 'b' } }), ['input.id'])
    assert.deepEqual(await wrong({ action: 'approvals.approve', filter: { tool: 'x' }, input: { decision: 'reject' } }), ['input.decision'])
    assert.deepEqual(await wrong({ action: 'approvals.approve', filter: { tool: 'x' }, input: { digest: 'any' } }), ['input.digest'])
    assert.deepEqual(await wrong({ action: 'deliveries.retry', filter: { status: 'delivered' } }), ['filter.status'])
    assert.deepEqual(await wrong({ action: 'flows.delete', ids: ['a'] }), ['action'])
    assert.equal((await wrong({ action: 'runs.retry' })).length, 1)
    assert.equal((await wrong({ action: 'runs.retry', ids: ['a'], filter: { flow: 'x' } })).length, 1)
  })

  test('replays runs and events with what each gets beside the id', async () => {
    const { ids, repair } = await failedRuns(2)
    repair()
    const replays = await done({ action: 'runs.replay', ids, input: { version: 'latest' } })
    assert.deepEqual([replays.done, replays.input], [2, { version: 'latest' }])
    const { rows } = await bench.hub.db.pool.query('select replay_of from hub.flow_runs where replay_of = any($1) order by id', [ids])
    assert.deepEqual(
      rows.map(({ replay_of: id }) => id),
      ids,
    )
    const { hub, workspaceId } = bench
    const publish = (number: number) =>
      hub.db.transaction((trx) =>
        createEventPublisher({ ...hub, ...hub.telemetry }).publish(trx, [{ workspaceId, type: 'bulk.replayed', data: { number } }]),
      )
    for (const number of [1, 2]) await publish(number)
    // An event that waits for its first dispatch is not replayed.
    await until('both are dispatched', async () => {
      const { items } = (await ask('GET', '/events?type=bulk.replayed&status=dispatched')).body
      return items.length === 2
    })
    const events = await done({ action: 'events.replay', filter: { type: 'bulk.replayed' }, input: { transform: 'now' } })
    assert.deepEqual([events.done, events.failed], [2, 0])
    const { items } = (await ask('GET', '/events?type=bulk.replayed')).body
    assert.deepEqual(
      items.map((event: { replays: number }) => event.replays),
      [1, 1],
    )
  })

  test('sends dead deliveries again, and none that was delivered meanwhile', async () => {
    const { hub, workspaceId, outside } = bench
    const endpoint = (await ask('POST', '/endpoints', { url: `${outside.url}/bulk-hook`, types: ['bulk.sent'] })).body.id
    await hub.db.transaction((trx) =>
      createEventPublisher({ ...hub, ...hub.telemetry }).publish(
        trx,
        [1, 2].map((number) => ({ workspaceId, type: 'bulk.sent', data: { number } })),
      ),
    )
    const sent = (): number => outside.seen.filter(({ what }) => what === 'POST /bulk-hook').length
    const deliveries = await until('both are delivered', async () => {
      const { items } = (await ask('GET', `/deliveries?endpoint=${endpoint}&status=delivered`)).body
      return items.length === 2 && items
    })
    const [dead, delivered] = deliveries.map(({ id }: { id: string }) => id)
    await hub.db.pool.query(`update hub.deliveries set status = 'dead' where id = $1`, [dead])
    const bulk = await done({ action: 'deliveries.retry', filter: { endpoint }, expected: 1 })
    assert.deepEqual([bulk.total, bulk.done], [1, 1])
    await until('it is sent again', async () => sent() === 3)
    const late = await done({ action: 'deliveries.retry', ids: [delivered] })
    assert.deepEqual([late.done, late.failures[0].code], [0, 'bulk_changed'])
    assert.equal(sent(), 3)
  })

  test('decides on approvals of one tool together, and on none of a tool that destroys', async () => {
    const { hub, workspaceId } = bench
    const asker = { ...bench.operator, kind: 'system', id: 'asker' } as const
    const question = async (tool: string, input: object): Promise<string> => {
      const call = { tool, integration: 'probe', input }
      const expiresAt = new Date(Date.now() + 600_000)
      return (await hub.tools.approvals.ask({ principal: asker, message: 'May I?', call, expiresAt })).id
    }
    const creating = [await question('probe_create_thing', { at: '/a1' }), await question('probe_create_thing', { at: '/a2' })]
    const putting = await question('probe_put_thing', { at: '/a3' })
    const deleting = await question('probe_delete_text', { id: '1' })
    const statusOf = async (id: string): Promise<string> => (await hub.tools.approvals.get(workspaceId, id)).status
    const refused = async (request: object): Promise<string> => {
      const { status, body } = await ask('POST', '/bulk', request)
      assert.equal(status, 400, JSON.stringify(body))
      return body.errors[0].message
    }
    assert.match(await refused({ action: 'approvals.approve', filter: { status: 'pending' } }), /one tool/)
    assert.match(await refused({ action: 'approvals.approve', ids: [creating[0], putting] }), /one tool/)
    assert.match(await refused({ action: 'approvals.approve', filter: { tool: 'probe_delete_text' } }), /destroys/)
    assert.match(await refused({ action: 'approvals.reject', ids: [deleting] }), /destroys/)
    const approved = await done({ action: 'approvals.approve', filter: { tool: 'probe_create_thing' }, input: { comment: 'all fine' } })
    // Other tests may have left questions about this tool.
    assert.ok(approved.total >= 2 && approved.done >= 2, JSON.stringify(approved))
    const rejected = await done({ action: 'approvals.reject', ids: [putting] })
    assert.equal(rejected.done, 1)
    assert.deepEqual(await Promise.all([...creating, putting, deleting].map(statusOf)), ['approved', 'approved', 'rejected', 'pending'])
    const caused = as(await tokenWith(['approvals:read']))
    assert.equal((await caused('POST', '/bulk', { action: 'approvals.approve', ids: creating })).status, 403)
  })

  test('approves none that has changed since it started', async () => {
    const asker = { ...bench.operator, kind: 'system', id: 'asker' } as const
    const expiresAt = new Date(Date.now() + 600_000)
    const question = async (at: string): Promise<string> => {
      const call = { tool: 'probe_put_thing', integration: 'probe', input: { at } }
      return (await bench.hub.tools.approvals.ask({ principal: asker, message: 'May I?', call, expiresAt })).id
    }
    for (const choose of [(ids: string[]) => ({ ids }), () => ({ filter: { tool: 'probe_put_thing' } })]) {
      const ids = [await question('/c1'), await question('/c2'), await question('/c3')]
      const lock = await hold(ids[0]!, 'approvals')
      const { id } = await started({ action: 'approvals.approve', ...choose(ids) })
      await begun(id)
      await bench.hub.db.pool.query(`update hub.approvals set message = 'May I do more?' where id = $1`, [ids[1]])
      await lock.release()
      const bulk = await ended(id)
      assert.deepEqual([bulk.done, bulk.failed], [2, 1], JSON.stringify(bulk.failures))
      assert.deepEqual([bulk.failures[0].id, bulk.failures[0].code], [ids[1], 'approval_changed'])
      assert.equal((await bench.hub.tools.approvals.get(bench.workspaceId, ids[1]!)).status, 'pending')
      await done({ action: 'approvals.reject', ids: [ids[1]] })
    }
  })
})

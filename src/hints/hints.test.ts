import assert from 'node:assert/strict'
import { get } from 'node:http'
import { before, suite, test } from 'node:test'
import { createNoticeBuffer, type HintKind } from '#telemetry'
import { createEventPublisher } from '#events/publish'
import { sleep } from '#lib/clock'
import { newId } from '#lib/ids'
import { adminToken, serveProcess, sharedDatabaseUrl, sharedHub, testHub, untypedTrpcClient, type TestHub } from '#test'
import { createHints, type Hint, type HintMessage, type Hints } from './index.ts'
import { createWatcher, mostPending } from './watcher.ts'

interface Watching {
  readonly messages: HintMessage[]
  readonly hints: () => Hint[]
  readonly ended: Promise<void>
  stop(): void
}

async function until(what: string, state: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await state()); tries++) {
    assert.ok(tries < 1000, `it did not happen: ${what}`)
    await sleep(10)
  }
}

/** Watches in this process, and is ready when this resolves. */
async function watch(
  hub: TestHub,
  workspaceId: string,
  { hints = hub.hub.hints, isActive }: { hints?: Hints; isActive?: () => Promise<boolean> } = {},
): Promise<Watching> {
  const messages: HintMessage[] = []
  const stopping = new AbortController()
  const read = async (): Promise<void> => {
    const request = { workspaceId, owner: newId('tok'), mayRead: () => true, isAgain: false, isActive, signal: stopping.signal }
    for await (const message of hints.watch(request)) if (message) messages.push(message)
  }
  const ended = read()
  await until('ready', () => messages.length > 0)
  return {
    messages,
    hints: () => messages.flatMap((message) => (message.kind === 'hints' ? message.hints : [])),
    ended,
    stop: () => stopping.abort(),
  }
}

suite('hints', () => {
  let hub: TestHub
  let workspaceId: string
  before(async () => {
    hub = await sharedHub()
    workspaceId = (await hub.hub.access.operator('tester')).workspaceId
  })

  test('tell what changed by kind and id, in its own workspace and in no other', async () => {
    const operator = await hub.hub.access.operator('tester')
    const other = await hub.hub.access.workspaces.create(operator, `hints-${Date.now()}`)
    const [here, there] = [await watch(hub, workspaceId), await watch(hub, other.id)]
    const { id } = (await hub.call('POST', '/api/v1/tokens', { name: 'watched', scopes: ['tools:read'] })).json()
    await until('the hint', () => here.hints().some((hint) => hint.kind === 'token' && hint.id === id))
    const inOther = hub.with({ headers: { 'hub-workspace': other.name } })
    const made = (await inOther.call('POST', '/api/v1/tokens', { name: 'other', scopes: ['tools:read'] })).json()
    await until('the hint of the other workspace', () => there.hints().some((hint) => hint.id === made.id))
    assert.ok(there.hints().every((hint) => hint.id !== id))
    assert.ok(here.hints().every((hint) => hint.id !== made.id))
    for (const hint of here.hints()) assert.deepEqual(Object.keys(hint), ['kind', 'id', 'version'])
    for (const each of [here, there]) {
      each.stop()
      await each.ended
    }
  })

  test('name events, deliveries, calls, runs and flows once they can be read', async () => {
    const watching = await watch(hub, workspaceId)
    const has = (kind: HintKind, id: string): boolean => watching.hints().some((hint) => hint.kind === kind && hint.id === id)
    const { db, telemetry, dispatch } = hub.hub
    const endpoint = await hub.call('POST', '/api/v1/endpoints', { url: 'https://example.com/', types: ['hinted.happened'] })
    assert.equal(endpoint.statusCode, 201, endpoint.body)
    const publisher = createEventPublisher({ ...hub.hub, ...telemetry })
    await db.transaction((trx) => publisher.publish(trx, [{ workspaceId, type: 'hinted.happened', data: {} }]))
    const event = (await hub.call('GET', '/api/v1/events?type=hinted.happened')).json().items[0]
    await until('the event', () => has('event', event.id))
    await dispatch()
    const delivery = (await hub.call('GET', `/api/v1/deliveries?endpoint=${endpoint.json().id}`)).json().items[0]
    await until('the delivery', () => has('delivery', delivery.id))
    const flow = (await hub.call('POST', '/api/v1/flows', { source: 'id: hinted\nsteps: [{ id: a, transform: 1 }]' })).json()
    await until('the flow', () => has('flow', flow.flow_id))
    const started = (await hub.call('POST', '/api/v1/flows/hinted/trigger', {})).json()
    await until('the run', () => has('run', started.run_id))
    const call = (await hub.call('POST', '/api/v1/tools/hub_list_flows/invoke', { input: {} })).json()
    await until('the call', () => has('call', call.invocation_id))
    watching.stop()
    await watching.ended
  })

  test('of kinds that the caller may not read are not sent', async () => {
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'flows only', scopes: ['flows:read'] })).json()
    const all = await watch(hub, workspaceId)
    const address = await hub.address()
    const seen: { event: string; data: { hints?: Hint[] } }[] = []
    const subscription = untypedTrpcClient(address, { token }).subscription(
      'hints.watch',
      {},
      { onData: (event) => void seen.push((event as { data: (typeof seen)[number] }).data) },
    )
    await until('ready', () => seen.some(({ event }) => event === 'ready'))
    const { id } = (await hub.call('POST', '/api/v1/tokens', { name: 'unseen', scopes: ['tools:read'] })).json()
    await until('the token’s hint', () => all.hints().some((hint) => hint.id === id))
    await hub.call('POST', '/api/v1/flows', { source: 'id: seen\nsteps: [{ id: a, transform: 1 }]' })
    await until('the flow’s hint', () => seen.some(({ data }) => data.hints?.some(({ kind }) => kind === 'flow')))
    const kinds = new Set(seen.flatMap(({ data }) => data.hints ?? []).map(({ kind }) => kind))
    for (const kind of kinds) assert.ok(kind === 'flow' || kind === 'run', kind)
    subscription.unsubscribe()
    all.stop()
    await all.ended
  })

  test('come as server-sent events, begin with resync after a reconnection, and end when the server closes', async () => {
    await using own = await testHub({ DATABASE_URL: await sharedDatabaseUrl() })
    const address = await own.address()
    let text = ''
    const ended = new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${adminToken}`, 'last-event-id': '1' }
      get(`${address}/api/v1/hints`, { headers, agent: false }, (reply) => {
        reply.on('data', (chunk: Buffer) => (text += String(chunk)))
        reply.on('end', resolve)
      }).on('error', reject)
    })
    await until('resync', () => text.includes('event: resync'))
    const { id } = (await own.call('POST', '/api/v1/tokens', { name: 'streamed', scopes: ['tools:read'] })).json()
    await until('the hint', () => text.includes(`"id":"${id}"`))
    assert.match(text, /event: hints\ndata: \{"hints":\[\{"kind":"token","id":"tok_[^"]+","version":\d+\}/)
    const began = performance.now()
    await own.rest.close()
    await ended
    assert.ok(performance.now() - began < 5000)
  })

  test('cross processes, and tell of a cut connection with resync', async () => {
    const url = await sharedDatabaseUrl()
    await using other = await serveProcess({
      DATABASE_URL: url,
      HUB_DATA_DIR: hub.dataDir,
      HUB_ADMIN_TOKEN: adminToken,
      HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    })
    const watching = await watch(hub, workspaceId)
    const create = async (name: string): Promise<string> => {
      const reply = await fetch(`${other.url}/api/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name, scopes: ['tools:read'] }),
      })
      return ((await reply.json()) as { id: string }).id
    }
    const id = await create('elsewhere')
    await until('the hint of the other process', () => watching.hints().some((hint) => hint.id === id))
    const { rows } = await hub.hub.db.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'integration-hub hints' and datname = current_database()`,
    )
    assert.ok(rows.length > 0)
    await until('resync', () => watching.messages.some(({ kind }) => kind === 'resync'))
    const later = await create('after the cut')
    await until('hints go on', () => watching.hints().some((hint) => hint.id === later))
    watching.stop()
    await watching.ended
  })

  test('use one connection for all who watch, and none when nobody does', async () => {
    const connections = async (): Promise<number> => {
      const { rows } = await hub.hub.db.pool.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where application_name = 'integration-hub hints' and datname = current_database()`,
      )
      return rows[0]!.n
    }
    await until('none is left of the tests before', async () => (await connections()) === 0)
    const all = await Promise.all(Array.from({ length: 10 }, () => watch(hub, workspaceId)))
    assert.equal(await connections(), 1)
    for (const each of all) {
      each.stop()
      await each.ended
    }
    await until('it is closed', async () => (await connections()) === 0)
  })

  test('stop when the caller may no longer watch', async () => {
    await using hints = createHints({ ...hub.hub.telemetry, notices: createNoticeBuffer(), db: hub.hub.db }, { checkMs: 20 })
    let active = true
    const watching = await watch(hub, workspaceId, { hints, isActive: async () => active })
    await sleep(100)
    active = false
    await watching.ended
  })

  test('refuse the fifty-first stream of one caller, and count those that have ended no more', async () => {
    const stopping = new AbortController()
    const request = { workspaceId, owner: 'token:many', mayRead: () => true, isAgain: false, signal: stopping.signal }
    const streams = Array.from({ length: 50 }, () => hub.hub.hints.watch(request)[Symbol.asyncIterator]())
    await Promise.all(streams.map((stream) => stream.next()))
    assert.throws(() => hub.hub.hints.watch(request), /50 streams of hints/)
    hub.hub.hints.watch({ ...request, owner: 'token:another' })
    await streams[0]!.return!()
    hub.hub.hints.watch(request)
    stopping.abort()
    await Promise.all(streams.map((stream) => stream.return!()))
  })

  test('of many changes are joined: few notifications, and an id of null where there are too many to name', async () => {
    const notices = createNoticeBuffer()
    await using hints = createHints({ ...hub.hub.telemetry, notices, db: hub.hub.db })
    const watching = await watch(hub, 'ws_joined', { hints })
    for (let n = 0; n < 10_000; n++) {
      notices.add('ws_joined', 'event', `evt_${n}`)
      notices.add('ws_joined', 'run', `run_${n % 20}`)
    }
    await until('both kinds', () => new Set(watching.hints().map(({ kind }) => kind)).size === 2)
    await sleep(600)
    assert.deepEqual(
      watching
        .hints()
        .filter(({ kind }) => kind === 'event')
        .map(({ id }) => id),
      [null],
    )
    assert.equal(watching.hints().filter(({ kind }) => kind === 'run').length, 20)
    watching.stop()
    await watching.ended
  })
})

suite('a client that does not read', () => {
  const notice = { workspaceId: 'ws_a', kind: 'run' as const, version: 1 }

  test('has at most a thousand hints waiting, and then one resync', () => {
    const watcher = createWatcher({ workspaceId: 'ws_a', mayRead: () => true })
    for (let n = 0; n < mostPending; n++) watcher.onNotice({ ...notice, ids: [`run_${n}`] })
    const taken = watcher.take()
    assert.equal(Array.isArray(taken) ? taken.length : 0, mostPending)
    for (let n = 0; n < 100_000; n++) watcher.onNotice({ ...notice, ids: [`run_${n}`] })
    assert.equal(watcher.take(), 'resync')
    assert.equal(watcher.take(), undefined)
    watcher.onNotice({ ...notice, ids: ['run_1'] })
    assert.deepEqual(watcher.take(), [{ kind: 'run', id: 'run_1', version: 1 }])
  })

  test('is told of one thing once, with the latest version', () => {
    const watcher = createWatcher({ workspaceId: 'ws_a', mayRead: (kind) => kind === 'run' })
    for (let version = 1; version <= 5; version++) {
      watcher.onNotice({ ...notice, ids: ['run_1'], version })
      watcher.onNotice({ ...notice, workspaceId: 'ws_b', ids: ['run_2'], version })
      watcher.onNotice({ ...notice, kind: 'token', ids: ['tok_1'], version })
    }
    assert.deepEqual(watcher.take(), [{ kind: 'run', id: 'run_1', version: 5 }])
  })
})

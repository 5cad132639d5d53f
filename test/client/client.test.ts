import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { adminToken, servedHub, type ServedHub } from '#test'
import { createHub, everyItem, HubError, type Hub } from '../../client/src/index.ts'
import { problem, startMiddle } from './middle.ts'

const hubAt = (url: string, more: Partial<Parameters<typeof createHub>[0]> = {}): Hub => createHub({ url, token: adminToken, ...more })

async function failure(promise: Promise<unknown>): Promise<HubError> {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof HubError, String(error))
  return error
}

suite('the client', () => {
  let served: ServedHub
  let hub: Hub
  before(async () => {
    served = await servedHub()
    hub = hubAt(`${served.address}/`)
  })
  const writes = (path: string): number => served.outside.seen.filter(({ what }) => what === `POST ${path}`).length

  test('puts each field of an input where the hub expects it, and returns the typed output', async () => {
    const { output, status } = await hub.tools.call({ name: 'probe_get_thing', input: { at: '/thing' }, fields: ['ok'] })
    assert.deepEqual([status, output], ['completed', { ok: 1 }])
    const { items } = await hub.tools.list({ connector: 'probe', effect: 'read', limit: 3 })
    assert.ok(items.length === 3 && items.every(({ name, effect }) => name.startsWith('probe_') && effect === 'read'))
    const odd = await failure(hub.integrations.get({ id: 'a/b?c#d' }))
    assert.deepEqual([odd.code, odd.status], ['integration_unknown', 404])
    await hub.credentials.set({ name: 'of-the-client', kind: 'token', data: { token: 'a-secret-value-1' } })
    assert.equal(await hub.credentials.delete({ name: 'of-the-client' }), null)
    await assert.rejects(hub.integrations.get({ id: '..' }), /must be a name or an id/)
    await assert.rejects(hub.integrations.get({ id: '' }), TypeError)
  })

  test('throws the problem of the hub as one error with all its parts', async () => {
    const invalid = await failure(hub.tools.call({ name: 'probe_get_thing', input: { at: 5 } }))
    assert.deepEqual([invalid.code, invalid.kind, invalid.status, invalid.retryable], ['invalid_input', 'validation', 400, false])
    assert.deepEqual(
      invalid.errors.map(({ path }) => path),
      ['input.at'],
    )
    assert.match(invalid.hint!, /shows its schema/)
    assert.match(invalid.requestId!, /^req_/)
    const stranger = await failure(createHub({ url: served.address, token: () => Promise.resolve('ih_wrong') }).runs.list())
    assert.equal(stranger.code, 'token_invalid')
    await assert.rejects(
      hubAt(served.address, { token: () => Promise.reject(new Error('the vault is closed')) }).runs.list(),
      /vault is closed/,
    )
  })

  test('sends a call whose answer was lost again under the same key, and it acts once', async () => {
    await using middle = await startMiddle(served.address, (_, nth) => (nth === 1 ? 'lose' : 'pass'))
    const { output, replayed } = await hubAt(middle.url).tools.call({ name: 'probe_create_thing', input: { at: '/client-once' } })
    assert.deepEqual([output, replayed], [{ ok: 1 }, true])
    assert.equal(writes('/client-once'), 1)
    const keys = middle.seen.map(({ headers }) => headers['idempotency-key'])
    assert.equal(keys.length, 2)
    assert.ok(keys[0] && keys[0] === keys[1])
    await hubAt(middle.url).tools.call({ name: 'probe_create_thing', input: { at: '/client-once' } })
    assert.equal(writes('/client-once'), 2)
  })

  test('never repeats a change that has no key and may have happened', async () => {
    await using middle = await startMiddle(served.address, () => 'lose')
    const lost = await failure(hubAt(middle.url).tokens.create({ name: 'lost', scopes: ['tools:read'] }))
    assert.deepEqual([lost.code, lost.kind, lost.retryable, lost.status], ['connection_failed', 'network', true, 0])
    assert.equal(middle.seen.length, 1)
  })

  test('waits as long as the hub says and tries again, but not for minutes', async () => {
    await using busy = await startMiddle(served.address, (response, nth) => {
      if (nth > 1) return 'pass'
      return problem(response, { status: 429, code: 'runs_limited', kind: 'rate_limit', retry_after: 1 })
    })
    const began = performance.now()
    // A refusal before anything was done: even a change without a key is sent again.
    assert.ok((await hubAt(busy.url).tokens.create({ name: 'patient', scopes: ['tools:read'] })).token)
    assert.ok(performance.now() - began >= 990)
    await using full = await startMiddle(served.address, (response) =>
      problem(response, { status: 429, code: 'rate_limited', kind: 'rate_limit', retry_after: 600 }),
    )
    assert.equal((await failure(hubAt(full.url).runs.list())).retryAfter, 600)
    assert.equal(full.seen.length, 1)
  })

  test('gives up after its retries, and tells an answer that is no hub’s from one', async () => {
    await using proxy = await startMiddle(served.address, (response) => void response.writeHead(502).end('<h1>Bad gateway</h1>'))
    const error = await failure(hubAt(proxy.url, { retries: 2 }).runs.list())
    assert.deepEqual([error.code, error.status, error.retryable], ['unexpected_answer', 502, true])
    assert.equal(proxy.seen.length, 3)
    await using page = await startMiddle(served.address, (response) => void response.writeHead(200).end('<h1>Welcome</h1>'))
    assert.equal((await failure(hubAt(page.url).runs.list())).code, 'unexpected_answer')
  })

  test('takes the token to no other address', async () => {
    await using other = await startMiddle(served.address)
    await using moved = await startMiddle(served.address, (response) => void response.writeHead(307, { location: `${other.url}/x` }).end())
    assert.equal((await failure(hubAt(moved.url, { retries: 0 }).runs.list())).code, 'connection_failed')
    assert.equal(other.seen.length, 0)
  })

  test('ends at once when its caller aborts, also while it waits, and after its time', async () => {
    await using silent = await startMiddle(served.address, () => undefined)
    const late = await failure(hubAt(silent.url, { retries: 0, timeoutMs: 100 }).runs.list())
    assert.deepEqual([late.code, late.kind], ['no_answer_in_time', 'timeout'])
    const reason = new Error('not wanted any more')
    const sending = new AbortController()
    const sent = hubAt(silent.url).runs.list({}, { signal: sending.signal })
    setTimeout(() => sending.abort(reason), 50)
    await assert.rejects(sent, reason)
    const before = silent.seen.length
    await assert.rejects(hubAt(silent.url).runs.list({}, { signal: sending.signal }), reason)
    assert.equal(silent.seen.length, before)
    await using busy = await startMiddle(served.address, (response) =>
      problem(response, { status: 503, code: 'shutting_down', kind: 'internal', retry_after: 20 }),
    )
    const waiting = new AbortController()
    const waits = hubAt(busy.url).runs.list({}, { signal: waiting.signal })
    setTimeout(() => waiting.abort(reason), 200)
    await assert.rejects(waits, reason)
  })

  test('reads a list to its end', async () => {
    for (const name of ['a', 'b', 'c']) await hub.tokens.create({ name: `paged-${name}`, scopes: ['tools:read'] })
    const ids = new Set<string>()
    for await (const { id } of everyItem((cursor) => hub.tokens.list({ limit: 2, cursor }))) ids.add(id)
    const { items } = await hub.tokens.list({ limit: 200 })
    assert.deepEqual(
      [...ids],
      items.map(({ id }) => id),
    )
  })
})

suite('a stream of a run', () => {
  const save = async (hub: Hub, id: string): Promise<void> => {
    const steps = [
      { id: 'first', transform: 'one' },
      { id: 'pause', wait: '1500ms' },
      { id: 'last', transform: 'two' },
    ]
    await hub.flows.save({ definition: { id, steps } })
  }

  test('tells every change to the end, through a connection that is cut', async () => {
    const { address } = await servedHub()
    const hub = hubAt(address)
    await save(hub, 'watched')
    let cuts = 0
    await using middle = await startMiddle(address, (response, nth) => {
      if (nth > 1) return 'pass'
      cuts += 1
      const run = { id: 'run_x', status: 'running', finished_at: null }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`retry: 1000\n\n: heartbeat\n\nid: 17\nevent: run\ndata: ${JSON.stringify(run)}\n\nid: 18\nevent: st`)
      setTimeout(() => response.destroy(), 50)
      return undefined
    })
    const started = await hub.flows.trigger({ id: 'watched' })
    assert.ok('run_id' in started)
    const seen: string[] = []
    for await (const { event, data } of hubAt(middle.url).runs.watch({ id: started.run_id }))
      seen.push(event === 'step' ? `${data.path} ${data.status}` : `run ${data.status}`)
    assert.equal(cuts, 1)
    assert.equal(middle.seen[1]!.headers['last-event-id'], '17')
    assert.equal(seen[0], 'run running')
    assert.equal(seen.at(-1), 'run completed')
    assert.ok(seen.includes('last completed'), seen.join(', '))

    const again = await hub.flows.trigger({ id: 'watched' })
    assert.ok('run_id' in again)
    const states: string[] = []
    for await (const { event, data } of hub.runs.watch({ id: again.run_id })) if (event === 'run') states.push(data.status)
    assert.ok(states.includes('running') || states.includes('waiting'), 'the changes come while the run goes on')
    assert.equal(states.at(-1), 'completed')
  })

  test('throws for a run that does not exist, and closes its connection when nobody reads on', async () => {
    const { address } = await servedHub()
    const hub = hubAt(address)
    const nothing = hub.runs.watch({ id: 'run_0197f3d2-0000-7000-8000-000000000000' })
    assert.equal((await failure(nothing.next())).code, 'not_found')
    let closed: Promise<void> | undefined
    await using middle = await startMiddle(address, (response) => {
      closed = new Promise((resolve) => response.once('close', resolve))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 1\nevent: run\ndata: {"finished_at":null}\n\n')
    })
    for await (const { id } of hubAt(middle.url).runs.watch({ id: 'run_1' })) {
      assert.equal(id, '1')
      break
    }
    await closed
    const controller = new AbortController()
    const reason = new Error('enough')
    const stream = hubAt(middle.url).runs.watch({ id: 'run_1' }, { signal: controller.signal })
    await stream.next()
    setTimeout(() => controller.abort(reason), 50)
    await assert.rejects(stream.next(), reason)
    // A network that lost a connection does not say so.
    const silent = hubAt(middle.url).runs.watch({ id: 'run_1' }, { timeoutMs: 200, retries: 0 })
    await silent.next()
    assert.equal((await failure(silent.next())).code, 'no_answer_in_time')
  })
})

suite('for agents', () => {
  test('all tools come in the format that was asked for, page by page and once each', async () => {
    const hub = hubAt((await servedHub()).address)
    const [all, five] = [
      await hub.toolDefinitions('openai'),
      await hub.toolDefinitions('anthropic', { query: 'create an issue', limit: 5 }),
    ]
    assert.ok(all.length > 100)
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    assert.ok(all.every(({ type, parameters }) => type === 'function' && parameters.type === 'object'))
    assert.deepEqual([five.length, five[0]!.input_schema.type], [5, 'object'])
    const chat = await hub.toolDefinitions('openai-chat', { toolset: 'probe' })
    assert.ok(chat.every((one) => one.function.name.startsWith('probe_')))
  })

  test('a tool gives the model a text, its failure too, and acts once for each call of the model', async () => {
    const served = await servedHub()
    const hub = hubAt(served.address)
    assert.deepEqual(await hub.runTool('probe_get_thing', '{"at": null}'), { text: '{"ok":1}', isError: false })
    const wrong = await hub.runTool('probe_get_thing', { at: 5 })
    assert.ok(wrong.isError)
    assert.match(wrong.text, /^invalid_input \(validation\): .*\n- input\.at: .*\nNext: /)
    assert.match((await hub.runTool('probe_get_thing', '{"at": ')).text, /^bad_json/)
    assert.match((await hub.runTool('probe_nothing', {})).text, /^tool_unknown/)
    for (let i = 0; i < 2; i++) await hub.runTool('probe_create_thing', { at: '/by-model' }, { key: 'call_1' })
    assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /by-model').length, 1)
    const refused = createHub({ url: served.address, token: 'ih_wrong' }).runTool('probe_get_thing', {})
    assert.equal((await failure(refused)).code, 'token_invalid')
  })
})

import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { before, suite, test } from 'node:test'
import type { TRPCClientError } from '@trpc/client'
import { sleep } from '#lib/clock'
import type { Operation, StreamEvent } from '#operations'
import { adminToken, servedHub, sharedHub, testStream, trpcBench, type TestHub, untypedTrpcClient } from '#test'
import type { AppRouter } from '../../../client/src/generated/trpc.ts'

const headers = { authorization: `Bearer ${adminToken}` }

async function until(what: string, state: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await state()); tries++) {
    assert.ok(tries < 1000, `it did not happen: ${what}`)
    await sleep(10)
  }
}

/** Counts up, and says what became of its streams. */
function numbers(name: string, { size = 10, everyMs = 0 } = {}) {
  const state = { read: 0, open: 0, ended: 0, after: [] as unknown[] }
  const text = 'x'.repeat(size)
  const operation: Operation = testStream(name, async function* ({ isActive, signal }, input): AsyncGenerator<StreamEvent | undefined> {
    const { after } = input as { after?: string }
    state.after.push(after)
    state.open += 1
    try {
      for (let number = Number(after ?? 0) + 1; !signal?.aborted; number++) {
        if (isActive && !(await isActive())) return
        yield undefined
        state.read += 1
        yield { id: String(number), event: 'number', data: { number, text } }
        if (everyMs > 0) await sleep(everyMs)
      }
    } finally {
      state.open -= 1
      state.ended += 1
    }
  })
  return { operation, state }
}

/** The answer to a request for a stream; its body is not read. */
function opened(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => void get(url, { headers, agent: false }, resolve).on('error', reject))
}

async function textUntil(message: IncomingMessage, mark: RegExp): Promise<string> {
  let text = ''
  for await (const piece of message) {
    text += String(piece)
    if (mark.test(text)) break
  }
  return text
}

interface Watched {
  readonly seen: { readonly id: string; readonly data: any }[]
  readonly states: string[]
  readonly ended: Promise<TRPCClientError<AppRouter> | undefined>
  stop(): void
}

interface WatchInput {
  readonly [field: string]: string
  readonly token?: string
}

function watch(address: string, path: string, { token = adminToken, ...input }: WatchInput): Watched {
  const seen: Watched['seen'] = []
  const states: string[] = []
  let stop = (): void => undefined
  const ended = new Promise<TRPCClientError<AppRouter> | undefined>((resolve) => {
    const subscription = untypedTrpcClient(address, { token }).subscription(path, input, {
      onData: (event) => void seen.push(event as Watched['seen'][number]),
      onConnectionStateChange: ({ state }) => void states.push(state),
      onComplete: () => resolve(undefined),
      onError: resolve,
    })
    stop = () => subscription.unsubscribe()
  })
  return { seen, states, ended, stop }
}

suite('a subscription', () => {
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
  })

  test('to a run sends its changes, ends with it, and continues after an event that is named', async () => {
    const served = await servedHub()
    const call = async (path: string, body: object): Promise<any> => {
      const reply = await fetch(`${served.address}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return reply.json()
    }
    await call('/api/v1/flows', { source: 'id: trpc-watched\nsteps: [{id: a, transform: "1"}, {id: b, wait: 1s}]' })
    const { run_id: id } = await call('/api/v1/flows/trpc-watched/trigger', {})
    const watched = watch(served.address, 'runs.watch', { id })
    assert.equal(await watched.ended, undefined)
    const last = watched.seen.at(-1)!
    assert.deepEqual([last.data.event, last.data.data.status], ['run', 'completed'])
    assert.ok(watched.seen.some(({ data }) => data.event === 'step' && data.data.step === 'a'))
    const later = String(Date.now() + 3_600_000)
    const again = watch(served.address, 'runs.watch', { id, lastEventId: later })
    assert.equal(await again.ended, undefined)
    assert.deepEqual(
      again.seen.map(({ data }) => data.event),
      ['run'],
    )
    const none = watch(served.address, 'runs.watch', { id: 'run_none' })
    assert.equal((await none.ended)?.data?.problem.code, 'not_found')
  })

  test('connects again when the connection is cut, and continues after the last event', async () => {
    const { operation, state } = numbers('numbers.count', { everyMs: 5 })
    await using bench = await trpcBench(hub, [operation])
    const watched = watch(bench.address, 'numbers.count', {})
    for (const count of [3, 6, 9]) {
      await until(`${count} events`, () => watched.seen.length >= count)
      bench.app.server.closeAllConnections()
      await until('another connection', () => state.ended >= count / 3)
    }
    await until('it goes on', () => watched.seen.length >= 15)
    watched.stop()
    const ids = watched.seen.map(({ id }) => Number(id))
    assert.deepEqual(
      ids,
      ids.map((_, at) => at + 1),
    )
    assert.equal(state.after[0], undefined)
    assert.ok(state.after.length >= 4 && state.after.slice(1).every((after) => Number(after) > 0), String(state.after))
    await until('the source ends with its client', () => state.open === 0)
  })

  test('reads no more from its source than a client takes, and ends it when the client goes', async () => {
    const { operation, state } = numbers('numbers.large', { size: 64 * 1024 })
    await using bench = await trpcBench(hub, [operation])
    const before = process.memoryUsage()
    const message = await opened(`${bench.address}/trpc/numbers.large`)
    let known = -1
    await until('it stops to read', async () => {
      const same = state.read === known && known > 0
      known = state.read
      await sleep(300)
      return same
    })
    // The buffers of both sockets, in events of 64 KiB.
    assert.ok(state.read < 300, `${state.read} events were read`)
    const { heapUsed, external } = process.memoryUsage()
    assert.ok(heapUsed + external - before.heapUsed - before.external < 64 * 1024 * 1024)
    message.resume()
    await until('it goes on when the client reads', () => state.read > known + 100)
    message.destroy()
    await until('the source ends', () => state.open === 0 && state.ended === 1)
  })

  test('is ended within a second when its token is revoked, with the reason', async () => {
    const { operation } = numbers('numbers.revoked', { everyMs: 10 })
    await using bench = await trpcBench(hub, [operation])
    const { token, id } = (await hub.call('POST', '/api/v1/tokens', { name: 'for a stream', scopes: ['tools:read'] })).json()
    const watched = watch(bench.address, 'numbers.revoked', { token })
    await until('events', () => watched.seen.length > 0)
    await hub.call('DELETE', `/api/v1/tokens/${id}`)
    const error = await watched.ended
    assert.deepEqual([error?.data?.code, error?.data?.problem.code], ['UNAUTHORIZED', 'token_invalid'])
    const { token: other } = (await hub.call('POST', '/api/v1/tokens', { name: 'not for it', scopes: ['flows:read'] })).json()
    assert.equal((await watch(bench.address, 'numbers.revoked', { token: other }).ended)?.data?.problem.code, 'scope_missing')
  })

  test('is one of twenty that a caller may have open', async () => {
    const { operation, state } = numbers('numbers.many', { everyMs: 20 })
    await using bench = await trpcBench(hub, [operation])
    const url = `${bench.address}/trpc/numbers.many`
    const all = await Promise.all(Array.from({ length: 20 }, () => opened(url)))
    for (const message of all) message.resume()
    await until('twenty are open', () => state.open === 20)
    const refused = await textUntil(await opened(url), /serialized-error\ndata.*\n|"number"/)
    assert.match(refused, /"streams_limited"/)
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'another caller', scopes: ['tools:read'] })).json()
    const another = watch(bench.address, 'numbers.many', { token })
    await until('another caller gets one', () => another.seen.length > 0)
    another.stop()
    all[0]!.destroy()
    await until('one has ended', () => state.open === 19)
    assert.match(await textUntil(await opened(url), /"number":1/), /^event: connected\ndata: \{"reconnectAfterInactivityMs":20000\}/)
    for (const message of all) message.destroy()
    await until('all have ended', () => state.open === 0)
  })

  test('ends when the hub stops, without saying that it is over, and delays nothing', async () => {
    const { operation, state } = numbers('numbers.stopped', { everyMs: 10 })
    const bench = await trpcBench(hub, [operation])
    const message = await opened(`${bench.address}/trpc/numbers.stopped`)
    const text = textUntil(message, /$^/)
    await until('it is open', () => state.read > 3)
    await bench[Symbol.asyncDispose]()
    assert.ok(!/event: (return|serialized-error)/.test(await text))
    assert.equal(state.open, 0)
  })

  test('shows that it is alive, and after its longest time lets the client connect again', async () => {
    const quiet = numbers('numbers.quiet', { everyMs: 200 })
    await using bench = await trpcBench(hub, [quiet.operation], { timing: { pingMs: 30, maxMs: 600 } })
    const text = await textUntil(await opened(`${bench.address}/trpc/numbers.quiet`), /$^/)
    assert.match(text, /event: ping/)
    assert.match(text, /"number":2/)
    assert.ok(!/event: (return|serialized-error)/.test(text), text)
    await until('the source ends', () => quiet.state.open === 0)
    const watched = watch(bench.address, 'numbers.quiet', {})
    await until('it goes on in another stream', () => watched.seen.length >= 5)
    watched.stop()
    assert.deepEqual(watched.seen.map(({ id }) => id).slice(0, 5), ['1', '2', '3', '4', '5'])
  })
})

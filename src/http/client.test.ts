import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { z } from 'zod'
import { auth, defineConnector } from '#kit'
import {
  createEffects,
  createEgress,
  createEtagCache,
  createHttp,
  pagesByCursor,
  pagesByLink,
  pagesByNumber,
  pagesByOffset,
  path,
  shownError,
  unlimited,
  type CallScope,
  type Http,
  type HttpRuntime,
} from '#http'
import { HubError } from '#errors'
import { upstream, type Scripted, type Upstream } from '#kit/testing'

const connector = defineConnector({
  name: 'thing',
  title: 'Thing',
  description: '',
  connect: '',
  config: z.object({}),
  auth: [auth.token()],
  responseRules: {
    limit: (headers) =>
      headers['x-left'] === undefined ? undefined : { remaining: Number(headers['x-left']), resetAt: new Date(Date.now() + 60_000) },
  },
}).withActions({})

function client(url: string, more: Partial<CallScope> & Partial<HttpRuntime> = {}): Http {
  const egress = more.egress ?? createEgress({ allow: ['127.0.0.1', '::1'] })
  const log = { debug: () => undefined, warn: () => undefined }
  const runtime: HttpRuntime = { egress, etags: createEtagCache(), timeoutMs: 5000, maxRetries: 2, log, measure: () => undefined, ...more }
  const scope: CallScope = {
    connector,
    effects: createEffects(),
    integrationId: 'int_1',
    baseUrl: url,
    secrets: ['top-secret-token'],
    rateLimiter: unlimited,
    signal: new AbortController().signal,
    dryRun: false,
    readOnly: false,
    authorization: async () => ({ headers: { authorization: 'Bearer top-secret-token' } }),
    ...more,
  }
  return createHttp(runtime, scope)
}

async function scripted(...answers: Scripted[]): Promise<Upstream> {
  return upstream(() => answers.shift() ?? { status: 500 })
}

test('a read is repeated after a temporary failure, a write is not', async () => {
  await using reads = await scripted({ status: 503 }, { fault: 'cut' }, { body: { ok: 1 } })
  assert.deepEqual(await client(reads.url).get('/x'), { ok: 1 })
  assert.equal(reads.requests.length, 3)
  await using writes = await scripted({ status: 503 }, { body: { ok: 1 } })
  await assert.rejects(client(writes.url).post('/x', {}), { code: 'outcome_unknown' })
  assert.equal(writes.requests.length, 1)
})

test('a write that the outside system recognises, and a POST that only reads, are repeated', async () => {
  for (const option of [{ repeatable: 'state' as const }, { effect: 'read' as const }]) {
    await using api = await scripted({ fault: 'cut' }, { body: { ok: 1 } })
    assert.deepEqual(await client(api.url).post('/x', {}, option), { ok: 1 })
    assert.equal(api.requests.length, 2)
  }
})

test('a write without an answer has an unknown outcome, but not one that was never sent', async () => {
  for (const answer of [{ fault: 'cut' }, { fault: 'hang' }, { status: 502 }, { status: 504 }] as const) {
    await using api = await scripted(answer)
    await assert.rejects(client(api.url, { timeoutMs: 100 }).post('/x', {}), { code: 'outcome_unknown' }, JSON.stringify(answer))
    assert.equal(api.requests.length, 1)
  }
  const closed = await scripted()
  await closed[Symbol.asyncDispose]()
  let tries = 0
  await assert.rejects(client(closed.url, { timeoutMs: 5000, measure: () => void tries++ }).post('/x', {}), { code: 'vendor_unreachable' })
  assert.equal(tries, 3)
})

test('a call waits after 429, also for a write, and fails with retry_after if the wait is too long', async () => {
  await using soon = await scripted({ status: 429, headers: { 'retry-after': '0' } }, { status: 201, body: { ok: 1 } })
  assert.deepEqual(await client(soon.url).post('/x', {}), { ok: 1 })
  await using late = await scripted({ status: 429, headers: { 'retry-after': '30' } })
  await assert.rejects(
    client(late.url).get('/x'),
    (error: HubError) => error.code === 'vendor_rate_limited' && error.details.retryAfter === 30,
  )
  assert.equal(late.requests.length, 1)
})

test('an unchanged resource is answered with 304, and integrations do not share the cache', async () => {
  await using api = await upstream(({ headers }) =>
    headers['if-none-match'] === '"v1"' ? { status: 304 } : { body: { n: 1 }, headers: { etag: '"v1"' } },
  )
  const etags = createEtagCache()
  const first = client(api.url, { etags })
  assert.deepEqual([await first.get('/x'), await first.get('/x')], [{ n: 1 }, { n: 1 }])
  assert.equal(api.requests[1]!.headers['if-none-match'], '"v1"')
  await client(api.url, { etags, integrationId: 'int_2' }).get('/x')
  assert.equal(api.requests[2]!.headers['if-none-match'], undefined)
})

test('a web page, an endless body and a very slow body are limited and reported as errors', async () => {
  await using page = await scripted({ headers: { 'content-type': 'text/html' }, body: '<html>' })
  await assert.rejects(client(page.url).get('/x'), { code: 'vendor_invalid_response', message: /text\/html/ })
  const endless = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const part = Buffer.alloc(1_000_000, 'x')
    const more = (): void => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  const slow = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write('1'), 100)
    response.once('close', () => clearInterval(timer))
  })
  for (const [server, code] of [
    [endless, 'vendor_too_large'],
    [slow, 'vendor_timeout'],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const began = Date.now()
    await assert.rejects(client(`http://127.0.0.1:${port}`, { maxRetries: 0, timeoutMs: 500 }).get('/x'), { code })
    assert.ok(Date.now() - began < 5000)
    server.closeAllConnections()
    server.close()
  }
})

test('a redirect of a read is followed, without the credential to another origin, and refused to a private address', async () => {
  await using other = await scripted({ body: { there: 1 } })
  await using api = await scripted(
    { status: 302, headers: { location: `${other.url}/y` } },
    { status: 301, headers: { location: 'http://169.254.169.254/latest' } },
    { status: 302, headers: { location: '/z' } },
  )
  const http = client(api.url, { maxRetries: 0 })
  assert.deepEqual(await http.get('/x'), { there: 1 })
  assert.equal(other.requests[0]!.headers.authorization, undefined)
  await assert.rejects(http.get('/x'), { code: 'address_refused' })
  await assert.rejects(http.post('/x', {}), { code: 'outcome_unknown' })
})

test('the number of redirects is limited', async () => {
  await using api = await upstream(() => ({ status: 302, headers: { location: '/again' } }))
  await assert.rejects(client(api.url, { maxRetries: 0 }).get('/x'), { code: 'vendor_invalid_response' })
  assert.equal(api.requests.length, 6)
})

test('the vendor’s message is shown without secrets, and cut only after they are hidden', async () => {
  await using api = await scripted({
    status: 400,
    body: {
      message: `bad token top-secret-token and ghp_0123456789abcdef0123456789abcdef0123 ${'x'.repeat(2000)} of-a-flow ${'x'.repeat(30_000)}`,
    },
  })
  await assert.rejects(client(api.url).get('/x'), (error: HubError) => {
    assert.equal(error.code, 'vendor_rejected')
    assert.doesNotMatch(error.message, /top-secret-token|ghp_0123/)
    assert.ok(error.message.includes(' of-a-flow ') && error.message.length < 20_100)
    const shown = shownError(error.with({ cause: error }), (value) => JSON.parse(JSON.stringify(value).replaceAll('xxx of-a-flow', '-')))
    const longer = shownError(error, (value) => value)
    for (const { message } of [shown, shown.details.cause as HubError, longer]) assert.ok(message.length < 700)
    return true
  })
})

test('limits are learned from headers and a pause is passed on', async () => {
  await using api = await scripted({ headers: { 'x-left': '7' }, body: {} }, { status: 429, headers: { 'retry-after': '2' } })
  const seen: unknown[] = []
  const rateLimiter = {
    take: async () => undefined,
    learn: ({ remaining }: { remaining: number }) => void seen.push(remaining),
    pause: (ms: number) => void seen.push(ms),
  }
  const http = client(api.url, { rateLimiter, maxRetries: 0 })
  await http.get('/x')
  await assert.rejects(http.get('/x'), { code: 'vendor_rate_limited' })
  assert.deepEqual(seen, [7, 2000])
})

test('a caller that aborts cancels a read, and a write then has an unknown outcome', async () => {
  await using api = await upstream(() => ({ fault: 'hang' }))
  for (const [method, code] of [
    ['GET', 'cancelled'],
    ['POST', 'outcome_unknown'],
  ] as const) {
    const caller = new AbortController()
    const call = client(api.url, { signal: caller.signal }).request({ method, path: '/x' })
    setTimeout(() => caller.abort(), 50)
    await assert.rejects(call, { code })
  }
})

test('private and reserved addresses are refused in every notation', async () => {
  const egress = createEgress({ allow: [] })
  const notations = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[64:ff9b:1::808:808]',
    '[64:ff9b:1:abcd:7f00:1::]',
    '[2a00:1450::5efe:7f00:1]',
    '[2a00:1450::200:5efe:a00:1]',
    '[2a00:1450::5efe:808:808]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '224.0.0.1',
    'localhost',
  ]
  for (const host of notations) {
    await assert.rejects(client(`http://${host}:9`, { egress, maxRetries: 0 }).get('/'), { code: 'address_refused' }, host)
  }
  await assert.rejects(client('http://x', { egress }).get('ftp://example.com/x'), HubError)
  await egress.close()
})

test('an allowed network allows only that network', async () => {
  const egress = createEgress({ allow: ['127.0.0.0/30'] })
  assert.doesNotThrow(() => egress.assertUrl(new URL('http://127.0.0.2/')))
  assert.doesNotThrow(() => egress.assertUrl(new URL('http://[::ffff:127.0.0.2]/')))
  assert.throws(() => egress.assertUrl(new URL('http://127.0.0.9/')), { code: 'address_refused' })
  await egress.close()
})

test('path encodes its values and refuses empty and dot segments', () => {
  assert.equal(path`/a/${'b/c?d#e'}/${1}`, '/a/b%2Fc%3Fd%23e/1')
  for (const value of ['', '.', '..']) assert.throws(() => path`/a/${value}`, { code: 'invalid_input' })
})

test('all four kinds of paging stop after the last page', async () => {
  await using api = await upstream(({ path: place, query }) => {
    const n = Number(query.get('page') ?? query.get('startAt') ?? query.get('cursor') ?? 0)
    if (place === '/link') return { body: [n], headers: n < 2 ? { link: `<${api.url}/link?page=${n + 1}>; rel="next"` } : {} }
    if (place === '/cursor') return { body: { items: [n], next: n < 2 ? String(n + 1) : '' } }
    if (place === '/number') return { body: { items: [n], last: n === 3 } }
    return { body: { items: n < 4 ? [n, n + 1] : [], total: 4 } }
  })
  const http = client(api.url)
  const all = async <T>(pages: AsyncGenerator<T>): Promise<T[]> => Array.fromAsync(pages)
  assert.deepEqual(await all(pagesByLink<number[]>(http, '/link')), [[0], [1], [2]])
  assert.equal(
    (await all(pagesByCursor<{ next: string }>(http, '/cursor', { parameter: 'cursor', cursorOf: ({ next }) => next }))).length,
    3,
  )
  assert.equal((await all(pagesByNumber<{ last: boolean }>(http, '/number', { isLast: ({ last }) => last }))).length, 3)
  assert.equal(
    (
      await all(
        pagesByOffset<{ items: number[]; total: number }>(http, '/offset', {
          sizeOf: ({ items }) => items.length,
          totalOf: ({ total }) => total,
        }),
      )
    ).length,
    2,
  )
  const stubborn = pagesByCursor<{ next: string }>(http, '/cursor', { parameter: 'cursor', cursorOf: () => 'same', maxPages: 5 })
  assert.equal((await all(stubborn)).length, 2)
})

test('timeoutFactor raises the timeout of a request', async () => {
  const slow = createServer((_request, response) => void setTimeout(() => response.end('{}'), 300))
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  const http = client(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`, { maxRetries: 0, timeoutMs: 50 })
  await assert.rejects(http.get('/x'), { code: 'vendor_timeout' })
  assert.deepEqual(await http.get('/x', { timeoutFactor: 100 }), {})
  slow.closeAllConnections()
  slow.close()
})

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import fc from 'fast-check'
import { adminToken, sharedHub } from '#test'

const authorization = `Bearer ${adminToken}`
const json = 'application/json'

async function post(url: string, payload: string | Buffer, type: string = json): Promise<LightMyRequestResponse> {
  const { rest } = await sharedHub()
  return rest.inject({ method: 'POST', url, payload, headers: { authorization, ...(type ? { 'content-type': type } : {}) } })
}

function assertProblem(reply: LightMyRequestResponse, status: number, code: string): Record<string, unknown> {
  assert.equal(reply.statusCode, status, reply.payload)
  assert.match(String(reply.headers['content-type']), /^application\/problem\+json/)
  const problem = reply.json<Record<string, unknown>>()
  assert.deepEqual([problem['status'], problem['code'], problem['request_id']], [status, code, reply.headers['x-request-id']])
  return problem
}

interface ListPage {
  readonly items: unknown[]
  readonly next_cursor: string | null
}

const pathsOf = (problem: Record<string, unknown>): string[] => (problem['errors'] as { path: string }[]).map(({ path }) => path).toSorted()

test('bad JSON is 400 with the place, and nothing of the body comes back', async () => {
  const secret = 'hunter2hunter2'
  const cases: [string, RegExp][] = [
    [`{"name": "a",\n "token": ${secret}}`, /not valid JSON: line 2, column 11/],
    [secret, /line 1, column 1/],
    [`{"name": "${secret}`, /ends too early: line 1, column 25/],
    ['', /is empty/],
    [' \n', /is empty/],
  ]
  for (const [body, place] of cases) {
    const reply = await post('/api/v1/tokens', body)
    assert.match(String(assertProblem(reply, 400, 'bad_json')['detail']), place)
    assert.ok(!reply.payload.includes('hunter'))
  }
})

test('a body that would reach into prototypes is refused, and nothing is poisoned', async () => {
  for (const key of ['"__proto__"', '"\\u005f_proto__"', '"constructor"']) {
    const inner = key === '"constructor"' ? '{"prototype": {"admin": true}}' : '{"admin": true}'
    for (const body of [`{"name":"a","scopes":["tools:read"],${key}:${inner}}`, `{"name":"a","scopes":[{${key}:${inner}}]}`]) {
      const problem = assertProblem(await post('/api/v1/tokens', body), 400, 'bad_json')
      assert.match(String(problem['detail']), /key that is not allowed/)
    }
  }
  assert.equal(({} as Record<string, unknown>)['admin'], undefined)
})

test('a body that nests too deep is refused, not walked', async () => {
  const deep = `{"input":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`
  const problem = assertProblem(await post('/api/v1/tools/hub_list_integrations/invoke', deep), 400, 'bad_json')
  assert.match(String(problem['detail']), /nested deeper than/)
})

test('unknown fields are 400, each named', async () => {
  const reply = await post('/api/v1/tokens', '{"name":"a","scopes":["tools:read"],"expires":"never","color":{"red":1}}')
  assert.deepEqual(pathsOf(assertProblem(reply, 400, 'invalid_input')), ['color', 'expires'])
  const hub = await sharedHub()
  const query = await hub.call('GET', '/api/v1/tokens?limit=10&offset=3&sort=name')
  assert.deepEqual(pathsOf(assertProblem(query, 400, 'invalid_input')), ['query.offset', 'query.sort'])
})

test('wrong types are 400, each named by its path', async () => {
  const body = { name: 5, scopes: ['tools:read', 7, null], read_only: 'yes', expires_at: 'tomorrow' }
  const problem = assertProblem(await post('/api/v1/tokens', JSON.stringify(body)), 400, 'invalid_input')
  assert.deepEqual(pathsOf(problem), ['expires_at', 'name', 'read_only', 'scopes.1', 'scopes.2'])
  for (const whole of ['[]', 'null', '"text"', '5']) {
    assert.deepEqual(pathsOf(assertProblem(await post('/api/v1/tokens', whole), 400, 'invalid_input')), ['body'])
  }
  const credential = { name: 'a b', kind: '', data: { '1x': 'a', nested: { a: 1 }, none: null } }
  const paths = pathsOf(assertProblem(await post('/api/v1/credentials', JSON.stringify(credential)), 400, 'invalid_input'))
  for (const path of ['name', 'kind', 'data.1x', 'data.nested', 'data.none']) assert.ok(paths.includes(path), `${path} of ${paths.join()}`)
  const hub = await sharedHub()
  assert.deepEqual(pathsOf(assertProblem(await hub.call('GET', '/api/v1/tokens?limit=many'), 400, 'invalid_input')), ['query.limit'])
  assert.deepEqual(pathsOf(assertProblem(await hub.call('DELETE', '/api/v1/tokens/five'), 400, 'invalid_input')), ['params.id'])
})

test('what cannot be stored or is no cursor of this list is 400, never 500', async () => {
  const hub = await sharedHub()
  const nul = ['\\u0000', 'a\\u0000b', '\\ud800', 'line\\nbreak', '\\u001b[31m']
  for (const text of nul) {
    const reply = await post('/api/v1/tokens', `{"name":"${text}","scopes":["tools:read"]}`)
    assert.deepEqual(pathsOf(assertProblem(reply, 400, 'invalid_input')), ['name'])
    assertProblem(await post('/api/v1/workspaces', `{"name":"${text}"}`), 400, 'invalid_input')
    assertProblem(await post('/api/v1/integrations', `{"integration_type":"${text}"}`), 400, 'invalid_input')
  }
  const cursor = (text: string): string => Buffer.from(text).toString('base64url')
  for (const forged of ['***', cursor('\0'), cursor(''), cursor('1.5'), cursor('1e9'), cursor("x' or 1=1"), cursor('9'.repeat(30))]) {
    for (const url of ['/api/v1/tokens', '/api/v1/audit']) {
      const reply = await hub.call('GET', `${url}?cursor=${encodeURIComponent(forged)}`)
      assert.deepEqual(pathsOf(assertProblem(reply, 400, 'invalid_input')), ['query.cursor'], `${url} ${forged}`)
    }
  }
  for (const [method, url] of [
    ['DELETE', '/api/v1/credentials/%00'],
    ['DELETE', '/api/v1/tokens/%00'],
    ['DELETE', '/api/v1/integrations/%00'],
    ['GET', '/api/v1/invocations/%00'],
  ] as const) {
    const reply = await hub.call(method, url)
    assert.ok([400, 404].includes(reply.statusCode), `${url}: ${reply.payload}`)
  }
})

test('lists are read page by page to the end, with every item once', async () => {
  const hub = await sharedHub()
  await hub.call('POST', '/api/v1/workspaces', { name: 'paged' })
  const options = { headers: { 'hub-workspace': 'paged' } }
  for (let i = 0; i < 6; i++) await hub.with(options).call('POST', '/api/v1/tokens', { name: `t${i}`, scopes: ['tools:read'] })
  for (const url of ['/api/v1/tokens', '/api/v1/audit']) {
    const whole = (await hub.with(options).call('GET', `${url}?limit=200`)).json<ListPage>()
    assert.equal(whole.next_cursor, null)
    const items: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ListPage = (await hub.with(options).call('GET', `${url}?limit=2${cursor && `&cursor=${cursor}`}`)).json<ListPage>()
      assert.ok(page.items.length <= 2)
      items.push(...page.items)
      cursor = page.next_cursor
    }
    assert.deepEqual(items, whole.items)
    assert.ok(items.length > 5)
  }
})

test('another content type is 415, and none at all is too', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/xml', 'application', 'application/jsonx', ';']) {
    const problem = assertProblem(await post('/api/v1/tokens', 'name=a', type), 415, 'unsupported_media_type')
    assert.equal(problem['hint'], 'send Content-Type: application/json')
  }
  const asked = assertProblem(await post('/api/v1/flows/check', 'id: a', 'text/csv'), 415, 'unsupported_media_type')
  assert.match(String(asked['hint']), /application\/json or .*yaml/)
  assertProblem(await post('/api/v1/tokens', Buffer.from('name=a'), ''), 415, 'unsupported_media_type')
  assertProblem(await post('/api/v1/tokens', '{}', 'Application/JSON; charset=utf-8'), 400, 'invalid_input')
})

test('an unknown path is 404 before anything else, and a path that cannot be read is 400', async () => {
  const hub = await sharedHub()
  assertProblem(await hub.with({ token: null }).call('GET', '/api/v1/nothing'), 404, 'not_found')
  assertProblem(await post('/api/v1/nothing', '{broken'), 404, 'not_found')
  assertProblem(await post('/nothing', 'a'.repeat(2_000_000), 'text/plain'), 404, 'not_found')
  assertProblem(await hub.call('GET', `/api/v1/integrations/${'a'.repeat(300)}`), 404, 'not_found')
  assert.deepEqual(pathsOf(assertProblem(await hub.call('GET', '/api/v1/integrations/%zz'), 400, 'invalid_input')), ['path'])
})

test('a method that a path does not take is 405 and names those that it takes, and a path without any is 404', async () => {
  const hub = (await sharedHub()).with({ token: null })
  for (const [method, url, allow] of [
    ['PATCH', '/api/v1/tokens', 'GET, HEAD, POST'],
    ['DELETE', '/api/v1/tokens?x=/y', 'GET, HEAD, POST'],
    ['POST', '/api/v1/runs/run_1', 'GET, HEAD'],
    ['GET', '/api/v1/flows/a%2Fb/trigger', 'POST'],
    ['PUT', '/api/v1/webhooks/github', 'POST'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['POST', '/docs', 'GET, HEAD'],
  ] as const) {
    const reply = await hub.call(method, url)
    const problem = assertProblem(reply, 405, 'method_not_allowed')
    assert.equal(reply.headers['allow'], allow, `${method} ${url}`)
    assert.equal(problem['hint'], `it takes ${allow}`)
  }
  for (const url of ['/nothing', '/api/v1/runs/', '/api/v1/runs/a/b/c', '/api/v1/tokens-x', '/api/v1/Tokens'])
    assertProblem(await hub.call('DELETE', url), 404, 'not_found')
})

test('a body beyond the limit is 413, told by its length or, in chunks, while it streams', async () => {
  const hub = await sharedHub()
  const address = await hub.address()
  const { HUB_BODY_LIMIT: limit } = hub.hub.config
  const send = (headers: Record<string, string>, chunks: number): Promise<{ status: number; sent: number; body: string }> =>
    new Promise((resolve, reject) => {
      let sent = 0
      const outgoing = request(`${address}/api/v1/tokens`, { method: 'POST', headers: { authorization, 'content-type': json, ...headers } })
      outgoing.on('response', (incoming) => {
        let body = ''
        incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
        incoming.on('end', () => {
          outgoing.destroy()
          resolve({ status: incoming.statusCode!, sent, body })
        })
      })
      // The server closes the connection on what is still coming: the answer was there before.
      outgoing.on('error', (error: NodeJS.ErrnoException) => (['EPIPE', 'ECONNRESET'].includes(error.code!) ? undefined : reject(error)))
      const write = (): void => {
        if (outgoing.destroyed || sent >= chunks) return void outgoing.end()
        sent += 1
        outgoing.write('"'.padEnd(limit / 8, 'a'))
        setTimeout(write, 5)
      }
      write()
    })
  const told = await send({ 'content-length': '5000000' }, 1)
  assert.equal(told.status, 413)
  assert.equal((JSON.parse(told.body) as { code: string }).code, 'body_too_large')
  const streamed = await send({ 'transfer-encoding': 'chunked' }, 1000)
  assert.equal(streamed.status, 413)
  assert.ok(streamed.sent < 100, `it took ${streamed.sent} chunks to notice`)
  assert.equal((await hub.call('POST', '/api/v1/tokens', { name: 'a'.repeat(limit) })).statusCode, 413)
})

test('whatever is thrown at it, an endpoint that takes a body answers a problem of the caller, never one of its own', async () => {
  const names = fc.constantFrom('name', 'scopes', 'read_only', 'expires_at', 'kind', 'data', 'input', 'config', 'integration_type', 'x')
  const body = fc.oneof(
    fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constantFrom('admin', ['admin'], '2030-01-01T00:00:00Z', 'github'))),
    fc.jsonValue(),
  )
  const urls = [
    '/api/v1/tokens',
    '/api/v1/workspaces',
    '/api/v1/credentials',
    '/api/v1/integrations',
    '/api/v1/tools/hub_list_integrations/invoke',
  ]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...urls), body, async (url, value) => {
      const reply = await post(url, JSON.stringify(value))
      assert.ok(reply.statusCode < 500, `${url} ${JSON.stringify(value)}: ${reply.payload}`)
    }),
    { numRuns: 100 },
  )
})

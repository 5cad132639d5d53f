import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { sharedDatabaseUrl, sharedHub, testHub, type TestHub } from '#test'

const borne: Record<string, RegExp> = {
  'x-request-id': /^[\w.-]{1,64}$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cache-control': /^no-store$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'content-security-policy': /^default-src '(none|self)'; .*frame-ancestors 'none'$/,
}

function assertBorne(headers: Record<string, unknown>, what: string): void {
  for (const [name, value] of Object.entries(borne)) assert.match(String(headers[name]), value, `${name} of ${what}`)
  assert.equal(headers['x-powered-by'], undefined)
  assert.equal(headers['server'], undefined)
}

test('every answer bears the security headers, errors and oddities included', async () => {
  const hub = await sharedHub()
  const asked: [string, string, string | null, number][] = [
    ['GET', '/api/v1/health', null, 200],
    ['GET', '/readyz', null, 200],
    ['GET', '/docs', null, 301],
    ['GET', '/docs/', null, 200],
    ['GET', '/docs/errors', null, 200],
    ['GET', '/openapi.json', null, 200],
    ['GET', '/metrics', 'admin', 200],
    ['GET', '/api/v1/tokens', null, 401],
    ['GET', '/api/v1/tokens?limit=x', 'admin', 400],
    ['DELETE', '/api/v1/credentials/none', 'admin', 404],
    ['GET', '/nothing', null, 404],
    ['GET', '/%zz', null, 400],
    ['GET', `/api/v1/integrations/${'a'.repeat(300)}`, null, 404],
    ['OPTIONS', '/api/v1/tokens', null, 405],
    ['HEAD', '/api/v1/health', null, 200],
  ]
  for (const [method, url, token, status] of asked) {
    const reply = await hub.with(token === null ? { token } : {}).call(method as 'GET', url)
    assert.equal(reply.statusCode, status, `${method} ${url}`)
    assertBorne(reply.headers, `${method} ${url}`)
  }
})

test('what is no readable request is answered with a problem and the same headers, and the connection is closed', async () => {
  const hub = await sharedHub()
  const { port } = new URL(await hub.address())
  const broken: [string, number, string][] = [
    ['hello\r\n\r\n', 400, 'invalid_input'],
    ['FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'invalid_input'],
    ['POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n', 400, 'invalid_input'],
    ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'invalid_input'],
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ]
  for (const [text, status, code] of broken) {
    const reply = await speak(Number(port), text)
    const [head = '', body = ''] = reply.split('\r\n\r\n')
    const [first = '', ...lines] = head.split('\r\n')
    assert.match(first, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 30))
    assertBorne(Object.fromEntries(lines.map((line) => line.split(': '))) as Record<string, string>, text.slice(0, 30))
    const problem = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual([problem['status'], problem['code']], [status, code])
    assert.ok(head.includes(String(problem['request_id'])))
  }
})

test('what is no readable HEAD request is answered without a body', async () => {
  const hub = await sharedHub()
  const { port } = new URL(await hub.address())
  for (const [header, status] of [
    ['Content-Length: many', 400],
    [`X-Long: ${'a'.repeat(20_000)}`, 431],
  ] as const) {
    const [head = '', body] = (await speak(Number(port), `HEAD / HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`)).split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
    assert.equal(body, '')
  }
})

test('an unknown expectation is answered like any other request', async () => {
  const hub = await sharedHub()
  const { port } = new URL(await hub.address())
  for (const [path, status] of [
    ['/healthz', 200],
    ['/nothing', 404],
  ] as const) {
    const reply = await speak(Number(port), `GET ${path} HTTP/1.1\r\nHost: x\r\nExpect: something-else\r\nConnection: close\r\n\r\n`)
    assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(reply, /x-request-id: req_/)
  }
})

function speak(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    socket.setTimeout(10_000, () => reject(new Error('the connection stays open')))
    socket.on('data', (chunk) => (heard += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(heard))
    socket.write(text)
  })
}

test('a request id is echoed, and one that could be mistaken for something else is replaced', async () => {
  const hub = await sharedHub()
  const idFor = async (given: string): Promise<string> =>
    String((await hub.with({ headers: { 'x-request-id': given } }).call('GET', '/nothing')).headers['x-request-id'])
  for (const good of ['abc-123', 'req_01.x', 'a'.repeat(64)]) assert.equal(await idFor(good), good)
  for (const hostile of ['', 'a'.repeat(65), 'a b', 'a"b', '<script>', 'a{b}', 'é', '../x', 'a;b', 'a=b']) {
    assert.match(await idFor(hostile), /^req_[0-9a-f-]{36}$/, hostile)
  }
  const ids = await Promise.all(Array.from({ length: 20 }, () => idFor('')))
  assert.equal(new Set(ids).size, 20)
})

const preflight = (hub: TestHub, origin: string) =>
  hub
    .with({
      token: null,
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,idempotency-key' },
    })
    .call('OPTIONS' as 'GET', '/api/v1/tokens')

test('no web page may call the API unless its origin is configured', async () => {
  const hub = await sharedHub()
  const replies = [
    await preflight(hub, 'https://app.example'),
    await hub.with({ headers: { origin: 'https://app.example' } }).call('GET', '/api/v1/health'),
  ]
  for (const { headers } of replies)
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    )

  await using allowing = await testHub({
    DATABASE_URL: await sharedDatabaseUrl(),
    HUB_CORS_ORIGINS: 'https://app.example https://other.example',
  })
  const allowed = await preflight(allowing, 'https://app.example')
  assert.equal(allowed.statusCode, 204)
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example')
  assert.match(String(allowed.headers['access-control-allow-headers']), /idempotency-key/)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    assert.ok(String(allowed.headers['access-control-allow-methods']).includes(method))
  assert.equal(allowed.headers['access-control-allow-credentials'], undefined)
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
    assert.equal((await preflight(allowing, origin)).headers['access-control-allow-origin'], undefined, origin)
    const plain = await allowing.with({ headers: { origin } }).call('GET', '/api/v1/health')
    assert.equal(plain.headers['access-control-allow-origin'], undefined, origin)
  }
})

test('the reader at /docs has all it needs with it, and could not fetch from elsewhere if it tried', async () => {
  const hub = await sharedHub()
  const page = await hub.with({ token: null }).call('GET', '/docs/')
  assert.equal(page.statusCode, 200)
  // Neither the page nor the configuration written into it names another host.
  assert.doesNotMatch(page.payload, /(https?:)?\/\/[a-z0-9-]+\.[a-z]/i)
  const sources = [...page.payload.matchAll(/(?:src|href)\s*=\s*"([^"]+)"/g)].map(([, source]) => source!)
  assert.deepEqual(sources, ['js/scalar.js'])
  const script = await hub.with({ token: null }).call('GET', '/docs/js/scalar.js')
  assert.equal(script.statusCode, 200)
  assert.match(String(script.headers['content-type']), /javascript/)
  for (const reply of [page, script, await hub.with({ token: null }).call('GET', '/docs/errors')]) {
    const policy = String(reply.headers['content-security-policy'])
    assert.match(policy, /^default-src 'self';/)
    assert.doesNotMatch(policy, /https?:|\*|connect-src|frame-src|worker-src/)
  }
  // Only the reader gets the looser policy.
  assert.match(String((await hub.call('GET', '/api/v1/health')).headers['content-security-policy']), /^default-src 'none'/)
})

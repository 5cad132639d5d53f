import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream } from '#kit/testing'
import { http } from './index.ts'

test('request sends method, query, headers and JSON, and returns status, headers and body', async () => {
  await using api = await upstream(() => ({ status: 201, body: { data: { items: [{ id: 1 }, { id: 2 }] } } }))
  const answer = (await runAction(http, 'request', {
    config: { base_url: `${api.url}/v2`, headers: { 'x-team': 'a' } },
    credential: { token: 'token-of-the-api' },
    idempotencyKey: 'key-1',
    input: { method: 'POST', path: '/orders', query: { q: 'a&b=c', n: 2, tag: ['x', 'y'] }, json: { a: 1 }, headers: { 'x-more': 'b' } },
  })) as { status: number; body: unknown }
  assert.equal(answer.status, 201)
  assert.deepEqual(answer.body, { data: { items: [{ id: 1 }, { id: 2 }] } })
  const [seen] = api.requests
  assert.equal(seen!.path, '/v2/orders')
  assert.deepEqual(
    [...seen!.query],
    [
      ['q', 'a&b=c'],
      ['n', '2'],
      ['tag', 'x'],
      ['tag', 'y'],
    ],
  )
  assert.deepEqual(seen!.json, { a: 1 })
  assert.equal(seen!.headers['x-team'], 'a')
  assert.equal(seen!.headers['x-more'], 'b')
  assert.equal(seen!.headers['idempotency-key'], 'key-1')
  assert.equal(seen!.headers.authorization, 'Bearer token-of-the-api')
})

test('json_path selects a part of the answer', async () => {
  await using api = await upstream(() => ({ body: { data: { items: [{ id: 1 }, { id: 2 }] }, 'odd key': 3 } }))
  const part = async (json_path: string) =>
    ((await runAction(http, 'request', { config: { base_url: api.url }, input: { json_path } })) as { body: unknown }).body
  assert.deepEqual(await part('data.items[*].id'), [1, 2])
  assert.equal(await part('$.data.items[1].id'), 2)
  assert.equal(await part('["odd key"]'), 3)
  assert.equal(await part('data.nothing.there'), null)
  assert.equal(await part('constructor.name'), null)
})

test('forms, multipart files and plain texts are sent with their content types', async () => {
  await using api = await upstream(() => ({ body: 'fine', headers: { 'content-type': 'text/plain' } }))
  const send = (input: object) => runAction(http, 'request', { config: { base_url: api.url }, input: { method: 'POST', ...input } })
  await send({ form: { a: 'x&y', b: 2 } })
  await send({
    multipart: [
      { name: 'note', value: 'hi' },
      { name: 'file', filename: 'a.txt', content_base64: Buffer.from('inside').toString('base64'), content_type: 'text/plain' },
    ],
  })
  await send({ text: '<a/>', headers: { 'content-type': 'application/xml' } })
  const [form, multipart, plain] = api.requests
  assert.equal(form!.body, 'a=x%26y&b=2')
  assert.match(multipart!.headers['content-type']!, /^multipart\/form-data; boundary=/)
  assert.match(multipart!.body, /name="file"; filename="a.txt"[\s\S]*inside/)
  assert.equal(plain!.body, '<a/>')
  assert.equal(plain!.headers['content-type'], 'application/xml')
})

test('a path cannot leave the base URL, nor a header replace the authentication', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const options = { config: { base_url: `${api.url}/v1` }, credential: { token: 'token-of-the-api' } }
  const outside = [
    'http://evil.example/',
    'HTTPS:evil.example',
    'file:///etc/passwd',
    'javascript:1',
    '//evil.example/',
    '///evil.example',
    '//user@evil.example/',
    '\\\\evil.example',
    '/\\evil.example',
    '..\\admin',
    '\\..\\admin',
    '/a\\..\\..\\admin',
    '..',
    '../admin',
    '/../admin',
    '/./../admin',
    '/a/../../admin',
    '/.',
    '/..;/admin',
    '/..;x=1/admin',
    '/.. /admin',
    '/.\t./admin',
    '/.\n./admin',
    '/.\r./admin',
    '/\t../admin',
    '/\u0000../admin',
    '/a\u007fb',
    '/%2e%2e/admin',
    '/a/%2e%2E/admin',
    '/.%2e/admin',
    '/%2e./admin',
    '/.%2\te/admin',
    '/%2e%2e%2f',
    '/..%2f',
    '/..%5cx',
    '/%252e%252e/admin',
    '/%25252e%25252e/admin',
    '/..%252f',
    '/.%09./admin',
    '/.%0a./admin',
    '/%2e%2e;/admin',
  ]
  for (const path of outside) {
    await assert.rejects(runAction(http, 'request', { ...options, input: { path } }), { code: 'invalid_input' }, JSON.stringify(path))
  }
  assert.equal(api.requests.length, 0)
  await runAction(http, 'request', { ...options, input: { headers: { authorization: 'Bearer other' } } })
  assert.equal(api.requests[0]!.headers.authorization, 'Bearer token-of-the-api')
})

test('templates insert secrets into headers and query, and a dry run does not show them', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const options = {
    config: { base_url: api.url, headers: { 'x-auth': 'Key {{secret}}' }, query: { k: '{{secret}}' } },
    credential: { secret: 'very-secret-value' },
  }
  await runAction(http, 'request', { ...options, input: {} })
  assert.equal(api.requests[0]!.headers['x-auth'], 'Key very-secret-value')
  assert.equal(api.requests[0]!.query.get('k'), 'very-secret-value')
  const shown = await runAction(http, 'request', {
    ...options,
    input: { method: 'POST', json: { echo: 'very-secret-value' } },
    dryRun: true,
  })
  assert.equal(api.requests.length, 1)
  assert.doesNotMatch(JSON.stringify(shown), /very-secret-value/)
})

test('basic authentication and API keys are sent in header or query', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const config = { base_url: api.url }
  await runAction(http, 'request', { config, input: {}, credential: { username: 'u', password: 'pass-word' } })
  await runAction(http, 'request', { config, input: {}, credential: { api_key: 'key-key-key' } })
  assert.equal(api.requests[0]!.headers.authorization, `Basic ${Buffer.from('u:pass-word').toString('base64')}`)
  assert.equal(api.requests[1]!.headers['x-api-key'], 'key-key-key')
})

test('allowed statuses are results, others are errors; two bodies are refused', async () => {
  await using api = await upstream(() => ({ status: 404, body: { message: 'none' } }))
  const options = { config: { base_url: api.url } }
  assert.equal(((await runAction(http, 'request', { ...options, input: { allow_status: [404] } })) as { status: number }).status, 404)
  await assert.rejects(runAction(http, 'request', { ...options, input: {} }), { code: 'vendor_not_found' })
  await assert.rejects(runAction(http, 'request', { ...options, input: { json: {}, text: 'x' } }), { code: 'invalid_input' })
})

test('the connection test returns the host', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const { account } = await testConnection(http, { config: { base_url: api.url, test_path: '/ping' } })
  assert.match(account, /127\.0\.0\.1:\d+ answered 200/)
  assert.equal(api.requests[0]!.path, '/ping')
})

test('a path that only looks odd stays under the base URL', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const options = { config: { base_url: `${api.url}/v1/?team=a` }, credential: { token: 'token-of-the-api' } }
  const paths = {
    '@evil.example/': '/v1/@evil.example/',
    'a..b/...': '/v1/a..b/...',
    '/100%/x y': '/v1/100%/x%20y',
    '': '/v1/',
    'a?b=../c#d': '/v1/a',
  }
  for (const [path, sent] of Object.entries(paths)) {
    await runAction(http, 'request', { ...options, input: { path } })
    assert.deepEqual([api.requests.at(-1)!.path, api.requests.at(-1)!.query.get('team')], [sent, 'a'])
  }
})

test('headers that belong to the connection, and values of several lines, are refused before anything is sent', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const headers = [
    ...[
      'host',
      'Host',
      'Transfer-Encoding',
      'expect',
      'connection',
      'content-length',
      'upgrade',
      'te',
      'keep-alive',
      'proxy-authorization',
    ].map((name) => ({ [name]: 'x' })),
    ...['a\r\nx-b: c', 'a\nb', 'a\u0000b', 'ä→b'].map((value) => ({ 'x-a': value })),
    { 'x a': 'b' },
  ]
  for (const given of headers) {
    const call = { config: { base_url: api.url }, input: { method: 'POST', headers: given } }
    await assert.rejects(runAction(http, 'request', call), { code: 'invalid_input' }, JSON.stringify(given))
    assert.ok(!http.config.safeParse({ base_url: api.url, headers: given }).success, JSON.stringify(given))
  }
  assert.equal(api.requests.length, 0)
})

test('another origin that a redirect names gets no header, cookie or content of ours', async () => {
  await using other = await upstream(() => ({ body: { there: 1 } }))
  await using api = await upstream(({ path }) => ({ status: Number(path.slice(1)), headers: { location: `${other.url}/y` } }))
  const options = { config: { base_url: api.url, headers: { 'x-team-key': 'a' } }, credential: { token: 'token-of-the-api' } }
  const call = (input: object) =>
    runAction(http, 'request', { ...options, input: { headers: { cookie: 'session=1', 'x-mine': 'b' }, ...input } })
  for (const status of ['301', '302', '307', '308']) await call({ path: status })
  assert.equal(other.requests.length, 4)
  for (const { headers } of other.requests) {
    const { host: _, connection: __, ...sent } = headers
    assert.deepEqual(sent, { accept: '*/*', 'user-agent': 'integration-hub' })
  }
  for (const status of ['307', '308'])
    await assert.rejects(call({ method: 'POST', path: status, json: { secret: 1 } }), {
      code: 'vendor_invalid_response',
      message: /another origin/,
    })
  assert.equal(other.requests.length, 4)
})

test('a write whose place has moved says where it is now', async () => {
  await using api = await upstream(() => ({ status: 301, headers: { location: '/repositories/12/issues' } }))
  await assert.rejects(runAction(http, 'request', { config: { base_url: api.url }, input: { method: 'POST', path: '/old' } }), {
    code: 'vendor_rejected',
    message: /the place is now http.*\/repositories\/12\/issues, and nothing was changed/,
  })
})

test('a redirect to something that is not a URL is an invalid response', async () => {
  await using api = await upstream(() => ({ status: 302, headers: { location: 'http://[' } }))
  await assert.rejects(runAction(http, 'request', { config: { base_url: api.url }, input: {} }), { code: 'vendor_invalid_response' })
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { adminToken, mcpClient, mcpRequest, servedHub, textOf, type McpConnecting, type ServedHub } from '#test'
import { until } from '#test/faults'
import { createOriginCheck } from '#transports/rest'

let served: ServedHub

const connect = (options: McpConnecting = {}) => mcpClient(served.address, options)

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${served.address}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  })

async function tokenFor(request: { scopes: string[]; read_only?: boolean }): Promise<string> {
  const made = await fetch(`${served.address}/api/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: `mcp ${Math.random()}`, expires_at: '2126-01-01T00:00:00Z', ...request }),
  })
  const { token } = (await made.json()) as { token: string }
  return token
}

suite('MCP', () => {
  before(async () => {
    served = await servedHub()
  })

  for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
    const era = mode === 'legacy' ? '2025' : mode.pin
    test(`a client of ${era} lists the tools in order, calls them, and gets structured results`, () => listsAndCalls(mode))
  }

  async function listsAndCalls(mode: McpConnecting['mode']): Promise<void> {
    await using client = await connect({ mode, query: '?list=full' })
    const { tools } = await client.listTools()
    const names = tools.map(({ name }) => name)
    assert.deepEqual(names, names.toSorted())
    const probe = tools.find(({ name }) => name === 'probe_get_thing')!
    assert.equal(probe.annotations?.readOnlyHint, true)
    assert.equal(tools.find(({ name }) => name === 'probe_create_thing')!.annotations?.readOnlyHint, false)
    assert.equal(probe.inputSchema.type, 'object')
    const result = await client.callTool({ name: 'probe_get_thing', arguments: { at: '/thing' } })
    assert.ok(!result.isError, textOf(result))
    assert.deepEqual(JSON.parse(textOf(result)), result.structuredContent)
  }

  test('a call that its client gives up is given up, with the request to the outside system', async () => {
    served.outside.answers.set('/mcp-slow', () => ({ body: { ok: 1 }, afterMs: 8000 }))
    await using client = await connect()
    const giveUp = new AbortController()
    const calling = client.callTool({ name: 'probe_get_thing', arguments: { at: '/mcp-slow' } }, { signal: giveUp.signal })
    await until('the outside system has the request', () => served.outside.seen.some(({ what }) => what === 'GET /mcp-slow'))
    giveUp.abort()
    await assert.rejects(calling)
    await until('the journal has the end of the call', async () => {
      const { rows } = await served.hub.db.pool.query(
        `select status, error ->> 'code' as code from hub.invocations where transport = 'mcp' and input ->> 'at' = '/mcp-slow'`,
      )
      return rows[0]?.status === 'failed' && rows[0].code === 'cancelled'
    })
  })

  test('a call that takes long says so to a client that wants to know', async () => {
    served.outside.answers.set('/mcp-long', () => ({ body: { ok: 1 }, afterMs: 6000 }))
    await using client = await connect()
    const said: (string | undefined)[] = []
    const result = await client.callTool(
      { name: 'probe_get_thing', arguments: { at: '/mcp-long' } },
      { onprogress: ({ message }) => said.push(message) },
    )
    assert.ok(!result.isError, textOf(result))
    assert.deepEqual(said, ['probe_get_thing is still running'])
  })

  test('failures that a model can correct are results that say how', async () => {
    await using client = await connect()
    const wrong = await client.callTool({ name: 'probe_get_thing', arguments: { at: 5, other: 1 } })
    assert.equal(wrong.isError, true)
    assert.match(textOf(wrong), /^invalid_input \(validation\).*\n- (input\.)?at: /)
    const unconnected = await client.callTool({ name: 'github_get_user', arguments: {} })
    assert.equal(unconnected.isError, true)
    assert.match(textOf(unconnected), /\nNext: /)
    await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }), /there is no tool "no_such_tool"/)
  })

  test('a result has its labels, and a session that the client names is followed where the workspace wants that', async () => {
    await using client = await connect()
    const { policies } = served.hub.tools
    await policies.write(served.operator, { informationFlow: { after_untrusted: 'ask' } })
    try {
      const call = (name: string, at: string, session: string) =>
        client.callTool({ name, arguments: { at }, _meta: { 'integrationhub/session': session } })
      const { _meta: meta } = await call('probe_get_thing', '/mcp-read', 'one')
      assert.deepEqual(meta?.['integrationhub/labels'], { author: 'untrusted', place: 'private', integration: 'probe' })
      assert.match(textOf(await call('probe_create_thing', '/public-mcp', 'one')), /^approval_required/)
      assert.ok(!(await call('probe_create_thing', '/public-mcp', 'two')).isError)
    } finally {
      await policies.write(served.operator, { informationFlow: null })
    }
  })

  test('a repeated request acts once, and another request with the same arguments acts again', async () => {
    const before = served.outside.seen.filter(({ what }) => what === 'POST /mcp-once').length
    const call = (id: number) =>
      post(
        JSON.stringify({
          jsonrpc: '2.0',
          id,
          method: 'tools/call',
          params: { name: 'probe_create_thing', arguments: { at: '/mcp-once' } },
        }),
        { 'mcp-protocol-version': '2025-11-25' },
      )
    const writes = () => served.outside.seen.filter(({ what }) => what === 'POST /mcp-once').length - before
    const first = await (await call(7)).text()
    assert.match(first, /"id":7/)
    const again = await (await call(7)).text()
    assert.equal(writes(), 1)
    assert.match(again, /Nothing was done now/)
    await call(8)
    assert.equal(writes(), 2)
  })

  test('a token sees the tools that it may call, and a toolset narrows them', async () => {
    await using reader = await connect({ token: await tokenFor({ scopes: ['tools:call:probe'], read_only: true }) })
    const { tools } = await reader.listTools()
    const own = new Set(['describe_tools_as_types', 'run_script'])
    assert.ok(tools.length > 2 && tools.every(({ name }) => name.startsWith('probe_') || own.has(name)))
    assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true))
    const refused = await reader.callTool({ name: 'probe_create_thing', arguments: { at: '/mcp-never' } })
    assert.equal(refused.isError, true)
    assert.ok(!served.outside.seen.some(({ what }) => what === 'POST /mcp-never'))

    await using narrow = await connect({ query: '?toolset=probe&read_only=1' })
    const seen = (await narrow.listTools()).tools
    assert.ok(
      seen.length > 2 &&
        seen.every(({ name, annotations }) => (name.startsWith('probe_') || own.has(name)) && annotations?.readOnlyHint === true),
    )
    await assert.rejects(narrow.callTool({ name: 'probe_create_thing', arguments: { at: '/mcp-never' } }), /no tool "probe_create_thing"/)
    assert.equal((await post('{}', {})).status, 400)
    const unknown = await fetch(`${served.address}/mcp?tools=all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{}',
    })
    assert.equal(unknown.status, 400)
  })

  test('what is no message of a permitted caller is refused as the specification says', async () => {
    const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const anonymous = await post(list, { authorization: '' })
    assert.equal(anonymous.status, 401)
    const metadata = /resource_metadata="([^"]+)"/.exec(anonymous.headers.get('www-authenticate')!)![1]!
    const described = (await (await fetch(metadata)).json()) as { resource: string }
    assert.equal(described.resource, `${served.address}/mcp`)
    assert.equal((await post(list, { origin: 'https://evil.example' })).status, 403)
    assert.equal((await post('{"jsonrpc": "2.0", ')).status, 400)
    assert.equal((await post('['.repeat(5000))).status, 400)
    assert.equal((await post(`[${list},${list}]`)).status, 400)
    assert.equal((await post('x'.repeat(3_000_000))).status, 413)
    assert.equal((await fetch(`${served.address}/mcp`, { headers: { authorization: `Bearer ${adminToken}` } })).status, 405)
  })
})

test('an unknown method, another version and a message that is none get the errors of the specification', async () => {
  const { address } = await servedHub()
  assert.equal((await mcpRequest(address, { method: 'tools/fly' })).error!.code, -32601)
  for (const [method, params] of [
    ['resources/read', { uri: 5 }],
    ['prompts/get', { name: {} }],
    ['completion/complete', { ref: 'none' }],
    ['tools/call', { name: 7 }],
  ] as const)
    assert.equal((await mcpRequest(address, { method, params })).error!.code, -32602, method)
  const versioned = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta('2031-01-01') } }), {
    'mcp-protocol-version': '2031-01-01',
    'mcp-method': 'tools/list',
  })
  const { error } = (await versioned.json()) as { error: { code: number; data: { supported: string[] } } }
  assert.equal(versioned.status, 400)
  assert.equal(error.code, -32022)
  assert.ok(error.data.supported.includes('2026-07-28'))
  assert.equal((await post('{"jsonrpc": "1.0", "id": 1, "method": 3}')).status, 400)
})

test('a script without end is stopped by its limit, and other requests are answered meanwhile', async () => {
  const { address } = await servedHub()
  const run = (code: string) => mcpRequest(address, { method: 'tools/call', params: { name: 'run_script', arguments: { code } } })
  const endless = run('for (;;) {}')
  const greedy = run('const all = []; for (;;) all.push(new Array(100000).fill(1))')
  const calling = run('for (let n = 0; n < 10000; n++) await tools.hub_list_integrations({}); return 1')
  const began = performance.now()
  for (let n = 0; n < 5; n++) assert.ok((await mcpRequest(address, { method: 'tools/list' })).result)
  assert.ok(performance.now() - began < 5000)
  for (const answer of await Promise.all([endless, greedy, calling])) {
    const { isError, content } = answer.result as { isError: boolean; content: { text: string }[] }
    assert.equal(isError, true)
    assert.match(content[0]!.text, /^script_limit/)
  }
})

const meta = (version: string) => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
})

test('a name that is not the hub’s own is refused, and so is an origin of another page', () => {
  const check = createOriginCheck({
    publicUrl: 'https://hub.example/base',
    allowedHosts: ['hub.internal'],
    corsOrigins: ['https://app.example'],
  })
  for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'hub.example', 'HUB.internal:80'])
    assert.equal(check({ host }), undefined)
  for (const host of [undefined, '', 'evil.example', 'localhost.evil.example', 'hub.example.evil', 'a b', '127.0.0.1.evil.example'])
    assert.match(check({ host })!, /Host/)
  const host = 'localhost'
  for (const origin of [undefined, 'https://app.example', 'http://localhost:5173', 'https://hub.example'])
    assert.equal(check({ host, origin }), undefined)
  for (const origin of ['null', 'https://evil.example', 'https://app.example.evil']) assert.match(check({ host, origin })!, /Origin/)
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { adminToken, mcpClient, mcpListen, mcpRequest, servedHub, textOf, type McpRequest, type ServedHub } from '#test'
import { until } from '#test/faults'

let served: ServedHub
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

const connect = (query = '') => mcpClient(served.address, { query })
const ask = (request: McpRequest) => mcpRequest(served.address, request)

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${served.address}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`)
  return (await answer.json()) as T
}

const tokenWith = async (scopes: string[]): Promise<string> =>
  (await api<{ token: string }>('POST', '/tokens', { name: `mcp ${Math.random()}`, scopes, expires_at: '2126-01-01T00:00:00Z' })).token

suite('MCP beside calls', () => {
  before(async () => {
    served = await servedHub()
  })

  test('a list that would be too long becomes three tools, which find, describe and call the others', async () => {
    await using client = await connect()
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['call_tool', 'describe_tool', 'describe_tools_as_types', 'run_script', 'search_tools'],
    )
    const found = JSON.parse(textOf(await client.callTool({ name: 'search_tools', arguments: { query: 'probe list things' } }))) as {
      tools: { name: string }[]
    }
    assert.ok(
      found.tools.some(({ name }) => name === 'probe_list_things'),
      JSON.stringify(found),
    )
    const described = JSON.parse(textOf(await client.callTool({ name: 'describe_tool', arguments: { name: 'probe_get_thing' } })))
    assert.equal(described.inputSchema.properties.at.type, 'string')
    const called = await client.callTool({ name: 'call_tool', arguments: { name: 'probe_get_thing', arguments: { at: '/thing' } } })
    assert.deepEqual(JSON.parse(textOf(called)), { ok: 1 })
    const unknown = await client.callTool({ name: 'describe_tool', arguments: { name: 'github_fly' } })
    assert.equal(unknown.isError, true)
    await assert.rejects(client.callTool({ name: 'search_tools', arguments: { words: 1 } }), /search_tools: query/)
  })

  test('the tools that search show only what the caller may call and asked to see', async () => {
    const token = await tokenWith(['tools:call:probe'])
    await using client = await mcpClient(served.address, { token, query: '?list=search&read_only=1' })
    const { tools } = JSON.parse(textOf(await client.callTool({ name: 'search_tools', arguments: { query: 'thing', limit: 20 } }))) as {
      tools: { name: string; read_only: boolean }[]
    }
    assert.ok(tools.length > 0 && tools.every(({ name, read_only }) => name.startsWith('probe_') && read_only), JSON.stringify(tools))
    for (const name of ['probe_create_thing', 'github_get_user']) {
      const described = await client.callTool({ name: 'describe_tool', arguments: { name } })
      assert.equal(described.isError, true)
    }
    await assert.rejects(client.callTool({ name: 'call_tool', arguments: { name: 'probe_create_thing' } }), /no tool/)
  })

  test('a script calls the tools that the caller sees, and a repeated request makes its calls once', async () => {
    await using client = await connect('?toolset=probe')
    const types = textOf(await client.callTool({ name: 'describe_tools_as_types', arguments: { names: ['probe_get_thing'] } }))
    assert.match(types, /probe_get_thing/)
    const code = `
      const made = await tools.probe_create_thing({ at: '/scripted' })
      const seen = await tools.probe_get_thing({ at: '/thing' })
      return { sum: made.ok + seen.ok, others: Object.keys(tools).filter((name) => !name.startsWith('probe_')) }`
    const params = { name: 'run_script', arguments: { code } }
    const run = async (id: number) => (await ask({ method: 'tools/call', params, id })).result as { content: { text: string }[] }
    const made = () => served.outside.seen.filter(({ what }) => what === 'POST /scripted').length
    const { output } = JSON.parse(textOf(await client.callTool(params))) as { output: unknown }
    assert.deepEqual(output, { sum: 2, others: [] })
    assert.equal(made(), 1)
    await run(71)
    assert.match(textOf(await run(71)), /2 of its calls were not made now/)
    assert.equal(made(), 2)
    const failed = await client.callTool({ name: 'run_script', arguments: { code: 'throw new Error("no")' } })
    assert.equal(failed.isError, true)
    assert.match(textOf(failed), /script_failed/)
    await using reader = await connect('?toolset=probe&read_only=1')
    const refused = await reader.callTool(params)
    assert.equal(refused.isError, true)
    assert.equal(made(), 2)
  })

  test('a script that needed an approval goes on where it stopped when it is run again under its key', async () => {
    await api('PUT', '/policies', { rules: [{ tools: ['probe_put_thing'], decision: 'ask' }] })
    try {
      await using client = await connect('?toolset=probe')
      const code = `await tools.probe_create_thing({ at: '/before' }); return await tools.probe_put_thing({ at: '/asked' })`
      const stopped = textOf(await client.callTool({ name: 'run_script', arguments: { code } }))
      const [, key, time] = /`idempotency_key` "([^"]+)" and `time` (\S+) finds/.exec(stopped)!
      await served.hub.tools.approvals.decide(served.operator, /apr_[\w-]+/.exec(stopped)![0], { decision: 'approve' })
      const again = await client.callTool({ name: 'run_script', arguments: { code, idempotency_key: key!, time: time! } })
      assert.ok(!again.isError, textOf(again))
      assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /before').length, 1)
      assert.equal(served.outside.seen.filter(({ what }) => what === 'PUT /asked').length, 1)
    } finally {
      await api('PUT', '/policies', { rules: [] })
    }
  })

  test('one token cannot take all streams of a process', async () => {
    const token = await tokenWith(['tools:call'])
    const closing = new AbortController()
    const listen = (signal = closing.signal) => mcpListen(served.address, { token, signal, notifications: { promptsListChanged: true } })
    for (let n = 0; n < 20; n++) assert.equal((await listen()).status, 200)
    assert.equal((await listen()).status, 429)
    closing.abort()
    const last = new AbortController()
    await until('there is room again', async () => (await listen(last.signal)).status === 200)
    last.abort()
  })

  test('a toolset that names something unknown is refused with the nearest names', async () => {
    const answer = await fetch(`${served.address}/mcp?toolset=prob`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    assert.equal(answer.status, 400)
    assert.match(((await answer.json()) as { detail: string }).detail, /no connector and no tool "prob"; the nearest: .*probe/)
  })

  test('resources are lists and single things that the scopes of the token allow', async () => {
    await using client = await connect()
    const { resources } = await client.listResources()
    assert.deepEqual(resources.map(({ uri }) => uri).toSorted(), ['hub://approvals', 'hub://events', 'hub://integrations', 'hub://runs'])
    const { resourceTemplates } = await client.listResourceTemplates()
    assert.ok(resourceTemplates.some(({ uriTemplate }) => uriTemplate === 'hub://integrations/{name}'))
    const { contents } = await client.readResource({ uri: 'hub://integrations/probe' })
    const [content] = contents as { text: string }[]
    assert.equal((JSON.parse(content!.text) as { name: string }).name, 'probe')
    for (const uri of ['hub://integrations/none', 'hub://runs/run_none', 'hub://secrets', 'file:///etc/passwd', 'hub://constructor']) {
      const { error } = await ask({ method: 'resources/read', params: { uri } })
      assert.equal(error?.code, -32602, `${uri}: ${JSON.stringify(error)}`)
    }

    const token = await tokenWith(['tools:call', 'flows:read'])
    const { result } = await ask({ token, method: 'resources/list' })
    assert.deepEqual(
      (result!['resources'] as { uri: string }[]).map(({ uri }) => uri),
      ['hub://runs'],
    )
    const refused = await ask({ token, method: 'resources/read', params: { uri: 'hub://integrations' } })
    assert.match(refused.error!.message, /integrations:read/)
  })

  test('flows of the hub are prompts with their parameters', async () => {
    await using client = await connect()
    const { prompts } = await client.listPrompts()
    const mail = prompts.find(({ name }) => name === 'send-summary-email')!
    assert.ok(mail.arguments!.some(({ name, required }) => name === 'to' && required === true))
    const { messages } = await client.getPrompt({
      name: 'send-summary-email',
      arguments: { to: 'ada@example.com', subject: 'Summary', body: '<p>Done.</p>' },
    })
    const { text } = messages[0]!.content as { text: string }
    assert.match(text, /hub_trigger_flow with .*"to":"ada@example.com"/)
    await assert.rejects(client.getPrompt({ name: 'send-summary-email', arguments: {} }), /needs the argument/)
    await assert.rejects(client.getPrompt({ name: 'send-summary-email', arguments: { other: '1' } }), /no argument "other"/)
    await assert.rejects(client.getPrompt({ name: 'none', arguments: {} }), /no prompt "none"/)
  })

  test('keys of resources and names in outside systems are completed', async () => {
    await using client = await connect()
    const keys = await client.complete({
      ref: { type: 'ref/resource', uri: 'hub://integrations/{name}' },
      argument: { name: 'name', value: 'pro' },
    })
    assert.deepEqual(keys.completion.values, ['probe'])
    served.outside.answers.set('/lookup', () => ({ body: { items: ['web', 'website', 'api'] } }))
    const names = await client.complete({
      ref: { type: 'ref/prompt', name: 'send-summary-email' },
      argument: { name: 'probe_place', value: 'WEB' },
    })
    assert.deepEqual(names.completion.values, ['web', 'website'])
  })

  test('a long call of a client that knows tasks is a task, and stays readable', async () => {
    served.outside.answers.set('/task', () => ({ body: { ok: 7 }, afterMs: 300 }))
    const call = { name: 'probe_slow_thing', arguments: { at: '/task' } }
    const started = (await ask({ method: 'tools/call', params: call, capabilities: tasks, id: 41 })).result!
    assert.equal(started['resultType'], 'task')
    const taskId = started['taskId'] as string
    const get = async (capabilities: Record<string, unknown> = tasks) => ask({ method: 'tasks/get', params: { taskId }, capabilities })
    await until('the task has ended', async () => (await get()).result!['status'] === 'completed')
    const { result } = (await get()).result as { result: { content: { text: string }[] } }
    assert.deepEqual(JSON.parse(result.content[0]!.text), { ok: 7 })
    assert.equal((await get({})).error!.code, -32021)
    const rest = await api<{ status: string; transport: string }>('GET', `/invocations/${taskId}`)
    assert.deepEqual([rest.status, rest.transport], ['completed', 'mcp'])

    const inline = (await ask({ method: 'tools/call', params: call, id: 42 })).result!
    assert.equal(inline['resultType'], 'complete')
    const other = await tokenWith(['tools:call'])
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
      assert.equal((await ask({ token: other, method, params: { taskId }, capabilities: tasks })).error!.code, -32602)
  })

  test('a request for a task that is sent again gives the same task, and another token that uses its key gets the result', async () => {
    served.outside.answers.set('/task-again', () => ({ body: { ok: 8 }, afterMs: 1500 }))
    const params = {
      name: 'probe_slow_thing',
      arguments: { at: '/task-again' },
      _meta: { 'integrationhub/idempotency-key': 'task-again' },
    }
    const start = async (token?: string) =>
      (await ask({ method: 'tools/call', params, capabilities: tasks, id: 44, ...(token === undefined ? {} : { token }) })).result!
    const { taskId } = await start()
    const again = await start()
    assert.deepEqual([again['resultType'], again['taskId']], ['task', taskId], JSON.stringify(again))
    const other = await tokenWith(['tools:call'])
    const early = await start(other)
    assert.match(textOf(early), /^in_progress/)
    const get = async () => (await ask({ method: 'tasks/get', params: { taskId }, capabilities: tasks })).result!
    await until('the task has ended', async () => (await get())['status'] === 'completed')
    const late = await start(other)
    assert.match(textOf(late), /"ok":8/)
    assert.equal(served.outside.seen.filter(({ what }) => what === 'GET /task-again').length, 1)
  })

  test('a task that fails says so as a result, and a cancelled one ends with its request to the outside system', async () => {
    served.outside.answers.set('/task-fails', () => ({ status: 404, body: {} }))
    const failing = (
      await ask({
        method: 'tools/call',
        params: { name: 'probe_slow_thing', arguments: { at: '/task-fails' } },
        capabilities: tasks,
        id: 51,
      })
    ).result!
    const get = async (taskId: unknown) => (await ask({ method: 'tasks/get', params: { taskId }, capabilities: tasks })).result!
    await until('it failed', async () => (await get(failing['taskId']))['status'] === 'completed')
    assert.equal(((await get(failing['taskId']))['result'] as { isError: boolean }).isError, true)

    served.outside.answers.set('/task-cancel', () => ({ body: { ok: 1 }, afterMs: 30_000 }))
    const { taskId } = (
      await ask({
        method: 'tools/call',
        params: { name: 'probe_slow_thing', arguments: { at: '/task-cancel' } },
        capabilities: tasks,
        id: 52,
      })
    ).result!
    await until('the outside system has the request', () => served.outside.seen.some(({ what }) => what === 'GET /task-cancel'))
    assert.deepEqual((await ask({ method: 'tasks/cancel', params: { taskId }, capabilities: tasks })).error, undefined)
    await until('it is cancelled', async () => (await get(taskId))['status'] === 'cancelled')
    assert.deepEqual((await ask({ method: 'tasks/cancel', params: { taskId }, capabilities: tasks })).error, undefined)
  })

  test('a call that needs an approval asks the person at the client, and is made once somebody approved', async () => {
    await api('PUT', '/policies', { rules: [{ tools: ['probe_create_thing'], decision: 'ask', reason: 'Ask first.' }] })
    try {
      const params = { name: 'probe_create_thing', arguments: { at: '/asked' } }
      const capabilities = { elicitation: { form: {} } }
      const call = (more: Record<string, unknown> = {}) =>
        ask({ method: 'tools/call', params: { ...params, ...more }, capabilities, id: 61 })
      const first = (await call()).result!
      assert.equal(first['resultType'], 'input_required')
      const { message } = (first['inputRequests'] as { approval: { params: { message: string } } }).approval.params
      const id = /apr_[\w-]+/.exec(message)![0]
      const early = (await call({ inputResponses: { approval: { action: 'accept', content: {} } } })).result!
      assert.equal(early['resultType'], 'input_required')
      const declined = (await call({ inputResponses: { approval: { action: 'decline' } } })).result!
      assert.equal(declined['isError'], true)
      assert.ok(!served.outside.seen.some(({ what }) => what === 'POST /asked'))
      await served.hub.tools.approvals.decide(served.operator, id, { decision: 'approve' })
      const made = (await call({ inputResponses: { approval: { action: 'accept', content: {} } } })).result!
      assert.deepEqual([made['resultType'], made['isError']], ['complete', undefined], JSON.stringify(made))
      assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /asked').length, 1)
      const plain = (await ask({ method: 'tools/call', params: { ...params, arguments: { at: '/asked-2' } }, id: 62 })).result!
      assert.equal(plain['isError'], true)

      // A client that knows tasks gets one, which waits.
      for (const [at, decision, isError] of [
        ['/asked-3', 'approve', undefined],
        ['/asked-4', 'reject', true],
      ] as const) {
        const asked = { ...params, arguments: { at } }
        const { taskId, statusMessage } = (await ask({ method: 'tools/call', params: asked, capabilities: tasks, id: 63 })).result!
        const get = async () => (await ask({ method: 'tasks/get', params: { taskId }, capabilities: tasks })).result!
        assert.equal((await get())['status'], 'working')
        assert.ok(!served.outside.seen.some(({ what }) => what === `POST ${at}`))
        await served.hub.tools.approvals.decide(served.operator, /apr_[\w-]+/.exec(statusMessage as string)![0], { decision })
        await until('the task has ended', async () => (await get())['status'] === 'completed')
        assert.equal(((await get())['result'] as { isError?: boolean }).isError, isError)
        assert.equal(
          served.outside.seen.some(({ what }) => what === `POST ${at}`),
          decision === 'approve',
        )
      }
    } finally {
      await api('PUT', '/policies', { rules: [] })
    }
  })

  test('a stream tells what changed, and ends when its token is revoked', async () => {
    const made = await api<{ id: string; token: string }>('POST', '/tokens', {
      name: `stream ${Math.random()}`,
      scopes: ['tools:call', 'integrations:read'],
      expires_at: '2126-01-01T00:00:00Z',
    })
    const response = await mcpListen(served.address, {
      token: made.token,
      query: '?list=full',
      notifications: { toolsListChanged: true, resourceSubscriptions: ['hub://integrations/probe', 'hub://approvals'] },
    })
    let seen = ''
    const reading = (async () => {
      for await (const chunk of response.body!) seen += Buffer.from(chunk).toString()
    })().catch(() => undefined)
    await until('the stream is acknowledged', () => seen.includes('acknowledged'))
    // The first look has to be over before something changes.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await api('POST', '/flows', { definition: { id: 'stream-tool', tool: true, steps: [{ id: 'a', transform: 'x' }] } })
    await until('the list of tools changed', () => seen.includes('notifications/tools/list_changed'), 10_000)
    await api('PATCH', '/integrations/probe', { config: { base_url: `${served.outside.url}/` } })
    await until('the resource changed', () => seen.includes('"uri":"hub://integrations/probe"'), 10_000)
    await api('PATCH', '/integrations/probe', { config: { base_url: served.outside.url } })
    assert.doesNotMatch(seen, /hub:\/\/approvals"[^\]]/)
    await api('DELETE', `/tokens/${made.id}`)
    await reading
  })
})

import type { HubUnderTest } from './exercises.ts'

const version = '2026-07-28'
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

/** Asks what can be read over MCP. Resolves to the requests that were answered with a result. */
export async function readOverMcp(hub: HubUnderTest): Promise<string[]> {
  const answered: string[] = []
  let id = 0
  const ask = async (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> => {
    id += 1
    const name = params['name'] ?? params['uri'] ?? params['taskId']
    const meta = {
      ...(params['_meta'] as object | undefined),
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientInfo': { name: 'canary', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': tasks,
    }
    const { body } = await hub
      .with({
        headers: {
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': version,
          'mcp-method': method,
          ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
        },
      })
      .call('POST', '/mcp', { jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } })
    const text = body.startsWith('{') ? body : (/^data: (.*)$/m.exec(body)?.[1] ?? '{}')
    const { result } = JSON.parse(text) as { result?: Record<string, unknown> }
    if (result) answered.push(typeof name === 'string' ? `${method} ${name}` : method)
    return result ?? {}
  }
  const call = (name: string, args: object, meta: object = {}) => ask('tools/call', { name, arguments: args, _meta: meta })

  for (const method of ['server/discover', 'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']) await ask(method)
  for (const kind of ['integrations', 'approvals', 'runs', 'events']) {
    const { contents } = (await ask('resources/read', { uri: `hub://${kind}` })) as { contents?: { text: string }[] }
    const { items } = JSON.parse(contents?.[0]?.text ?? '{"items":[]}') as { items: { id: string; name?: string }[] }
    for (const item of items.slice(0, 15)) await ask('resources/read', { uri: `hub://${kind}/${encodeURIComponent(item.name ?? item.id)}` })
    await ask('completion/complete', {
      ref: { type: 'ref/resource', uri: `hub://${kind}/{${kind === 'integrations' ? 'name' : 'id'}}` },
      argument: { name: 'id', value: '' },
    })
  }
  for (const name of ['hub_list_integrations', 'hub_list_flows', 'hub_list_invocations']) await call(name, {})
  const { json } = await hub.call('GET', '/api/v1/invocations?limit=40')
  const invocations = (json['items'] as { id: string }[]).map((one) => one.id)
  for (const handle of invocations) {
    await call('hub_read_result', { handle })
    await ask('tasks/get', { taskId: handle })
  }
  // The system outside repeats the credential in what it answers and in what it refuses.
  for (const integration of ['by-token', 'by-values', 'by-name'])
    for (const path of ['/status/200', '/status/401', '/status/500']) {
      const args = { method: 'GET', path }
      await call('http_request', args, { 'integrationhub/integration': integration })
      await call('call_tool', { name: 'http_request', arguments: args }, { 'integrationhub/integration': integration })
      const task = await call('http_request', args, { 'integrationhub/integration': integration, 'integrationhub/task': true })
      const options = JSON.stringify({ integration })
      await call('run_script', { code: `return await tools.http_request(${JSON.stringify(args)}, ${options})` })
      if (typeof task['taskId'] !== 'string') continue
      for (let times = 0; times < 100 && (await ask('tasks/get', { taskId: task['taskId'] }))['status'] === 'working'; times++)
        await new Promise((resolve) => setTimeout(resolve, 50))
    }
  return answered
}

/** What `readOverMcp` has to reach. */
export const mcpReads: readonly RegExp[] = [
  /^tools\/list$/,
  /^prompts\/list$/,
  /^resources\/read hub:\/\/integrations\/by-token$/,
  /^resources\/read hub:\/\/approvals\/apr_/,
  /^resources\/read hub:\/\/runs\/run_/,
  /^resources\/read hub:\/\/events\/evt_/,
  /^tools\/call hub_read_result$/,
  /^tools\/call http_request$/,
  /^tools\/call run_script$/,
  /^tasks\/get inv_/,
  /^completion\/complete$/,
]

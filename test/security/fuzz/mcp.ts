import type { Random } from '#test'
import { mutated, oddTexts } from './values.ts'

const methods = [
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'tasks/list',
  'subscriptions/listen',
  'logging/setLevel',
  'notifications/initialized',
  'notifications/cancelled',
  'sampling/createMessage',
  '__proto__',
  'constructor',
  '',
]

type Known = Readonly<Record<string, readonly string[]>>

const tools = [
  'search_tools',
  'describe_tool',
  'describe_tools_as_types',
  'call_tool',
  'run_script',
  'hub_list_integrations',
  'hub_list_flows',
  'hub_get_run',
]

/** Parameters that fit the method, to begin with. */
function paramsOf(method: string, known: Known, random: Random): object {
  const id = (subject: string): string => {
    const ids = known[subject] ?? []
    return ids.length > 0 && random.chance(0.8) ? random.oneOf(ids) : random.oneOf(oddTexts).toWellFormed().slice(0, 500)
  }
  const name = random.chance(0.6) ? random.oneOf(tools) : id('tools')
  const inputs: readonly object[] = [
    {},
    { query: 'issue' },
    { name: id('tools') },
    { name: 'hub_list_flows', arguments: {} },
    { run_id: id('runs') },
    { code: 'return await tools.hub_list_flows({})' },
    {
      code: random.oneOf([
        'throw 1',
        'return',
        'while (true) {}'.slice(0, 5),
        'return tools',
        'return new Proxy({}, {})',
        'await 0; return input',
      ]),
    },
    { method: 'GET', path: '/a' },
  ]
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: random.oneOf(['2025-11-25', '2025-06-18', '2024-11-05', '1', '']),
        capabilities: {},
        clientInfo: { name: 'a', version: '1' },
      }
    case 'tools/call':
      return { name, arguments: random.oneOf(inputs) }
    case 'resources/read':
    case 'resources/subscribe': {
      const kind = random.oneOf(['integrations', 'approvals', 'runs', 'events'])
      return { uri: random.oneOf([`hub://${kind}`, `hub://${kind}/${id(kind)}`, `hub://${id(kind)}`, 'file:///etc/passwd', id(kind)]) }
    }
    case 'prompts/get':
      return { name: id('flows'), arguments: { to: 'ada@example.com', subject: 'a', body: 'b' } }
    case 'completion/complete': {
      const kind = random.oneOf(['integrations', 'approvals', 'runs', 'events'])
      const ref = random.oneOf([
        { type: 'ref/resource', uri: `hub://${kind}/{${kind === 'integrations' ? 'name' : 'id'}}` },
        { type: 'ref/prompt', name: id('flows') },
      ])
      return { ref, argument: { name: random.oneOf(['id', 'name', 'body']), value: random.oneOf(['', 'a', '\u0000', 'x'.repeat(1000)]) } }
    }
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return { taskId: id('invocations') }
    case 'subscriptions/listen':
      return { notifications: { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: [`hub://runs/${id('runs')}`] } }
    default:
      return random.chance(0.5) ? {} : { cursor: random.oneOf(oddTexts).toWellFormed().slice(0, 500) }
  }
}

export interface McpMessage {
  readonly content: unknown
  readonly headers: readonly string[]
  readonly query: string
}

const versions = ['2026-07-28', '2025-11-25', '2025-06-18', '2024-11-05', '1999-01-01', '']
const queries = [
  '?list=full',
  '?list=search',
  '?read_only=1',
  '?toolset=hub',
  '?toolset=',
  '?toolset=no-such',
  '?list=x',
  '?read_only=2',
  '?a=b',
  `?toolset=${'a,'.repeat(200)}`,
]
const accepts = ['application/json, text/event-stream', 'application/json', 'text/event-stream', '*/*', 'text/html', '']

/** A message of the specification of 2026 or of one before, in which something may be wrong. */
export function mcpMessage(known: Known, random: Random): McpMessage {
  const method = random.oneOf(methods)
  const isNew = random.chance(0.6)
  const version = random.chance(0.9) ? (isNew ? '2026-07-28' : '2025-11-25') : random.oneOf(versions)
  const params = paramsOf(method, known, random) as { name?: unknown; uri?: unknown; taskId?: unknown }
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': random.chance(0.5)
      ? { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: {} }
      : {},
    ...(random.chance(0.2) ? { 'integrationhub/task': true } : {}),
    ...(random.chance(0.2) ? { 'integrationhub/session': random.oneOf(oddTexts).toWellFormed().slice(0, 500) } : {}),
    ...(random.chance(0.2)
      ? {
          'integrationhub/idempotency-key': random
            .oneOf(['a', ...oddTexts])
            .toWellFormed()
            .slice(0, 500),
        }
      : {}),
    ...(random.chance(0.1) ? { progressToken: random.oneOf([1, 'a', null, {}]) } : {}),
  }
  const message = {
    jsonrpc: '2.0',
    ...(method.startsWith('notifications/') ? {} : { id: random.oneOf([1, 'a', 0, -1, 1.5, null]) }),
    method,
    params: isNew ? { ...params, _meta: envelope } : params,
  }
  const content = random.chance(0.7) ? message : mutated(message, random)
  const name = [params.name, params.uri, params.taskId].find((one): one is string => typeof one === 'string')
  const headers = [
    'accept',
    random.chance(0.9) ? accepts[0]! : random.oneOf(accepts),
    ...(random.chance(0.95) ? ['mcp-protocol-version', version] : []),
    ...(isNew && random.chance(0.95) ? ['mcp-method', random.chance(0.95) ? method : 'tools/list'] : []),
    ...(isNew && name !== undefined && random.chance(0.95) ? ['mcp-name', name] : []),
  ]
  return {
    content: random.chance(0.97) ? content : [content, content],
    headers: headers.map((text) => text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '?').slice(0, 2000)),
    query: random.chance(0.85) ? '' : random.oneOf(queries),
  }
}

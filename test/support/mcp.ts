import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { adminToken } from './hub.ts'

export interface McpConnecting {
  readonly token?: string
  /** `?toolset=github` */
  readonly query?: string
  /** The older protocol, or a version of the newer one. */
  readonly mode?: 'legacy' | { readonly pin: string } | undefined
}

/** The official client, connected to a hub. */
export async function mcpClient(
  address: string,
  { token = adminToken, query = '', mode = { pin: '2026-07-28' } }: McpConnecting = {},
): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  const transport = new StreamableHTTPClientTransport(new URL(`${address}/mcp${query}`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  })
  await client.connect(transport)
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}

/** The text of a tool's result. */
export function textOf(result: { content?: unknown }): string {
  return (result.content as { text: string }[]).map(({ text }) => text).join('\n')
}

export interface McpRequest {
  readonly token?: string
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly capabilities?: Readonly<Record<string, unknown>>
  readonly id?: number
  readonly query?: string
  readonly signal?: AbortSignal
}

export interface McpAnswer {
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** One message of the specification 2026-07-28, as it is sent. */
function send(
  address: string,
  { token = adminToken, method, params = {}, capabilities = {}, id = 1, query = '', signal }: McpRequest,
): Promise<Response> {
  const { _meta: meta = {}, ...rest } = params as { _meta?: Record<string, unknown> }
  const { name, uri, taskId } = rest as { name?: string; uri?: string; taskId?: string }
  const subject = name ?? uri ?? taskId
  return fetch(`${address}/mcp${query}`, {
    method: 'POST',
    signal: signal ?? null,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(subject === undefined ? {} : { 'mcp-name': subject }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: {
        ...rest,
        _meta: {
          ...meta,
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
          'io.modelcontextprotocol/clientCapabilities': capabilities,
        },
      },
    }),
  })
}

export async function mcpRequest(address: string, request: McpRequest): Promise<McpAnswer> {
  const text = await (await send(address, request)).text()
  const data = text.startsWith('{')
    ? text
    : (text
        .split('\n')
        .findLast((line) => line.startsWith('data: '))
        ?.slice(6) ?? 'null')
  return JSON.parse(data) as McpAnswer
}

/** Opens a stream of changes. */
export function mcpListen(
  address: string,
  {
    notifications,
    ...request
  }: Pick<McpRequest, 'token' | 'query' | 'signal'> & { readonly notifications: Readonly<Record<string, unknown>> },
): Promise<Response> {
  return send(address, { ...request, method: 'subscriptions/listen', params: { notifications } })
}

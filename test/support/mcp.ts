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
}

export interface McpAnswer {
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** One request of the specification 2026-07-28, as it is sent. */
export async function mcpRequest(
  address: string,
  { token = adminToken, method, params = {}, capabilities = {}, id = 1 }: McpRequest,
): Promise<McpAnswer> {
  const { _meta: meta = {}, ...rest } = params as { _meta?: Record<string, unknown> }
  const name = rest as { name?: string; uri?: string; taskId?: string }
  const response = await fetch(`${address}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...((name.name ?? name.uri ?? name.taskId) === undefined ? {} : { 'mcp-name': name.name ?? name.uri ?? name.taskId ?? '' }),
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
  const text = await response.text()
  const data = text.startsWith('{')
    ? text
    : (text
        .split('\n')
        .findLast((line) => line.startsWith('data: '))
        ?.slice(6) ?? 'null')
  return JSON.parse(data) as McpAnswer
}

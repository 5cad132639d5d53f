import { CLIENT_CAPABILITIES_META_KEY, type ClientCapabilities, type ServerContext } from '@modelcontextprotocol/server'

/** What the client of a request says that it can do. Clients of 2025 say it once, and nothing here keeps that. */
export function capabilitiesOf({ mcpReq: { envelope } }: Pick<ServerContext, 'mcpReq'>): ClientCapabilities {
  const said: Readonly<Record<string, unknown>> = { ...envelope }
  return said[CLIENT_CAPABILITIES_META_KEY] ?? {}
}

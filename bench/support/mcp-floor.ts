import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createMcpHandler, Server, type CallToolResult, type Tool } from '@modelcontextprotocol/server'

/**
 * The floors of the MCP bench, beside the same bytes: `bytes` is node:http alone, `sdk` the low-level server of the SDK with a list that exists. It
 * is started with a file of what the hub answered: `{"list": …, "call": …}`, each the text of an answer.
 */
const [port, mode, answers] = process.argv.slice(2)
const { list, call } = JSON.parse(readFileSync(answers!, 'utf8')) as { list: string; call: string }
const { tools } = (JSON.parse(list) as { result: { tools: Tool[] } }).result
const { content, structuredContent } = (JSON.parse(call) as { result: CallToolResult }).result
const called = { content, ...(structuredContent ? { structuredContent } : {}) }

const handler = createMcpHandler(
  () => {
    const server = new Server({ name: 'floor', version: '1.0.0' }, { capabilities: { tools: {} } })
    server.setRequestHandler('tools/list', () => ({ tools }))
    server.setRequestHandler('tools/call', () => called)
    return server
  },
  { legacy: 'stateless' },
)

const server = createServer(async (request, response) => {
  const body = await text(request)
  if (request.method === 'GET') return void response.end('ok')
  if (mode === 'bytes') {
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end(body.includes('tools/list') ? list : call)
  }
  const headers = Object.entries(request.headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const reply = await handler.fetch(new Request('http://floor/mcp', { method: 'POST', headers, body }))
  response.writeHead(reply.status, Object.fromEntries(reply.headers))
  response.end(await reply.text())
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
})

// An agent on the OpenAI Agents SDK, which takes the tools of a hub over MCP and needs no other client.
//   npm install @openai/agents
//   HUB_URL=http://127.0.0.1:3000 HUB_TOKEN=ih_… OPENAI_API_KEY=… node openai-agents.mjs "Which integrations are connected?"
import { Agent, MCPServerStreamableHttp, run } from '@openai/agents'

const { HUB_URL: url = 'http://127.0.0.1:3000', HUB_TOKEN: token = '', HUB_TOOLSET: toolset, MODEL: model = 'gpt-5.5' } = process.env
const task = process.argv[2] ?? 'Which integrations are connected?'

const hub = new MCPServerStreamableHttp({
  // Of many tools the hub lists three: one finds tools, one describes them, one calls them.
  url: `${url}/mcp${toolset ? `?toolset=${encodeURIComponent(toolset)}` : ''}`,
  name: 'hub',
  requestInit: { headers: { Authorization: `Bearer ${token}` } },
})
await hub.connect()
try {
  const agent = new Agent({ name: 'Assistant', instructions: 'Use the tools of the hub.', model, mcpServers: [hub] })
  const { finalOutput } = await run(agent, task, { maxTurns: 20 })
  console.log(finalOutput)
} finally {
  await hub.close()
}

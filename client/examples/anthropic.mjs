// An agent on the Messages API of Anthropic, with the tools of a hub.
//   npm install @integration-hub/client @anthropic-ai/sdk
//   HUB_URL=http://127.0.0.1:3000 HUB_TOKEN=ih_… ANTHROPIC_API_KEY=… node anthropic.mjs "Which integrations are connected?"
import Anthropic from '@anthropic-ai/sdk'
import { createHub } from '@integration-hub/client'

const {
  HUB_URL: url = 'http://127.0.0.1:3000',
  HUB_TOKEN: token = '',
  HUB_TOOLSET: toolset,
  MODEL: model = 'claude-sonnet-5-5',
} = process.env
const task = process.argv[2] ?? 'Which integrations are connected?'
const maxTurns = 20

const hub = createHub({ url, token })
const anthropic = new Anthropic()
// Without a toolset the model gets the tools that fit the task best.
const tools = await hub.toolDefinitions('anthropic', toolset ? { toolset } : { query: task, limit: 20 })

/** @type {Anthropic.MessageParam[]} */
const messages = [{ role: 'user', content: task }]
for (let turn = 0; turn < maxTurns; turn += 1) {
  const { content, stop_reason } = await anthropic.messages.create({ model, max_tokens: 4096, tools, messages })
  messages.push({ role: 'assistant', content })
  if (stop_reason !== 'tool_use') {
    console.log(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n'))
    process.exit()
  }
  /** @type {Anthropic.ToolResultBlockParam[]} */
  const results = []
  for (const block of content) {
    if (block.type !== 'tool_use') continue
    const { id, name, input } = block
    console.error(`calls ${name} ${JSON.stringify(input)}`)
    // The key makes a call that is repeated act once.
    const { text, isError } = await hub.runTool(name, input, { key: id })
    results.push({ type: 'tool_result', tool_use_id: id, content: text, is_error: isError })
  }
  messages.push({ role: 'user', content: results })
}
throw new Error(`no answer after ${maxTurns} turns`)

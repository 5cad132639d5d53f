// An agent on the Vercel AI SDK, with the tools of a hub. It needs Node 22 or newer, as the SDK does.
//   npm install @integration-hub/client ai @ai-sdk/openai
//   HUB_URL=http://127.0.0.1:3000 HUB_TOKEN=ih_… OPENAI_API_KEY=… node vercel.mjs "Which integrations are connected?"
import { openai } from '@ai-sdk/openai'
import { createHub } from '@integration-hub/client'
import { dynamicTool, generateText, isStepCount, jsonSchema } from 'ai'

const { HUB_URL: url = 'http://127.0.0.1:3000', HUB_TOKEN: token = '', HUB_TOOLSET: toolset, MODEL: model = 'gpt-5.5' } = process.env
const task = process.argv[2] ?? 'Which integrations are connected?'

const hub = createHub({ url, token })
// Without a toolset the model gets the tools that fit the task best.
const definitions = await hub.toolDefinitions('vercel', toolset ? { toolset } : { query: task, limit: 20 })

const tools = definitions.map(({ name, description, inputSchema }) => [
  name,
  dynamicTool({
    description,
    inputSchema: jsonSchema(inputSchema),
    execute: async (input, { toolCallId, abortSignal }) => {
      console.error(`calls ${name} ${JSON.stringify(input)}`)
      // The key makes a call that is repeated act once.
      const { text } = await hub.runTool(name, input, { key: toolCallId, signal: abortSignal })
      return text
    },
  }),
])

const { text } = await generateText({ model: openai(model), tools: Object.fromEntries(tools), prompt: task, stopWhen: isStepCount(20) })
console.log(text)

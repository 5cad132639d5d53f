// An agent on the Responses API of OpenAI, with the tools of a hub.
//   npm install @integration-hub/client openai
//   HUB_URL=http://127.0.0.1:3000 HUB_TOKEN=ih_… OPENAI_API_KEY=… node openai.mjs "Which integrations are connected?"
import { createHub } from '@integration-hub/client'
import OpenAI from 'openai'

const { HUB_URL: url = 'http://127.0.0.1:3000', HUB_TOKEN: token = '', HUB_TOOLSET: toolset, MODEL: model = 'gpt-5.5' } = process.env
const task = process.argv[2] ?? 'Which integrations are connected?'
const maxTurns = 20

const hub = createHub({ url, token })
const openai = new OpenAI()
// Without a toolset the model gets the tools that fit the task best.
const tools = await hub.toolDefinitions('openai', toolset ? { toolset } : { query: task, limit: 20 })

/** @type {OpenAI.Responses.ResponseInputItem[]} */
let input = [{ role: 'user', content: task }]
/** @type {string | undefined} */
let previous
for (let turn = 0; turn < maxTurns; turn += 1) {
  /** @type {OpenAI.Responses.Response} */
  const response = await openai.responses.create({ model, tools, input, ...(previous && { previous_response_id: previous }) })
  const calls = response.output.filter((item) => item.type === 'function_call')
  if (calls.length === 0) {
    console.log(response.output_text)
    process.exit()
  }
  input = []
  for (const { name, arguments: args, call_id } of calls) {
    console.error(`calls ${name} ${args}`)
    // The key makes a call that is repeated act once.
    const { text } = await hub.runTool(name, args, { key: call_id })
    input.push({ type: 'function_call_output', call_id, output: text })
  }
  previous = response.id
}
throw new Error(`no answer after ${maxTurns} turns`)

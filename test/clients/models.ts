import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface Models extends AsyncDisposable {
  readonly url: string
  /** What the model was told of its calls, in order. */
  readonly results: string[]
}

export interface Script {
  readonly tool: string
  /** The arguments of one call after the other. */
  readonly calls: readonly object[]
  readonly answer: string
}

type Body = Record<string, any>
const isName = (name: unknown): boolean => typeof name === 'string' && /^[a-zA-Z0-9_-]{1,64}$/.test(name)

/**
 * Plays the APIs of OpenAI and Anthropic for one conversation: it calls the tool with one script’s arguments after the other, insists on a result
 * for each call, and then answers. What the vendors refuse it refuses too.
 */
export async function startModels({ tool, calls, answer }: Script): Promise<Models> {
  const results: string[] = []
  // As the vendors do: no two conversations share the id of a call.
  const idOf = (turn: number): string => `call_${conversation}_${turn}`
  const conversation = randomUUID()

  const next = (given: readonly { id: string; text: string }[]): number => {
    const last = given.at(-1)
    if (given.length > 0 && last?.id !== idOf(results.length)) throw new Error(`there is no result for ${idOf(results.length)}`)
    if (last) results.push(last.text)
    return results.length
  }

  const openai = ({ model, tools = [], input }: Body, { headers }: IncomingMessage): Body => {
    if (headers.authorization !== 'Bearer model-key') throw new Error('wrong key')
    for (const { type, name, parameters } of tools as Body[])
      if (type !== 'function' || !isName(name) || parameters?.type !== 'object') throw new Error(`the tool ${name} is not valid`)
    if (!tools.some(({ name }: Body) => name === tool)) throw new Error(`the model was not given ${tool}`)
    const outputs = (input as Body[]).filter(({ type }) => type === 'function_call_output')
    const turn = next(outputs.slice(-1).map(({ call_id: id, output }) => ({ id, text: textOf(output) })))
    const call = calls[turn]
    const item = call
      ? {
          type: 'function_call',
          id: `fc_${turn}`,
          call_id: idOf(turn),
          name: tool,
          arguments: JSON.stringify(call),
          status: 'completed',
        }
      : {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: answer, annotations: [] }],
        }
    const usage = {
      input_tokens: 1,
      output_tokens: 1,
      total_tokens: 2,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    }
    return {
      id: `resp_${turn}`,
      object: 'response',
      created_at: 1,
      status: 'completed',
      model,
      output: [item],
      tools,
      usage,
      error: null,
      incomplete_details: null,
    }
  }

  const anthropic = ({ model, tools, messages }: Body, { headers }: IncomingMessage): Body => {
    const key = headers['x-api-key'] ?? headers.authorization?.replace('Bearer ', '')
    if (key !== 'model-key' || headers['anthropic-version'] === undefined) throw new Error('wrong key')
    for (const { name, input_schema: schema } of tools as Body[])
      if (!isName(name) || schema?.type !== 'object') throw new Error(`the tool ${name} is not valid`)
    if (!tools.some(({ name }: Body) => name === tool)) throw new Error(`the model was not given ${tool}`)
    const { content } = (messages as Body[]).at(-1)!
    const given = Array.isArray(content) ? content.filter(({ type }: Body) => type === 'tool_result') : []
    const turn = next(given.map(({ tool_use_id: id, content: text }: Body) => ({ id, text: textOf(text) })))
    const call = calls[turn]
    return {
      id: `msg_${turn}`,
      type: 'message',
      role: 'assistant',
      model,
      content: call
        ? [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: idOf(turn), name: tool, input: call },
          ]
        : [{ type: 'text', text: answer }],
      stop_reason: call ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    }
  }

  const server = createServer(async (request, response) => {
    const play = request.url?.startsWith('/v1/messages') ? anthropic : openai
    try {
      const answered = play((await json(request)) as Body, request)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered))
    } catch (error) {
      const message = (error as Error).message
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { type: 'invalid_request_error', message } }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    results,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A text, or a list of parts with a text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  const parts = [content].flat() as { text?: string }[]
  return parts.map(({ text }) => text ?? '').join('\n')
}

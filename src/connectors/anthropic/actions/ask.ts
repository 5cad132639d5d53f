import { z } from 'zod'
import { hubError } from '#kit'
import { anthropic } from '../declaration.ts'

interface Message {
  model: string
  content: { type: string; text?: string; name?: string; input?: unknown }[]
  stop_reason: string | null
  usage: { input_tokens: number; output_tokens: number }
}

// The API requires a limit. This one is larger than most answers and smaller than the limit of every model.
const defaultMaxTokens = 4096
const answerTool = 'answer'
// Reasoning models can take longer than a minute. With the default timeout of 30 s, the limit becomes 105 s.
const timeoutFactor = 3.5

export const askActions = {
  ask: anthropic.action({
    title: 'Ask Claude',
    description:
      'Asks a Claude model one question and waits for its answer. Use it in flows to write, summarise, classify or review text; give a schema when a later step reads the answer as JSON. Returns the text, the JSON if a schema was given, and the tokens used.',
    words:
      'claude, ask claude, ask an ai, ask a model, language model, llm, prompt, have ai write, draft a text, summarize text, summarise, classify, categorize, extract data from text, translate, rewrite, rephrase, proofread, brainstorm, generate text, explain, sentiment, answer a question, make the text friendlier, shorten a text, improve the wording, is it positive or negative, tone, write a poem, give me ideas, suggest a title, correct the grammar, pull the names out of the text, judge, score an answer, decide with ai, reason about, opinion, slogan, chat with an ai, turn into bullet points, fill a template, compose, paraphrase, tldr, simplify',
    effect: 'read',
    long: true,
    example: { prompt: 'Say hello in one word.', model: 'claude-sonnet-4-5' },
    input: z.strictObject({
      prompt: z.string().min(1).max(2_000_000).describe('What to ask.'),
      system: z.string().max(200_000).optional().describe('System prompt: the role of the model and its rules.'),
      model: z.string().min(1).max(200).optional().describe('Model; the integration’s own when left out.'),
      temperature: z.number().min(0).max(1).optional().describe('Sampling temperature: higher values give more varied answers.'),
      max_tokens: z.number().int().min(1).max(1_000_000).default(defaultMaxTokens).describe('Maximum length of the answer in tokens.'),
      schema: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of an object that the answer must match.'),
    }),
    output: z.object({
      text: z.string(),
      json: z.unknown(),
      model: z.string(),
      finish_reason: z.string().nullable(),
      input_tokens: z.number(),
      output_tokens: z.number(),
    }),
    async run({ input, config, http }) {
      const model = input.model ?? config.model
      if (!model)
        throw hubError('invalid_input', {
          errors: [{ path: 'input.model', message: 'is required because the integration has no default model' }],
        })
      const { schema } = input
      // To get JSON that matches the schema, the model is forced to call a tool with this input schema.
      const asJson = schema
        ? {
            tools: [{ name: answerTool, description: 'Give the answer.', input_schema: schema }],
            tool_choice: { type: 'tool', name: answerTool },
          }
        : {}
      const reply = await http.post<Message>(
        '/v1/messages',
        {
          model,
          max_tokens: input.max_tokens,
          messages: [{ role: 'user', content: input.prompt }],
          ...(input.system ? { system: input.system } : {}),
          ...(input.temperature === undefined ? {} : { temperature: input.temperature }),
          ...asJson,
        },
        { effect: 'read', timeoutFactor },
      )
      const text = reply.content.flatMap((part) => (part.type === 'text' ? (part.text ?? '') : [])).join('')
      const used = reply.content.find((part) => part.type === 'tool_use' && part.name === answerTool)
      if (schema && !used)
        throw hubError('vendor_invalid_response', { detail: `the model returned no JSON (stop reason: ${reply.stop_reason})` })
      return {
        text,
        json: used?.input ?? null,
        model: reply.model,
        finish_reason: reply.stop_reason,
        input_tokens: reply.usage.input_tokens,
        output_tokens: reply.usage.output_tokens,
      }
    },
  }),
}

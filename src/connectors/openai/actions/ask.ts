import { z } from 'zod'
import { hubError } from '#kit'
import { openai } from '../declaration.ts'

interface Completion {
  model: string
  choices: { message: { content: string | null; refusal?: string | null }; finish_reason: string | null }[]
  usage?: { prompt_tokens: number; completion_tokens: number }
}

// Reasoning models can take longer than a minute. With the default timeout of 30 s, the limit becomes 105 s.
const timeoutFactor = 3.5

/** A question changes nothing outside, so it may be repeated after a failure. A repetition costs tokens again. */
export const askActions = {
  ask: openai.action({
    title: 'Ask a model',
    description:
      'Asks a chat model one question and waits for its answer. Use it in flows to write, summarise, classify or review text; ask for JSON with a schema when a later step reads the answer. Returns the text, the parsed JSON if it was requested, and the tokens used.',
    words:
      'gpt, chatgpt, openai, ask an ai, ask a model, language model, llm, local model, prompt, have ai write, draft a text, summarize text, summarise, classify, categorize, extract data from text, translate, rewrite, rephrase, proofread, brainstorm, generate text, explain, sentiment, answer a question, make the text friendlier, shorten a text, improve the wording, is it positive or negative, tone, write a poem, give me ideas, suggest a title, correct the grammar, pull the names out of the text, judge, score an answer, decide with ai, reason about, opinion, slogan, chat with an ai, turn into bullet points, fill a template, compose, paraphrase, tldr, simplify',
    effect: 'read',
    long: true,
    example: { prompt: 'Say hello in one word.', model: 'gpt-4o-mini' },
    input: z.strictObject({
      prompt: z.string().min(1).max(2_000_000).describe('What to ask.'),
      system: z.string().max(200_000).optional().describe('System prompt: the role of the model and its rules.'),
      model: z.string().min(1).max(200).optional().describe('Model; the integration’s own when left out.'),
      temperature: z.number().min(0).max(2).optional().describe('Sampling temperature: higher values give more varied answers.'),
      max_tokens: z.number().int().min(1).max(1_000_000).optional().describe('Longest answer in tokens.'),
      json: z.boolean().default(false).describe('Answer with a JSON object.'),
      schema: z.record(z.string(), z.unknown()).optional().describe('JSON Schema that the answer must match; implies json.'),
    }),
    output: z.object({
      text: z.string(),
      json: z.unknown(),
      model: z.string(),
      finish_reason: z.string().nullable(),
      input_tokens: z.number().nullable(),
      output_tokens: z.number().nullable(),
    }),
    async run({ input, config, http }) {
      const model = input.model ?? config.model
      if (!model)
        throw hubError('invalid_input', {
          errors: [{ path: 'input.model', message: 'is required because the integration has no default model' }],
        })
      const wantsJson = input.json || input.schema !== undefined
      const format = input.schema
        ? { type: 'json_schema', json_schema: { name: 'answer', schema: input.schema, strict: true } }
        : { type: 'json_object' }
      const reply = await http.post<Completion>(
        '/chat/completions',
        {
          model,
          messages: [...(input.system ? [{ role: 'system', content: input.system }] : []), { role: 'user', content: input.prompt }],
          ...(input.temperature === undefined ? {} : { temperature: input.temperature }),
          ...(input.max_tokens === undefined ? {} : { max_completion_tokens: input.max_tokens }),
          ...(wantsJson ? { response_format: format } : {}),
        },
        { effect: 'read', timeoutFactor },
      )
      const [choice] = reply.choices ?? []
      if (!choice) throw hubError('vendor_invalid_response', { detail: 'the model answered with no choice' })
      if (choice.message.refusal)
        throw hubError('vendor_rejected', { detail: `the model refused: ${choice.message.refusal.slice(0, 300)}` })
      const text = choice.message.content ?? ''
      return {
        text,
        json: wantsJson ? parseAnswer(text) : null,
        model: reply.model,
        finish_reason: choice.finish_reason,
        input_tokens: reply.usage?.prompt_tokens ?? null,
        output_tokens: reply.usage?.completion_tokens ?? null,
      }
    },
  }),
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw hubError('vendor_invalid_response', {
      detail: 'the model did not answer with JSON although JSON was requested',
      hint: 'ask again, or raise max_tokens if the answer was cut',
    })
  }
}

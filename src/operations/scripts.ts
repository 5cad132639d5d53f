import { z } from 'zod'
import { typesOf } from '#scripts'
import { selectTools } from '#tools'
import { operation, plain, view } from './operation.ts'
import { runScript, type ScriptOutcome } from './run-script.ts'
import { timestamp } from './shared.ts'

const names = z.array(z.string().min(1).max(100)).max(200)

const outcomeSchema = z.object({
  output: z.unknown(),
  logs: z.array(z.string()),
  calls: z.array(
    z.object({
      tool: z.string(),
      invocation_id: z.string().nullable(),
      status: z.enum(['completed', 'queued', 'failed', 'dry_run']),
      replayed: z.boolean(),
    }),
  ),
  time: timestamp,
  truncated: z
    .object({
      total_tokens: z.number(),
      parts: z.array(z.object({ path: z.string(), shown: z.number(), total: z.number(), unit: z.string() })),
      hint: z.string(),
    })
    .optional(),
})

/** What a caller gets of a script that ended, over every transport. */
export function renderScript({ output, logs, calls, time, truncated }: ScriptOutcome): z.output<typeof outcomeSchema> {
  return {
    output,
    logs: [...logs],
    calls: calls.map(({ tool, invocationId, status, replayed }) => ({ tool, invocation_id: invocationId || null, status, replayed })),
    time: time.toISOString(),
    ...(truncated
      ? {
          truncated: {
            total_tokens: truncated.totalTokens,
            parts: [...truncated.parts],
            hint: 'let the script return less, such as counts or the fields that you need',
          },
        }
      : {}),
  }
}

export const runScriptOperation = operation({
  name: 'scripts.run',
  scope: 'tools:call:*',
  effect: 'write',
  summary: 'Run a script that calls tools',
  description:
    'JavaScript in a sandbox: the body of an async function of `input`, `tools` and `console`. Every tool that you may call is an async function.',
  input: z.strictObject({
    code: z.string().min(1).max(100_000).describe('JavaScript; `return` gives the result.'),
    input: z.unknown().optional().describe('What the script reads as `input`.'),
    toolset: names.optional().describe('Only these tools, by their names or those of their connectors.'),
    idempotency_key: z.string().min(1).max(200).optional().describe('Makes the script repeatable: its calls are not made a second time.'),
    session: z.string().min(1).max(255).optional().describe('Your name for the conversation, where the hub follows what sessions read.'),
    time: timestamp.optional().describe('What `Date` shows; the time of the first run, to repeat a script whose calls depend on it.'),
    max_tokens: z.int().min(100).max(1_000_000).optional().describe('Budget of the output, 25,000 by default.'),
  }),
  output: view(outcomeSchema, renderScript),
  http: { method: 'POST', path: '/api/v1/scripts', headers: { 'idempotency-key': 'idempotency_key', 'hub-session': 'session' } },
  example: { code: 'return input.numbers.length', input: { numbers: [1, 2, 3] } },
  run: ({ tools, scripts, principal, transport, signal }, { idempotency_key: idempotencyKey, time, max_tokens: maxTokens, ...rest }) =>
    runScript({ tools, scripts }, principal, {
      ...rest,
      idempotencyKey,
      maxTokens,
      transport,
      signal,
      time: time === undefined ? undefined : new Date(time),
    }),
})

export const toolTypes = operation({
  name: 'tools.types',
  scope: 'tools:read',
  effect: 'read',
  summary: 'Get TypeScript declarations of tools, for scripts',
  input: z.strictObject({
    query: z.string().max(200).optional().describe('Words of what you want to do.'),
    connector: z.string().optional(),
    names: z.string().max(5000).optional().describe('Names of tools or connectors, separated by commas.'),
    limit: z.number().int().min(1).max(500).default(50).describe('How many tools at most.'),
  }),
  output: plain(z.object({ types: z.string(), tools: z.array(z.string()), total: z.number() })),
  http: { method: 'GET', path: '/api/v1/tools/types' },
  example: { query: 'create issue', limit: 5 },
  run: async ({ tools, principal }, { names: given, limit, ...filter }) => {
    const wanted = given
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const found = selectTools(await tools.list(principal, filter), wanted)
    const shown = found.slice(0, limit)
    return { types: typesOf(shown.map(tools.registry.describe)), tools: shown.map(({ name }) => name), total: found.length }
  },
})

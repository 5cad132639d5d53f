import { HubError } from './errors.ts'
import type { ToolFormat, ToolsListInput } from './generated/types.ts'
import type { Options, Route, Transport } from './types.ts'

interface Parameters {
  readonly type: 'object'
  readonly [keyword: string]: unknown
}

interface Named {
  readonly name: string
  readonly description: string
}

/** A tool as each API takes it. */
export interface Definitions {
  readonly openai: Named & { readonly type: 'function'; readonly parameters: Parameters; readonly strict: boolean }
  readonly 'openai-chat': {
    readonly type: 'function'
    readonly function: Named & { readonly parameters: Parameters; readonly strict: boolean }
  }
  readonly anthropic: Named & { readonly input_schema: Parameters }
  readonly mcp: Named & {
    readonly title: string
    readonly inputSchema: Parameters
    readonly outputSchema?: Parameters
    readonly annotations: object
  }
  readonly vercel: Named & { readonly type: 'function'; readonly inputSchema: Parameters }
}

export interface AgentFunctions {
  /**
   * The tools that the token may call, as an API takes them. The order stays the same while the tools do, for the caches of model providers. With
   * a query they are the `limit` that fit best; without, all of them.
   */
  toolDefinitions<Format extends ToolFormat>(
    format: Format,
    filter?: Omit<ToolsListInput, 'cursor'>,
    options?: Options,
  ): Promise<Definitions[Format][]>
  /**
   * Calls a tool for a model and returns the text for it. A failure that the model can react to is a text too; a token that is refused and a
   * hub that cannot be reached are thrown. Give the id of the model’s call as `key`, so that the same call never acts twice.
   */
  runTool(name: string, args: unknown, call?: RunToolOptions): Promise<ToolText>
}

export interface RunToolOptions extends Options {
  readonly key?: string | undefined
  /** Of the conversation, where the hub follows what sessions read. */
  readonly session?: string | undefined
  /** Name or id, where several fit. */
  readonly integration?: string | undefined
}

export interface ToolText {
  readonly text: string
  readonly isError: boolean
}

const pageSize = 200

export function agentFunctions({ send }: Pick<Transport, 'send'>, routes: { readonly list: Route; readonly call: Route }): AgentFunctions {
  return {
    async toolDefinitions<Format extends ToolFormat>(format: Format, filter: Omit<ToolsListInput, 'cursor'> = {}, options: Options = {}) {
      const all: Definitions[Format][] = []
      for (let cursor: string | null | undefined; cursor !== null;) {
        const input = { limit: pageSize, ...filter, format, cursor }
        const page: { items: Definitions[Format][]; next_cursor: string | null } = await send(routes.list, input, options)
        all.push(...page.items)
        cursor = filter.query === undefined && filter.limit === undefined ? page.next_cursor : null
      }
      return all
    },

    async runTool(name, args, { key, session, integration, ...options } = {}) {
      try {
        const input = argumentsOf(args)
        const outcome: Outcome = await send(routes.call, { name, input, integration, session, idempotency_key: key }, options)
        return { text: resultText(outcome), isError: false }
      } catch (error) {
        if (error instanceof HubError && !notForModel.has(error.code)) return { text: errorText(error), isError: true }
        throw error
      }
    },
  }
}

type Outcome = Readonly<{
  output: unknown
  warning?: string
  truncated?: { handle: string; parts: readonly { path: string }[]; hint: string }
}>

/** OpenAI gives arguments as JSON text. What is no JSON is for the model to correct. */
function argumentsOf(args: unknown): unknown {
  if (typeof args !== 'string') return args ?? {}
  try {
    return JSON.parse(args === '' ? '{}' : args) as unknown
  } catch (cause) {
    const fields = { code: 'bad_json', kind: 'validation', retryable: false, status: 0 } as const
    throw new HubError('the arguments are not valid JSON', fields, cause)
  }
}

/** Codes that are about the way to the hub, where a model can do nothing. */
const notForModel = new Set<HubError['code']>([
  'token_invalid',
  'token_missing',
  'connection_failed',
  'no_answer_in_time',
  'unexpected_answer',
])

function resultText({ output, warning, truncated }: Outcome): string {
  const notes = [
    warning === undefined ? '' : `Warning: ${warning}.`,
    truncated
      ? `The result was shortened at ${truncated.parts.map(({ path }) => path).join(', ')}. Handle: ${truncated.handle}. ${truncated.hint}.`
      : '',
  ].filter(Boolean)
  return [typeof output === 'string' ? output : JSON.stringify(output ?? null), ...notes].join('\n')
}

function errorText({ code, kind, message, errors, retryAfter, hint }: HubError): string {
  return [
    `${code} (${kind}): ${message}`,
    ...errors.map(({ path, message: problem }) => `- ${path}: ${problem}`),
    ...(retryAfter === undefined ? [] : [`Try again in ${retryAfter} s.`]),
    ...(hint === undefined ? [] : [`Next: ${hint}.`]),
  ].join('\n')
}

import type { Principal } from '#access'
import { HubError } from '#errors'
import { newId } from '#lib/ids'
import type { Scripts } from '#scripts'
import { selectTools, truncate, type Tool, type Tools, type Transport, type Truncation } from '#tools'

export interface ScriptRequest {
  readonly code: string
  readonly input?: unknown
  /** Names of connectors and tools; the script has no others. */
  readonly toolset?: readonly string[] | undefined
  /** The tools that the caller sees, if that is less than it may call. */
  readonly visible?: readonly Tool[] | undefined
  readonly idempotencyKey?: string | undefined
  /** The time that `Date` shows in the script. Default: now. */
  readonly time?: Date | undefined
  readonly transport: Transport
  /** Of the conversation, where the hub follows what sessions read. */
  readonly session?: string | undefined
  readonly maxTokens?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ScriptCallSummary {
  readonly tool: string
  readonly invocationId: string | null
  readonly status: 'completed' | 'queued' | 'failed' | 'dry_run'
  readonly replayed: boolean
}

export interface ScriptOutcome {
  readonly output: unknown
  readonly logs: readonly string[]
  readonly calls: readonly ScriptCallSummary[]
  readonly time: Date
  readonly truncated?: { readonly totalTokens: number; readonly parts: readonly Truncation[] }
}

const defaultMaxTokens = 25_000
/** A script reads complete results, because they cost its caller nothing. */
const maxTokensOfCall = 1_000_000

/**
 * Runs a script whose functions are the tools that the principal may call. Each call goes through the tool pipeline. Call n of a script with
 * a key has a key of its own, so a repetition of the script finds the outcomes of its calls: of reads too, because what the script does next
 * depends on them.
 */
export async function runScript(
  { tools, scripts }: { readonly tools: Tools; readonly scripts: Scripts },
  principal: Principal,
  request: ScriptRequest,
): Promise<ScriptOutcome> {
  const { code, input, toolset, transport, session, idempotencyKey, signal, time = new Date(), maxTokens = defaultMaxTokens } = request
  const visible = selectTools(request.visible ?? (await tools.list(principal, {})), toolset)
  const effects = new Map(visible.map(({ name, action }) => [name, action.effect]))
  const key = idempotencyKey ?? newId('scr')
  const calls: (ScriptCallSummary | undefined)[] = []
  try {
    const result = await scripts.run({
      code,
      input,
      tools: [...effects.keys()],
      now: time,
      seed: key,
      owner: principal.workspaceId,
      signal,
      async call({ tool, input: args, integration, index, signal: ending }) {
        const isKeyed = idempotencyKey !== undefined || effects.get(tool) !== 'read'
        try {
          const outcome = await tools.invoke(principal, tool, args, {
            transport,
            forAgent: true,
            session,
            integration,
            maxTokens: maxTokensOfCall,
            signal: ending,
            idempotencyKey: isKeyed ? `${key}#${index}` : undefined,
          })
          calls[index - 1] = { tool, invocationId: outcome.invocationId, status: outcome.status, replayed: outcome.replayed }
          return outcome.output
        } catch (error) {
          const invocationId = (error instanceof HubError && error.details.invocationId) || null
          calls[index - 1] = { tool, invocationId, status: 'failed', replayed: false }
          throw error
        }
      },
    })
    const { output, totalTokens, parts } = truncate(result.output, { maxTokens })
    return {
      output,
      logs: result.logs,
      calls: calls.filter((call) => call !== undefined),
      time,
      ...(parts.length > 0 ? { truncated: { totalTokens, parts } } : {}),
    }
  } catch (error) {
    throw error instanceof HubError
      ? withProgress(error, { made: calls.filter((call) => call?.status === 'completed').length, request, time })
      : error
  }
}

/** Tells what was done before the script failed, and how to go on. */
function withProgress(error: HubError, { made, request, time }: { made: number; request: ScriptRequest; time: Date }): HubError {
  if (made === 0) return error
  const key = request.idempotencyKey
  const next =
    key === undefined
      ? 'run it with an `idempotency_key` to be able to repeat it'
      : `the same script with \`idempotency_key\` "${key}" and \`time\` ${time.toISOString()} finds their outcomes and goes on`
  const { hint } = error.details
  return error.with({ hint: `${hint === undefined ? '' : `${hint}. `}${made} of its calls had been made before: ${next}` })
}

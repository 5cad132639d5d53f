import { hubError } from '#errors'
import type { InvokeOptions } from './call.ts'
import type { Tool } from './tool.ts'
import { truncate, type Truncation } from './truncate.ts'

export interface Outcome {
  readonly invocationId: string
  readonly status: 'completed' | 'dry_run' | 'queued'
  readonly output: unknown
  /** The call had been made under this key; nothing was sent now. */
  readonly replayed: boolean
  /** What is missing in the output, and the handle by which the rest can be read. */
  readonly truncated?: { readonly totalTokens: number; readonly parts: readonly Truncation[]; readonly handle: string }
  readonly warning?: string
}

const defaultMaxTokens = 25_000

/** A completed call, with its output truncated to the fields and the budget that the caller asked for. */
export function completed(id: string, output: unknown, { fields, maxTokens = defaultMaxTokens }: InvokeOptions): Outcome {
  const { output: shown, totalTokens, parts } = truncate(output, { fields, maxTokens })
  return {
    invocationId: id,
    status: 'completed',
    output: shown,
    replayed: false,
    ...(parts.length > 0 ? { truncated: { totalTokens, parts, handle: id } } : {}),
  }
}

/** A read with an invalid result fails. A write has happened all the same: its result is returned as it came, with a warning. */
export function checkOutput({ name, connector, action }: Tool, raw: unknown): { output: unknown; warning?: string } {
  const parsed = action.output.safeParse(raw)
  if (parsed.success) return { output: parsed.data }
  const where = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || '$'}: ${issue.message}`)
    .join('; ')
  if (action.effect === 'read')
    throw hubError('vendor_invalid_response', { detail: `what ${connector.title} answered does not fit ${name}: ${where}` })
  return { output: raw ?? null, warning: `it was done, but what ${connector.title} answered is not as documented: ${where}` }
}

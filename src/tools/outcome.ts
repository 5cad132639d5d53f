import { hubError } from '#errors'
import { isTooDeep, storable } from '#lib/json-values'
import type { Removed } from '#lib/hidden-text'
import type { InvokeOptions } from './call.ts'
import type { ResultLabels } from './labels.ts'
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
  /** Who may have written the output, and who can read it where it came from. */
  readonly labels?: ResultLabels
  /** What people would not have seen in the output, and was removed from it. */
  readonly sanitized?: Removed
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

export interface Checked {
  readonly output: unknown
  readonly warning?: string
}

/** A read with an invalid result fails. A write has happened all the same: its result is returned as far as it can be, with a warning. */
export function checkOutput(tool: Tool, raw: unknown): Checked {
  if (isTooDeep(raw)) return unusable(tool)
  const checked = checkShape(tool, raw)
  const output = storable(checked.output)
  if (output === checked.output || checked.warning !== undefined) return { ...checked, output }
  return { output, warning: `the answer of ${tool.connector.title} contained characters that cannot be stored, and they were replaced` }
}

function unusable({ name, connector, action }: Tool): Checked {
  const what = `what ${connector.title} answered is nested too deeply`
  if (action.effect === 'read') throw hubError('vendor_invalid_response', { detail: `${what} for ${name}` })
  return { output: null, warning: `it was done, but ${what} and is left out` }
}

function checkShape({ name, connector, action }: Tool, raw: unknown): Checked {
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

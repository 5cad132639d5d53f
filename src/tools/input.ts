import type { z } from 'zod'
import { hubError } from '#errors'
import { isRecord } from '#lib/is-record'
import type { Tool } from './tool.ts'

export function validate({ name, action }: Tool, input: unknown): unknown {
  const given = input ?? {}
  const parsed = action.input.safeParse(given)
  if (parsed.success) return parsed.data
  const leftOut = withoutNulls(given, parsed.error.issues)
  const again = leftOut === undefined ? undefined : action.input.safeParse(leftOut)
  if (again?.success) return again.data
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: ['input', ...issue.path, key].map(String).join('.'), message: `is not an argument of ${name}` }))
      : [{ path: ['input', ...issue.path].map(String).join('.'), message: issue.message }],
  )
  throw hubError('invalid_input', { detail: `the input does not fit ${name}`, hint: `GET /api/v1/tools/${name} shows its schema`, errors })
}

/**
 * The input without the fields that are null where null is refused; undefined if there are none. Models send null for what they leave out, and
 * in OpenAI’s strict mode they have to.
 */
function withoutNulls(input: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(input)
  const removed = issues.filter(({ path }) => {
    const field = path.at(-1)
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined), copy)
    return typeof field === 'string' && isRecord(holder) && Object.hasOwn(holder, field) && holder[field] === null && delete holder[field]
  })
  return removed.length > 0 ? copy : undefined
}

import { hubError } from '#errors'
import type { Tool } from './tool.ts'

export function validate({ name, action }: Tool, input: unknown): unknown {
  const parsed = action.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: ['input', ...issue.path, key].map(String).join('.'), message: `is not an argument of ${name}` }))
      : [{ path: ['input', ...issue.path].map(String).join('.'), message: issue.message }],
  )
  throw hubError('invalid_input', { detail: `the input does not fit ${name}`, hint: `GET /api/v1/tools/${name} shows its schema`, errors })
}

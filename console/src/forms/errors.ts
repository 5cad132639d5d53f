import { problemOf } from '#api'
import type { FieldErrors } from './schema-form.tsx'

/** The problems of an input by the path of their field, without the name of the part of the request that they stand in. */
export function fieldErrors(error: unknown, ...parts: readonly string[]): FieldErrors {
  return Object.fromEntries(
    problemOf(error).errors.map(({ path, message }) => {
      const part = parts.find((name) => path.startsWith(`${name}.`))
      return [part === undefined ? path : path.slice(part.length + 1), message]
    }),
  )
}

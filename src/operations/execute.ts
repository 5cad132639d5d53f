import type { z } from 'zod'
import { requireScope, type Principal } from '#access'
import { hubError, type FieldError } from '#errors'
import type { Modules as AllModules } from './modules.ts'
import type { Caller, Operation } from './operation.ts'

/** Runs an operation for a caller: the one place where its scope and its input are checked. */
export type Execute<Modules = AllModules> = <In extends z.ZodType, Json>(
  caller: Caller,
  operation: Operation<string, In, Json, Modules & Caller>,
  input: z.input<In>,
) => Promise<Json>

export function createExecute<Modules>(modules: Modules): Execute<Modules> {
  return async (caller, operation, input) => {
    authorize(caller.principal, operation)
    const parsed = operation.input.safeParse(input)
    if (!parsed.success) throw hubError('invalid_input', { errors: parsed.error.issues.flatMap(fieldErrors) })
    return operation.run({ ...modules, ...caller }, parsed.data)
  }
}

/** A read-only token may not change anything, whatever its scopes say. */
export function authorize(principal: Principal, { scope, effect, name }: Pick<Operation, 'scope' | 'effect' | 'name'>): void {
  requireScope(principal, scope)
  // Whether a tool call changes something depends on the tool, so `tools.invoke` checks that.
  if (!principal.readOnly || effect === 'read' || scope.startsWith('tools:call')) return
  throw hubError('scope_missing', { detail: `this token is read-only, and ${name} changes something; needed: ${scope} without read_only` })
}

/** One error per place; an unknown field is named by itself. */
function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key].map(String).join('.'), message: 'is not a known field' }))
  return [{ path: issue.path.map(String).join('.'), message: issue.message }]
}

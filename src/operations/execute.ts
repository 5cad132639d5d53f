import type { z } from 'zod'
import { allows, requireScope, type Principal } from '#access'
import { hubError, type FieldError } from '#errors'
import type { Effect } from '#kit'
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
    const onlyOwn = authorize(caller.principal, operation)
    const parsed = operation.input.safeParse(input)
    if (!parsed.success) throw hubError('invalid_input', { errors: parsed.error.issues.flatMap(fieldErrors) })
    const context = { ...modules, ...caller }
    // The answer is the same whether the thing belongs to somebody else or does not exist.
    if (onlyOwn && !(await onlyOwn.isOwn(context, parsed.data))) requireScope(caller.principal, operation.scope)
    return operation.run(context, parsed.data)
  }
}

/** A read-only token may not change anything, whatever its scopes say. Returns a rule when the principal may reach only what it caused. */
function authorize<Own extends { readonly scope: string }>(
  principal: Principal,
  { scope, own, effect, name }: { readonly scope: string; readonly own?: Own | undefined; readonly effect: Effect; readonly name: string },
): Own | undefined {
  const onlyOwn = own && !allows(principal, scope) && allows(principal, own.scope) ? own : undefined
  if (!onlyOwn) requireScope(principal, scope)
  // Whether a tool call changes something depends on the tool, so `tools.invoke` checks that.
  if (!principal.readOnly || effect === 'read' || scope.startsWith('tools:call')) return onlyOwn
  throw hubError('scope_missing', { detail: `this token is read-only, and ${name} changes something; needed: ${scope} without read_only` })
}

/** One error per place; an unknown field is named by itself. */
export function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key].map(String).join('.'), message: 'is not a known field' }))
  return [{ path: issue.path.map(String).join('.'), message: issue.message }]
}

import { withoutHidden, type Cleaned } from '#lib/hidden-text'
import type { Call } from './call.ts'
import type { Policies } from './policy.ts'

/** Cleans an output of what people do not see in it, if the workspace wants that for this call. */
export type Sanitize = (call: Pick<Call, 'principal' | 'options'>, output: unknown) => Promise<Cleaned>

export function createSanitize(policies: Pick<Policies, 'current'>): Sanitize {
  return async ({ principal, options: { transport, forAgent = transport === 'mcp' } }, output) => {
    const { sanitize } = await policies.current(principal.workspaceId)
    const applies = sanitize === 'always' || (sanitize === 'agents' && forAgent)
    return applies ? withoutHidden(output) : { value: output }
  }
}

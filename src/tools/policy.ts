import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { ttlCache } from '#lib/ttl-cache'
import { readPolicy, writePolicy } from './store.ts'
import { fits } from './policy-match.ts'
import type { PolicyRule } from './policy-rule.ts'
import type { Tool } from './tool.ts'

export interface PolicyDecision {
  readonly decision: 'allow' | 'deny' | 'ask'
  readonly reason?: string | undefined
}

export interface Policies {
  read(workspaceId: string): Promise<PolicyRule[]>
  write(principal: Principal, rules: readonly PolicyRule[]): Promise<void>
  decide(workspaceId: string, tool: Tool, input: unknown): Promise<PolicyDecision>
}

// A new rule applies in every process within a second.
const cacheTtlMs = 500

export function createPolicies(db: Database, access: Access): Policies {
  const rules = ttlCache(cacheTtlMs, (workspaceId: string) => readPolicy(db.sql, workspaceId) as Promise<PolicyRule[]>)

  return {
    read: async (workspaceId) => (await readPolicy(db.sql, workspaceId)) as PolicyRule[],
    async write(principal, set) {
      const stored = db.transaction(async (trx) => {
        await writePolicy(trx, principal.workspaceId, set)
        const { workspaceId } = principal
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'policy.set',
          subject: workspaceId,
          detail: { rules: set },
        })
      })
      // Also after a failure, because the answer to a commit can be lost.
      await stored.finally(() => rules.forget(principal.workspaceId))
    },
    async decide(workspaceId, tool, input) {
      return (await rules.get(workspaceId)).find((rule) => fits(rule, tool, input)) ?? { decision: 'allow' }
    },
  }
}

export function refuseDenied({ decision, reason }: PolicyDecision, tool: Tool): void {
  if (decision !== 'deny') return
  throw hubError('policy_denied', { detail: `a policy forbids ${tool.name} here${reason ? `: ${reason}` : ''}` })
}

import { z } from 'zod'
import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { ttlCache } from '#lib/ttl-cache'
import { readPolicy, writePolicy } from './store.ts'
import type { Tool } from './tool.ts'

const patterns = z.array(z.string().min(1).max(200)).max(100)

/** The first rule that matches decides. Where none matches, the call is allowed. */
export const policyRule = z.strictObject({
  tools: patterns.optional().describe('Tool names; * stands for any text.'),
  connectors: patterns.optional().describe('Connector names; * stands for any text.'),
  effects: z.array(z.enum(['read', 'write', 'destroy'])).optional(),
  where: z
    .record(z.string().max(200), z.string().max(500))
    .optional()
    .describe('Arguments by path, each with a pattern: {"channel": "#general"}.'),
  decision: z.enum(['allow', 'deny', 'ask']).describe('ask: a person has to approve.'),
  reason: z.string().max(500).optional().describe('Shown to whoever is refused.'),
})

export type PolicyRule = z.output<typeof policyRule>

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
      await db.transaction(async (trx) => {
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
      rules.forget(principal.workspaceId)
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

function fits({ tools, connectors, effects, where }: PolicyRule, tool: Tool, input: unknown): boolean {
  if (tools && !tools.some((pattern) => [tool.name, ...tool.aliases].some((name) => matches(pattern, name)))) return false
  if (connectors && !connectors.some((pattern) => matches(pattern, tool.connector.name))) return false
  if (effects && !effects.includes(tool.action.effect)) return false
  return Object.entries(where ?? {}).every(([path, pattern]) =>
    [at(input, path)].flat().some((value) => value !== undefined && matches(pattern, String(value))),
  )
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) => (inner !== null && typeof inner === 'object' ? (inner as Record<string, unknown>)[key] : undefined),
      value,
    )
}

/** `*` stands for any text. No regular expression, so that no pattern can be slow. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === text
  const [first = ''] = parts
  const last = parts.at(-1)!
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return from <= text.length - last.length
}

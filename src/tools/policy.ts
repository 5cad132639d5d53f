import { actorOf, actorsBehind, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { hubError, HubError } from '#errors'
import type { Expressions } from '#expressions'
import type { IntegrationRow } from '#integrations'
import { ttlCache } from '#lib/ttl-cache'
import type { Telemetry } from '#telemetry'
import { arrivedBy, fits, isAboutCaller, matches } from './policy-match.ts'
import type { CallLimit, PolicyDocument, PolicyRule } from './policy-rule.ts'
import { readPolicy, readTokenName, writePolicy } from './store.ts'
import type { Tool } from './tool.ts'
import type { Transport } from './transport.ts'
import { namesInWhen, problemsOf } from './when.ts'

export interface PolicyDecision {
  readonly decision: 'allow' | 'deny' | 'ask'
  readonly reason?: string | undefined
  /** Of an approval, in seconds. */
  readonly expires_in?: number | undefined
  readonly approvers?: readonly string[] | undefined
}

/** What the rules look at. */
export interface JudgedCall {
  readonly principal: Principal
  readonly tool: Tool
  readonly input: unknown
  readonly transport: Transport
  /** Chooses the integration, if a rule needs it; it fails as the call would. */
  readonly integration: () => Promise<IntegrationRow | undefined>
}

export interface Policies {
  read(workspaceId: string): Promise<PolicyDocument>
  /** What is left out stays as it is. */
  write(principal: Principal, changes: Partial<PolicyDocument>): Promise<PolicyDocument>
  /** As every call reads it, half a second old at most. */
  current(workspaceId: string): Promise<PolicyDocument>
  decide(call: JudgedCall): Promise<PolicyDecision>
  /** The limits that are about a call. */
  limitsOf(call: Pick<JudgedCall, 'principal' | 'tool'>): Promise<readonly CallLimit[]>
}

// A new rule applies in every process within a second.
const cacheTtlMs = 500
const whenMs = 250
const noLimits: readonly CallLimit[] = []

export interface PoliciesDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly expressions: Expressions
}

export function createPolicies({ db, access, expressions, logger }: PoliciesDeps): Policies {
  const documents = ttlCache(cacheTtlMs, (workspaceId: string) => readPolicy(db.sql, workspaceId))
  const tokenNames = ttlCache(cacheTtlMs, (id: string) => readTokenName(db.sql, id))

  const namesBehind = async (principal: Principal): Promise<Map<string, string>> => {
    const names = new Map<string, string>()
    for (const actor of actorsBehind(principal)) {
      const name = actor.startsWith('token:') ? await tokenNames.get(actor.slice('token:'.length)) : undefined
      if (name !== undefined) names.set(actor, name)
    }
    return names
  }

  const isAboutIntegration = async ({ integrations }: PolicyRule, call: JudgedCall): Promise<boolean> => {
    if (!integrations) return true
    const chosen = await call.integration()
    return chosen !== undefined && integrations.some((pattern) => matches(pattern, chosen.name) || matches(pattern, chosen.id))
  }

  /** An expression that gives no answer may be about what the rule forbids, and not about what it allows. */
  const isTrue = async ({ when, decision }: PolicyRule, call: JudgedCall): Promise<boolean> => {
    if (when === undefined) return true
    const { principal, tool, input, transport } = call
    const { id, name, kind, workspaceId } = principal
    const integration = namesInWhen(expressions, when).has('integration') ? ((await call.integration())?.name ?? null) : null
    const scope = {
      input,
      tool: tool.name,
      connector: tool.connector.name,
      effect: tool.action.effect,
      integration,
      token: { id, name, kind },
      transport,
    }
    try {
      const value = await expressions.evaluate(when, scope, { workspaceId, timeoutMs: whenMs })
      return typeof value === 'boolean' ? value : decision !== 'allow'
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      // Without the error itself, whose text may quote the arguments.
      logger.warn({ code: error.code, tool: tool.name, workspace: workspaceId }, 'the expression of a policy rule failed')
      return decision !== 'allow'
    }
  }

  const isAbout = async (rule: PolicyRule, call: JudgedCall): Promise<boolean> => {
    const { principal } = call
    if (!arrivedBy(rule, call.transport) || !fits(rule, call.tool, call.input)) return false
    if (rule.tokens && !isAboutCaller(rule.tokens, { principal, names: await namesBehind(principal) }, rule.decision)) return false
    return (await isAboutIntegration(rule, call)) && (await isTrue(rule, call))
  }

  return {
    read: (workspaceId) => readPolicy(db.sql, workspaceId),
    current: (workspaceId) => documents.get(workspaceId),
    async write(principal, changes) {
      const { workspaceId } = principal
      const errors = problemsOf(expressions, changes.rules ?? [])
      if (errors.length > 0) throw hubError('invalid_input', { errors })
      const stored = db.transaction(async (trx) => {
        await writePolicy(trx, workspaceId, changes)
        const { rules, limits, informationFlow, sanitize } = changes
        const detail = {
          ...(rules ? { rules } : {}),
          ...(limits ? { limits } : {}),
          ...(informationFlow === undefined ? {} : { information_flow: informationFlow }),
          ...(sanitize ? { sanitize } : {}),
        }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'policy.set', subject: workspaceId, detail })
        return readPolicy(trx, workspaceId)
      })
      // Also after a failure, because the answer to a commit can be lost.
      return stored.finally(() => documents.forget(workspaceId))
    },

    async decide(call) {
      const { rules } = await documents.get(call.principal.workspaceId)
      for (const rule of rules) if (await isAbout(rule, call)) return rule
      return { decision: 'allow' }
    },

    async limitsOf({ principal, tool }) {
      const { limits } = await documents.get(principal.workspaceId)
      if (limits.length === 0) return noLimits
      const names = limits.some(({ tokens }) => tokens) ? await namesBehind(principal) : new Map<string, string>()
      return limits.filter(
        ({ tokens, connectors }) =>
          (!connectors || connectors.some((pattern) => matches(pattern, tool.connector.name))) &&
          (!tokens || isAboutCaller(tokens, { principal, names }, 'deny')),
      )
    },
  }
}

export function refuseDenied({ decision, reason }: PolicyDecision, tool: Tool): void {
  if (decision !== 'deny') return
  throw hubError('policy_denied', { detail: `a policy forbids ${tool.name} here${reason ? `: ${reason}` : ''}` })
}

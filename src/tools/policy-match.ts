import { actorOf, actorsBehind, type Principal } from '#access'
import type { Target, TargetInput, TargetName } from '#kit'
import type { PolicyRule } from './policy-rule.ts'
import type { Tool } from './tool.ts'
import type { Transport } from './transport.ts'

/**
 * Whether the tool and the arguments are what a rule is about. A rule that allows needs every value to match, because one recipient too many is
 * enough to do harm; a rule that denies or asks needs one.
 */
export function fits({ tools, connectors, effects, where, decision }: PolicyRule, tool: Tool, input: unknown): boolean {
  if (tools && !tools.some((pattern) => [tool.name, ...tool.aliases].some((name) => matches(pattern, name)))) return false
  if (connectors && !connectors.some((pattern) => matches(pattern, tool.connector.name))) return false
  if (effects && !effects.includes(tool.action.effect)) return false
  return Object.entries(where ?? {}).every(([path, pattern]) => {
    const target = targetFor(tool, path)
    const found = target ? valuesOf(target, input) : textsAt(input, path)
    const normal = target?.normal ?? ((text: string) => text.trim())
    const isMatch = (value: string): boolean => matches(normal(pattern), normal(value))
    if (decision === 'allow') return found.length > 0 && found.every((value) => value !== undefined && isMatch(value))
    // What the input does not tell may be what the rule forbids. Other spellings of a plain value may mean the same to the outside system.
    return found.some(
      (value) => value === undefined || isMatch(value) || matches(normal(pattern).toLowerCase(), normal(value).toLowerCase()),
    )
  })
}

function targetFor({ connector: { targets = {} } }: Tool, path: string): Target | undefined {
  return targets[path as TargetName] ?? Object.values(targets).find(({ fields }) => fields.includes(path))
}

function valuesOf(target: Target, input: unknown): readonly (string | undefined)[] {
  return input !== null && typeof input === 'object' ? target.values(input as TargetInput) : []
}

function textsAt(value: unknown, path: string): string[] {
  const found = path
    .split('.')
    .reduce<unknown>(
      (inner, key) => (inner !== null && typeof inner === 'object' ? (inner as Record<string, unknown>)[key] : undefined),
      value,
    )
  return [found]
    .flat()
    .flatMap((item: unknown) => (item === undefined ? [] : [typeof item === 'object' ? JSON.stringify(item) : String(item)]))
}

/** `*` stands for any text. No regular expression, so that no pattern can be slow. */
export function matches(pattern: string, text: string): boolean {
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

/** Who makes a call, for rules and limits that name tokens. */
export interface CallingTokens {
  readonly principal: Principal
  /** The name of each token of the workspace that is behind the principal, by its actor. */
  readonly names: ReadonlyMap<string, string>
}

/**
 * Whether a rule that names tokens is about the caller. A rule that allows is about the caller itself, which no flow of this name can be. Others
 * are about everybody behind a call too, because a token could otherwise create another one, or a flow, that the rule does not name.
 */
export function isAboutCaller(patterns: readonly string[], { principal, names }: CallingTokens, decision: PolicyRule['decision']): boolean {
  const actors = decision === 'allow' ? [actorOf(principal)] : actorsBehind(principal)
  return actors.some((actor) => {
    const [kind = '', id = ''] = actor.split(/:(.*)/s)
    const name = kind === 'token' ? names.get(actor) : undefined
    return patterns.some(
      (pattern) =>
        pattern === `kind:${kind}` ||
        matches(pattern, actor) ||
        (kind === 'token' && matches(pattern, id)) ||
        (name !== undefined && matches(pattern, name)),
    )
  })
}

export function arrivedBy({ transports }: PolicyRule, transport: Transport): boolean {
  return transports === undefined || transports.includes(transport)
}

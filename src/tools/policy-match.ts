import type { Target, TargetInput, TargetName } from '#kit'
import type { PolicyRule } from './policy-rule.ts'
import type { Tool } from './tool.ts'

/**
 * Whether a rule is about a call. A rule that allows needs every value to match, because one recipient too many is enough to do harm; a rule that
 * denies or asks needs one.
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

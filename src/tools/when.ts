import type { FieldError } from '#errors'
import type { Expressions } from '#expressions'
import type { PolicyRule } from './policy-rule.ts'

/** What the expression of a rule may read. */
const variables: ReadonlySet<string> = new Set(['input', 'tool', 'connector', 'effect', 'integration', 'token', 'transport'])

/** What is wrong with the expressions of rules, and where. A name that nothing has would make a rule match always, or never. */
export function problemsOf(expressions: Pick<Expressions, 'check' | 'names'>, rules: readonly PolicyRule[]): FieldError[] {
  return rules.flatMap(({ when }, index) => {
    if (when === undefined) return []
    const unknown = expressions
      .names(when)
      .filter(({ name }) => !variables.has(name))
      .map(({ name, offset }) => ({ message: `\`${name}\` is not one of ${[...variables].join(', ')}`, offset }))
    return [...expressions.check(when), ...unknown].map(({ message, offset }) => ({
      path: `rules.${index}.when`,
      message: `${message}, at character ${offset}`,
    }))
  })
}

/** The variables that an expression reads. One that reads everything at once reads all of them. */
export function namesInWhen(expressions: Pick<Expressions, 'names'>, when: string): ReadonlySet<string> {
  const names = new Set(expressions.names(when).map(({ name }) => name))
  return names.size > 0 && !/[$*]/.test(when) ? names : variables
}

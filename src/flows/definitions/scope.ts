import { findTemplates, unclosedAt, type Expressions } from '#expressions'
import { suggest, type Problems } from './problems.ts'
import type { Path } from './source.ts'

/** What an expression may refer to at its place in the flow. */
export interface Scope {
  readonly roots: ReadonlySet<string>
  /** Steps that have certainly run before it. */
  readonly visible: ReadonlySet<string>
  /** The step that contains it and the steps around that one, outermost first. */
  readonly around: readonly string[]
}

export interface ScopeDeps {
  readonly problems: Problems
  readonly expressions: Pick<Expressions, 'check' | 'names'>
  /** All steps of the flow, in their order. */
  readonly order: ReadonlyMap<string, number>
  /** Declared parameters; undefined when any name is allowed. */
  readonly parameters: ReadonlySet<string> | undefined
}

export interface ExpressionChecks {
  /** Checks every `${{ }}` in a value. */
  templates(value: unknown, path: Path, scope: Scope): void
  /** Checks a text that is an expression, with or without `${{ }}` around it. */
  condition(value: unknown, path: Path, scope: Scope): void
}

const readable = ['output', 'status', 'error']

/** The expression of a condition, without the `${{ }}` that may stand around it. */
export function conditionOf(text: string): string {
  const [only] = findTemplates(text)
  return only && spansText(text, only) ? only.expression : text.trim()
}

function spansText(text: string, { expression, offset }: { expression: string; offset: number }): boolean {
  return /^\s*\$\{\{\s*$/.test(text.slice(0, offset)) && /^\s*\}\}\s*$/.test(text.slice(offset + expression.length))
}

export function createExpressionChecks({ problems, expressions, order, parameters }: ScopeDeps): ExpressionChecks {
  const check = (expression: string, path: Path, nth: number | undefined, at: number, scope: Scope): void => {
    const faults = expressions.check(expression)
    for (const { message, offset } of faults) problems.addInside(path, nth, at + offset, message, 'Fix the expression (JSONata).')
    if (faults.length > 0) return
    for (const name of expressions.names(expression)) {
      const fault = faultOf(name.path, scope)
      if (fault) problems.addInside(path, nth, at + name.offset, fault.message, fault.remedy)
    }
  }

  const faultOf = ([root = '', second, third]: readonly string[], scope: Scope): { message: string; remedy: string } | undefined => {
    if (!scope.roots.has(root)) return unknown(root, scope)
    if (root === 'parameters' && second !== undefined && parameters && !parameters.has(second)) {
      return { message: `there is no parameter \`${second}\``, remedy: `Declare it under \`parameters\`. ${suggest(second, parameters)}` }
    }
    if (root !== 'steps' || second === undefined) return undefined
    if (!scope.visible.has(second)) return notThere(second, scope)
    if (third === undefined || readable.includes(third)) return undefined
    return { message: `a step has no \`${third}\``, remedy: `Write \`steps.${second}.output.${third}\`, or one of ${readable.join(', ')}.` }
  }

  const unknown = (root: string, { roots }: Scope): { message: string; remedy: string } => {
    const known = [...roots].join(', ')
    if (root.startsWith('$'))
      return { message: `there is no variable \`${root}\``, remedy: `Names are written without \`$\`. Known here: ${known}.` }
    if (order.has(root)) return { message: `\`${root}\` is a step, not a name`, remedy: `Write \`steps.${root}.output\`.` }
    if (root === 'secrets' || root === 'env') {
      return {
        message: `\`${root}\` is not within reach of a flow`,
        remedy: 'Name an integration or a tool: the hub opens its credential itself.',
      }
    }
    return { message: `there is nothing called \`${root}\` here`, remedy: `${suggest(root, roots)} Known here: ${known}.` }
  }

  const notThere = (id: string, { visible, around }: Scope): { message: string; remedy: string } => {
    const at = order.get(id)
    if (at === undefined) return { message: `there is no step \`${id}\``, remedy: suggest(id, visible.size > 0 ? visible : order.keys()) }
    if (around.at(-1) === id) return { message: `the step \`${id}\` refers to itself`, remedy: 'Refer to an earlier step.' }
    if (around.includes(id)) return { message: `the step \`${id}\` is not over yet here`, remedy: 'Refer to a step before it.' }
    const here = Math.max(-1, ...around.map((step) => order.get(step) ?? -1))
    if (here >= 0 && at > here)
      return { message: `the step \`${id}\` comes later`, remedy: 'Move it before this one, or refer to an earlier step.' }
    return {
      message: `the step \`${id}\` may not have run here`,
      remedy: 'It stands in a part that is not always run: refer to the output of the step that holds it.',
    }
  }

  return {
    templates(value, path, scope) {
      for (const { path: inner, text, expression, offset } of findTemplates(value)) {
        const start = text.lastIndexOf('${{', offset)
        const nth = text.slice(0, start).split('${{').length - 1
        if (unclosedAt(text) === start)
          problems.addInside([...path, ...inner], nth, 0, 'this `${{` is not closed', 'Put `}}` after the expression, or write `$${{`.')
        else check(expression, [...path, ...inner], nth, offset - start, scope)
      }
    },
    condition(value, path, scope) {
      if (typeof value !== 'string' || value.trim() === '') return
      if (!value.includes('${{')) return check(value, path, undefined, 0, scope)
      const [first] = findTemplates(value)
      if (first && spansText(value, first)) this.templates(value, path, scope)
      else problems.add(path, 'this is a text, not an expression', 'Write one expression, with `${{ }}` around the whole of it or without.')
    },
  }
}

import type { Node } from './ast.ts'
import { isPairs } from './names.ts'

/** Functions whose time and memory are proportional to their input. */
const linear = new Set(
  'string exists count uppercase lowercase substring substringBefore substringAfter not number boolean length trim type abs floor ceil'.split(
    ' ',
  ),
)
const maxNodes = 150

/**
 * Whether an expression only reads its input a bounded number of times: no loops, no own functions, no regular expressions, and nothing
 * whose result is larger than its input. Safe expressions run in the hub's process, all others in a worker.
 */
export function isSafe(ast: Node): boolean {
  let count = 0

  const step = (node: Node, index: number): boolean => {
    if (node.focus !== undefined || node.index !== undefined || node.group || node.predicate) return false
    // Only filters by position. Others would be evaluated once for each item.
    if (node.stages && !node.stages.every(({ type, expr }) => type === 'filter' && expr?.type === 'number')) return false
    return node.type === 'name' || (index === 0 && node.type === 'variable')
  }

  const safe = (node: Node | undefined): boolean => {
    if (!node || ++count > maxNodes || node.group || node.predicate) return false
    switch (node.type) {
      case 'string':
      case 'number':
      case 'value':
      case 'variable':
        return true
      case 'path':
        count += node.steps!.length
        return node.steps!.every(step)
      case 'binary':
        return /^(=|!=|<|<=|>|>=|and|or|in|\+|-|\*|\/|%|&)$/.test(String(node.value)) && safe(node.lhs as Node) && safe(node.rhs)
      case 'unary':
        if (node.value === '-') return safe(node.expression)
        if (node.value === '[') return node.expressions!.every(safe)
        return (
          node.value === '{' &&
          isPairs(node.lhs) &&
          node.lhs.every(([key, value]) => key.type === 'string' && key.value !== '__proto__' && safe(key) && safe(value))
        )
      case 'condition':
        return safe(node.condition) && safe(node.then) && (node.else === undefined || safe(node.else))
      case 'block':
        return node.expressions!.length === 1 && node.expressions!.every(safe)
      case 'function':
        return node.procedure!.type === 'variable' && call(String(node.procedure!.value), node.arguments!)
      default:
        return false
    }
  }

  const call = (name: string, args: readonly Node[]): boolean => {
    // `$contains` also accepts a regular expression or a function, which may come from the input.
    if (name === 'contains') return args.length === 2 && args[1]!.type === 'string' && args.every(safe)
    return linear.has(name) && args.length > 0 && args.every(safe)
  }

  return safe(ast)
}

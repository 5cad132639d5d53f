/** The parts of a parsed expression that are used here. The parser's own types are incomplete. */
export interface Node {
  readonly type: string
  readonly value?: unknown
  /** The position after the last character of the token. */
  readonly position?: number
  readonly steps?: readonly Node[]
  readonly stages?: readonly Node[]
  readonly predicate?: readonly Node[]
  readonly group?: { readonly lhs: readonly Pair[] }
  readonly expr?: Node
  readonly expression?: Node
  readonly expressions?: readonly Node[]
  readonly arguments?: readonly Node[]
  readonly procedure?: Node
  readonly body?: Node
  readonly lhs?: Node | readonly Pair[]
  readonly rhs?: Node
  readonly condition?: Node
  readonly then?: Node
  readonly else?: Node
  readonly pattern?: Node
  readonly update?: Node
  readonly delete?: Node
  readonly terms?: readonly { readonly expression: Node }[]
  readonly focus?: string
  readonly index?: string
}

export type Pair = readonly [Node, Node]

/** The position where a name begins. The parser reports only where it ends. */
export function startOf(text: string, node: Node): number {
  const end = node.position ?? 0
  const quote = text[end - 1]
  if (quote === '`' || quote === '"' || quote === "'") return Math.max(0, text.lastIndexOf(quote, end - 2))
  // The parser drops the `$` from a variable's name.
  return Math.max(0, end - String(node.value).length - (node.type === 'variable' ? 1 : 0))
}

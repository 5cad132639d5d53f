import type { Outputs } from '#api'

export type Trace = Outputs['traces']['get']
export type TraceNode = Trace['nodes'][number]

/** A line of the timeline. */
export interface Line {
  readonly node: TraceNode
  readonly depth: number
  readonly hasChildren: boolean
  readonly isOpen: boolean
  /** The good ones of many items, which are one line until it is opened. */
  readonly folded?: number
}

/** More items than this of one loop are folded into one line, beside those that failed. */
const mostItems = 50

export function linesOf(nodes: readonly TraceNode[], toggled: ReadonlySet<string>): Line[] {
  const children = Map.groupBy(nodes, ({ parent }) => parent ?? '')
  const lines: Line[] = []
  const add = (node: TraceNode, depth: number): void => {
    const below = children.get(node.id) ?? []
    const isOpen = !toggled.has(node.id)
    lines.push({ node, depth, hasChildren: below.length > 0, isOpen })
    if (!isOpen) return
    const isLong = below.length > mostItems && !toggled.has(`${node.id} all`)
    const shown = isLong ? below.filter(({ status }) => status !== 'completed' && status !== 'delivered') : below
    shown.slice(0, isLong ? mostItems : undefined).forEach((child) => add(child, depth + 1))
    const folded = below.length - Math.min(shown.length, isLong ? mostItems : shown.length)
    if (isLong && folded > 0)
      lines.push({
        node: { ...node, id: `${node.id} all`, title: `${folded} more` },
        depth: depth + 1,
        hasChildren: true,
        isOpen: false,
        folded,
      })
  }
  ;(children.get('') ?? []).forEach((node) => add(node, 0))
  return lines
}

export interface Span {
  readonly from: number
  readonly to: number
}

/** From the first beginning to the last end; what runs still lasts until now. */
export function spanOf(nodes: readonly TraceNode[], now: number): Span {
  const starts = nodes.flatMap(({ started_at: at }) => (at === null ? [] : [Date.parse(at)]))
  const ends = nodes.map(({ finished_at: at, started_at: start }) => (at !== null ? Date.parse(at) : start === null ? 0 : now))
  const from = Math.min(...starts, now)
  return { from, to: Math.max(...ends, from + 1) }
}

/** The node from which a person continues: the deepest failed step or call, or what was asked for. */
export function firstFailure({ nodes, selected, root }: Trace): string {
  if (selected !== root && !selected.startsWith('run_')) return selected
  const failed = nodes.filter(({ status, kind }) => status === 'failed' && (kind === 'step' || kind === 'call'))
  const deepest = failed.find(({ id }) => !failed.some(({ parent }) => parent === id))
  return deepest?.id ?? selected
}

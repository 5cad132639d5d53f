import type { TraceNode } from './types.ts'

/** A block lasts from its first part to its last, and has failed if one of them has. Its parts are the steps below its path. */
export function asTheirParts(blocks: readonly TraceNode[], others: readonly TraceNode[]): TraceNode[] {
  const parts = new Map<string, TraceNode[]>(blocks.map(({ id }) => [id, []]))
  for (const node of [...blocks, ...others]) {
    if (node.kind !== 'step') continue
    for (let cut = node.id.lastIndexOf('/'); cut > 0; cut = node.id.lastIndexOf('/', cut - 1)) parts.get(node.id.slice(0, cut))?.push(node)
  }
  return blocks.map((block) => asItsParts(block, parts.get(block.id)!))
}

function asItsParts(block: TraceNode, parts: readonly TraceNode[]): TraceNode {
  const ends = parts.map(({ finishedAt }) => finishedAt?.getTime() ?? Infinity)
  const starts = parts.flatMap(({ startedAt }) => (startedAt ? [startedAt.getTime()] : []))
  const states = new Set(parts.map(({ status }) => status))
  const latest = ends.reduce((most, end) => Math.max(most, end), -Infinity)
  const isOpen = !Number.isFinite(latest)
  return {
    ...block,
    status: states.has('failed') ? 'failed' : states.has('waiting') ? 'waiting' : isOpen ? 'running' : 'completed',
    startedAt: starts.length === 0 ? null : new Date(starts.reduce((least, start) => Math.min(least, start), Infinity)),
    finishedAt: isOpen ? null : new Date(latest),
  }
}

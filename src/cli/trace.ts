import type { Command } from 'commander'
import { withClient, type HubClient } from './context.ts'

type Trace = Awaited<ReturnType<HubClient['getTrace']>>
type Node = Trace['nodes'][number]

export function traceCommand(program: Command): void {
  program
    .command('trace')
    .description('show what caused something and what it caused, as a tree')
    .argument('<id>', 'of a run, an event, a tool call, an approval or a delivery')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ getTrace }, output) => {
        const trace = await getTrace({ id })
        output.print(trace, treeOf(trace))
      }),
    )
}

function treeOf({ nodes, selected, left_out: leftOut, more, missing_scopes: missing }: Trace): string {
  const depths = new Map<string, number>()
  const lines = nodes.map((node) => {
    const depth = node.parent === null ? 0 : (depths.get(node.parent) ?? -1) + 1
    depths.set(node.id, depth)
    return `${node.id === selected ? '>' : ' '} ${'  '.repeat(depth)}${lineOf(node)}`
  })
  const rest = Object.entries(leftOut).map(([kind, count]) => `  and ${count} more of kind ${kind}`)
  const unread = more.map((kind) => `  and maybe more of kind ${kind}, which were not read`)
  const unseen = missing.map((scope) => `  not shown without the scope ${scope}`)
  return [...lines, ...rest, ...unread, ...unseen].join('\n')
}

function lineOf({ kind, title, status, detail, started_at: start, finished_at: end, error, wait }: Node): string {
  const ms = start !== null && end !== null ? `${Date.parse(end) - Date.parse(start)} ms` : undefined
  const waits = wait && `waits for ${wait.for}${wait.until === null ? '' : ` until ${wait.until}`}`
  const failed = error && `${error.code}: ${error.message}`
  return [kind, title, status, detail, ms, waits, failed].filter(Boolean).join('  ')
}

import type { Database } from '#db'
import { asTheirParts } from './blocks.ts'
import { findStart } from './causes.ts'
import { approvalNode, callNodes, deliveryNode, eventNode, runNode, stepId, stepNode } from './nodes.ts'
import {
  approvalsById,
  approvalsOfRuns,
  callsById,
  callsOfRuns,
  deliveriesById,
  deliveriesOfEvents,
  eventsById,
  eventsOfRuns,
  runsById,
  runsOfEvents,
  runsOfRuns,
  stepsOfRuns,
  type TraceReads,
} from './store.ts'
import { maySee, type TraceKind, type TraceNode, type TraceRights, type TraceTree } from './types.ts'

export type { TraceKind, TraceNode, TraceRights, TraceTree } from './types.ts'

/** Puts together what caused something and what it caused: events, runs, steps, calls, requests, approvals, deliveries. */
export interface TraceReader {
  get(workspaceId: string, id: string, rights: TraceRights): Promise<TraceTree>
}

/** Flows that start each other stop earlier. */
const mostLevels = 20

/** What a level of a trace is read with. The limit of its reads is one more than `mostNodes`, to learn whether there are more. */
interface Reading {
  readonly reads: TraceReads
  readonly mostNodes: number
  /** Gathers the kinds of which not everything was read. */
  readonly more: Set<TraceKind>
}

export function createTraceReader({ db }: { readonly db: Pick<Database, 'sql'> }, { mostNodes = 2000 } = {}): TraceReader {
  return {
    async get(workspaceId, id, rights) {
      const reads: TraceReads = { sql: db.sql, workspaceId, limit: mostNodes + 1, rights }
      const { root, selected } = await findStart(reads, id)
      const more = new Set<TraceKind>()
      const nodes = await read({ reads, mostNodes, more }, root)
      return {
        root,
        selected: nodes.some((node) => node.id === selected) ? selected : root,
        ...bounded(nodes, selected, mostNodes),
        more: [...more].toSorted(),
      }
    },
  }
}

/** Everything below the root, level by level. */
async function read(reading: Reading, root: string): Promise<TraceNode[]> {
  const { reads, mostNodes } = reading
  const { rights } = reads
  const nodes = new Map<string, TraceNode>()
  const add = (list: readonly TraceNode[]): void => list.forEach((node) => nodes.has(node.id) || nodes.set(node.id, node))
  add(await firstNodes(reads, root))
  let events = root.startsWith('evt_') ? [root] : []
  let runs = root.startsWith('run_') ? [root] : []
  for (let level = 0; level < mostLevels && events.length + runs.length > 0 && nodes.size < 2 * mostNodes; level++) {
    const known = new Set(nodes.keys())
    const started = events.length === 0 ? [] : first(reading, 'run', await runsOfEvents(reads, events))
    add(
      started
        .filter(({ parentRun, trigger }) => parentRun === null && trigger['run_id'] === undefined)
        .map((run) => runNode(run, run.eventId)),
    )
    if (rights.events && events.length > 0)
      add(first(reading, 'delivery', await deliveriesOfEvents(reads, events)).map((delivery) => deliveryNode(delivery, delivery.eventId)))
    if (runs.length > 0) add(await ofRuns(reading, runs))
    const added = [...nodes.keys()].filter((id) => !known.has(id))
    events = added.filter((id) => id.startsWith('evt_'))
    runs = added.filter((id) => /^run_[^/]*$/.test(id))
  }
  // Below these nothing was read.
  if (events.length > 0) missed(reading, ['run', 'delivery'])
  if (runs.length > 0) missed(reading, ['step', 'call', 'request', 'approval', 'run', 'event'])
  return [...nodes.values()]
}

function first<Row>(reading: Reading, kind: TraceKind, rows: readonly Row[]): readonly Row[] {
  if (rows.length <= reading.mostNodes) return rows
  missed(reading, kind === 'call' ? ['call', 'request'] : [kind])
  return rows.slice(0, reading.mostNodes)
}

function missed({ reads: { rights }, more }: Reading, kinds: readonly TraceKind[]): void {
  const hidden: Partial<Record<TraceKind, boolean>> = {
    event: !rights.events,
    delivery: !rights.events,
    call: !rights.calls,
    request: !rights.calls,
    approval: !rights.approvals,
  }
  for (const kind of kinds) if (hidden[kind] !== true) more.add(kind)
}

async function firstNodes(reads: TraceReads, root: string): Promise<TraceNode[]> {
  if (!maySee(reads.rights, root)) return []
  switch (root.slice(0, root.indexOf('_'))) {
    case 'evt':
      return (await eventsById(reads, [root])).map((event) => eventNode(event, null))
    case 'run':
      return (await runsById(reads, [root])).map((run) => runNode(run, null))
    case 'inv':
      return (await callsById(reads, [root])).flatMap((call) => callNodes(call, null))
    case 'apr':
      return (await approvalsById(reads, [root])).map((approval) => approvalNode(approval, null))
    default:
      return (await deliveriesById(reads, [root])).map((delivery) => ({ ...deliveryNode(delivery, ''), parent: null }))
  }
}

/** What steps of runs did, and what they started. */
async function ofRuns(reading: Reading, runs: readonly string[]): Promise<TraceNode[]> {
  const { reads } = reading
  const { rights } = reads
  const read = await Promise.all([
    stepsOfRuns(reads, runs),
    rights.calls ? callsOfRuns(reads, runs) : [],
    rights.approvals ? approvalsOfRuns(reads, runs) : [],
    runsOfRuns(reads, runs),
    rights.events ? eventsOfRuns(reads, runs) : [],
  ])
  const steps = first(reading, 'step', read[0])
  const calls = first(reading, 'call', read[1])
  const approvals = first(reading, 'approval', read[2])
  const children = first(reading, 'run', read[3])
  const emitted = first(reading, 'event', read[4])
  const own = new Map(steps.map((step) => [stepId(step.runId, step.path), step]))
  const between = new Map<string, TraceNode>()
  /** The node of a path in a run. Blocks are stored when they end, and items of loops never, so they are made from the paths below them. */
  const place = (run: string, path: string | null | undefined): string => {
    // A child run that is started again, and the steps of its failure, have more behind this character.
    const plain = path?.split('#')[0]
    if (!plain) return run
    const id = stepId(run, plain)
    if (own.has(id) || between.has(id)) return id
    const above = plain.slice(0, Math.max(0, plain.lastIndexOf('/')))
    const name = plain.slice(above === '' ? 0 : above.length + 1)
    const isItem = /^\d+$/.test(name)
    const parent = place(run, above)
    between.set(id, {
      id,
      parent,
      kind: isItem ? 'item' : 'step',
      title: isItem ? `item ${Number(name) + 1}` : name,
      status: 'running',
      startedAt: null,
      finishedAt: null,
      wait: null,
      attempts: null,
      error: null,
      detail: null,
      version: null,
    })
    return id
  }
  const above = ({ runId, path }: { readonly runId: string; readonly path: string }): string => {
    const cut = path.lastIndexOf('/')
    return cut < 0 ? runId : place(runId, path.slice(0, cut))
  }
  const below = [
    ...steps.map((step) => stepNode(step, above(step))),
    ...calls.flatMap((call) => callNodes(call, place(call.runId!, call.step))),
    ...approvals.map((approval) => approvalNode(approval, place(approval.runId!, approval.path))),
    ...children.map((run) => runNode(run, place(String(run.trigger['run_id']), run.parentPath ?? pathOf(run.trigger)))),
    ...emitted.map((event) => eventNode(event, place(event.emittedBy!, event.emittedAt))),
  ]
  return [...asTheirParts([...between.values()], below), ...below]
}

function pathOf(trigger: Readonly<Record<string, unknown>>): string | undefined {
  return typeof trigger['path'] === 'string' ? trigger['path'] : undefined
}

/** In the order of a tree, and no more than the limit: what failed and what leads to it or to what was asked for stays. */
function bounded(nodes: readonly TraceNode[], selected: string, mostNodes: number): Pick<TraceTree, 'nodes' | 'leftOut'> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const kept = new Set<string>()
  const keep = (node: TraceNode | undefined): void => {
    for (let at = node; at && !kept.has(at.id); at = at.parent === null ? undefined : byId.get(at.parent)) kept.add(at.id)
  }
  keep(byId.get(selected))
  const failed = nodes.filter(({ status, error }) => error !== null || status === 'failed')
  for (const node of [...failed, ...nodes]) if (kept.size < mostNodes) keep(node)

  const children = Map.groupBy(
    nodes.filter(({ id }) => kept.has(id)),
    ({ parent }) => (parent !== null && kept.has(parent) ? parent : ''),
  )
  const ordered: TraceNode[] = []
  const visit = (parent: string): void => {
    const below = (children.get(parent) ?? []).toSorted((a, b) => timeOf(a) - timeOf(b))
    for (const node of below) {
      ordered.push(node)
      visit(node.id)
    }
  }
  visit('')
  const leftOut: Partial<Record<TraceKind, number>> = {}
  for (const { id, kind } of nodes) if (!kept.has(id)) leftOut[kind] = (leftOut[kind] ?? 0) + 1
  return { nodes: ordered, leftOut }
}

const timeOf = ({ startedAt }: TraceNode): number => startedAt?.getTime() ?? Number.MAX_SAFE_INTEGER

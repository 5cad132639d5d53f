export type TraceKind = 'event' | 'run' | 'step' | 'item' | 'call' | 'request' | 'approval' | 'delivery'

/** What a step waits for. */
export interface TraceWait {
  readonly for: 'time' | 'event' | 'approval' | 'run' | 'retry'
  readonly until: Date | null
}

/** Something that happened, under what caused it. */
export interface TraceNode {
  /** Its own id, or for what has none `RUN/PATH` (a step, an item of a loop) and `CALL#NUMBER` (a request). */
  readonly id: string
  readonly parent: string | null
  readonly kind: TraceKind
  readonly title: string
  readonly status: string
  /** Null while it waits for its turn. */
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly wait: TraceWait | null
  readonly attempts: number | null
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null
  /** More about it in a few words: an integration, a state of HTTP. */
  readonly detail: string | null
  /** Of a run: the version of its flow, 0 for a dry run of one that is not saved. */
  readonly version: number | null
}

/** What one thing caused, and what caused it. */
export interface TraceTree {
  readonly root: string
  readonly selected: string
  /** Each after its parent, oldest first. */
  readonly nodes: readonly TraceNode[]
  /** How many of those that were read are not among the nodes, by kind. */
  readonly leftOut: Readonly<Partial<Record<TraceKind, number>>>
  /** Kinds of which there may be more than were read, which `leftOut` cannot count. */
  readonly more: readonly TraceKind[]
}

/** Which kinds the caller may see: events with their deliveries, calls with their requests, and approvals. */
export interface TraceRights {
  readonly events: boolean
  readonly calls: boolean
  readonly approvals: boolean
}

/** Whether the caller may see what has this id. */
export function maySee({ events, calls, approvals }: TraceRights, id: string): boolean {
  switch (id.slice(0, id.indexOf('_'))) {
    case 'run':
      return true
    case 'evt':
    case 'del':
      return events
    case 'inv':
      return calls
    case 'apr':
      return approvals
    default:
      return false
  }
}

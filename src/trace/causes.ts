import { hubError } from '#errors'
import { approvalsById, callsById, callsOfApproval, deliveriesById, eventsById, runsById, type TraceReads } from './store.ts'
import { maySee } from './types.ts'

/** Causes of causes: flows that start each other stop earlier. */
const mostSteps = 50

export interface Start {
  /** The first cause that is stored and that the caller may see, with all that leads from there to what was asked for. */
  readonly root: string
  /** The node of what was asked for. */
  readonly selected: string
}

/** Finds what was asked for, and what began it all. Throws `not_found` for what is not in the workspace. */
export async function findStart(reads: TraceReads, id: string): Promise<Start> {
  let cause = await causeOf(reads, id)
  if (cause === undefined)
    throw hubError('not_found', { detail: `there is no ${id}`, hint: 'it may have been deleted by the retention of the workspace' })
  const seen = new Set([id])
  let root = id
  let selected = id
  // What the caller may not see hides what is above it too.
  while (cause && seen.size < mostSteps && !seen.has(cause.id) && maySee(reads.rights, cause.id)) {
    // An approval stands under the step that asked, or is shown by the call that it covered.
    if (root === id && cause.shownAs !== undefined) selected = cause.shownAs
    const above: Cause | null | undefined = await causeOf(reads, cause.id)
    // It is not stored any more.
    if (above === undefined) break
    root = cause.id
    seen.add(root)
    cause = above
  }
  return { root, selected }
}

interface Cause {
  readonly id: string
  readonly shownAs?: string
}

/** Null for what nothing caused, undefined for what is not there. */
async function causeOf(reads: TraceReads, id: string): Promise<Cause | null | undefined> {
  switch (id.slice(0, id.indexOf('_'))) {
    case 'evt': {
      const [event] = await eventsById(reads, [id])
      return event && (event.emittedBy === null ? null : { id: event.emittedBy })
    }
    case 'run': {
      const [run] = await runsById(reads, [id])
      if (!run) return undefined
      const starter = run.trigger['run_id'] ?? run.parentRun ?? run.eventId
      return typeof starter === 'string' ? { id: starter } : null
    }
    case 'inv': {
      const [call] = await callsById(reads, [id])
      return call && (call.runId === null ? null : { id: call.runId })
    }
    case 'apr': {
      const [approval] = await approvalsById(reads, [id])
      if (!approval) return undefined
      if (approval.runId !== null) return { id: approval.runId }
      const [call] = await callsOfApproval(reads, id)
      return call ? { id: call.id, shownAs: call.id } : null
    }
    case 'del': {
      const [delivery] = await deliveriesById(reads, [id])
      return delivery && { id: delivery.eventId }
    }
    default:
      throw hubError('invalid_input', {
        errors: [{ path: 'id', message: 'must be the id of a run, an event, a tool call, an approval or a delivery' }],
      })
  }
}

import { HubError } from '#errors'
import type { HubEvent } from './event.ts'
import type { EventChange, StoredEvent } from './store.ts'
import type { DispatchDeps, Reading } from './types.ts'

export const unchanged = { problem: null, type: null, subject: null, data: undefined, transform: null }

/** Reads the data of a stored event. `change` is what has to be stored after the event was read for the first time. */
export async function readEvent(deps: Pick<DispatchDeps, 'read'>, row: StoredEvent): Promise<{ event?: HubEvent; change?: EventChange }> {
  const { id, workspaceId, connector, integrationId, integration, receivedAt, replays } = row
  const change = { ...unchanged, workspaceId, id, status: 'dispatched' as const }
  const eventOf = ({ data, type = row.type, subject = row.subject ?? undefined }: Reading): HubEvent => ({
    id,
    workspaceId,
    connector,
    integrationId,
    integration,
    receivedAt,
    replays,
    ...(row.body === null ? ownHeaders(row.headers ?? {}) : {}),
    type,
    subject: subject ?? null,
    data,
  })
  // The hub's own events, and events whose transformation has already run, are stored with their data.
  if (row.body === null || row.transform !== null) return { event: eventOf({ data: row.data }) }
  try {
    const reading = await deps.read(row)
    if (!reading) return { change: { ...change, status: 'unparsed', problem: unparsed } }
    const { data, type = null, subject = null, transform } = reading
    if (transform === undefined) return { event: eventOf(reading) }
    return { event: eventOf(reading), change: { ...change, type, subject, data: data ?? null, transform } }
  } catch (error) {
    if (!(error instanceof HubError) || error.entry.retryable) throw error
    return { change: { ...change, status: 'failed', problem: error.message } }
  }
}

/** What the hub noted with an event of its own. */
function ownHeaders(headers: Record<string, unknown>): Pick<HubEvent, 'depth' | 'causes' | 'origin'> {
  const { 'hub-depth': depth = 0, 'hub-causes': causes = [], 'hub-flow': flow, 'hub-run': run } = headers
  return {
    depth: Number(depth),
    causes: causes as string[],
    ...(flow === undefined ? {} : { origin: { flow: String(flow), run: String(run) } }),
  }
}

export const unparsed = 'the body does not have the format that its content type names'

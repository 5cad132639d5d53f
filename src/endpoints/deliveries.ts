import { type ReadEvent, fitsType, toCloudEvent, type HubEvent, findEvent, type StoredEvent } from '#events'
import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import type { Expressions } from '#expressions'
import { hubError, HubError } from '#errors'
import type { Clock } from '#lib/clock'
import { newId } from '#lib/ids'
import {
  attemptsOf,
  countDeliveries,
  findDelivery,
  insertDeliveries,
  listDeliveries,
  retryDeliveries,
  type AttemptRow,
  type DeliveryCount,
  type DeliveryFilter,
  type DeliveryRow,
  type NewDelivery,
} from './delivery-store.ts'
import { findEndpoint, lockEndpoint, type EndpointRow } from './endpoint-store.ts'
import { deliveryOf, webhookId } from './message.ts'
import { eventIdsInRange } from './replay-store.ts'

export interface DeliveryDetail extends DeliveryRow {
  readonly webhookId: string
  /** The CloudEvent. */
  readonly event: unknown
  readonly log: readonly AttemptRow[]
}

export interface RetryRange {
  readonly endpoint?: string | undefined
  readonly status: 'dead' | 'delivered' | 'pending'
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

export interface ReplayRange {
  /** The default is the types of the endpoint. */
  readonly types?: readonly string[] | undefined
  readonly from: Date
  readonly to: Date
  /** Continues after this event. */
  readonly after?: string | undefined
}

export interface Deliveries {
  list(workspaceId: string, filter: DeliveryFilter, page: { before?: string | undefined; limit: number }): Promise<DeliveryRow[]>
  /** How many each endpoint has in each state: of the newest 10,000 since a time. */
  counts(workspaceId: string, from: Date): Promise<DeliveryCount[]>
  get(workspaceId: string, id: string): Promise<DeliveryDetail>
  /** Sends it again with a full schedule of retries and the same id. A delivery that is being sent is not changed. */
  retry(principal: Principal, id: string): Promise<DeliveryRow>
  retryRange(principal: Principal, range: RetryRange): Promise<number>
  /** Tells an endpoint of stored events anew; to the receiver they are new ones. `next`: behind which event to go on, where there are more. */
  replay(principal: Principal, endpointId: string, range: ReplayRange): Promise<{ count: number; next: string | null }>
}

export interface DeliveriesDeps {
  readonly db: Database
  readonly access: Access
  readonly expressions: Pick<Expressions, 'evaluate'>
  readonly read: ReadEvent
  readonly clock: Clock
  readonly wake: () => void
}

/** Counting them takes a few milliseconds. */
const maxCounted = 10_000
const maxRetried = 100_000
/** The limit of one replay, because events are read and filtered while the caller waits. */
const maxReplayed = 5000
/** And as much: all of it is held until it is stored in one transaction. */
const maxReplayedChars = 16 * 1024 * 1024
const batch = 100
const filterMs = 1000

export function createDeliveries(deps: DeliveriesDeps): Deliveries {
  const { db, access, clock, wake } = deps

  const find = async (workspaceId: string, id: string) => {
    const row = await findDelivery(db.sql, workspaceId, id)
    if (!row) throw hubError('not_found', { detail: `there is no delivery "${id}" in this workspace` })
    return row
  }
  const endpointOf = async (workspaceId: string, id: string): Promise<EndpointRow> => {
    const row = await findEndpoint(db.sql, workspaceId, id)
    if (!row) throw hubError('not_found', { detail: `there is no endpoint "${id}" in this workspace` })
    return row
  }

  return {
    list: (workspaceId, filter, page) => listDeliveries(db.sql, workspaceId, { ...filter, ...page }),

    counts: (workspaceId, from) => countDeliveries(db.sql, workspaceId, { from, max: maxCounted }),

    async get(workspaceId, id) {
      const { event, ...row } = await find(workspaceId, id)
      return { ...row, webhookId: webhookId(row), event: JSON.parse(event) as unknown, log: await attemptsOf(db.sql, id) }
    },

    async retry(principal, id) {
      const { workspaceId } = principal
      const { status } = await find(workspaceId, id)
      await db.transaction(async (trx) => {
        await retryDeliveries(trx, workspaceId, { id, now: clock.now(), max: 1 })
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'delivery.retried',
          subject: id,
          detail: { status },
        })
      })
      wake()
      return find(workspaceId, id)
    },

    async retryRange(principal, { endpoint, status, from, to }) {
      const { workspaceId } = principal
      if (endpoint !== undefined) await endpointOf(workspaceId, endpoint)
      const count = await db.transaction(async (trx) => {
        const count = await retryDeliveries(trx, workspaceId, { endpoint, statuses: [status], from, to, now: clock.now(), max: maxRetried })
        const detail = { status, count, from: from?.toISOString() ?? null, to: to?.toISOString() ?? null }
        const subject = endpoint ?? 'range'
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'deliveries.retried', subject, detail })
        return count
      })
      wake()
      return count
    },

    async replay(principal, endpointId, { types, from, to, after }) {
      const { workspaceId } = principal
      const endpoint = await endpointOf(workspaceId, endpointId)
      const wanted = { types: types ?? endpoint.types, filter: endpoint.filter }
      const rows: NewDelivery[] = []
      let last = after
      let looked = 0
      let chars = 0
      let more = true
      while (more && looked < maxReplayed && chars < maxReplayedChars) {
        const ids = await eventIdsInRange(db.sql, workspaceId, { from, to, after: last, limit: batch })
        for (const id of ids) {
          // One at a time, because each may be 25 MB.
          const event = await findEvent(db.sql, workspaceId, id)
          const wantedEvent = event && (await eventIfWanted(deps, wanted, event))
          if (wantedEvent)
            rows.push(deliveryOf(wantedEvent, { id: newId('del'), endpointId, ordered: endpoint.ordered, replay: undefined }))
          if (wantedEvent) chars += rows.at(-1)!.event.length
          looked += 1
          last = id
          if (chars >= maxReplayedChars) break
        }
        more = ids.length === batch || last !== (ids.at(-1) ?? last)
      }
      await db.transaction(async (trx) => {
        if (!(await lockEndpoint(trx, workspaceId, endpointId)))
          throw hubError('not_found', { detail: `there is no endpoint "${endpointId}" in this workspace` })
        for (let at = 0; at < rows.length; at += batch) await insertDeliveries(trx, rows.slice(at, at + batch), clock.now())
        const detail = { count: rows.length, types: wanted.types, from: from.toISOString(), to: to.toISOString() }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'endpoint.replayed', subject: endpointId, detail })
      })
      wake()
      return { count: rows.length, next: more ? (last ?? null) : null }
    },
  }
}

/** Returns the event if the endpoint wants it. An event that cannot be read or filtered is not sent. */
async function eventIfWanted(
  { read, expressions }: DeliveriesDeps,
  { types, filter }: Pick<EndpointRow, 'types' | 'filter'>,
  row: StoredEvent,
): Promise<HubEvent | undefined> {
  try {
    const reading = row.body === null || row.transform !== null ? { data: row.data } : await read(row)
    if (!reading) return undefined
    const { type, subject } = reading as { type?: string | undefined; subject?: string | undefined }
    const event: HubEvent = { ...row, type: type ?? row.type, subject: subject ?? row.subject, data: reading.data }
    if (!fitsType(event.type, types)) return undefined
    if (
      filter !== null &&
      (await expressions.evaluate(filter, { event: toCloudEvent(event) }, { workspaceId: row.workspaceId, timeoutMs: filterMs })) !== true
    )
      return undefined
    return event
  } catch (error) {
    if (error instanceof HubError && !error.entry.retryable) return undefined
    throw error
  }
}

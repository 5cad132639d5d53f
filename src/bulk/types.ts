import type { Principal } from '#access'
import type { JobHandler } from '#engine'
import type { RetentionTask } from '#retention'
import type { BulkFilter, BulkRow, Failure, NewBulkItem } from './store.ts'

export interface BulkRequest {
  readonly action: string
  /** Null where the ids were given. */
  readonly filter: Readonly<Record<string, unknown>> | null
  /** What each single action gets beside the id. */
  readonly input: Readonly<Record<string, unknown>>
  /** In the order in which they are done. */
  readonly items: readonly NewBulkItem[]
}

/** One action with one item, of a bulk action. */
export interface SingleAction {
  readonly action: string
  readonly itemId: string
  /** Of its state when the bulk action started. */
  readonly digest: string | null
  readonly input: Readonly<Record<string, unknown>>
}

/** What a bulk action can do. */
export interface BulkActions {
  /** Throws when the principal may not do this at all, which ends the bulk action. */
  require(principal: Principal, action: string): void
  /** Throws when it fails for this item; the others follow all the same. */
  perform(principal: Principal, single: SingleAction): Promise<void>
}

export interface BulkDetail extends BulkRow {
  /** The first ones. */
  readonly failures: readonly Failure[]
}

/** One action for many items, as a job that survives the death of its process. */
export interface Bulk {
  /** Stores what is to be done. A job does it, in any process. */
  start(principal: Principal, request: BulkRequest): Promise<BulkRow>
  get(workspaceId: string, id: string): Promise<BulkDetail>
  list(workspaceId: string, filter: BulkFilter, page: { before?: string | undefined; limit: number }): Promise<BulkRow[]>
  /** The item that is being done is the last. One that has ended stays as it is. */
  cancel(principal: Principal, id: string): Promise<BulkRow>
  jobs(actions: BulkActions): Readonly<Record<string, JobHandler>>
  readonly retention: readonly RetentionTask[]
}

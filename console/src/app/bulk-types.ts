import type { ReactNode } from 'react'
import type { client, OperationName } from '#api'

type Start = Parameters<typeof client.bulk.start.mutate>[0]

/** What is done with many: one operation of the hub. */
export interface BulkAction {
  readonly action: Start['action']
  /** The operation for a single one, whose scope is needed. */
  readonly operation: OperationName
  /** The verb on the buttons: `Replay`. */
  readonly label: string
  readonly icon?: ReactNode
  /** What it does, for whoever confirms it. */
  readonly about?: ReactNode
  /** Asked for while confirming, such as the comment of a decision; `input` is what it comes to. */
  readonly fields?: ReactNode
  readonly input?: Start['input']
  readonly isDanger?: boolean
  /** Why it cannot be done with what is selected. */
  readonly blocked?: string | undefined
}

/** What is selected: some rows by their ids, or everything that the filter of the list finds on the server. */
export interface BulkTarget {
  readonly ids?: string[] | undefined
  readonly filter?: Readonly<Record<string, unknown>> | undefined
}

import type { HintKind } from '#telemetry'

/** Something changed. Who may read it reads it again. */
export interface Hint {
  readonly kind: HintKind
  /** Null where many of the kind changed, or where it has no id. */
  readonly id: string | null
  /** Grows with the changes that one process makes; it is a time in milliseconds. */
  readonly version: number
}

/** What a notification says. */
export interface Notice {
  readonly workspaceId: string
  readonly kind: HintKind
  readonly ids: readonly string[] | null
  readonly version: number
}

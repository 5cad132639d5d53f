/** How long a workspace keeps its data. Null means the default. */
export interface RetentionRule {
  readonly eventsDays: number | null
  readonly eventsBytes: number | null
  readonly deliveriesDays: number | null
  readonly runsDays: number | null
}

/** The rule of a workspace with its defaults. */
export interface Kept {
  readonly workspaceId: string
  readonly eventsDays: number
  readonly eventsBytes: number | null
  readonly deliveriesDays: number
  readonly runsDays: number
}

/**
 * What a module deletes when it is too old or too much. `drop` deletes at most about `max` rows and returns how many; it is called again
 * while it finds that many.
 */
export type RetentionTask =
  | { readonly of: 'hub'; drop(max: number): Promise<number> }
  | { readonly of: 'workspace'; drop(kept: Kept, max: number): Promise<number> }

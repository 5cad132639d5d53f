/** Something that happened inside the hub. It is published in the transaction in which it happens, so both are stored or neither is. */
export interface NewHubEvent {
  readonly workspaceId: string
  /** For example `integration.disabled` or `flow.completed`. */
  readonly type: string
  readonly subject?: string
  readonly data: Record<string, unknown>
  readonly integration?: { readonly id: string; readonly name: string }
  /** How many runs led to it, each started by an event of the one before. Flows that start each other are stopped by this number. */
  readonly depth?: number
  /** The step of a run that emitted it. Without one, the hub itself vouches for the event. */
  readonly origin?: { readonly flow: string; readonly run: string; readonly step?: string | undefined } | undefined
  /** Everybody who caused it, as actors. */
  readonly causes?: readonly string[]
  /** The topic to which it is also published, on every bus of the workspace, with the key of its order. */
  readonly publishTo?: { readonly topic: string; readonly key?: string | undefined } | undefined
}

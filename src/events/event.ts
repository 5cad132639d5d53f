import type { Transaction } from '#db'

/** An event as those who wanted it get it. */
export interface HubEvent {
  readonly id: string
  readonly workspaceId: string
  readonly type: string
  readonly connector: string
  readonly integrationId: string | null
  readonly integration: string | null
  readonly subject: string | null
  readonly data: unknown
  readonly receivedAt: Date
  /** How many runs led to it, one by an event of the other. */
  readonly depth?: number
  /** 0 at first; each replay is one more, and has effects of its own. */
  readonly replays: number
}

export interface SubscriptionRow {
  readonly id: string
  readonly workspaceId: string
  readonly kind: string
  readonly target: string
  readonly types: readonly string[]
  readonly filter: string | null
  readonly ordered: boolean
  readonly detail: Record<string, unknown> | null
}

export interface Match {
  readonly event: HubEvent
  readonly subscription: SubscriptionRow
}

/** What one kind of subscription does with the events that it gets. */
export interface Consumer {
  /**
   * In the transaction that marks the events dispatched: what is stored here happens exactly when they are. Answers the id of what each
   * match set off, undefined where it set off nothing.
   */
  take(trx: Transaction, matches: readonly Match[]): Promise<readonly (string | undefined)[]>
  /** After the commit, for who would otherwise find it at the next poll. */
  wake?(): void
}

/** CloudEvents 1.0, JSON format. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time: string
  readonly subject?: string
  readonly datacontenttype: 'application/json'
  readonly data: unknown
  readonly hubworkspace: string
  readonly hubintegration?: string
}

export function toCloudEvent({ id, workspaceId, type, connector, integration, subject, data, receivedAt }: HubEvent): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: integration === null ? `/connectors/${connector}` : `/integrations/${encodeURIComponent(integration)}`,
    type,
    time: receivedAt.toISOString(),
    ...(subject === null ? {} : { subject }),
    datacontenttype: 'application/json',
    data: data ?? null,
    hubworkspace: workspaceId,
    ...(integration === null ? {} : { hubintegration: integration }),
  }
}

/** Whether a type fits one of the patterns: itself, `github.*`, or `*`. */
export function fitsType(type: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) => pattern === type || pattern === '*' || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  )
}

import type { Row, Transaction } from '#db'

/** An event as its subscribers get it. */
export interface HubEvent extends Pick<
  Row<'events'>,
  'id' | 'workspaceId' | 'type' | 'connector' | 'integrationId' | 'integration' | 'subject' | 'data' | 'receivedAt' | 'replays'
> {
  /** How many runs led to it, each started by an event of the one before. */
  readonly depth?: number
  /** The run that emitted it. */
  readonly origin?: { readonly flow: string; readonly run: string } | undefined
  /** Everybody who caused it, as actors. */
  readonly causes?: readonly string[]
}

export type SubscriptionRow = Omit<Row<'subscriptions'>, 'enabled' | 'problem' | 'createdAt'>
export type NewSubscription = Omit<SubscriptionRow, 'id' | 'overruns'>

export interface Match {
  readonly event: HubEvent
  readonly subscription: SubscriptionRow
}

/** Receives the events for subscriptions of one kind. */
export interface Subscriber {
  /** Does what takes long, such as evaluating expressions, outside of transactions. It stores nothing, and throws when the hub stops. */
  prepare(matches: readonly Match[], stopping?: AbortSignal): Promise<Take>
  /** Its subscriptions belong to something that waits, and go with it: `take` passes over those that are gone. */
  readonly isWaiting?: true
}

/**
 * Runs in the transaction that marks the events as dispatched, so what it stores is stored exactly when they are. Returns for each match the
 * id of what it started, or undefined if it started nothing.
 */
export type Take = (trx: Transaction) => Promise<readonly (string | undefined)[]>

/** By the kind of subscription. */
export type Subscribers = Readonly<Record<string, Subscriber>>

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
  /** Who vouches for it: the signature of a sender outside, the hub itself, or nobody but the flow that emitted it. */
  readonly huborigin: 'outside' | 'hub' | 'flow'
  readonly hubflow?: string
  readonly hubrun?: string
}

export function toCloudEvent({ id, workspaceId, type, connector, integration, subject, data, receivedAt, origin }: HubEvent): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: sourceOf({ connector, integration, origin }),
    type,
    time: receivedAt.toISOString(),
    ...(subject === null ? {} : { subject }),
    datacontenttype: 'application/json',
    data: data ?? null,
    hubworkspace: workspaceId,
    ...(integration === null ? {} : { hubintegration: integration }),
    huborigin: origin ? 'flow' : connector === 'hub' ? 'hub' : 'outside',
    ...(origin ? { hubflow: origin.flow, hubrun: origin.run } : {}),
  }
}

function sourceOf({ connector, integration, origin }: Pick<HubEvent, 'connector' | 'integration' | 'origin'>): string {
  if (origin) return `/flows/${encodeURIComponent(origin.flow)}`
  return integration === null ? `/connectors/${connector}` : `/integrations/${encodeURIComponent(integration)}`
}

/** Whether a type matches one of the patterns: the type itself, `github.*`, or `*`. */
export function fitsType(type: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) => pattern === type || pattern === '*' || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  )
}

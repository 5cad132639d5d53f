import type { ActionContext } from '../context.ts'
import type { WebhookScheme } from './scheme.ts'

/** One request as it came: header names in lower case, a header that came more than once as a list. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** What a delivery says of itself before it is stored. Costs time on the way to the acknowledgement, so it looks at as little as it can. */
export interface Identity {
  /** Without the connector's name before it: `pull_request`, `issue.created`. */
  readonly type: string
  /** The same for a repetition, and for nothing else. Made of signed parts where there are any. */
  readonly dedupeKey: string
  /** The sender's own name for the delivery, where it has one. */
  readonly deliveryId?: string
  /** An answer that the sender's handshake asks for; nothing is stored then. */
  readonly handshake?: { readonly status: number; readonly body?: unknown }
}

/** Which hook a delivery came by: the integration's name and settings, where it is one's. */
export interface HookContext {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** How an outside system signs and names what it sends: declared by the connector, carried out by the hub. */
export interface WebhookDeclaration {
  /** Several where a system has several ways: the first whose headers are there decides. Of the settings where people choose. */
  readonly schemes: readonly WebhookScheme[] | ((config: HookContext['config']) => readonly WebhookScheme[])
  /** Credentials of these names hold the shared secret: every text in them is one that is live. */
  readonly secretCredentials: readonly string[]
  /** Fields of the integration's own credential that hold it. */
  readonly secretFields?: readonly string[]
  /** Variable of the environment that holds it. */
  readonly secretVariable?: string
  identify(delivery: Readable, hook: HookContext): Identity
  /** A JSONata expression over `{body, headers}` that makes the event's data. */
  transform?(config: HookContext['config']): string | undefined
  /** What is answered, with `${{ }}` in it, where the sender reads it. */
  reply?(config: HookContext['config']): { readonly status: number; readonly body: unknown } | undefined
  /** What an event is about, such as `owner/repo#5`: events of one subject can be had in order. */
  subject?(data: unknown, headers: Delivery['headers']): string | undefined
  /** What is answered after the event is stored; 202 and the event's id when left out. */
  readonly acknowledgement?: { readonly status: number; readonly body: unknown }
  readonly recovery?: WebhookRecovery
  /** Paths of the older REST API that receive this connector's webhooks. */
  readonly legacyPaths?: readonly string[]
}

/** A delivery whose body is read once, and only when somebody asks. */
export interface Readable extends Delivery {
  /** SHA-256 of the body, in hex. */
  readonly digest: string
  /** The body as JSON, or the form field that holds it; undefined when it is neither. */
  json(): unknown
}

/** For systems that can list what they sent: finds what was missed while the hub was away. */
export interface WebhookRecovery {
  /** Which hook of the outside system sent this, in a form that `missed` understands. */
  hookOf(headers: Delivery['headers'], data: unknown): string | undefined
  /** What that hook sent since then, newest last. */
  sent(context: ActionContext<{ hook: string; since: Date }>): Promise<readonly SentDelivery[]>
  /** Has it sent again. */
  redeliver(context: ActionContext<{ hook: string; handle: string }>): Promise<void>
}

export interface SentDelivery {
  /** As `Identity.deliveryId` has it. */
  readonly deliveryId: string
  /** What `redeliver` needs. */
  readonly handle: string
  readonly at: Date
  readonly delivered: boolean
}

/** Why a delivery is not believed: short enough to be counted by, and never with a word of what was sent. */
export type RejectReason =
  | 'no_secret'
  | 'secret_unusable'
  | 'scheme_unsound'
  | 'header_doubled'
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_wrong'
  | 'method_unknown'
  | 'method_weak'
  | 'timestamp_missing'
  | 'timestamp_malformed'
  | 'timestamp_stale'
  | 'id_missing'
  | 'id_malformed'
  | 'body_unreadable'

/** Which of the secrets it was, by its place in the list, or why it was none. */
export type CheckResult = number | RejectReason

import type { z } from 'zod'
import type { ActionContext } from '../context.ts'
import type { WebhookScheme } from './scheme.ts'
import type { WebhookTarget } from './target.ts'

/** One received request. Header names are in lower case; a repeated header is a list. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** What the receiver of a delivery knows. */
export interface Receiver {
  readonly secrets: readonly string[]
  /** In milliseconds. */
  readonly now: number
}

/** What identifies a delivery. It is computed before the acknowledgement, so it must be fast. */
export interface Identity {
  /** The event type without the connector's name: `pull_request`, `issue.created`. */
  readonly type: string
  /** Equal for repetitions of a delivery and different for all others. Use signed parts if there are any. */
  readonly dedupeKey: string
  /** The id that the sender gave the delivery, if there is one. */
  readonly deliveryId?: string
  /** The answer to the sender's handshake. If it is set, no event is stored. */
  readonly handshake?: { readonly status: number; readonly body?: unknown }
}

/** The hook that received a delivery. If the hook belongs to an integration, its name and config. */
export interface HookContext {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** How an outside system signs and identifies its webhooks. The connector declares it, and the hub does the work. */
export interface WebhookDeclaration {
  /** The accepted schemes. The first one whose header is present decides. A function if the config selects the schemes. */
  readonly schemes: readonly WebhookScheme[] | ((config: HookContext['config']) => readonly WebhookScheme[])
  /** Names of credentials that contain the shared secret. Every string in them is a valid secret. */
  readonly secretCredentials: readonly string[]
  /** Fields of the integration's credential that contain the shared secret. */
  readonly secretFields?: readonly string[]
  /** The environment variable that contains the shared secret. */
  readonly secretVariable?: string
  identify(delivery: Readable, hook: HookContext): Identity
  /** Deliveries to try a hook with, by the type of their event. The first one is shown where none is named. */
  readonly samples?: Readonly<Record<string, WebhookSample>>
  /** A JSONata expression that computes the event's data from `{body, headers}`. */
  transform?(config: HookContext['config']): string | undefined
  /** The answer to the sender, with `${{ }}` expressions, if the config defines one. */
  reply?(config: HookContext['config']): { readonly status: number; readonly body: unknown } | undefined
  /** The subject of an event, such as `owner/repo#5`. Events with the same subject can be delivered in order. */
  subject?(data: unknown, headers: Delivery['headers']): string | undefined
  /** The answer after the event is stored. The default is 202 with the event's id. */
  readonly acknowledgement?: { readonly status: number; readonly body: unknown }
  readonly recovery?: WebhookRecovery
  readonly setup?: WebhookSetup
  /** The largest body in bytes, for senders that need more than 5 MB. */
  largestBody?(config: HookContext['config']): number | undefined
  /** Paths of the older REST API that receive this connector's webhooks. */
  readonly legacyPaths?: readonly string[]
}

/** What the outside system has after the setup. */
export interface WebhookSetupResult {
  readonly hook_id: string
  /** False if a hook with this URL was there and has been updated. */
  readonly created: boolean
  readonly events: readonly string[]
  /** Where people see the hook. */
  readonly settings_url?: string | undefined
}

/** For systems whose API can create webhooks. The hub calls it like an action that writes, with the credential of the integration. */
export interface WebhookSetup<Input = Record<string, unknown>> {
  /** What the hub cannot know, such as the repository. A person fills a form of it. */
  readonly input: z.ZodType<Input>
  /** A valid input. */
  readonly example: Input
  /**
   * Looks for a hook with this URL first and updates it, so that a second setup makes no second hook. It has to say what a credential lacks
   * that may not do this.
   */
  run(context: ActionContext<Input>, target: WebhookTarget): Promise<WebhookSetupResult>
}

/**
 * Makes a sample delivery, whose body is sent as JSON. No two samples have the same number: it belongs into whatever `identify` recognises a
 * repetition by, so that each of them is an event of its own.
 */
export type WebhookSample = (number: number) => { readonly headers: Readonly<Record<string, string>>; readonly body: unknown }

/** A delivery whose body is hashed and parsed on first use, and at most once. */
export interface Readable extends Delivery {
  /** The SHA-256 digest of the body, in hex. */
  readonly digest: string
  /** The parsed JSON of the body, or the fields of a form; undefined if the body is neither. */
  json(): unknown
}

/** For systems that can list the deliveries that they sent. The hub uses it to get the deliveries that it missed while it was stopped. */
export interface WebhookRecovery {
  /** The hook of the outside system that sent a delivery. `sent` and `redeliver` receive it. */
  hookOf(headers: Delivery['headers'], data: unknown): string | undefined
  /** Lists the deliveries of a hook since a time, newest last. */
  sent(context: ActionContext<{ hook: string; since: Date }>): Promise<readonly SentDelivery[]>
  /** Makes the outside system send a delivery again. */
  redeliver(context: ActionContext<{ hook: string; handle: string }>): Promise<void>
}

export interface SentDelivery {
  /** The same value as `Identity.deliveryId`. */
  readonly deliveryId: string
  /** Identifies the delivery for `redeliver`. */
  readonly handle: string
  readonly at: Date
  readonly delivered: boolean
}

/** Why a delivery is rejected. It is a label of metrics, so it never contains text from the request. */
export type RejectReason =
  | 'no_secret'
  | 'secret_unusable'
  | 'scheme_invalid'
  | 'header_repeated'
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

/** The index of the secret that matched, or the reason for the rejection. */
export type CheckResult = number | RejectReason

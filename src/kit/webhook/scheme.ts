/**
 * How a sender proves that a delivery is its own: data, carried out by `verify.ts` and, for tests and people who set a hook up, by `sign.ts`.
 * Whatever is not said is refused: there is no scheme that lets everything in.
 */
export type WebhookScheme = HmacScheme | StandardScheme | TokenScheme | BasicScheme | ChannelScheme

/** A keyed hash over the raw bytes, alone or with a timestamp. */
export interface HmacScheme {
  readonly kind: 'hmac'
  /** Where the signature stands. */
  readonly header: string
  /** `named`: the signature begins with its method, as in `sha256=…`. */
  readonly algorithm: 'sha1' | 'sha256' | 'sha512' | 'named'
  readonly encoding: 'hex' | 'base64'
  /** Stands before the signature in its header, such as `sha256=` or `v0=`. */
  readonly prefix?: string
  /** What is signed: a text with `{body}`, `{timestamp}` and `{id}` in it; `{body}` when left out. */
  readonly payload?: string
  readonly timestamp?: TimestampRule
  /** A header whose value stands for `{id}`. */
  readonly idHeader?: string
  /** The header holds a list of `name=value`, as Stripe's does: the signatures are those of this name. */
  readonly listed?: { readonly name: string; readonly separator: string }
  /** How the secret is written; `utf8` when left out. */
  readonly secretEncoding?: 'utf8' | 'base64' | 'hex'
}

export interface TimestampRule {
  /** A header of its own, or an entry in the list that the signature's header holds. */
  readonly header?: string
  readonly listed?: string
  readonly unit: 's' | 'ms' | 'iso'
  /** Seconds that it may lie in the past or in the future. */
  readonly tolerance: number
}

/** Standard Webhooks: `v1` by a shared secret, `v1a` by an ed25519 key. */
export interface StandardScheme {
  readonly kind: 'standard'
  /** Before the names `id`, `timestamp` and `signature`; `webhook-` when left out. */
  readonly prefix?: string
  readonly tolerance: number
}

/** The secret itself, sent along: in a header (after a prefix such as `Bearer `), or in a field of the JSON body. */
export interface TokenScheme {
  readonly kind: 'token'
  readonly header?: string
  readonly prefix?: string
  /** Path of names in the body, such as `['token']`. */
  readonly bodyPath?: readonly string[]
}

/** User name and password; the secret is `user:password`. */
export interface BasicScheme {
  readonly kind: 'basic'
}

/** A notification channel: its token is the secret, and channel and resource have to be those that were opened. */
export interface ChannelScheme {
  readonly kind: 'channel'
  readonly tokenHeader: string
  readonly idHeader: string
  readonly resourceHeader: string
}

/** What each provider does, by name: a connector uses its own, a generic hook any. */
export const schemes = {
  github: { kind: 'hmac', header: 'x-hub-signature-256', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
  gitlab: { kind: 'standard', tolerance: 300 },
  gitlab_token: { kind: 'token', header: 'x-gitlab-token' },
  slack: {
    kind: 'hmac',
    header: 'x-slack-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    payload: 'v0:{timestamp}:{body}',
    timestamp: { header: 'x-slack-request-timestamp', unit: 's', tolerance: 300 },
  },
  jira: { kind: 'hmac', header: 'x-hub-signature', algorithm: 'named', encoding: 'hex' },
  google_drive: {
    kind: 'channel',
    tokenHeader: 'x-goog-channel-token',
    idHeader: 'x-goog-channel-id',
    resourceHeader: 'x-goog-resource-id',
  },
  zulip: { kind: 'token', bodyPath: ['token'] },
  stripe: {
    kind: 'hmac',
    header: 'stripe-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    payload: '{timestamp}.{body}',
    listed: { name: 'v1', separator: ',' },
    timestamp: { listed: 't', unit: 's', tolerance: 300 },
  },
  standard: { kind: 'standard', tolerance: 300 },
} as const satisfies Record<string, WebhookScheme>

/** Headers that a provider sends beside the signature, with `{type}` and `{id}` in them: for `hub webhook sign`, which makes sample requests. */
export const sampleHeaders: Readonly<Partial<Record<keyof typeof schemes, Readonly<Record<string, string>>>>> = {
  github: { 'x-github-event': '{type}', 'x-github-delivery': '{id}' },
  jira: { 'x-atlassian-webhook-identifier': '{id}' },
  gitlab_token: { 'x-gitlab-event': '{type}', 'x-gitlab-event-uuid': '{id}' },
}

/**
 * How a sender proves that it sent a delivery. A scheme is data: `verify.ts` checks deliveries with it, and `sign.ts` signs test requests.
 * There is no scheme that accepts every request.
 */
export type WebhookScheme = HmacScheme | StandardScheme | TokenScheme | BasicScheme | ChannelScheme

/** An HMAC over the raw body, with or without a timestamp. */
export interface HmacScheme {
  readonly kind: 'hmac'
  /** The header that contains the signature. */
  readonly header: string
  /** `named`: the signature starts with the algorithm, as in `sha256=…`. */
  readonly algorithm: 'sha1' | 'sha256' | 'sha512' | 'named'
  readonly encoding: 'hex' | 'base64'
  /** The text before the signature in its header, such as `sha256=` or `v0=`. */
  readonly prefix?: string
  /** The signed text, with `{body}`, `{timestamp}` and `{id}` as placeholders. The default is `{body}`. */
  readonly payload?: string
  readonly timestamp?: TimestampRule
  /** The header whose value replaces `{id}`. */
  readonly idHeader?: string
  /** The header contains a list of `name=value`, as Stripe's does. The signatures are the values with this name. */
  readonly listed?: { readonly name: string; readonly separator: string }
  /** The encoding of the secret. The default is `utf8`. */
  readonly secretEncoding?: 'utf8' | 'base64' | 'hex'
  /** The header of the sender's id of the delivery, where it is not signed. */
  readonly deliveryIdHeader?: string
}

export interface TimestampRule {
  /** The header of the timestamp. Set either this or `listed`. */
  readonly header?: string
  /** The name of the timestamp in the list in the signature's header. */
  readonly listed?: string
  readonly unit: 's' | 'ms' | 'iso'
  /** How many seconds the timestamp may be in the past or in the future. */
  readonly tolerance: number
}

/** Standard Webhooks: `v1` signatures use a shared secret, `v1a` signatures an ed25519 key. */
export interface StandardScheme {
  readonly kind: 'standard'
  /** The prefix of the headers `id`, `timestamp` and `signature`. The default is `webhook-`. */
  readonly prefix?: string
  readonly tolerance: number
}

/** The secret itself is sent in a header (after a prefix such as `Bearer `) or in a field of the JSON body. */
export interface TokenScheme {
  readonly kind: 'token'
  readonly header?: string
  readonly prefix?: string
  /** The path of the field in the body, such as `['token']`. */
  readonly bodyPath?: readonly string[]
  /** The header of the sender's id of the delivery. */
  readonly deliveryIdHeader?: string
}

/** HTTP basic authentication. The secret is `user:password`. */
export interface BasicScheme {
  readonly kind: 'basic'
}

/** A notification channel. The token is the secret, and the channel and the resource must be those of the channel that was opened. */
export interface ChannelScheme {
  readonly kind: 'channel'
  readonly tokenHeader: string
  readonly idHeader: string
  readonly resourceHeader: string
  /** The number of the message. Together with the channel it identifies the delivery, whose body is empty. */
  readonly messageHeader: string
}

/** The schemes of known providers. A connector uses its own, and a generic hook can use any of them. */
export const schemes = {
  github: {
    kind: 'hmac',
    header: 'x-hub-signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'sha256=',
    deliveryIdHeader: 'x-github-delivery',
  },
  gitlab: { kind: 'standard', tolerance: 300 },
  gitlab_token: { kind: 'token', header: 'x-gitlab-token', deliveryIdHeader: 'idempotency-key' },
  slack: {
    kind: 'hmac',
    header: 'x-slack-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    payload: 'v0:{timestamp}:{body}',
    timestamp: { header: 'x-slack-request-timestamp', unit: 's', tolerance: 300 },
  },
  jira: {
    kind: 'hmac',
    header: 'x-hub-signature',
    algorithm: 'named',
    encoding: 'hex',
    deliveryIdHeader: 'x-atlassian-webhook-identifier',
  },
  google_drive: {
    kind: 'channel',
    tokenHeader: 'x-goog-channel-token',
    idHeader: 'x-goog-channel-id',
    resourceHeader: 'x-goog-resource-id',
    messageHeader: 'x-goog-message-number',
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

const mb = 1024 * 1024
/** Providers that send more than 5 MB, with what they send at most. */
export const largestBodies: Readonly<Partial<Record<keyof typeof schemes, number>>> = {
  github: 25 * mb,
  gitlab: 25 * mb,
  gitlab_token: 25 * mb,
}

/** Other headers that a provider sends, with `{type}` and `{id}` as placeholders. `hub webhook sign` adds them to sample requests. */
export const sampleHeaders: Readonly<Partial<Record<keyof typeof schemes, Readonly<Record<string, string>>>>> = {
  github: { 'x-github-event': '{type}', 'x-github-delivery': '{id}' },
  jira: { 'x-atlassian-webhook-identifier': '{id}' },
  gitlab_token: { 'x-gitlab-event': '{type}', 'idempotency-key': '{id}' },
  google_drive: { 'x-goog-message-number': '{id}' },
}

import type { Throttle } from '#access'
import type { Events } from '#events'
import { render, type Expressions } from '#expressions'
import { hubError, HubError } from '#errors'
import {
  readable,
  verify,
  type Delivery,
  type HookContext,
  type Identity,
  type Readable,
  type RejectReason,
  type WebhookScheme,
} from '#kit'
import type { Telemetry } from '#telemetry'
import type { Candidate, Hook, Hooks, Signers } from './hooks.ts'
import type { Reconcile } from './reconcile.ts'
import type { Rejections } from './rejections.ts'

export interface WebhookRequest extends Delivery {
  /** An integration's id or name, or a connector's name. */
  readonly hook: string
  readonly address: string
}

export interface WebhookReply {
  readonly status: number
  readonly body?: unknown
}

export interface ReceiveDeps extends Telemetry {
  readonly events: Events
  readonly expressions: Expressions
  readonly hooks: Hooks
  readonly rejections: Rejections
  readonly reconcile: Pick<Reconcile, 'note'>
  readonly throttle: Throttle
  readonly now: () => number
}

/** Short, because the sender waits for the reply. */
const replyMs = 200

export interface Receive {
  admit(hook: string, address: string): Promise<number>
  /** Verifies a delivery, stores it once and acknowledges it. Everything else happens later. */
  receive(request: WebhookRequest): Promise<WebhookReply>
  /** The same, with the id of the event; undefined where none was stored. */
  accept(request: WebhookRequest): Promise<Accepted>
}

export interface Accepted {
  readonly reply: WebhookReply
  readonly eventId: string | undefined
}

export function createReceive(deps: ReceiveDeps): Receive {
  const { events, hooks, throttle, metrics } = deps

  const find = async (ref: string, address: string): Promise<Hook> => {
    const hook = await hooks.find(ref)
    if (hook) return hook
    return refuse(
      deps,
      { hook: '(unknown)', reason: 'hook_unknown', address },
      hubError('not_found', { detail: 'no integration or connector with this name receives webhooks' }),
    )
  }

  const admit = async (ref: string, address: string): Promise<number> => {
    await throttle.check(address)
    const { largestBody } = await find(ref, address)
    return largestBody
  }

  const accept = async ({ hook: ref, address, ...delivery }: WebhookRequest): Promise<Accepted> => {
    const hook = await find(ref, address)
    const verified = check(hook, delivery, deps.now())
    // Another process may have stored the secret a moment ago, and few senders try again after a refusal.
    const found = typeof verified === 'string' ? check((await hooks.findFresh(ref)) ?? hook, delivery, deps.now()) : verified
    if (typeof found === 'string') {
      const { workspaceId, connector } = hook
      return refuse(deps, { hook: ref, reason: found, workspaceId, connector, address }, hubError('webhook_refused'))
    }
    const { signers, candidate } = found
    const { connector, declaration } = signers
    const read = readable(delivery)
    const { context } = candidate
    const identity = declaration.identify(read, context)
    if (identity.handshake) {
      metrics.webhooks.inc({ connector: connector.name, outcome: 'handshake' })
      return { reply: identity.handshake, eventId: undefined }
    }
    const whole = declaration.transform?.(context.config) !== undefined
    // A transformation can parse a body that is not JSON, and an empty body needs no parsing.
    const unparsed = !whole && delivery.body.length > 0 && read.json() === undefined
    const { id, duplicate } = await events.inbox.add({
      unparsed,
      whole,
      subject: unparsed ? undefined : declaration.subject?.(read.json(), delivery.headers),
      workspaceId: candidate.workspaceId,
      connector: connector.name,
      type: `${connector.name}.${identity.type}`,
      integration: candidate.integration,
      ...keysOf(identity, read, context.config),
      deliveryId: identity.deliveryId,
      headers: storedHeaders(delivery.headers, signers),
      body: withoutSecret(delivery.body, candidate.secret, signers.schemes),
    })
    metrics.webhooks.inc({ connector: connector.name, outcome: duplicate ? 'duplicate' : 'accepted' })
    if (candidate.integration && !unparsed)
      deps.reconcile.note(candidate.integration.id, { ...candidate, connector, ...delivery, data: read.json() })
    const eventId = duplicate ? undefined : id
    return { reply: await replyOf(deps, found, { read, id: eventId }), eventId }
  }
  return { admit, accept, receive: async (request) => (await accept(request)).reply }
}

interface Found {
  readonly signers: Signers
  readonly candidate: Candidate
}

/** Finds the candidate that signed the delivery, or the reason why it is refused. */
function check(hook: Hook, delivery: Delivery, now: number): Found | RejectReason {
  let reason: RejectReason = 'no_secret'
  for (const signers of hook.signers) {
    const { candidates } = signers
    if (candidates.length === 0) continue
    const secrets = candidates.map(({ secret }) => secret)
    const verified = verify(signers.schemes, delivery, { secrets, now })
    if (verified.ok) return { signers, candidate: candidates[verified.secret]! }
    reason = verified.reason
  }
  return reason
}

async function refuse(
  { throttle, rejections }: ReceiveDeps,
  {
    hook,
    reason,
    workspaceId,
    connector,
    address,
  }: { hook: string; reason: string; workspaceId?: string | undefined; connector?: string | undefined; address: string },
  error: HubError,
): Promise<never> {
  rejections.note({ hook, reason, workspaceId, connector, address })
  await throttle.failed(address)
  throw error
}

/** By what a repetition is recognised, and the body where that is something else. */
function keysOf({ dedupeKey }: Identity, { digest }: Readable, config: HookContext['config']) {
  if (config['refuse_same_body'] === true || dedupeKey === digest) return { dedupeKey: digest }
  return { dedupeKey, bodyDigest: digest }
}

/** Whichever hook they reach: senders put secrets of other systems into these by mistake. */
const secretName = /authorization|cookie|token|secret|password|credential|api-?key/

/** The headers without those that hold a secret. */
function storedHeaders(headers: Delivery['headers'], { schemes, candidates }: Signers): Record<string, unknown> {
  const declared = new Set(
    schemes.flatMap((scheme) => (scheme.kind === 'token' ? (scheme.header ?? []) : scheme.kind === 'channel' ? scheme.tokenHeader : [])),
  )
  const isSecret = (value: unknown): boolean => candidates.some(({ secret }) => String(value).includes(secret))
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !secretName.test(name) && !declared.has(name) && !isSecret(value)),
  )
}

/** Masks a token in the body, which is not needed after the check. */
function withoutSecret(body: Buffer, secret: string, schemes: readonly WebhookScheme[]): Buffer {
  if (!schemes.some((scheme) => scheme.kind === 'token' && scheme.bodyPath !== undefined)) return body
  const needle = Buffer.from(JSON.stringify(secret).slice(1, -1))
  const clean = Buffer.from(body)
  for (let at = clean.indexOf(needle); at !== -1; at = clean.indexOf(needle, at + needle.length)) clean.fill('*', at, at + needle.length)
  return clean
}

async function replyOf(
  { expressions, logger }: ReceiveDeps,
  { signers: { declaration }, candidate: { workspaceId, context } }: Found,
  { read, id }: { read: Readable; id: string | undefined },
): Promise<WebhookReply> {
  const reply = declaration.reply?.(context.config)
  if (reply) {
    const input = { event: { id: id ?? null, duplicate: id === undefined }, body: read.json() ?? null }
    try {
      return { status: reply.status, body: await render(expressions, reply.body, input, { workspaceId, timeoutMs: replyMs }) }
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      // The event is stored, so the sender gets an acknowledgement even if the reply template fails.
      logger.warn({ hook: context.name, code: error.code }, 'the reply template of a webhook failed')
    }
  }
  return declaration.acknowledgement ?? { status: 202, body: id === undefined ? { status: 'duplicate' } : { status: 'accepted', id } }
}

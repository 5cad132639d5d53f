import { randomUUID, sign as signWith } from 'node:crypto'
import { hubError } from '#errors'
import { hmacWith } from './bytes.ts'
import { hmacKey, hmacOf } from './hmac.ts'
import type { HmacScheme, StandardScheme, TokenScheme, WebhookScheme } from './scheme.ts'
import { channelSecret } from './shared.ts'
import { validateScheme } from './validate-scheme.ts'
import { privateKey, sharedKey, standardHeaders } from './standard.ts'
import { timestampText } from './timestamp.ts'

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>
  /** The given body, with the token added if the scheme puts the token into the body. */
  readonly body: Buffer
}

interface Signing {
  readonly body: Buffer
  readonly secret: string
  /** In milliseconds. */
  readonly now: number
  /** The id of the delivery, if the scheme has one. The default is a random id. */
  readonly id?: string
}

/** Signs a request so that `verify` accepts it. Used for outgoing deliveries and for trying out a hook. */
export function sign(scheme: WebhookScheme, signing: Signing): SignedRequest {
  const problem = validateScheme(scheme)
  if (problem !== undefined) throw hubError('invalid_input', { detail: problem })
  const { body, secret } = signing
  switch (scheme.kind) {
    case 'hmac':
      return { headers: signHmac(scheme, signing), body }
    case 'standard':
      return { headers: signStandard(scheme, signing), body }
    case 'token':
      return signToken(scheme, signing)
    case 'basic':
      return { headers: { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }, body }
    case 'channel': {
      const parts = channelSecret(secret) ?? unusable()
      return {
        headers: {
          [scheme.tokenHeader]: headerText(parts.token),
          ...(parts.channel_id === undefined ? {} : { [scheme.idHeader]: headerText(parts.channel_id) }),
          ...(parts.resource_id === undefined ? {} : { [scheme.resourceHeader]: headerText(parts.resource_id) }),
        },
        body,
      }
    }
  }
}

function signHmac(scheme: HmacScheme, { body, secret, now, id = randomUUID() }: Signing): Record<string, string> {
  const { listed, timestamp: rule, prefix = '', encoding } = scheme
  const algorithm = scheme.algorithm === 'named' ? 'sha256' : scheme.algorithm
  const timestamp = rule ? timestampText(rule.unit, now) : ''
  const mac = hmacOf(scheme, hmacKey(scheme, secret) ?? unusable(), { algorithm, timestamp, id, body }).toString(encoding)
  const signature = `${prefix}${scheme.algorithm === 'named' ? `${algorithm}=` : ''}${mac}`
  const entries = listed && [...(rule?.listed === undefined ? [] : [`${rule.listed}=${timestamp}`]), `${listed.name}=${signature}`]
  return {
    [scheme.header]: entries ? entries.join(listed.separator) : signature,
    ...(rule?.header === undefined ? {} : { [rule.header]: timestamp }),
    ...(scheme.idHeader === undefined ? {} : { [scheme.idHeader]: id }),
  }
}

function signStandard(scheme: StandardScheme, { body, secret, now, id = `msg_${randomUUID()}` }: Signing): Record<string, string> {
  const names = standardHeaders(scheme)
  const timestamp = timestampText('s', now)
  const head = `${id}.${timestamp}.`
  const key = privateKey(secret)
  const signature = key
    ? `v1a,${signWith(null, Buffer.concat([Buffer.from(head), body]), key).toString('base64')}`
    : `v1,${hmacWith('sha256', sharedKey(secret) ?? unusable())
        .update(head)
        .update(body)
        .digest('base64')}`
  return { [names.id]: id, [names.timestamp]: timestamp, [names.signature]: signature }
}

function signToken({ header, prefix = '', bodyPath }: TokenScheme, { body, secret }: Signing): SignedRequest {
  if (!bodyPath) return { headers: { [header!]: prefix + headerText(secret) }, body }
  const root = asObject(body)
  let parent = root
  for (const name of bodyPath.slice(0, -1)) {
    const next = Object.hasOwn(parent, name) ? parent[name] : undefined
    const inner = isObject(next) ? next : {}
    setField(parent, name, inner)
    parent = inner
  }
  setField(parent, bodyPath.at(-1)!, secret)
  return { headers: {}, body: Buffer.from(JSON.stringify(root)) }
}

/** Uses defineProperty because an assignment to `__proto__` would not create a field. */
function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

function asObject(body: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (cause) {
    throw hubError('invalid_input', { detail: 'the scheme puts the token into the body, so the body must be a JSON object', cause })
  }
  if (!isObject(value))
    throw hubError('invalid_input', { detail: 'the scheme puts the token into the body, so the body must be a JSON object' })
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** HTTP clients encode headers as Latin-1. This makes them send the UTF-8 bytes of the text. */
function headerText(secret: string): string {
  return Buffer.from(secret).toString('latin1')
}

function unusable(): never {
  throw hubError('invalid_input', { detail: 'the secret does not have the format that this scheme needs' })
}

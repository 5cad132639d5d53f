import { isUtf8 } from 'node:buffer'
import { decode, digestOf, findSecret, headerBytes, isPublic, sameDigest, single } from './bytes.ts'
import { readable } from './readable.ts'
import type { BasicScheme, ChannelScheme, TokenScheme } from './scheme.ts'
import type { CheckResult, Delivery, Readable, RejectReason } from './types.ts'

// The sender is not verified yet when a body is parsed for its token, so the size is limited.
const maxParsed = 1024 * 1024

/** Compares a secret that was sent in plain text. */
function compare(given: Buffer, secrets: readonly string[], usable: (secret: string) => boolean = () => true): CheckResult {
  const digest = digestOf(given)
  return findSecret(
    secrets,
    (secret) => (isPublic(secret) || !usable(secret) ? undefined : secret),
    (secret) => sameDigest(digest, secret),
  )
}

export function checkToken(scheme: TokenScheme, delivery: Delivery, secrets: readonly string[]): CheckResult {
  if (scheme.bodyPath) {
    const token = tokenIn(delivery, scheme.bodyPath)
    return 'reason' in token ? token.reason : compare(Buffer.from(token.text), secrets)
  }
  const header = single(delivery.headers, scheme.header!)
  if (header === undefined) return 'signature_missing'
  const { prefix = '' } = scheme
  // Scheme names such as `Bearer` are case-insensitive.
  if (header.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return 'signature_malformed'
  return compare(headerBytes(header.slice(prefix.length)), secrets)
}

function tokenIn(delivery: Delivery, path: readonly string[]): { text: string } | { reason: RejectReason } {
  // Invalid UTF-8 is replaced when it is decoded, so that different bodies would be read as the same text.
  if (delivery.body.length > maxParsed || !isUtf8(delivery.body)) return { reason: 'body_unreadable' }
  let value = ('json' in delivery ? (delivery as Readable) : readable(delivery)).json()
  if (value === undefined) return { reason: 'body_unreadable' }
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return { reason: 'signature_missing' }
    value = (value as Record<string, unknown>)[name]
  }
  return typeof value === 'string' ? { text: value } : { reason: 'signature_malformed' }
}

export function checkBasic(_scheme: BasicScheme, { headers }: Delivery, secrets: readonly string[]): CheckResult {
  const header = single(headers, 'authorization')
  if (header === undefined) return 'signature_missing'
  const given = /^basic /i.test(header) ? decode(header.slice('basic '.length).trim(), 'base64') : undefined
  if (!given?.includes(':')) return 'signature_malformed'
  // A secret with an empty password is not secret.
  return compare(given, secrets, (secret) => /^[^:]*:[^]/.test(secret))
}

export interface ChannelSecret {
  readonly token: string
  readonly channel_id?: string | undefined
  readonly resource_id?: string | undefined
}

export function checkChannel(scheme: ChannelScheme, { headers }: Delivery, secrets: readonly string[]): CheckResult {
  const token = single(headers, scheme.tokenHeader)
  if (token === undefined) return 'signature_missing'
  const digests = [token, single(headers, scheme.idHeader) ?? '', single(headers, scheme.resourceHeader) ?? ''].map((value) =>
    digestOf(headerBytes(value)),
  )
  return findSecret(secrets, channelSecret, (secret) => {
    const expected = [secret.token, secret.channel_id, secret.resource_id]
    const matches = expected.map((part, index) => part === undefined || sameDigest(digests[index]!, part))
    return matches.every(Boolean)
  })
}

/** Parses a secret: JSON with the parts that must match, or the token alone. If a part is not a string, the secret is unusable. */
export function channelSecret(secret: string): ChannelSecret | undefined {
  if (isPublic(secret)) return undefined
  if (!secret.trimStart().startsWith('{')) return { token: secret }
  const parts = parse(secret)
  if (parts === undefined) return { token: secret }
  const { token, channel_id, resource_id } = parts
  const isPart = (part: unknown): part is string | undefined => part === undefined || (typeof part === 'string' && part !== '')
  if (typeof token !== 'string' || token.trim() === '' || !isPart(channel_id) || !isPart(resource_id)) return undefined
  return { token, channel_id, resource_id }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // A token can start with a brace without being JSON.
    return undefined
  }
}

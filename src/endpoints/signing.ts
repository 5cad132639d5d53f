import { createPublicKey, generateKeyPairSync, randomBytes, createPrivateKey } from 'node:crypto'
import type { CredentialData } from '#credentials'
import { schemes, sign } from '#kit'
import { overlapMs } from './schedule.ts'

export type SignatureKind = 'v1' | 'v1a'

export interface SigningKey {
  readonly secret: string
  /** The public key, which receivers of `v1a` need. */
  readonly publicKey: string | null
}

export function makeKey(kind: SignatureKind): SigningKey {
  if (kind === 'v1') return { secret: `whsec_${randomBytes(24).toString('base64')}`, publicKey: null }
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return keyPair(Buffer.from(d!, 'base64url'), Buffer.from(x!, 'base64url'))
}

/** Parses a key from a user. Returns undefined if it is not a key of this kind. */
export function readKey(kind: SignatureKind, text: string): SigningKey | undefined {
  const [, prefix, encoded = ''] = /^(whsec_|whsk_)([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (kind === 'v1') {
    // Standard Webhooks requires 24 to 64 bytes.
    return prefix === 'whsec_' && bytes.length >= 24 && bytes.length <= 64 ? { secret: text, publicKey: null } : undefined
  }
  if (prefix !== 'whsk_' || (bytes.length !== 32 && bytes.length !== 64)) return undefined
  const seed = bytes.subarray(0, 32)
  const pair = keyPair(seed, publicOf(seed))
  // The second half of a long key has to be the public key of the first half.
  return bytes.length === 32 || pair.secret === text ? pair : undefined
}

function keyPair(seed: Buffer, publicHalf: Buffer): SigningKey {
  return {
    secret: `whsk_${Buffer.concat([seed, publicHalf]).toString('base64')}`,
    publicKey: `whpk_${publicHalf.toString('base64')}`,
  }
}

// The PKCS#8 header before the 32 bytes of an ed25519 seed.
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function publicOf(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url')
}

interface Replaced {
  readonly secret: string
  readonly until: string
}

/** A receiver accepts a limited number of signatures. */
const maxReplaced = 5

/** The fields to store: the new secret, and each replaced one until its own end. */
export function secretsToStore(secret: string, before: CredentialData | undefined, now: number): CredentialData {
  const last = before?.['secret']
  const replaced = [
    ...(typeof last === 'string' ? [{ secret: last, until: new Date(now + overlapMs).toISOString() }] : []),
    ...liveReplaced(before, now),
  ].filter((one) => one.secret !== secret)
  const fields = replaced.slice(0, maxReplaced).flatMap((one, index): [string, string][] => {
    const name = previousName(index)
    return [
      [name, one.secret],
      [`${name}_until`, one.until],
    ]
  })
  return { secret, ...Object.fromEntries(fields) }
}

export function liveSecrets(kept: CredentialData | undefined, now: number): string[] {
  const secret = kept?.['secret']
  return [...(typeof secret === 'string' && secret !== '' ? [secret] : []), ...liveReplaced(kept, now).map((one) => one.secret)]
}

function liveReplaced(kept: CredentialData = {}, now: number): Replaced[] {
  return Array.from({ length: maxReplaced }, (_, index) => previousName(index)).flatMap((name) => {
    const { [name]: secret, [`${name}_until`]: until } = kept
    return typeof secret === 'string' && typeof until === 'string' && Date.parse(until) > now ? [{ secret, until }] : []
  })
}

function previousName(index: number): string {
  return index === 0 ? 'previous' : `previous_${index + 1}`
}

/** The headers of Standard Webhooks with one signature for each secret. */
export function signedHeaders(
  secrets: readonly string[],
  { id, body, now }: { readonly id: string; readonly body: Buffer; readonly now: number },
) {
  const each = secrets.map((secret) => sign(schemes.standard, { body, secret, now, id }).headers)
  return { ...each[0], 'webhook-signature': each.map((headers) => headers['webhook-signature']!).join(' ') }
}

import { createPrivateKey, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto'
import { decode, findSecret, hmacWith, isPresent, isPublic, single } from './bytes.ts'
import type { StandardScheme } from './scheme.ts'
import { checkTimestamp } from './timestamp.ts'
import type { CheckResult, Delivery, Receiver } from './types.ts'

/** An id must not contain a dot, because `id.timestamp.body` would then be ambiguous. */
const idPattern = /^[\x21-\x2d\x2f-\x7e]{1,256}$/

// One ed25519 check takes about 0.1 ms, so the number of signatures is limited.
const maxSignatures = 16

export function standardHeaders({ prefix = 'webhook-' }: StandardScheme) {
  return { id: `${prefix}id`, timestamp: `${prefix}timestamp`, signature: `${prefix}signature` } as const
}

export function checkStandard(scheme: StandardScheme, { headers, body }: Delivery, { secrets, now }: Receiver): CheckResult {
  const names = standardHeaders(scheme)
  const header = single(headers, names.signature)
  if (header === undefined) return 'signature_missing'
  const id = single(headers, names.id)
  if (id === undefined) return 'id_missing'
  if (!idPattern.test(id)) return 'id_malformed'
  const timestamp = single(headers, names.timestamp)
  const problem = checkTimestamp(timestamp, { unit: 's', tolerance: scheme.tolerance }, now)
  if (problem) return problem

  const entries = header.split(' ', maxSignatures + 1)
  if (entries.length > maxSignatures) return 'signature_malformed'
  const known = entries.filter((entry) => /^v1a?,/.test(entry))
  if (known.length === 0) return entries.some((entry) => /^v\d+\w*,/.test(entry)) ? 'method_unknown' : 'signature_malformed'
  const shared = known.filter((entry) => entry.startsWith('v1,')).flatMap((entry) => bytesOf(entry.slice(3), 32))
  const asymmetric = known.filter((entry) => entry.startsWith('v1a,')).flatMap((entry) => bytesOf(entry.slice(4), 64))
  if (shared.length + asymmetric.length === 0) return 'signature_malformed'

  const head = `${id}.${timestamp}.`
  let signed: Buffer | undefined
  return findSecret(secrets, keyOf, (key) => {
    let matches = false
    if (Buffer.isBuffer(key)) {
      if (shared.length === 0) return false
      const expected = hmacWith('sha256', key).update(head).update(body).digest()
      for (const signature of shared) matches = timingSafeEqual(expected, signature) || matches
    } else {
      for (const signature of asymmetric)
        matches = verify(null, (signed ??= Buffer.concat([Buffer.from(head), body])), key, signature) || matches
    }
    return matches
  })
}

/** Svix sends the same headers under a name of its own. */
export function prefixIn({ prefix = 'webhook-', ...rest }: StandardScheme, headers: Delivery['headers']): StandardScheme {
  const isSvix = prefix === 'webhook-' && !isPresent(headers, 'webhook-signature') && isPresent(headers, 'svix-signature')
  return { ...rest, prefix: isSvix ? 'svix-' : prefix }
}

function bytesOf(text: string, size: number): Buffer[] {
  const bytes = text.length <= 2 * size ? decode(text, 'base64') : undefined
  return bytes?.length === size ? [bytes] : []
}

/** Returns the bytes of a shared secret, or a public key. The prefix decides, so that one is never used as the other. */
function keyOf(secret: string): Buffer | KeyObject | undefined {
  if (isPublic(secret)) return publicKey(secret)
  if (!secret.startsWith('whsk_')) return sharedKey(secret)
  const key = privateKey(secret)
  return key && createPublicKey(key)
}

export function sharedKey(secret: string): Buffer | undefined {
  const bytes = decode(secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret, 'base64')
  return bytes && bytes.length > 0 ? bytes : undefined
}

function publicKey(secret: string): KeyObject | undefined {
  const bytes = decode(secret.slice('whpk_'.length), 'base64')
  if (bytes?.length !== 32) return undefined
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' })
}

// The PKCS#8 header before the 32 bytes of an ed25519 seed. Node does not accept a seed without it.
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Parses `whsk_` and base64 of the seed, optionally followed by the public key. */
export function privateKey(secret: string): KeyObject | undefined {
  const bytes = secret.startsWith('whsk_') ? decode(secret.slice('whsk_'.length), 'base64') : undefined
  if (bytes?.length !== 32 && bytes?.length !== 64) return undefined
  return createPrivateKey({ key: Buffer.concat([pkcs8, bytes.subarray(0, 32)]), format: 'der', type: 'pkcs8' })
}

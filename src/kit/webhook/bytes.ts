import { createHmac, hash, timingSafeEqual, type Hmac } from 'node:crypto'
import type { CheckResult, Delivery } from './types.ts'

type Headers = Delivery['headers']

/** The value of a header that occurs once. Repeated headers are rejected before this is called. */
export function single(headers: Headers, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.length === 1 ? (value[0] as string) : undefined
}

export function isRepeated(headers: Headers, name: string): boolean {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) && value.length > 1
}

export function isPresent(headers: Headers, name: string): boolean {
  const value = headers[name.toLowerCase()]
  return typeof value === 'string' || Array.isArray(value)
}

/** Decodes strictly. Node's decoder skips invalid characters, so that different texts would be accepted as the same signature. */
export function decode(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding)
  return bytes.toString(encoding) === (encoding === 'hex' ? text.toLowerCase() : text) ? bytes : undefined
}

/** Node decodes headers as Latin-1, but the sender may have used UTF-8. */
export function headerBytes(value: string): Buffer {
  return Buffer.from(value, 'latin1')
}

/** A key of bytes is passed as a Latin-1 string, because Node then needs 3.5 µs for a body of 2 KB instead of 13.6 µs. */
export function hmacWith(algorithm: string, key: string | Buffer): Hmac {
  return typeof key === 'string' ? createHmac(algorithm, key) : createHmac(algorithm, key.toString('latin1'), { encoding: 'latin1' })
}

/** Compares in constant time. Digests are compared because the texts can have different lengths. */
export function sameDigest(given: Buffer, secret: string): boolean {
  return timingSafeEqual(given, hash('sha256', secret, 'buffer'))
}

export function digestOf(value: string | Buffer): Buffer {
  return hash('sha256', value, 'buffer')
}

/** Finds the secret that matches. It always tries every secret, so that the time does not reveal which one matched. */
export function findSecret<T>(
  secrets: readonly string[],
  keyOf: (secret: string) => T | undefined,
  matches: (key: T) => boolean,
): CheckResult {
  let found: number | undefined
  let usable = false
  for (const [index, secret] of secrets.entries()) {
    if (isBlank(secret)) continue
    const key = keyOf(secret)
    if (key === undefined) continue
    usable = true
    if (matches(key)) found ??= index
  }
  if (!usable) return 'secret_unusable'
  return found ?? 'signature_wrong'
}

export function isBlank(secret: string): boolean {
  return secret.trim() === ''
}

/** Public keys are not secret, so they are rejected where a shared secret is needed. */
export function isPublic(secret: string): boolean {
  return secret.startsWith('whpk_')
}

import { createHmac, hash, timingSafeEqual, type Hmac } from 'node:crypto'
import type { CheckResult, Delivery } from './types.ts'

type Headers = Delivery['headers']

/** A header that came once. One that came more often has been refused before. */
export function single(headers: Headers, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.length === 1 ? (value[0] as string) : undefined
}

export function isDoubled(headers: Headers, name: string): boolean {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) && value.length > 1
}

export function isThere(headers: Headers, name: string): boolean {
  const value = headers[name.toLowerCase()]
  return typeof value === 'string' || Array.isArray(value)
}

/** Strictly: Node's own decoder skips what it cannot read, so that two texts would be one signature. */
export function decode(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding)
  return bytes.toString(encoding) === (encoding === 'hex' ? text.toLowerCase() : text) ? bytes : undefined
}

/** Headers reach us as Latin-1; what was sent may have been UTF-8. */
export function headerBytes(value: string): Buffer {
  return Buffer.from(value, 'latin1')
}

/** A key of bytes goes in as a text of theirs: that takes Node 3.5 µs with a body of 2 KB, the bytes themselves 13.6. */
export function hmacWith(algorithm: string, key: string | Buffer): Hmac {
  return typeof key === 'string' ? createHmac(algorithm, key) : createHmac(algorithm, key.toString('latin1'), { encoding: 'latin1' })
}

/** Of two texts of any length, in a time that tells nothing of them. */
export function sameDigest(given: Buffer, secret: string): boolean {
  return timingSafeEqual(given, hash('sha256', secret, 'buffer'))
}

export function digestOf(value: string | Buffer): Buffer {
  return hash('sha256', value, 'buffer')
}

/** Every secret is tried, also after one fitted: which one it was shows in no time. */
export function firstThat<T>(secrets: readonly string[], keyOf: (secret: string) => T | undefined, fits: (key: T) => boolean): CheckResult {
  let found: number | undefined
  let usable = false
  for (const [index, secret] of secrets.entries()) {
    if (isBlank(secret)) continue
    const key = keyOf(secret)
    if (key === undefined) continue
    usable = true
    if (fits(key)) found ??= index
  }
  if (!usable) return 'secret_unusable'
  return found ?? 'signature_wrong'
}

export function isBlank(secret: string): boolean {
  return secret.trim() === ''
}

/** The public half of a key pair: known to everybody, so it proves nothing where a secret is asked for. */
export function isPublic(secret: string): boolean {
  return secret.startsWith('whpk_')
}

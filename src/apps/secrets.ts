import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { hashToken } from '#access'

/** What each kind of secret begins with, so that people and secret scanners recognise it. */
export const prefixes = { code: 'ihc_', access: 'iha_', refresh: 'ihr_', client: 'ihs_' } as const

export function makeSecret(kind: keyof typeof prefixes): string {
  return prefixes[kind] + randomBytes(32).toString('base64url')
}

const forms = new Map(Object.entries(prefixes).map(([kind, prefix]) => [kind, new RegExp(`^${prefix}[\\w-]{43}$`)]))

/** Whether a text can be a secret of this kind, so that anything else costs no look-up. */
export function hasForm(secret: string, kind: keyof typeof prefixes): boolean {
  return forms.get(kind)!.test(secret)
}

export function isSecretOf(secret: string, expected: Buffer): boolean {
  return timingSafeEqual(hashToken(secret), expected)
}

/** RFC 7636, with the only method that the hub takes. */
export function fitsChallenge(verifier: string, challenge: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false
  const made = Buffer.from(hash('sha256', verifier, 'base64url'))
  const expected = Buffer.from(challenge)
  return made.length === expected.length && timingSafeEqual(made, expected)
}

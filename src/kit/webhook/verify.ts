import { isBlank, isDoubled, isThere } from './bytes.ts'
import { checkHmac } from './hmac.ts'
import type { WebhookScheme } from './scheme.ts'
import { checkBasic, checkChannel, checkToken } from './shared.ts'
import type { CheckResult, Delivery, RejectReason } from './types.ts'
import { headersOf, validateScheme } from './validate-scheme.ts'
import { checkStandard } from './standard.ts'

/** Which of the secrets signed it, by its place in the list. */
export type Verification = { readonly ok: true; readonly secret: number } | { readonly ok: false; readonly reason: RejectReason }

/**
 * Whether a delivery comes from who knows one of the secrets. The first scheme whose signature is there decides: one that is wrong is never
 * saved by a weaker one that is right. `now` in milliseconds.
 */
export function verify(schemes: readonly WebhookScheme[], delivery: Delivery, secrets: readonly string[], now: number): Verification {
  const finding = find(schemes, delivery, secrets, now)
  return typeof finding === 'number' ? { ok: true, secret: finding } : { ok: false, reason: finding }
}

function find(schemes: readonly WebhookScheme[], delivery: Delivery, secrets: readonly string[], now: number): CheckResult {
  if (secrets.every(isBlank)) return 'no_secret'
  const scheme = schemes.find((candidate) => {
    const proof = proofOf(candidate)
    return proof === undefined || isThere(delivery.headers, proof)
  })
  if (!scheme) return 'signature_missing'
  if (validateScheme(scheme) !== undefined) return 'scheme_unsound'
  for (const name of headersOf(scheme)) if (isDoubled(delivery.headers, name)) return 'header_doubled'
  switch (scheme.kind) {
    case 'hmac':
      return checkHmac(scheme, delivery, secrets, now)
    case 'standard':
      return checkStandard(scheme, delivery, secrets, now)
    case 'token':
      return checkToken(scheme, delivery, secrets)
    case 'basic':
      return checkBasic(scheme, delivery, secrets)
    case 'channel':
      return checkChannel(scheme, delivery, secrets)
  }
}

/** The header that shows that a scheme is meant; undefined where the proof stands in the body. */
function proofOf(scheme: WebhookScheme): string | undefined {
  return headersOf(scheme)[0]
}

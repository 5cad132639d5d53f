import { isBlank, isRepeated, isPresent } from './bytes.ts'
import { checkHmac } from './hmac.ts'
import type { WebhookScheme } from './scheme.ts'
import { checkBasic, checkChannel, checkToken } from './shared.ts'
import type { CheckResult, Delivery, Receiver, RejectReason } from './types.ts'
import { headersOf, validateScheme } from './validate-scheme.ts'
import { checkStandard, prefixIn } from './standard.ts'

/** `secret` is the index of the secret that matched. */
export type Verification = { readonly ok: true; readonly secret: number } | { readonly ok: false; readonly reason: RejectReason }

/**
 * Checks that the sender of a delivery knows one of the receiver's secrets. The first scheme whose signature is present decides, so that a wrong
 * signature cannot be replaced by a correct one of a weaker scheme.
 */
export function verify(schemes: readonly WebhookScheme[], delivery: Delivery, receiver: Receiver): Verification {
  const result = check(schemes, delivery, receiver)
  return typeof result === 'number' ? { ok: true, secret: result } : { ok: false, reason: result }
}

function check(schemes: readonly WebhookScheme[], delivery: Delivery, receiver: Receiver): CheckResult {
  const { secrets } = receiver
  if (secrets.every(isBlank)) return 'no_secret'
  const scheme = schemes
    .map((declared) => (declared.kind === 'standard' ? prefixIn(declared, delivery.headers) : declared))
    .find((candidate) => {
      const header = signatureHeaderOf(candidate)
      return header === undefined || isPresent(delivery.headers, header)
    })
  if (!scheme) return 'signature_missing'
  if (validateScheme(scheme) !== undefined) return 'scheme_invalid'
  for (const name of headersOf(scheme)) if (isRepeated(delivery.headers, name)) return 'header_repeated'
  switch (scheme.kind) {
    case 'hmac':
      return checkHmac(scheme, delivery, receiver)
    case 'standard':
      return checkStandard(scheme, delivery, receiver)
    case 'token':
      return checkToken(scheme, delivery, secrets)
    case 'basic':
      return checkBasic(scheme, delivery, secrets)
    case 'channel':
      return checkChannel(scheme, delivery, secrets)
  }
}

/** The header that contains the signature or token; undefined if the token is in the body. */
function signatureHeaderOf(scheme: WebhookScheme): string | undefined {
  return headersOf(scheme)[0]
}

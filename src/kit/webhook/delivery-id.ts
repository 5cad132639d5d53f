import { z } from 'zod'
import { single } from './bytes.ts'
import { prefixIn, standardHeaders } from './standard.ts'
import type { WebhookScheme } from './scheme.ts'
import type { Identity, Readable } from './types.ts'

/** Ids are stored and looked up, so their length is limited. */
const idPattern = /^[\x21-\x7e]{1,200}$/

/** A setting of connectors whose senders do not sign the id of a delivery. */
export const refuseSameBody = z
  .boolean()
  .optional()
  .describe(
    'Take a delivery with the body of an earlier one as a repetition, whatever id it has. Whoever records a delivery can then not repeat it.',
  )

/** By what a delivery is known: its id, if the sender gave it one, and the key by which a repetition is recognised. */
export function deliveryIds(scheme: WebhookScheme, { headers, digest }: Pick<Readable, 'headers' | 'digest'>): Omit<Identity, 'type'> {
  const { names, signed } = idHeadersOf(scheme, headers)
  const parts = names.map((name) => single(headers, name))
  if (parts.length === 0 || !parts.every((part) => part !== undefined && idPattern.test(part))) return { dedupeKey: digest }
  const deliveryId = parts.join(' ')
  // Another body under an unsigned id is not a repetition, because anybody could have put the id there.
  return { deliveryId, dedupeKey: signed ? deliveryId : `${deliveryId} ${digest}` }
}

function idHeadersOf(scheme: WebhookScheme, headers: Readable['headers']): { readonly names: readonly string[]; readonly signed: boolean } {
  if (scheme.kind === 'standard') return { names: [standardHeaders(prefixIn(scheme, headers)).id], signed: true }
  // These have no body that could differ.
  if (scheme.kind === 'channel') return { names: [scheme.idHeader, scheme.messageHeader], signed: true }
  if (scheme.kind === 'hmac' && scheme.idHeader !== undefined) return { names: [scheme.idHeader], signed: true }
  const named = scheme.kind === 'hmac' || scheme.kind === 'token' ? scheme.deliveryIdHeader : undefined
  return { names: named === undefined ? [] : [named], signed: false }
}

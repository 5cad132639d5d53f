import { timingSafeEqual } from 'node:crypto'
import { decode, findSecret, hmacWith, isPublic, single } from './bytes.ts'
import type { HmacScheme } from './scheme.ts'
import { checkTimestamp } from './timestamp.ts'
import type { CheckResult, Delivery, Receiver, RejectReason } from './types.ts'

const sizes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const

export type Algorithm = keyof typeof sizes

/** Ids are stored and looked up, so their length is limited. Control characters occur only in attacks. */
const idPattern = /^[\x21-\x7e]{1,256}$/

/** No sender has this many secrets. The limit bounds the work for one delivery. */
const maxListed = 32

interface SignedParts {
  readonly algorithm: Algorithm
  readonly signatures: readonly Buffer[]
  readonly timestamp: string
  readonly id: string
}

export function checkHmac(scheme: HmacScheme, delivery: Delivery, { secrets, now }: Receiver): CheckResult {
  const parts = readParts(scheme, delivery, now)
  if (typeof parts === 'string') return parts
  return findSecret(
    secrets,
    (secret) => hmacKey(scheme, secret),
    (key) => {
      const expected = hmacOf(scheme, key, { ...parts, body: delivery.body })
      let matches = false
      for (const signature of parts.signatures) matches = timingSafeEqual(expected, signature) || matches
      return matches
    },
  )
}

/** Makes all checks that need no secret first, so that invalid requests are rejected without hashing. */
function readParts(scheme: HmacScheme, { headers }: Delivery, now: number): SignedParts | RejectReason {
  const header = single(headers, scheme.header)
  if (header === undefined) return 'signature_missing'
  const { listed, timestamp: rule } = scheme
  const entries = listed && entriesOf(header, listed.separator)
  if (listed && entries === undefined) return 'signature_malformed'

  let timestamp = ''
  if (rule) {
    const times = rule.listed === undefined ? [single(headers, rule.header!)] : named(entries!, rule.listed)
    if (times.length > 1) return 'header_repeated'
    const problem = checkTimestamp(times[0], rule, now)
    if (problem) return problem
    timestamp = times[0]!
  }

  let id = ''
  if (scheme.idHeader !== undefined) {
    const value = single(headers, scheme.idHeader)
    if (value === undefined) return 'id_missing'
    if (!idPattern.test(value)) return 'id_malformed'
    id = value
  }

  const texts = listed ? named(entries!, listed.name) : severalIn(header, scheme)
  if (texts.length === 0) return 'signature_missing'
  if (texts.length > maxListed) return 'signature_malformed'
  const signatures: Buffer[] = []
  let reason: RejectReason = 'signature_malformed'
  let algorithm: Algorithm | undefined
  for (const text of texts) {
    const read = readSignature(scheme, text)
    if (typeof read === 'string') reason = read
    else if (read.algorithm === (algorithm ??= read.algorithm)) signatures.push(read.bytes)
  }
  return algorithm === undefined ? reason : { algorithm, signatures, timestamp, id }
}

function readSignature(scheme: HmacScheme, text: string): { algorithm: Algorithm; bytes: Buffer } | RejectReason {
  const prefix = scheme.prefix ?? ''
  if (!text.startsWith(prefix)) return 'signature_malformed'
  let rest = text.slice(prefix.length)
  let { algorithm } = scheme
  if (algorithm === 'named') {
    const equals = rest.indexOf('=')
    if (equals < 1) return 'signature_malformed'
    const method = rest.slice(0, equals).toLowerCase()
    if (method === 'sha1' || method === 'md5') return 'method_weak'
    if (method !== 'sha256' && method !== 'sha384' && method !== 'sha512') return 'method_unknown'
    algorithm = method as 'sha256'
    rest = rest.slice(equals + 1)
  }
  // A text of this length cannot be a signature, so it is not decoded.
  if (rest.length > 2 * sizes[algorithm]) return 'signature_malformed'
  const bytes = decode(rest, scheme.encoding)
  return bytes?.length === sizes[algorithm] ? { algorithm, bytes } : 'signature_malformed'
}

/** A sender that changes its secret signs with both for a while, and puts both signatures into the header. */
function severalIn(header: string, { prefix = '' }: HmacScheme): readonly string[] {
  const pieces = /[, ]/.test(prefix) ? [] : header.split(/ *, *| +/, maxListed + 1)
  return pieces.every((piece) => piece !== '') && pieces.length > 0 ? pieces : [header]
}

/** Returns undefined if there are too many entries. */
function entriesOf(header: string, separator: string): readonly (readonly [name: string, value: string])[] | undefined {
  const entries = header.split(separator, maxListed + 1)
  if (entries.length > maxListed) return undefined
  return entries.map((entry) => {
    const equals = entry.indexOf('=')
    return equals < 0 ? [entry.trim(), ''] : [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()]
  })
}

function named(entries: readonly (readonly [string, string])[], name: string): string[] {
  return entries.filter(([known]) => known === name).map(([, value]) => value)
}

export function hmacKey({ secretEncoding = 'utf8' }: HmacScheme, secret: string): string | Buffer | undefined {
  if (isPublic(secret)) return undefined
  if (secretEncoding === 'utf8') return secret
  const bytes = decode(secret, secretEncoding)
  return bytes && bytes.length > 0 ? bytes : undefined
}

export interface Signable {
  readonly algorithm: Algorithm
  readonly timestamp: string
  readonly id: string
  readonly body: Buffer
}

/** Hashes the body without copying or decoding it. */
export function hmacOf({ payload }: HmacScheme, key: string | Buffer, { algorithm, timestamp, id, body }: Signable): Buffer {
  const hmac = hmacWith(algorithm, key)
  if (payload === undefined) return hmac.update(body).digest()
  for (const piece of payload.split(/(\{(?:body|timestamp|id)\})/)) {
    if (piece === '{body}') hmac.update(body)
    else if (piece !== '') hmac.update(piece === '{timestamp}' ? timestamp : piece === '{id}' ? id : piece)
  }
  return hmac.digest()
}

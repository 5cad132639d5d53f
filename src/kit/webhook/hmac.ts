import { timingSafeEqual } from 'node:crypto'
import { decode, firstThat, hmacWith, isPublic, single } from './bytes.ts'
import type { HmacScheme } from './scheme.ts'
import { timestampFault } from './timestamp.ts'
import type { CheckResult, Delivery, RejectReason } from './types.ts'

const sizes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const

export type Algorithm = keyof typeof sizes

/** Ids are looked up and stored: nobody needs longer ones, and a control character in one is no accident. */
const idShape = /^[\x21-\x7e]{1,256}$/

/** More signatures than any sender has secrets would only make us work. */
const maxListed = 32

interface Given {
  readonly algorithm: Algorithm
  readonly signatures: readonly Buffer[]
  readonly timestamp: string
  readonly id: string
}

export function checkHmac(scheme: HmacScheme, delivery: Delivery, secrets: readonly string[], now: number): CheckResult {
  const given = readGiven(scheme, delivery, now)
  if (typeof given === 'string') return given
  return firstThat(
    secrets,
    (secret) => hmacKey(scheme, secret),
    (key) => {
      const wanted = hmacOf(scheme, given.algorithm, key, { ...given, body: delivery.body })
      let same = false
      for (const signature of given.signatures) same = timingSafeEqual(wanted, signature) || same
      return same
    },
  )
}

/** Everything that can be told without the secret, so that nonsense costs no hash. */
function readGiven(scheme: HmacScheme, { headers }: Delivery, now: number): Given | RejectReason {
  const header = single(headers, scheme.header)
  if (header === undefined) return 'signature_missing'
  const { listed, timestamp: rule } = scheme
  const entries = listed && entriesOf(header, listed.separator)
  if (listed && entries === undefined) return 'signature_malformed'

  let timestamp = ''
  if (rule) {
    const times = rule.listed === undefined ? [single(headers, rule.header!)] : named(entries!, rule.listed)
    if (times.length > 1) return 'header_doubled'
    const fault = timestampFault(times[0], rule, now)
    if (fault) return fault
    timestamp = times[0]!
  }

  let id = ''
  if (scheme.idHeader !== undefined) {
    const value = single(headers, scheme.idHeader)
    if (value === undefined) return 'id_missing'
    if (!idShape.test(value)) return 'id_malformed'
    id = value
  }

  const texts = listed ? named(entries!, listed.name) : [header]
  if (texts.length === 0) return 'signature_missing'
  const signatures: Buffer[] = []
  let refusal: RejectReason = 'signature_malformed'
  let algorithm: Algorithm | undefined
  for (const text of texts) {
    const read = readSignature(scheme, text)
    if (typeof read === 'string') refusal = read
    else if (read.algorithm === (algorithm ??= read.algorithm)) signatures.push(read.bytes)
  }
  return algorithm === undefined ? refusal : { algorithm, signatures, timestamp, id }
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
  // Decoding a text of the wrong length would be work for nothing.
  if (rest.length > 2 * sizes[algorithm]) return 'signature_malformed'
  const bytes = decode(rest, scheme.encoding)
  return bytes?.length === sizes[algorithm] ? { algorithm, bytes } : 'signature_malformed'
}

/** Undefined when there are too many. */
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
  readonly timestamp: string
  readonly id: string
  readonly body: Buffer
}

/** The body goes into the hash as it lies there: neither copied nor decoded. */
export function hmacOf({ payload }: HmacScheme, algorithm: Algorithm, key: string | Buffer, { timestamp, id, body }: Signable): Buffer {
  const hmac = hmacWith(algorithm, key)
  if (payload === undefined) return hmac.update(body).digest()
  for (const piece of payload.split(/(\{(?:body|timestamp|id)\})/)) {
    if (piece === '{body}') hmac.update(body)
    else if (piece !== '') hmac.update(piece === '{timestamp}' ? timestamp : piece === '{id}' ? id : piece)
  }
  return hmac.digest()
}

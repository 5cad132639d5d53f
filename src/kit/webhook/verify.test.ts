import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { schemes, type HmacScheme, type WebhookScheme } from './scheme.ts'
import { sign, type SignedRequest } from './sign.ts'
import type { Delivery, RejectReason } from './types.ts'
import { headersOf } from './validate-scheme.ts'
import { verify } from './verify.ts'

const now = Date.parse('2026-11-20T12:00:00.000Z')
const minute = 60_000

const asDelivery = ({ headers, body }: SignedRequest): Delivery => ({ headers, body })
const reasonAt =
  (now: number) =>
  (scheme: WebhookScheme, delivery: Delivery, secrets: readonly string[]): RejectReason | 'ok' => {
    const result = verify([scheme], delivery, { secrets, now })
    return result.ok ? 'ok' : result.reason
  }
const reason = reasonAt(now)

const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((word) => word.trim() !== '' && !word.startsWith('whpk_'))
const key = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => Buffer.from(bytes))
const headerName = fc.constantFrom('x-signature', 'x-acme-hmac', 'signature', 'authorization')

/** Generates secrets in the format that a scheme needs. */
function secretFor(scheme: WebhookScheme): fc.Arbitrary<string> {
  switch (scheme.kind) {
    case 'standard':
      return key.map((bytes) => `whsec_${bytes.toString('base64')}`)
    case 'basic':
      return fc.tuple(fc.stringMatching(/^[a-z]{0,8}$/), text).map((pair) => pair.join(':'))
    case 'channel':
      return fc.oneof(
        text.filter((word) => !word.trimStart().startsWith('{')),
        fc.record({ token: text, channel_id: text, resource_id: text }).map((parts) => JSON.stringify(parts)),
      )
    case 'hmac':
      return scheme.secretEncoding === undefined || scheme.secretEncoding === 'utf8'
        ? text
        : key.map((bytes) => bytes.toString(scheme.secretEncoding))
    case 'token':
      return text
  }
}

/** Examples of user-defined schemes. */
const genericHmac: fc.Arbitrary<HmacScheme> = fc
  .record({
    header: headerName,
    algorithm: fc.constantFrom('sha1', 'sha256', 'sha512', 'named'),
    encoding: fc.constantFrom('hex', 'base64'),
    prefix: fc.constantFrom(undefined, 'v0=', 'hmac '),
    secretEncoding: fc.constantFrom(undefined, 'utf8', 'base64', 'hex'),
    idHeader: fc.constantFrom(undefined, 'x-id'),
    unit: fc.constantFrom(undefined, 's', 'ms', 'iso'),
    inList: fc.boolean(),
    separator: fc.constantFrom(',', ';', '|'),
  })
  .map(({ unit, inList, separator, idHeader, prefix, secretEncoding, ...rest }) => ({
    kind: 'hmac' as const,
    ...rest,
    ...(prefix === undefined ? {} : { prefix }),
    ...(secretEncoding === undefined ? {} : { secretEncoding }),
    ...(idHeader === undefined ? {} : { idHeader }),
    payload: `${idHeader === undefined ? '' : '{id}|'}${unit === undefined ? '' : '{timestamp}.'}{body}`,
    ...(inList ? { listed: { name: 'v1', separator } } : {}),
    ...(unit === undefined ? {} : { timestamp: { unit, tolerance: 300, ...(inList ? { listed: 't' } : { header: 'x-time' }) } }),
  }))

const json = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }))
  .map((value) => Buffer.from(JSON.stringify(value)))
const bytes = fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given))

const isSigned = (scheme: WebhookScheme): boolean => scheme.kind === 'hmac' || scheme.kind === 'standard'
const isInBody = (scheme: WebhookScheme): boolean => scheme.kind === 'token' && scheme.bodyPath !== undefined
const bodyFor = (scheme: WebhookScheme): fc.Arbitrary<Buffer> => (isInBody(scheme) ? json : bytes)
const isTimed = (scheme: WebhookScheme): boolean => scheme.kind === 'standard' || (scheme.kind === 'hmac' && scheme.timestamp !== undefined)

interface Case {
  readonly scheme: WebhookScheme
  readonly secrets: readonly string[]
  readonly which: number
  readonly body: Buffer
  readonly salt: number
}

const caseOf = (scheme: WebhookScheme): fc.Arbitrary<Case> =>
  fc
    .record({
      scheme: fc.constant(scheme),
      secrets: fc.uniqueArray(secretFor(scheme), { minLength: 1, maxLength: 4 }),
      which: fc.nat(),
      body: bodyFor(scheme),
      salt: fc.nat(),
    })
    .map((made) => ({ ...made, which: made.which % made.secrets.length }))

const everyScheme: [string, fc.Arbitrary<Case>][] = [
  ...Object.entries(schemes).map(([name, scheme]): [string, fc.Arbitrary<Case>] => [name, caseOf(scheme)]),
  ['bearer', caseOf({ kind: 'token', header: 'authorization', prefix: 'Bearer ' })],
  ['basic', caseOf({ kind: 'basic' })],
  ['generic', genericHmac.chain(caseOf)],
]

/** Checks a property for generated deliveries; `given` is the valid delivery of each case. */
function always(cases: fc.Arbitrary<Case>, check: (given: Delivery, made: Case) => void): void {
  fc.assert(
    fc.property(cases, (made) => check(asDelivery(sign(made.scheme, { body: made.body, secret: made.secrets[made.which]!, now })), made)),
    { numRuns: 60 },
  )
}

for (const [name, cases] of everyScheme) {
  suite(`scheme ${name}`, () => {
    test('a signature with any of several secrets is accepted, except with blank ones', () =>
      always(cases, (given, { scheme, secrets, which }) => {
        assert.deepEqual(verify([scheme], given, { secrets, now }), { ok: true, secret: which })
        assert.deepEqual(verify([scheme], given, { secrets: ['', ' ', ...secrets], now }), { ok: true, secret: which + 2 })
      }))

    test('deliveries are rejected without a secret and with a wrong secret', () =>
      always(cases, (given, { scheme, secrets, which }) => {
        assert.equal(reason(scheme, given, []), 'no_secret')
        assert.equal(reason(scheme, given, ['', ' \t']), 'no_secret')
        const others = secrets.filter((_, index) => index !== which)
        if (others.length > 0) assert.equal(reason(scheme, given, others), 'signature_wrong')
        assert.equal(reason(scheme, given, ['whpk_']), 'secret_unusable')
      }))

    test('any change of a signed body is rejected', () =>
      always(cases, (given, { scheme, secrets, salt }) => {
        if (!isSigned(scheme)) return
        const longer = Buffer.concat([given.body, Buffer.from([salt % 256])])
        assert.equal(reason(scheme, { ...given, body: longer }, secrets), 'signature_wrong')
        if (given.body.length === 0) return
        const changed = Buffer.from(given.body)
        changed[salt % changed.length]! ^= 1 << (salt % 8)
        assert.equal(reason(scheme, { ...given, body: changed }, secrets), 'signature_wrong')
        assert.equal(reason(scheme, { ...given, body: given.body.subarray(1) }, secrets), 'signature_wrong')
        const printed = Buffer.from(JSON.stringify({ body: given.body.toString() }, null, 2))
        assert.equal(reason(scheme, { ...given, body: printed }, secrets), 'signature_wrong')
      }))

    test('a missing header is reported, and a repeated header is rejected even if its values are equal', () =>
      always(cases, (given, { scheme, secrets, which }) => {
        const [proof, ...others] = headersOf(scheme)
        for (const header of [proof, ...others].filter((known) => known !== undefined)) {
          const value = given.headers[header]
          if (value === undefined) continue
          assert.equal(
            reason(scheme, { ...given, headers: { ...given.headers, [header]: [value as string, value as string] } }, secrets),
            'header_repeated',
          )
          assert.equal(reason(scheme, { ...given, headers: { ...given.headers, [header]: [value as string] } }, secrets), 'ok')
          const { [header]: _gone, ...rest } = given.headers
          const found = reason(scheme, { ...given, headers: rest }, [secrets[which]!])
          if (header === proof) assert.equal(found, 'signature_missing')
          else assert.match(found, scheme.kind === 'channel' ? /^signature_wrong$/ : /^(timestamp|id)_missing$/)
        }
      }))

    test('the timestamp may differ by five minutes, in the past and in the future', () =>
      always(cases, (given, { scheme, secrets }) => {
        const [late, early] = [reasonAt(now + 6 * minute)(scheme, given, secrets), reasonAt(now - 6 * minute)(scheme, given, secrets)]
        assert.deepEqual([late, early], isTimed(scheme) ? ['timestamp_stale', 'timestamp_stale'] : ['ok', 'ok'])
        assert.equal(reasonAt(now + 5 * minute)(scheme, given, secrets), 'ok')
        assert.equal(reasonAt(now - 5 * minute)(scheme, given, secrets), 'ok')
      }))

    test('a signature that is too short, too long, empty or invalid is rejected', () =>
      always(cases, (given, { scheme, secrets, salt }) => {
        const [proof] = headersOf(scheme)
        if (proof === undefined) return
        const value = given.headers[proof] as string
        for (const broken of [value.slice(0, -1), `${value}${(salt % 10).toString()}`, '', 'x', value.slice(1), `${value} `.repeat(40)]) {
          if (broken === value) continue
          const found = reason(scheme, { ...given, headers: { ...given.headers, [proof]: broken } }, secrets)
          assert.match(found, /^(signature_(malformed|wrong|missing)|method_(unknown|weak)|timestamp_(missing|malformed))$/, broken)
        }
      }))

    test('an empty body and a binary body can be signed but contain no token', () =>
      always(cases, (_given, { scheme, secrets }) => {
        for (const body of [Buffer.alloc(0), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), Buffer.from('{"token":"\xff"}', 'latin1')]) {
          if (isInBody(scheme)) assert.equal(reason(scheme, { headers: {}, body }, secrets), 'body_unreadable')
          else assert.equal(reason(scheme, asDelivery(sign(scheme, { body, secret: secrets[0]!, now })), secrets), 'ok')
        }
      }))
  })
}

test('random deliveries are rejected without an exception', () => {
  const names = [...new Set(Object.values(schemes).flatMap((scheme) => headersOf(scheme as WebhookScheme)))]
  const value = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom('v1,', 'v1a,AAAA', 'sha256=', 'sha512=zz', 't=1,v1=00', String(now / 1000)),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
  )
  const headers = fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor'), value)
  fc.assert(
    fc.property(headers, fc.oneof(bytes, json), fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (headers, body, secrets) => {
      for (const scheme of Object.values(schemes)) {
        // The suffix prevents that a random token equals the secret.
        const strong = secrets.map((secret) => `${secret}-3f0c9d5b7a`)
        assert.equal(verify([scheme], { headers, body }, { secrets: strong, now }).ok, false)
      }
    }),
    { numRuns: 500 },
  )
})

test('the first scheme whose signature is present decides, even if a weaker scheme would accept', () => {
  const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'plain-token']
  const body = Buffer.from('{}')
  const both = [schemes.gitlab, schemes.gitlab_token]
  const weak = sign(schemes.gitlab_token, { body, secret: 'plain-token', now })
  const strong = sign(schemes.gitlab, { body, secret: secrets[0]!, now })
  assert.deepEqual(verify(both, asDelivery(weak), { secrets, now }), { ok: true, secret: 1 })
  assert.deepEqual(verify(both, asDelivery(strong), { secrets, now }), { ok: true, secret: 0 })
  const mixed = { headers: { ...strong.headers, ...weak.headers }, body: Buffer.from('{"other":1}') }
  assert.deepEqual(verify(both, mixed, { secrets, now }), { ok: false, reason: 'signature_wrong' })
  assert.deepEqual(verify(both, { headers: {}, body }, { secrets, now }), { ok: false, reason: 'signature_missing' })
  assert.deepEqual(verify([], asDelivery(strong), { secrets, now }), { ok: false, reason: 'signature_missing' })
})

test('a signature with a blank secret is rejected even if a blank secret is in the list', () => {
  const body = Buffer.from('{}')
  for (const blank of ['', ' ', '\t']) {
    for (const scheme of [schemes.github, schemes.slack, schemes.gitlab_token, schemes.zulip])
      assert.equal(reason(scheme, asDelivery(sign(scheme, { body, secret: blank, now })), [blank, 'real']), 'signature_wrong')
  }
})

test('hex is case-insensitive, and base64 must be canonical', () => {
  const body = Buffer.from('x')
  const { headers } = sign(schemes.github, { body, secret: 's', now })
  const upper = headers['x-hub-signature-256']!.slice(7).toUpperCase()
  assert.equal(reason(schemes.github, { headers: { 'x-hub-signature-256': `sha256=${upper}` }, body }, ['s']), 'ok')
  const loose = { kind: 'hmac', header: 'x-s', algorithm: 'sha256', encoding: 'base64' } as const
  const signature = sign(loose, { body, secret: 's', now }).headers['x-s']!
  assert.equal(reason(loose, { headers: { 'x-s': signature }, body }, ['s']), 'ok')
  for (const other of [signature.replace('=', ''), signature.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''), ` ${signature}`])
    assert.equal(reason(loose, { headers: { 'x-s': other }, body }, ['s']), 'signature_malformed')
})

test('a named algorithm is accepted if it is strong, and the reason says if it is weak or unknown', () => {
  const body = Buffer.from('x')
  for (const [method, expected] of [
    ['sha256', 'signature_wrong'],
    ['sha384', 'signature_wrong'],
    ['SHA512', 'signature_wrong'],
    ['sha1', 'method_weak'],
    ['md5', 'method_weak'],
    ['sha224', 'method_unknown'],
    ['constructor', 'method_unknown'],
  ] as const) {
    const size = { sha384: 96, SHA512: 128 }[method as string] ?? 64
    assert.equal(reason(schemes.jira, { headers: { 'x-hub-signature': `${method}=${'0'.repeat(size)}` }, body }, ['s']), expected, method)
  }
})

test('a list may contain several signatures, of which one must match, but only one timestamp', () => {
  const body = Buffer.from('{}')
  const { headers } = sign(schemes.stripe, { body, secret: 's', now })
  const value = headers['stripe-signature']!
  const wrong = `v1=${'0'.repeat(64)}`
  const found = (header: string): string => reason(schemes.stripe, { headers: { 'stripe-signature': header }, body }, ['s'])
  assert.equal(found(value.replace(',', `,${wrong}, `)), 'ok')
  assert.equal(found(`${value},v0=nonsense,v1=nonsense`), 'ok')
  assert.equal(found(`${value},${wrong}`), 'ok')
  assert.equal(found(`t=1,${value}`), 'header_repeated')
  assert.equal(found(value.replace(/t=\d+/, 't=1')), 'timestamp_stale')
  assert.equal(found(value.replace(/t=\d+/, 't=soon')), 'timestamp_malformed')
  assert.equal(found(value.replace('v1=', 'v0=')), 'signature_missing')
  assert.equal(found(`${value}${`,${wrong}`.repeat(40)}`), 'signature_malformed')
})

test('the channel and the resource must match those in the secret, if it has them', () => {
  const parts = { token: 't', channel_id: 'c', resource_id: 'r' }
  const scheme = schemes.google_drive
  const given = asDelivery(sign(scheme, { body: Buffer.alloc(0), secret: JSON.stringify(parts), now }))
  assert.equal(reason(scheme, given, ['t']), 'ok')
  assert.equal(reason(scheme, given, [JSON.stringify({ token: 't' })]), 'ok')
  assert.equal(reason(scheme, given, [JSON.stringify({ ...parts, channel_id: 'd' })]), 'signature_wrong')
  assert.equal(reason(scheme, given, [JSON.stringify({ ...parts, resource_id: 'd' })]), 'signature_wrong')
  assert.equal(reason(scheme, given, [JSON.stringify({ ...parts, token: '' })]), 'secret_unusable')
  assert.equal(reason(scheme, given, [JSON.stringify({ ...parts, channel_id: 7 })]), 'secret_unusable')
})

test('a scheme that is not secure is rejected', () => {
  const body = Buffer.from('x')
  const hmac = { kind: 'hmac', header: 'x-s', algorithm: 'sha256', encoding: 'hex' } as const
  const validateScheme: WebhookScheme[] = [
    { ...hmac, payload: 'always the same' },
    { ...hmac, payload: '{timestamp}{body}' },
    { ...hmac, payload: '{id}{body}' },
    { ...hmac, timestamp: { header: 'x-t', unit: 's', tolerance: Number.NaN } },
    { ...hmac, timestamp: { unit: 's', tolerance: 300 } },
    { ...hmac, timestamp: { listed: 't', unit: 's', tolerance: 300 } },
    { kind: 'standard', tolerance: Number.POSITIVE_INFINITY },
    { kind: 'token', header: 'x s' },
  ]
  const headers = { 'x-s': '0'.repeat(64), 'x-t': '1', 'x s': 's', 'webhook-signature': 'v1,AAAA' }
  for (const scheme of validateScheme) {
    assert.equal(reason(scheme, { headers, body }, ['s']), 'scheme_invalid', JSON.stringify(scheme))
    assert.throws(() => sign(scheme, { body, secret: 's', now }), { code: 'invalid_input' })
  }
  for (const scheme of [{ kind: 'token' }, { kind: 'token', bodyPath: [] }] as const)
    assert.equal(reason(scheme, { headers, body }, ['s']), 'scheme_invalid')
})

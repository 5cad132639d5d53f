import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { sign as octokitSign, verify as octokitVerify } from '@octokit/webhooks-methods'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { schemes, type WebhookScheme } from './scheme.ts'
import { sign } from './sign.ts'
import type { Delivery, Receiver } from './types.ts'
import { verify } from './verify.ts'

/** Checks `verify` and `sign` against examples from vendors' documentation and against other libraries. */
const reason = (scheme: WebhookScheme, delivery: Delivery, receiver: Receiver): string => {
  const result = verify([scheme], delivery, receiver)
  return result.ok ? 'ok' : result.reason
}

test('the example in GitHub’s documentation is accepted and reproduced', () => {
  const body = Buffer.from('Hello, World!')
  const secret = "It's a Secret to Everybody"
  const headers = { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' }
  assert.equal(reason(schemes.github, { headers, body }, { secrets: [secret], now: 0 }), 'ok')
  assert.equal(
    reason(schemes.jira, { headers: { 'x-hub-signature': headers['x-hub-signature-256'] }, body }, { secrets: [secret], now: 0 }),
    'ok',
  )
  assert.deepEqual(sign(schemes.github, { body, secret, now: 0 }).headers, headers)
})

test('the example in Slack’s documentation is accepted and reproduced', () => {
  const body = Buffer.from(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  )
  const secret = '8f742231b10e8888abcd99yyyzzz85a5'
  const headers = {
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    'x-slack-request-timestamp': '1531420618',
  }
  assert.equal(reason(schemes.slack, { headers, body }, { secrets: [secret], now: 1_531_420_618_000 }), 'ok')
  assert.equal(reason(schemes.slack, { headers, body }, { secrets: [secret], now: 1_531_420_919_000 }), 'timestamp_stale')
  assert.deepEqual(sign(schemes.slack, { body, secret, now: 1_531_420_618_000 }).headers, headers)
})

test('GitHub’s own library and ours accept each other’s signatures', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), async (body, secret) => {
      fc.pre(secret.trim() !== '')
      const theirs = { headers: { 'x-hub-signature-256': await octokitSign(secret, body) }, body: Buffer.from(body) }
      assert.equal(reason(schemes.github, theirs, { secrets: [secret], now: 0 }), 'ok')
      const ours = sign(schemes.github, { body: Buffer.from(body), secret, now: 0 }).headers['x-hub-signature-256']!
      assert.equal(await octokitVerify(secret, body, ours), true)
      assert.equal(await octokitVerify(secret, `${body} `, ours), false)
    }),
    { numRuns: 50 },
  )
})

test('the reference library of Standard Webhooks and ours accept each other’s signatures', () => {
  // The library always uses the system clock.
  const now = Date.now()
  const secretBytes = fc.uint8Array({ minLength: 24, maxLength: 64 })
  fc.assert(
    fc.property(secretBytes, fc.json(), fc.uuid(), (key, text, id) => {
      const secret = `whsec_${Buffer.from(key).toString('base64')}`
      const reference = new Webhook(secret)
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now / 1000)),
        'webhook-signature': `v1,AAAA ${reference.sign(id, new Date(now), text)}`,
      }
      assert.equal(reason(schemes.standard, { headers, body: Buffer.from(text) }, { secrets: ['whsec_AAAA', secret], now }), 'ok')
      assert.equal(reason(schemes.standard, { headers, body: Buffer.from(text) }, { secrets: [secret.slice('whsec_'.length)], now }), 'ok')
      const ours = sign(schemes.standard, { body: Buffer.from(text), secret, now, id })
      assert.deepEqual(reference.verify(text, { ...ours.headers }), JSON.parse(text))
      assert.throws(() => reference.verify(`${text} `, { ...ours.headers }))
    }),
    { numRuns: 50 },
  )
})

test('the example in the specification of Standard Webhooks is accepted', () => {
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const delivery = { headers, body: Buffer.from('{"test": 2432232314}') }
  assert.equal(reason(schemes.standard, delivery, { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], now: 1_614_265_330_000 }), 'ok')
})

test('an ed25519 private key signs, with or without the public key appended, and the public key verifies', () => {
  const now = 1_700_000_000_000
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x, d } = privateKey.export({ format: 'jwk' })
  const [open, seed] = [Buffer.from(x!, 'base64url'), Buffer.from(d!, 'base64url')]
  assert.equal(publicKey.export({ format: 'jwk' }).x, x)
  const known = `whpk_${open.toString('base64')}`
  const body = Buffer.from([0xff, 0x00, 0x7b])
  for (const half of [seed, Buffer.concat([seed, open])]) {
    const { headers } = sign(schemes.standard, { body, secret: `whsk_${half.toString('base64')}`, now })
    assert.match(headers['webhook-signature']!, /^v1a,/)
    assert.equal(reason(schemes.standard, { headers, body }, { secrets: [known], now }), 'ok')
    assert.equal(reason(schemes.standard, { headers, body: Buffer.from('x') }, { secrets: [known], now }), 'signature_wrong')
    assert.equal(reason(schemes.standard, { headers, body }, { secrets: [`whsk_${half.toString('base64')}`], now }), 'ok')
  }
  assert.throws(() => sign(schemes.standard, { body, secret: 'whsk_AAAA', now }), { code: 'invalid_input' })
})

test('a public key is never used as a shared secret', () => {
  const now = 1_700_000_000_000
  const body = Buffer.from('{"token":"whpk_AAAA"}')
  const open = Buffer.alloc(32, 1).toString('base64')
  const forged = sign(schemes.standard, { body, secret: `whsec_${open}`, now })
  assert.equal(reason(schemes.standard, { headers: forged.headers, body }, { secrets: [`whpk_${open}`], now }), 'signature_wrong')
  for (const [scheme, headers] of [
    [schemes.gitlab_token, { 'x-gitlab-token': 'whpk_AAAA' }],
    [schemes.google_drive, { 'x-goog-channel-token': 'whpk_AAAA' }],
    [schemes.zulip, {}],
  ] as const)
    assert.equal(reason(scheme, { headers, body }, { secrets: ['whpk_AAAA'], now }), 'secret_unusable')
})

test('the id of a Standard Webhook has a limited length and no dot', () => {
  const now = 1_700_000_000_000
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  for (const [id, expected] of [
    ['x'.repeat(256), 'ok'],
    ['x'.repeat(257), 'id_malformed'],
    ['a.b', 'id_malformed'],
    ['a b', 'id_malformed'],
    ['', 'id_malformed'],
  ] as const) {
    const { headers, body } = sign(schemes.standard, { body: Buffer.from('{}'), secret, now, id })
    assert.equal(reason(schemes.standard, { headers, body }, { secrets: [secret], now }), expected, id)
  }
})

test('one of several signatures must match, unknown versions are rejected, and their number is limited', () => {
  const now = 1_700_000_000_000
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const { headers, body } = sign(schemes.standard, { body: Buffer.from('{}'), secret, now })
  const good = headers['webhook-signature']!
  const found = (signature: string): string =>
    reason(schemes.standard, { headers: { ...headers, 'webhook-signature': signature }, body }, { secrets: [secret], now })
  assert.equal(found(`v1,nonsense v9,AAAA ${good}`), 'ok')
  assert.equal(found(`${good} v1,${Buffer.alloc(32).toString('base64')}`), 'ok')
  assert.equal(found(good.replace('v1,', 'v2,')), 'method_unknown')
  assert.equal(found(good.slice(3)), 'signature_malformed')
  assert.equal(found(good.replace('v1,', 'v1a,')), 'signature_malformed')
  assert.equal(found(`${good} `.repeat(17)), 'signature_malformed')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSecretName, redacted, redactText } from '#lib/redact'

const long = 'Ab3dEf6hIj9lMn2pQr5tUv8xYz1B'

// Put together here, so that no scanner takes this file for a leak.
const secrets = [
  `ih_${long}`,
  `ghp_${long}`,
  `github_pat_${long}`,
  `glpat-${long}`,
  `xoxb-1234567890-${long}`,
  `whsec_${long}`,
  `hvs.${long}`,
  `eyJ${long}.eyJ${long}.${long}`,
  `sk-${long}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${long}\n-----END RSA PRIVATE KEY-----`,
]

test('secrets of known shape are taken out of text wherever they stand', () => {
  fc.assert(
    fc.property(fc.constantFrom(...secrets), fc.constantFrom('', ' ', '"', '(', ': ', '\n', '='), (secret, border) => {
      const clean = redactText(`before${border === '' ? ' ' : border}${secret}${border} after`)
      assert.ok(!clean.includes(long) && clean.includes(redacted), clean)
      assert.ok(clean.startsWith('before') && clean.endsWith('after'), clean)
    }),
  )
  assert.equal(redactText(`https://hooks.slack.com/services/T0/B0/${long}`), `https://hooks.slack.com/services/${redacted}`)
})

test('passwords in addresses, credentials in headers and secrets in query strings are taken out, the rest stays', () => {
  const password = 'hunter2-!x'
  assert.equal(redactText(`postgresql://hub:${password}@db:5432/hub`), `postgresql://hub:${redacted}@db:5432/hub`)
  assert.equal(redactText(`amqp://hub:p@ss@${password}@bus/`), `amqp://hub:${redacted}@bus/`)
  assert.equal(redactText('Authorization: Bearer abcdefgh12345678, x'), `Authorization: Bearer ${redacted}, x`)
  assert.equal(redactText('authorization basic dXNlcjpwYXNz'), `authorization basic ${redacted}`)
  assert.equal(redactText('GET /x?page=2&access_token=abc%20d&q=1#top'), `GET /x?page=2&access_token=${redacted}&q=1#top`)
  assert.equal(redactText('GET /cb?code=abc&state=s'), `GET /cb?code=${redacted}&state=s`)
  assert.equal(redactText('GET http://127.0.0.1:3000/api/v1/tokens'), 'GET http://127.0.0.1:3000/api/v1/tokens')
})

test('text that was cleaned once does not change again', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom(...secrets, 'Bearer ', '://', '?token=', '@', ':'))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const once = redactText(pieces.join(' '))
      assert.equal(redactText(once), once)
    }),
  )
})

test('long hostile text is cleaned without delay', () => {
  const hostile = ['a'.repeat(300_000), 'eyJ-'.repeat(20_000), 'a.b+'.repeat(100_000), 'bearer '.repeat(50_000), '?a_b_'.repeat(50_000)]
  for (const text of hostile) {
    const started = performance.now()
    redactText(text)
    assert.ok(performance.now() - started < 2000, `${text.slice(0, 10)}… took ${performance.now() - started} ms`)
  }
})

test('names of secrets are known in every spelling, and plain names are left alone', () => {
  const secret = [
    'password',
    'Authorization',
    'set-cookie',
    'x-vault-token',
    'client_secret',
    'secret_id',
    'accessToken',
    'apiKey',
    'API_KEY',
  ]
  for (const name of [...secret, 'smtp.password', 'personalAccessToken', 'X-Hub-Signature', 'passphrase', 'privateKey', 'secrets']) {
    assert.ok(isSecretName(name), name)
  }
  for (const name of ['name', 'key_id', 'tokenizer', 'token_type', 'secretary', 'author', 'keys', 'passed', 'method']) {
    assert.ok(!isSecretName(name), name)
  }
})

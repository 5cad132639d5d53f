import assert from 'node:assert/strict'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { runAction, upstream } from '#kit/testing'
import { github } from './index.ts'

test('a GitHub App exchanges a JWT for a token', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
  await using api = await upstream(({ path }) =>
    path === '/app/installations/42/access_tokens'
      ? { status: 201, body: { token: 'ghs_installation', expires_at: new Date(Date.now() + 3_600_000).toISOString() } }
      : { body: { login: 'ada', id: 1, type: 'User', html_url: 'u' } },
  )
  const app = { app_id: 7, installation_id: '42', private_key: pem }
  await runAction(github, 'get_user', { input: {}, credential: app, config: { api_url: api.url } })
  const [exchange, call] = api.requests
  const [head, claims, signature] = exchange!.headers.authorization!.replace('Bearer ', '').split('.') as [string, string, string]
  assert.ok(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url'))
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string; iat: number; exp: number }
  assert.equal(iss, '7')
  assert.ok(exp - iat <= 600 && iat <= Date.now() / 1000 - 50)
  assert.equal(call!.headers.authorization, 'Bearer ghs_installation')
  await assert.rejects(
    runAction(github, 'get_user', { input: {}, credential: { ...app, private_key: 'no key' }, config: { api_url: api.url } }),
    { code: 'vendor_unauthorized' },
  )
})

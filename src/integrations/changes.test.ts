import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { freshDatabase, testHub, type TestHub } from '#test'

const deliver = async (hub: TestHub, secret: string, url = '/api/v1/webhooks/github'): Promise<number> => {
  const body = JSON.stringify({ zen: Math.random() })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-github-event': 'ping', 'x-hub-signature-256': signature }
  return (await hub.rest.inject({ method: 'POST', url, payload: Buffer.from(body), headers })).statusCode
}
const integrationsOf = async (hub: TestHub): Promise<string[]> =>
  (await hub.call('GET', '/api/v1/integrations')).json().items.map(({ name }: { name: string }) => name)
const store = (hub: TestHub, name: string, data: object) => hub.call('PUT', `/api/v1/credentials/${name}`, { data })

suite('a change by the same process applies at once', () => {
  test('to the integrations that credentials make, also right after a listing', async () => {
    await using hub = await testHub()
    assert.deepEqual(await integrationsOf(hub), [])
    await store(hub, 'github-pat', { token: 'a-token' })
    assert.deepEqual(await integrationsOf(hub), ['github'])
  })

  test('to the secrets of a webhook: stored, changed and deleted', async () => {
    await using hub = await testHub()
    assert.equal(await deliver(hub, 'first-webhook-secret'), 401)
    await store(hub, 'github-webhook-secret', { token: 'first-webhook-secret' })
    assert.equal(await deliver(hub, 'first-webhook-secret'), 202)
    await store(hub, 'github-webhook-secret', { token: 'second-webhook-secret' })
    assert.deepEqual([await deliver(hub, 'first-webhook-secret'), await deliver(hub, 'second-webhook-secret')], [401, 202])
    assert.equal((await hub.call('DELETE', '/api/v1/credentials/github-webhook-secret')).statusCode, 204)
    assert.equal(await deliver(hub, 'second-webhook-secret'), 401)
  })

  test('to a hook that is made, disabled and deleted', async () => {
    await using hub = await testHub()
    const url = '/api/v1/webhooks/changing'
    assert.equal(await deliver(hub, 'its-own-webhook-secret', url), 404)
    const config = { webhook_secret: 'its-own-webhook-secret' }
    const body = { name: 'changing', integration_type: 'github', access_token: 'a-token', config }
    assert.equal((await hub.call('POST', '/api/v1/integrations', body)).statusCode, 201)
    assert.equal(await deliver(hub, 'its-own-webhook-secret', url), 202)
    await hub.call('PATCH', '/api/v1/integrations/changing', { enabled: false })
    assert.equal(await deliver(hub, 'its-own-webhook-secret', url), 404)
    await hub.call('PATCH', '/api/v1/integrations/changing', { enabled: true })
    assert.equal(await deliver(hub, 'its-own-webhook-secret', url), 202)
    await hub.call('DELETE', '/api/v1/integrations/changing')
    assert.equal(await deliver(hub, 'its-own-webhook-secret', url), 404)
  })

  test('to the token that was fetched with a credential', async () => {
    await using github = await upstream(({ path }) =>
      path.endsWith('/access_tokens')
        ? { status: 201, body: { token: 'an-installation-token', expires_at: new Date(Date.now() + 3_600_000).toISOString() } }
        : { body: { login: 'octocat' } },
    )
    await using hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
    const pem = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    const app = () => ({ app_id: '1', installation_id: '2', private_key: pem(), api_url: github.url })
    await store(hub, 'github-pat', app())
    await integrationsOf(hub)
    const testIt = () => hub.call('POST', '/api/v1/integrations/github/test')
    const exchanges = () => github.requests.filter(({ path }) => path.endsWith('/access_tokens')).length
    for (const _ of [1, 2]) assert.equal((await testIt()).json().ok, true)
    assert.equal(exchanges(), 1)
    await store(hub, 'github-pat', app())
    assert.equal((await testIt()).json().ok, true)
    assert.equal(exchanges(), 2)
  })
})

suite('a change by another process', () => {
  test('is seen before a call or a delivery fails', async () => {
    await using database = await freshDatabase()
    const env = { DATABASE_URL: database.url }
    await using one = await testHub(env)
    await using other = await testHub({ ...env, HUB_EGRESS_ALLOW: '127.0.0.1' })
    await using github = await upstream(() => ({ body: { login: 'octocat', id: 1, full_name: 'a/b' } }))
    const call = () => other.call('POST', '/api/v1/tools/github_get_repository/invoke', { input: { owner: 'a', repo: 'b' } })

    assert.deepEqual(await integrationsOf(other), [])
    assert.equal((await call()).json().code, 'integration_missing')
    assert.equal(await deliver(other, 'a-webhook-secret'), 401)
    await store(one, 'github-pat', { token: 'a-token', api_url: github.url })
    await store(one, 'github-webhook-secret', { token: 'a-webhook-secret' })
    assert.notEqual((await call()).json().code, 'integration_missing')
    assert.equal(await deliver(other, 'a-webhook-secret'), 202)

    await one.call('PATCH', '/api/v1/integrations/github', { enabled: false })
    await sleep(1000)
    assert.equal((await call()).json().code, 'integration_disabled')
    await one.call('PATCH', '/api/v1/integrations/github', { enabled: true })
    assert.notEqual((await call()).json().code, 'integration_disabled')

    await store(one, 'github-webhook-secret', { token: 'the-next-webhook-secret' })
    assert.equal(await deliver(other, 'the-next-webhook-secret'), 202)
  })

  test('is seen by a listing within a second', async () => {
    await using database = await freshDatabase()
    const env = { DATABASE_URL: database.url }
    await using one = await testHub(env)
    await using other = await testHub(env)
    assert.deepEqual(await integrationsOf(other), [])
    await store(one, 'github-pat', { token: 'a-token' })
    await sleep(1000)
    assert.deepEqual(await integrationsOf(other), ['github'])
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClient } from '@redis/client'
import { oauthHub, simpleBrowser, storedGrant, testHub, type OAuthHub, type SimpleBrowser } from '#test'
import { until } from '#test/faults'
import { authorizeAs } from '../standins/authorize-as.ts'
import { missingRedis, redisServer } from '../standins/redis.ts'

const missing = await missingRedis()

async function valuesIn(url: string): Promise<{ keys: string[]; ttls: number[]; text: string }> {
  const redis = createClient({ url })
  await redis.connect()
  try {
    const keys = (await redis.keys('*')).toSorted()
    const ttls = await Promise.all(keys.map((key) => redis.ttl(key)))
    return { keys, ttls, text: (await Promise.all(keys.map((key) => redis.get(key)))).join('\n') }
  } finally {
    redis.destroy()
  }
}

async function removeAll(url: string, pattern: string): Promise<void> {
  const redis = createClient({ url })
  await redis.connect()
  for (const key of await redis.keys(pattern)) await redis.del(key)
  redis.destroy()
}

/** A person at the provider's door. */
async function atTheDoor(setup: OAuthHub): Promise<{ browser: SimpleBrowser; back: string; link: string }> {
  const { id: link, url } = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ id: string; url: string }>()
  const browser = simpleBrowser(setup.address)
  const sent = await browser.post(new URL(url).pathname, {})
  assert.equal(sent.status, 303)
  return { browser, link, back: await authorizeAs(sent.headers.get('location')!, { account: 'ada' }) }
}

suite('attempts to connect are kept in Redis', { skip: missing ?? false }, () => {
  test('with their secrets sealed and an end of their own, and not in the database', async () => {
    await using redis = await redisServer()
    await using setup = await oauthHub({}, { REDIS_URL: redis.url })
    const { browser, back, link } = await atTheDoor(setup)
    const { keys, ttls, text } = await valuesIn(redis.url)
    assert.deepEqual(
      keys.map((key) => key.replace(/[^:]+$/, '')),
      ['integration-hub:attempt:', 'integration-hub:state:'],
    )
    assert.ok(ttls[0]! > 80_000 && ttls[0]! <= 86_400, String(ttls[0]))
    assert.ok(ttls[1]! > 500 && ttls[1]! <= 600, String(ttls[1]))
    const state = new URL(back).searchParams.get('state')!
    assert.ok(!text.includes(state) && !keys.join().includes(state) && !text.includes('verifier'))
    assert.equal((await setup.hub.hub.db.sql.selectFrom('oauthAttempts').select('id').execute()).length, 0)

    assert.equal((await browser.get(back)).status, 200)
    assert.equal((await browser.get(back)).status, 404)
    const shown = (await setup.hub.call('GET', `/api/v1/connections/${link}`)).json<{ status: string }>()
    assert.equal(shown.status, 'connected')
    assert.equal((await setup.call()).statusCode, 200)
    const { data } = await storedGrant(setup.hub, 'api')
    const after = await valuesIn(redis.url)
    for (const token of [data['access_token'], data['refresh_token']]) assert.ok(!after.text.includes(String(token)))
  })

  test('from where two processes claim one once, and what has expired not at all', async () => {
    await using redis = await redisServer()
    await using setup = await oauthHub({}, { REDIS_URL: redis.url })
    const env = { DATABASE_URL: setup.hub.hub.config.DATABASE_URL, REDIS_URL: redis.url, HUB_EGRESS_ALLOW: '127.0.0.1' }
    await using second = await testHub(env)
    const other = await second.address()
    const { browser, back } = await atTheDoor(setup)
    const there = other + new URL(back).pathname + new URL(back).search
    const answers = await Promise.all([browser.get(back), browser.get(there), browser.get(back), browser.get(there)])
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 404, 404, 404])
    assert.equal(setup.server.asked['authorization_code'], 1)

    const late = await atTheDoor(setup)
    await removeAll(redis.url, 'integration-hub:state:*')
    assert.equal((await late.browser.get(late.back)).status, 404)
    const cancelled = await atTheDoor(setup)
    await removeAll(redis.url, 'integration-hub:attempt:*')
    assert.equal((await cancelled.browser.get(cancelled.back)).status, 404)
    assert.equal(setup.server.asked['authorization_code'], 1)
  })

  test('so that nobody connects while it is stopped, and everybody when it is back, without a restart of the hub', async () => {
    await using redis = await redisServer()
    await using setup = await oauthHub({}, { REDIS_URL: redis.url })
    assert.equal((await setup.connect()).status, 200)
    const { browser, back } = await atTheDoor(setup)
    redis.pause()
    const device = () => setup.hub.call('POST', '/api/v1/integrations/api/connect/device', {})
    const slow = await device()
    assert.deepEqual([slow.statusCode, slow.json<{ code: string }>().code], [503, 'attempts_unavailable'])
    redis.resume()
    await until('it is used again', async () => (await device()).statusCode === 201)
    await redis.stop()
    // Calls do not need it.
    assert.equal((await setup.call()).statusCode, 200)
    const page = await browser.get(back)
    assert.deepEqual([page.status, /attempts_unavailable/.test(await page.text())], [503, true])
    const { url } = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    const refused = await browser.post(new URL(url).pathname, {})
    assert.equal(refused.status, 503)
    const text = await refused.text()
    assert.match(text, /Redis/)
    assert.ok(!text.includes(redis.url))

    await redis.start()
    await until('people connect again', async () => {
      const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
      return (await browser.post(new URL(made.url).pathname, {})).status === 303
    })
    assert.equal((await setup.connect({ account: 'grace' })).status, 200)
  })
})

test('a hub whose Redis does not answer does not start, and says which variable is wrong', { skip: missing ?? false }, async () => {
  const redis = await redisServer()
  await redis[Symbol.asyncDispose]()
  await assert.rejects(testHub({ REDIS_URL: redis.url.replace('redis://', 'redis://:a-password-of-redis@') }), (error: Error) => {
    assert.match(error.message, /REDIS_URL/)
    assert.ok(!error.message.includes('a-password-of-redis'))
    return true
  })
})

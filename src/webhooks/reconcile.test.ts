import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { upstream } from '#kit/testing'
import { freshDatabase, testHub, type TestHub } from '#test'
import { until } from '#test/faults'

const secret = 'a-secret-to-everybody'
const hook = '/repos/octo/cat/hooks/7'

function deliver(hub: TestHub, guid: string) {
  const body = JSON.stringify({ guid, repository: { full_name: 'octo/cat' } })
  return hub.rest.inject({
    method: 'POST',
    url: '/api/v1/webhooks/github',
    payload: Buffer.from(body),
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': guid,
      'x-github-hook-id': '7',
      'x-github-hook-installation-target-type': 'repository',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  })
}

test('what GitHub sent while the hub was away is asked for once, by one of two processes; what is there is not', async () => {
  await using database = await freshDatabase()
  const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
  const sent = [
    // Under way still, as far as anybody knows.
    { id: 14, guid: 'just-now', delivered_at: minutesAgo(0), status_code: 0 },
    { id: 13, guid: 'missed-2', delivered_at: minutesAgo(20), status_code: 502 },
    { id: 12, guid: 'missed-1', delivered_at: minutesAgo(30), status_code: 0 },
    { id: 11, guid: 'came', delivered_at: minutesAgo(40), status_code: 202 },
    // GitHub got no answer, but it is there: it need not come again.
    { id: 10, guid: 'came-unanswered', delivered_at: minutesAgo(50), status_code: 0 },
    { id: 9, guid: 'too-old', delivered_at: minutesAgo(5 * 24 * 60), status_code: 0 },
  ]
  let refuses = true
  await using api = await upstream(({ method }) => {
    if (refuses) return { status: 404, body: {} }
    return method === 'GET' ? { body: sent } : { status: 202, body: {} }
  })
  const settings = { DATABASE_URL: database.url, HUB_EGRESS_ALLOW: '127.0.0.1' }
  await using one = await testHub(settings)
  await using two = await testHub(settings)
  const made = await one.call('POST', '/api/v1/integrations', {
    name: 'github',
    integration_type: 'github',
    access_token: 'ghp_0123456789abcdef0123456789abcdef0123',
    config: { api_url: api.url, webhook_secret: secret },
  })
  assert.equal(made.statusCode, 201, made.payload)
  assert.equal((await deliver(one, 'came')).statusCode, 202)
  assert.equal((await deliver(two, 'came-unanswered')).statusCode, 202)
  const { pool } = one.hub.db
  await until('the hook is noted', async () => (await pool.query('select from hub.webhook_sources')).rowCount === 1)
  // As if they had come when GitHub sent them.
  await pool.query(`update hub.events set received_at = received_at - interval '45 minutes'`)

  const look = () => Promise.all([one.hub.webhooks.reconcile.run(60_000), two.hub.webhooks.reconcile.run(60_000)])
  // A look that failed is no look: the next one begins where it did.
  assert.deepEqual(await look(), [0, 0])
  const before = api.requests.length
  assert.ok(before > 0)
  refuses = false
  assert.deepEqual((await look()).toSorted(), [0, 2])
  const asked = () => api.requests.filter(({ method }) => method === 'POST').map(({ path }) => path)
  assert.deepEqual(asked(), [`${hook}/deliveries/12/attempts`, `${hook}/deliveries/13/attempts`])
  assert.equal(api.requests.length, before + 3)
  const metrics = await Promise.all([one, two].map(async (hub) => (await hub.call('GET', '/metrics')).payload))
  assert.match(metrics.join('\n'), /hub_webhook_gap\{workspace="ws_[^"]+",connector="github",integration="github"\} 2/)

  // They come, and are asked for no more; nor is anything before the look is due.
  assert.deepEqual(await look(), [0, 0])
  for (const guid of ['missed-1', 'missed-2']) assert.equal((await deliver(two, guid)).json().status, 'accepted')
  await pool.query(`update hub.webhook_sources set checked_at = null`)
  assert.deepEqual(await look(), [0, 0])
  assert.equal(asked().length, 2)
})

import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { testHub, type TestHub } from '#test'
import { until } from '#test/faults'

const secret = 'a-secret-to-everybody'
const signed = (body: string, key = secret): Record<string, string> => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
  'content-type': 'application/json',
  'x-github-event': 'issues',
})

let delivery = 0
const send = (hub: TestHub, body: string, { url = '/api/v1/webhooks/github', headers = signed(body), from = '127.0.0.1' } = {}) =>
  hub.rest.inject({
    method: 'POST',
    url,
    payload: Buffer.from(body),
    remoteAddress: from,
    headers: { 'x-github-delivery': `guid-${(delivery += 1)}`, ...headers },
  })

const stored = async (hub: TestHub): Promise<any[]> => (await hub.call('GET', '/api/v1/events?limit=200')).json().items
const reasons = async (hub: TestHub): Promise<string[]> =>
  (await hub.call('GET', '/api/v1/webhooks/rejections')).json().items.map((item: { reason: string }) => item.reason)

suite('a webhook', () => {
  let hub: TestHub
  before(async () => {
    hub = await testHub()
    await hub.call('POST', '/api/v1/credentials', {
      name: 'github-webhook-secret',
      data: { token: secret, previous: 'the-secret-of-before' },
    })
  })
  after(() => hub[Symbol.asyncDispose]())

  test('that is signed is durable before it is answered, and there with headers, body and what it says', async () => {
    const body = JSON.stringify({ action: 'opened', issue: { number: 7 }, repository: { full_name: 'octo/cat' } })
    const reply = await send(hub, body)
    assert.equal(reply.statusCode, 202, reply.payload)
    const { id } = reply.json()
    const event = (await hub.call('GET', `/api/v1/events/${id}`)).json()
    assert.equal(event.type, 'github.issues')
    assert.equal(event.body, body)
    assert.equal(event.verified, true)
    assert.deepEqual(event.data.issue, { number: 7 })
    assert.equal(event.headers['x-github-event'], 'issues')
    await hub.hub.dispatch()
    const after = (await hub.call('GET', `/api/v1/events/${id}`)).json()
    assert.equal(after.status, 'dispatched')
    assert.equal(after.subject, 'octo/cat#7')
  })

  test('answers at every spelling that there is', async () => {
    for (const url of ['/api/v1/hooks/webhooks/github', '/api/v1/integrations/github/webhook', '/api/integrations/webhook/github']) {
      const body = JSON.stringify({ url })
      assert.equal((await send(hub, body, { url })).statusCode, 202, url)
    }
  })

  test('signed with the secret of before is taken as well', async () => {
    const body = '{"older":true}'
    assert.equal((await send(hub, body, { headers: signed(body, 'the-secret-of-before') })).statusCode, 202)
  })

  test('with a bad signature, or none, is 401, says nothing of why, and is not kept', async () => {
    const before = (await stored(hub)).length
    for (const headers of [signed('{}', 'wrong'), {} as Record<string, string>, { ...signed('{}'), 'x-hub-signature-256': 'sha256=00' }]) {
      const reply = await send(hub, '{}', { headers })
      assert.equal(reply.statusCode, 401)
      assert.doesNotMatch(reply.payload, /missing|malformed|wrong|secret|hmac/i)
    }
    assert.equal((await stored(hub)).length, before)
    const why = await reasons(hub)
    assert.ok(why.includes('signature_wrong') && why.includes('signature_missing') && why.includes('signature_malformed'), why.join())
  })

  test('that comes again is 202 and no second event; under another id it is an event of its own, which names the first', async () => {
    const body = '{"again":1}'
    const headers = { ...signed(body), 'x-github-delivery': 'guid-again' }
    const first = (await send(hub, body, { headers })).json()
    assert.equal(first.status, 'accepted')
    assert.deepEqual((await send(hub, body, { headers })).json(), { status: 'duplicate' })
    const second = (await send(hub, body)).json()
    assert.equal(second.status, 'accepted')
    const [one, two] = await Promise.all([first, second].map(async ({ id }) => (await hub.call('GET', `/api/v1/events/${id}`)).json()))
    assert.deepEqual([one.same_body_as, two.same_body_as], [null, first.id])
    assert.notEqual(one.delivery_id, two.delivery_id)
  })

  test('with the body of one that arrives at the same time names that one too', async () => {
    const body = '{"together":1}'
    const ids = await Promise.all([1, 2, 3].map(async () => (await send(hub, body)).json().id as string))
    const events = await Promise.all(ids.map(async (id) => (await hub.call('GET', `/api/v1/events/${id}`)).json()))
    assert.equal(events.filter(({ same_body_as: earlier }) => earlier === null).length, 1)
    assert.ok(events.every(({ same_body_as: earlier }) => earlier === null || ids.includes(earlier)))
  })

  test('with headers that hold a secret is stored without them, whichever system they are for', async () => {
    const body = '{"headers":1}'
    const canary = 'canary-value-of-a-header'
    const secrets = ['authorization', 'cookie', 'x-gitlab-token', 'x-goog-channel-token', 'x-api-key', 'x-vault-secret']
    const headers = {
      ...signed(body),
      ...Object.fromEntries(secrets.map((name) => [name, canary])),
      'x-echo': `key=${secret}`,
      'x-plain': 'stays',
    }
    const { id } = (await send(hub, body, { headers })).json()
    const event = (await hub.call('GET', `/api/v1/events/${id}`)).json()
    assert.equal(event.headers['x-plain'], 'stays')
    assert.doesNotMatch(JSON.stringify(event), new RegExp(`${canary}|${secret}`))
  })

  test('signed with a short secret of an earlier version is taken, and the secret is named as too short', async () => {
    await using old = await testHub({ SLACK_SIGNING_SECRET: 'short as well' })
    const { credentials, access, webhooks } = old.hub
    const operator = await access.operator('tester')
    const ofVariable = `variable SLACK_SIGNING_SECRET (workspace ${operator.workspaceId})`
    assert.deepEqual(await webhooks.withShortSecrets(), [ofVariable])
    await credentials.set(operator, { name: 'github-webhook-secret', data: { token: 'short' } })
    await old.call('POST', '/api/v1/integrations', {
      name: 'old',
      integration_type: 'webhook',
      credential: { secret: 'long-enough-a-secret' },
      config: { verification: 'github' },
    })
    const { items } = (await old.call('GET', '/api/v1/integrations')).json<{ items: { name: string; credential: string }[] }>()
    const { credential } = items.find(({ name }) => name === 'old')!
    await credentials.set(operator, { name: credential, data: { secret: 'short too' } })
    for (const [hook, key] of [
      ['github', 'short'],
      ['old', 'short too'],
    ]) {
      const reply = await send(old, '{"a":1}', { url: `/api/v1/webhooks/${hook}`, headers: signed('{"a":1}', key) })
      assert.equal(reply.statusCode, 202, reply.payload)
    }
    const { workspaceId } = operator
    assert.deepEqual((await webhooks.withShortSecrets()).toSorted(), [
      `credential github-webhook-secret (workspace ${workspaceId})`,
      `integration old (workspace ${workspaceId})`,
      ofVariable,
    ])
  })

  test('whose JSON is broken is kept as it came, marked, and handed to nobody', async () => {
    const body = '{"broken": '
    const reply = await send(hub, body)
    assert.equal(reply.statusCode, 202)
    await hub.hub.dispatch()
    const event = (await hub.call('GET', `/api/v1/events/${reply.json().id}`)).json()
    assert.deepEqual([event.status, event.body, event.data], ['unparsed', body, null])
  })

  test('of an unknown hook is 404', async () => {
    assert.equal((await send(hub, '{}', { url: '/api/v1/webhooks/nobody' })).statusCode, 404)
    assert.ok((await reasons(hub)).includes('hook_unknown'))
  })

  test('beyond 25 MB is cut off while it comes, however long it claims to be', async () => {
    const { port } = new URL(await hub.address())
    const to = { host: '127.0.0.1', port, method: 'POST', path: '/api/v1/webhooks/github' }
    const announced = httpRequest({ ...to, headers: { 'content-length': String(26 * 1024 * 1024) } })
    announced.flushHeaders()
    const [refused] = (await once(announced, 'response')) as [IncomingMessage]
    assert.equal(refused.statusCode, 413)
    announced.destroy()

    const endless = httpRequest(to)
    // The hub stops reading and closes, so the answer may be lost on the way; what counts is how much it took.
    const over = new Promise<number>((resolve) => {
      endless.on('error', () => resolve(0))
      endless.on('response', ({ statusCode }) => resolve(statusCode!))
    })
    const chunk = Buffer.alloc(1024 * 1024, ' ')
    let sent = 0
    let status: number | undefined
    for (; status === undefined && sent < 200; sent++) {
      const drained = new Promise<undefined>((resolve) =>
        endless.write(chunk) ? resolve(undefined) : endless.once('drain', () => resolve(undefined)),
      )
      status = await Promise.race([over, drained])
    }
    assert.ok(status === 413 || status === 0, `it answered ${status}`)
    assert.ok(sent > 24 && sent < 60, `${sent} MB were taken`)
    endless.destroy()
  })

  test('flood of refused ones from one address makes that address wait, and no other', async () => {
    const flood = await Promise.all(Array.from({ length: 80 }, () => send(hub, '{}', { headers: {}, from: '198.51.100.7' })))
    assert.ok(flood.some(({ statusCode }) => statusCode === 429))
    const held = await send(hub, '{"flood":1}', { from: '198.51.100.7' })
    assert.equal(held.statusCode, 429)
    assert.ok(Number(held.headers['retry-after']) >= 1)
    assert.equal((await send(hub, '{"flood":1}', { from: '198.51.100.8' })).statusCode, 202)
  })

  test('of a connector without any secret is refused, and so is one of an integration that was switched off', async () => {
    assert.equal((await send(hub, '{}', { url: '/api/v1/webhooks/jira' })).statusCode, 401)
    await hub.call('POST', '/api/v1/integrations', {
      name: 'off',
      integration_type: 'webhook',
      credential: { secret: 'long-enough-a-secret' },
      config: { verification: 'github' },
      enabled: false,
    })
    assert.equal((await send(hub, '{}', { url: '/api/v1/webhooks/off' })).statusCode, 404)
  })

  test('finds its integration by the secret that verifies, across workspaces, and is seen in no other', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'other' })
    const inOther = { headers: { 'hub-workspace': 'other' } }
    const made = await hub.with(inOther).call('POST', '/api/v1/integrations', {
      name: 'theirs',
      integration_type: 'github',
      access_token: 'ghp_other',
      config: { webhook_secret: 'secret-of-the-other' },
    })
    assert.equal(made.statusCode, 201, made.payload)
    assert.equal(made.json().config.webhook_secret, undefined)
    const body = '{"whose":"other"}'
    const reply = await until('the new secret holds', async () => {
      const answer = await send(hub, body, { headers: signed(body, 'secret-of-the-other') })
      return answer.statusCode === 202 && answer
    })
    const { id } = reply.json()
    assert.equal((await hub.call('GET', `/api/v1/events/${id}`)).statusCode, 404)
    assert.equal((await hub.call('POST', `/api/v1/events/${id}/replay`)).statusCode, 404)
    const theirs = (await hub.with(inOther).call('GET', `/api/v1/events/${id}`)).json()
    assert.equal(theirs.integration, 'theirs')
    assert.ok(theirs.dedupe_key.endsWith(createHash('sha256').update(body).digest('hex')))
  })
})

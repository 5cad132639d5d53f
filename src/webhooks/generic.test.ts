import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { schemes, sign, type WebhookScheme } from '#kit'
import { testHub, type TestHub } from '#test'

const secret = 'long-enough-a-secret'

suite('a generic hook', () => {
  let hub: TestHub
  before(async () => {
    hub = await testHub()
  })
  after(() => hub[Symbol.asyncDispose]())

  const create = (name: string, config: object, key = secret) =>
    hub.call('POST', '/api/v1/integrations', { name, integration_type: 'webhook', credential: { secret: key }, config })
  const made = async (name: string, config: object, key?: string): Promise<void> => {
    const reply = await create(name, config, key)
    assert.equal(reply.statusCode, 201, reply.payload)
  }
  const send = (name: string, body: string | Buffer, headers: Record<string, string>) =>
    hub.rest.inject({ method: 'POST', url: `/api/integrations/webhook/${name}`, payload: body, headers })
  const bearer = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const event = async (id: string) => (await hub.call('GET', `/api/v1/events/${id}`)).json()

  test('takes what is signed in the way it was told, and nothing that is signed in another', async () => {
    const hmac = (text: string, encoding: 'hex' | 'base64', algorithm = 'sha256') =>
      createHmac(algorithm, secret).update(text).digest(encoding)
    const at = String(Math.floor(Date.now() / 1000))
    const body = '{"a":1}'
    const ways: Record<string, { verification: unknown; good: Record<string, string>; bad: Record<string, string> }> = {
      plain: {
        verification: { kind: 'hmac', header: 'X-Signature', prefix: 'sha256=' },
        good: { 'x-signature': `sha256=${hmac(body, 'hex')}` },
        bad: { 'x-signature': `sha256=${hmac('{"a":2}', 'hex')}` },
      },
      base64: {
        verification: { kind: 'hmac', header: 'X-Signature', algorithm: 'sha512', encoding: 'base64' },
        good: { 'x-signature': hmac(body, 'base64', 'sha512') },
        bad: { 'x-signature': hmac(body, 'base64') },
      },
      timed: {
        verification: {
          kind: 'hmac',
          header: 'X-Signature',
          payload: '{id}:{timestamp}:{body}',
          timestamp: { header: 'X-Time' },
          id_header: 'X-Id',
        },
        good: { 'x-signature': hmac(`7:${at}:${body}`, 'hex'), 'x-time': at, 'x-id': '7' },
        bad: { 'x-signature': hmac(`7:1000000000:${body}`, 'hex'), 'x-time': '1000000000', 'x-id': '7' },
      },
      token: {
        verification: { kind: 'token', header: 'X-Token', prefix: 'key ' },
        good: { 'x-token': `key ${secret}` },
        bad: { 'x-token': `key ${secret}x` },
      },
      bearer: { verification: { kind: 'bearer' }, good: { authorization: `Bearer ${secret}` }, bad: { 'x-token': secret } },
    }
    for (const [name, { verification, good, bad }] of Object.entries(ways)) {
      await made(name, { verification })
      assert.equal((await send(name, body, bad)).statusCode, 401, name)
      assert.equal((await send(name, body, {})).statusCode, 401, name)
      const reply = await send(name, body, good)
      assert.equal(reply.statusCode, 202, name)
      const { headers, type } = await event(reply.json().id)
      assert.equal(type, `webhook.${name}`)
      assert.doesNotMatch(JSON.stringify(headers), new RegExp(secret), name)
    }
    await made('basic', { verification: { kind: 'basic' } }, 'user:password-of-some-length')
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    assert.equal((await send('basic', body, basic('user:password-of-another'))).statusCode, 401)
    assert.equal((await send('basic', body, basic('user:password-of-some-length'))).statusCode, 202)
  })

  test('takes each provider’s own way by its name', async () => {
    for (const [name, scheme] of Object.entries(schemes) as [string, WebhookScheme][]) {
      const key = scheme.kind === 'standard' ? `whsec_${Buffer.from(secret).toString('base64')}` : secret
      await made(`as-${name}`, { verification: name }, key)
      const { headers, body } = sign(scheme, { body: Buffer.from('{"a":1}'), secret: key, now: Date.now() })
      assert.equal((await send(`as-${name}`, '{"a":1}', {})).statusCode, 401, name)
      const reply = await send(`as-${name}`, body, { ...headers })
      assert.equal(reply.statusCode, 202, name)
      // A secret that is sent along is not kept with the event.
      assert.doesNotMatch(JSON.stringify(await event(reply.json().id)), new RegExp(secret), name)
    }
  })

  test('finds type and repetition where it was told to look', async () => {
    const verification = { kind: 'bearer' }
    await made('by-header', { verification, type: { header: 'X-Kind' }, dedupe: { header: 'X-Id' } })
    await made('by-path', { verification, type: { path: 'meta.kind' }, dedupe: { path: 'meta.id' } })
    const byHeader = async (id: string, body: string) =>
      (await send('by-header', body, { ...bearer, 'x-kind': 'a b/c', 'x-id': id })).json()
    const first = await byHeader('1', '{"n":1}')
    assert.equal((await event(first.id)).type, 'webhook.a-b-c')
    assert.equal((await byHeader('1', '{"n":1}')).status, 'duplicate')
    assert.equal((await byHeader('2', '{"n":1}')).status, 'accepted')
    // A header is not signed: it may not make another body a repetition.
    assert.equal((await byHeader('1', '{"n":2}')).status, 'accepted')
    const byPath = async (meta: object, n: number) => (await send('by-path', JSON.stringify({ meta, n }), bearer)).json()
    const found = await byPath({ kind: 'made', id: 5 }, 1)
    assert.equal((await event(found.id)).type, 'webhook.made')
    assert.equal((await byPath({ kind: 'made', id: 5 }, 2)).status, 'duplicate')
    assert.equal((await byPath({ kind: 'made', id: 6 }, 1)).status, 'accepted')
    const without = await byPath({}, 1)
    assert.equal((await event(without.id)).type, 'webhook.by-path')
  })

  test('takes messages of a Drive channel apart by their number, although their bodies are empty', async () => {
    await made('drive', { verification: 'google_drive' })
    const headers = {
      'x-goog-channel-token': secret,
      'x-goog-channel-id': 'ch-1',
      'x-goog-resource-id': 'r-1',
      'x-goog-resource-state': 'change',
    }
    const message = async (number: string, more = {}) =>
      (await send('drive', '', { ...headers, 'x-goog-message-number': number, ...more })).json().status
    assert.deepEqual([await message('1'), await message('2'), await message('2')], ['accepted', 'accepted', 'duplicate'])
    assert.equal(await message('1', { 'x-goog-channel-id': 'ch-2' }), 'accepted')
  })

  test('takes a Standard Webhooks message with another id as another message, unless it is told not to', async () => {
    const key = `whsec_${Buffer.alloc(24, 3).toString('base64')}`
    for (const [name, more, second] of [
      ['by-id', {}, 'accepted'],
      ['by-body', { refuse_same_body: true }, 'duplicate'],
    ] as const) {
      await made(name, { verification: 'standard', ...more }, key)
      const message = async (id: string) => {
        const { headers, body } = sign(schemes.standard, { body: Buffer.from('{"a":1}'), secret: key, now: Date.now(), id })
        return (await send(name, body, { ...headers })).json().status
      }
      assert.deepEqual([await message('msg_1'), await message('msg_1'), await message('msg_2')], ['accepted', 'duplicate', second], name)
    }
  })

  test('accepts the names of Svix, a private key as the secret, and any of several signatures', async () => {
    const key = `whsec_${Buffer.alloc(24, 4).toString('base64')}`
    await made('svix', { verification: 'standard' }, key)
    const { headers, body } = sign(schemes.standard, { body: Buffer.from('{"svix":1}'), secret: key, now: Date.now() })
    const renamed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace('webhook-', 'svix-'), value]))
    assert.equal((await send('svix', body, renamed)).statusCode, 202)
    assert.equal((await send('svix', body, { ...renamed, 'svix-signature': 'v1,AAAA' })).statusCode, 401)

    const pair = `whsk_${Buffer.alloc(32, 5).toString('base64')}`
    await made('signed-by-key', { verification: 'standard' }, pair)
    const asymmetric = sign(schemes.standard, { body: Buffer.from('{"key":1}'), secret: pair, now: Date.now() })
    assert.match(asymmetric.headers['webhook-signature']!, /^v1a,/)
    assert.equal((await send('signed-by-key', asymmetric.body, { ...asymmetric.headers })).statusCode, 202)

    await made('rotating', { verification: { kind: 'hmac', header: 'X-Signature', prefix: 'sha256=' } })
    const rotated = '{"rotated":1}'
    const [old, current] = ['another-secret-of-before', secret].map(
      (each) => `sha256=${createHmac('sha256', each).update(rotated).digest('hex')}`,
    )
    assert.equal((await send('rotating', rotated, { 'x-signature': `${old},${current}` })).statusCode, 202)
    assert.equal((await send('rotating', rotated, { 'x-signature': `${old}, ${old}` })).statusCode, 401)

    const listed = { name: 'v1', separator: ',' }
    await made('listed', {
      verification: { kind: 'hmac', header: 'X-Sign', payload: '{timestamp}.{body}', listed, timestamp: { listed: 't' } },
    })
    const at = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', secret).update(`${at}.${rotated}`).digest('hex')
    assert.equal((await send('listed', rotated, { 'x-sign': `t=${at},v1=${'0'.repeat(64)},v1=${signature}` })).statusCode, 202)
    assert.equal((await send('listed', rotated, { 'x-sign': `t=1000000000,v1=${signature}` })).statusCode, 401)
  })

  test('reshapes what came, answers as it was told, and shows in its log what it took and what it refused', async () => {
    await made('shaped', {
      verification: { kind: 'bearer' },
      transform: '{"type": "alert." & body.level, "subject": body.service, "data": {"text": body.text, "from": headers."x-from"}}',
      reply: { status: 200, body: { seen: '${{ event.id }}', again: '${{ event.duplicate }}', text: 'got ${{ body.text }}' } },
    })
    const body = JSON.stringify({ level: 'high', service: 'db', text: 'slow' })
    const reply = await send('shaped', body, { ...bearer, 'x-from': 'here' })
    assert.equal(reply.statusCode, 200)
    const { seen, ...said } = reply.json()
    assert.deepEqual(said, { again: false, text: 'got slow' })
    assert.equal((await send('shaped', body, bearer)).json().again, true)
    assert.equal((await send('shaped', '{}', {})).statusCode, 401)
    await hub.hub.dispatch()
    const { type, subject, data, status } = await event(seen)
    assert.deepEqual([type, subject, data, status], ['webhook.alert.high', 'db', { text: 'slow', from: 'here' }, 'dispatched'])
    const logs = (await hub.call('GET', '/api/integrations/webhook/shaped/logs')).json()
    assert.deepEqual(
      logs.items.map(({ id }: { id: string }) => id),
      [seen],
    )
    assert.deepEqual(
      logs.rejections.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
      [['signature_missing', 1]],
    )
  })

  test('takes apart what is no JSON, and says of an event why it could not be reshaped', async () => {
    await made('lines', { verification: { kind: 'bearer' }, transform: '$split(body, "\\n")' })
    const plain = { ...bearer, 'content-type': 'text/plain' }
    const good = (await send('lines', 'a\nb', plain)).json().id
    await made('broken', { verification: { kind: 'bearer' }, transform: '$number(body.text)' })
    const bad = (await send('broken', '{"text":"x"}', bearer)).json().id
    await hub.hub.dispatch()
    assert.deepEqual((await event(good)).data, ['a', 'b'])
    const { status, problem, body } = await event(bad)
    assert.deepEqual([status, body], ['failed', '{"text":"x"}'])
    assert.match(problem, /\$number/)
  })

  test('is tried with a sample and with a stored event, and nothing comes of it', async () => {
    await made('tried', {
      verification: { kind: 'bearer' },
      type: { path: 'kind' },
      transform: '{"type": body.kind, "subject": "s", "data": {"n": body.n}}',
    })
    const endpoint = await hub.call('POST', '/api/v1/endpoints', {
      url: 'https://example.com/in',
      types: ['webhook.*'],
      filter: 'event.data.n > 1',
    })
    const target = endpoint.json().id
    const sampled = await hub.call('POST', '/api/integrations/webhook/tried/test')
    assert.deepEqual([sampled.statusCode, sampled.json().subject], [200, 's'], sampled.payload)
    const { id } = (await send('tried', '{"kind":"k","n":2}', bearer)).json()
    await hub.hub.dispatch()
    const before = (await hub.call('GET', '/api/v1/events')).json().items.length
    for (const url of ['/api/integrations/webhook/tried/test', '/api/v1/webhooks/tried/test']) {
      const tried = await hub.call('POST', url, { body: { kind: 'k', n: 1 } })
      assert.deepEqual(tried.json(), { type: 'webhook.k', subject: 's', data: { n: 1 }, matches: [] })
      const again = await hub.call('POST', url, { event_id: id })
      assert.deepEqual(again.json(), { type: 'webhook.k', subject: 's', data: { n: 2 }, matches: [{ kind: 'endpoint', target }] })
      for (const body of [undefined, {}]) assert.deepEqual((await hub.call('POST', url, body)).json(), again.json())
    }
    assert.equal((await hub.call('POST', '/api/v1/webhooks/tried/test', { headers: { a: 'b' } })).statusCode, 400)
    assert.equal((await hub.call('GET', '/api/v1/events')).json().items.length, before)
    assert.equal((await hub.call('GET', `/api/v1/deliveries?endpoint=${target}`)).json().items.length, 1)
  })

  test('is refused when it is saved, if it could not work or would prove nothing, with the place', async () => {
    const refused: [string, object][] = [
      ['config.transform', { verification: 'github', transform: 'body.' }],
      ['config.transform', { verification: 'github', transform: '$eval(body)' }],
      ['config.reply.body.id', { verification: 'github', reply: { body: { id: '${{ event. }}' } } }],
      ['config.reply.body.list.0', { verification: 'github', reply: { body: { list: ['${{ event.id'] } } }],
      ['config.verification', { verification: { kind: 'hmac', header: 'X-S', payload: '{timestamp}.{body}' } }],
      ['config.verification', { verification: { kind: 'hmac', header: 'X-S', payload: '{id}.{body}' } }],
    ]
    for (const [path, config] of refused) {
      const reply = await create('refused', config)
      assert.equal(reply.statusCode, 400, reply.payload)
      assert.deepEqual(
        reply.json().errors.map((error: { path: string }) => error.path),
        [path],
        reply.payload,
      )
    }
    assert.equal((await create('refused', {})).statusCode, 400)
    assert.equal((await hub.call('GET', '/api/v1/integrations/refused')).statusCode, 404)
    await made('kept', { verification: 'github', transform: 'body' })
    const changed = await hub.call('PATCH', '/api/v1/integrations/kept', { config: { verification: 'github', transform: '(' } })
    assert.equal(changed.statusCode, 400)
    assert.equal((await hub.call('GET', '/api/v1/integrations/kept')).json().config.transform, 'body')
  })
})

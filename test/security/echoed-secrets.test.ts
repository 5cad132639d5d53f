import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { backup } from '#db'
import { toolBench, type ToolBench } from '#test'

const token = 'echo/token+canary=7341 x'
const password = 'pass:word-canary-5120'
const pair = Buffer.from(`ada:${password}`).toString('base64')
/** Every form in which a vendor may repeat them. */
const ofToken = [token, encodeURIComponent(token)]
const ofPassword = [password, encodeURIComponent(password), pair, encodeURIComponent(pair)]

function assertNone(text: string, place: string): void {
  for (const form of [...ofToken, ...ofPassword])
    for (const shown of [form, JSON.stringify(form).slice(1, -1)]) assert.ok(!text.includes(shown), `${place} shows ${form}`)
}

async function everything({ hub }: ToolBench): Promise<string> {
  const places = [
    '/api/v1/invocations?limit=200',
    '/api/v1/runs?limit=200',
    '/api/v1/events?limit=200',
    '/api/v1/integrations',
    '/api/v1/audit?limit=200',
  ]
  const texts = await Promise.all(
    places.map(async (place) => {
      const reply = await hub.call('GET', place)
      assert.equal(reply.statusCode, 200, `${place}: ${reply.body}`)
      return reply.body
    }),
  )
  const { items } = (await hub.call('GET', '/api/v1/invocations?limit=200')).json<{ items: { id: string }[] }>()
  assert.ok(items.length >= 6)
  for (const { id } of items) texts.push((await hub.call('GET', `/api/v1/invocations/${id}`)).body)
  const file = join(hub.dataDir, 'backup')
  await backup({ connectionString: hub.hub.config.DATABASE_URL! }, file)
  const text = gunzipSync(readFileSync(file)).toString('utf8')
  assert.ok(text.includes('[redacted]'), 'the backup has no output')
  return [...texts, text].join('\n')
}

test('a credential that an outside system repeats is in no answer, invocation, run, event, integration and backup', async () => {
  await using b = await toolBench()
  const connect = async (name: string, credential: object) => {
    const body = { integration_type: 'http', name, config: { base_url: b.api.url }, ...credential }
    const made = await b.hub.call('POST', '/api/v1/integrations', body)
    assert.equal(made.statusCode, 201, made.body)
  }
  await connect('by-token', { auth_type: 'token', credential: { token } })
  await connect('by-password', { auth_type: 'basic', credential: { username: 'ada', password } })
  let seen = ''
  b.answer = ({ headers, path }) => {
    seen += String(headers.authorization)
    const forms = headers.authorization?.startsWith('Bearer') ? ofToken : ofPassword
    const echo = { sent: headers.authorization, ways: [...forms, { [forms[0]!]: `before ${forms[0]} after` }] }
    return path === '/fails' ? { status: 422, body: { message: `no ${forms.join(' ')}` } } : { body: echo }
  }
  for (const integration of ['by-token', 'by-password']) {
    for (const [method, path] of [
      ['GET', '/echo'],
      ['POST', '/echo'],
      ['POST', '/fails'],
    ]) {
      const { status, body } = await b.invoke('http_request', { integration, input: { method, path } })
      assert.equal(status, path === '/fails' ? 422 : 200, JSON.stringify(body))
      assertNone(JSON.stringify(body), `the answer of ${method} ${path}`)
      assert.match(JSON.stringify(body), /\[redacted\]/)
    }
    await b.hub.call('POST', `/api/v1/integrations/${integration}/test`)
  }
  assert.ok(seen.includes(token) && seen.includes(pair), 'the credentials were not sent')
  assertNone(await everything(b), 'what is stored')
})

test('a credential that an outside system repeats in its failures is not in what is stored of the integration’s health', async () => {
  await using b = await toolBench()
  const config = { base_url: b.api.url, test_path: '/me' }
  const made = { integration_type: 'http', name: 'failing', config, auth_type: 'token', credential: { token } }
  const reply = await b.hub.call('POST', '/api/v1/integrations', made)
  assert.equal(reply.statusCode, 201, reply.body)
  // Wherever the message is cut, no part of the secret is left in front of the cut.
  const cuts = Array.from({ length: 5 }, (_, n) => `${'.'.repeat(440 + 30 * n)} ${token} ${'.'.repeat(900)}`)
  let message = ''
  b.answer = () => ({ status: 500, body: { message } })
  const lastErrors = async (): Promise<string> => {
    const { rows } = await b.hub.hub.db.pool.query(`select last_error from hub.integrations where name = 'failing'`)
    return JSON.stringify([rows, (await b.hub.call('GET', '/api/v1/integrations')).json()])
  }
  const assertHidden = (text: string, place: string): void => {
    assert.ok(text.includes('answered 500'), `${place}: ${text}`)
    assert.ok(!text.includes(token.slice(0, 6)), `${place}: ${text}`)
  }
  for (message of [token, ...cuts]) {
    const tried = await b.hub.call('POST', '/api/v1/integrations/failing/test')
    assertHidden(tried.body, 'the test of the connection')
    assertHidden(await lastErrors(), 'the health after a test')
    await b.hub.call('PATCH', '/api/v1/integrations/failing', { enabled: true })
    const { body } = await b.invoke('http_request', { integration: 'failing', input: { method: 'POST', path: '/x' } })
    assert.equal(body['code'], 'outcome_unknown')
    assertHidden(JSON.stringify(body), 'the answer')
    assertHidden(await lastErrors(), 'the health after a call')
  }
  message = token
  for (let n = 0; n < 5; n++) await b.invoke('http_request', { integration: 'failing', input: { method: 'POST', path: '/x' } })
  const { items } = (await b.hub.call('GET', '/api/v1/events?type=integration.disabled')).json<{ items: { id: string }[] }>()
  assertHidden((await b.hub.call('GET', `/api/v1/events/${items[0]!.id}`)).body, 'the event')
})

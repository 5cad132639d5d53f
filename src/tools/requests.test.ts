import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowBench, toolBench, type ToolBench } from '#test'
import { until } from '#test/faults'

interface Request {
  readonly [name: string]: unknown
  readonly method: string
  readonly path: string | null
  readonly status: number | null
  readonly attempt: number
  readonly error: string | null
  readonly began_at: string
  readonly ms: number
}

interface Shown {
  readonly requests: readonly Request[]
  readonly requests_left_out: number
  readonly approval_id: string | null
}

let keys = 0
/** Makes a call under a key, whose record is stored before the answer. */
async function callAndShow(b: ToolBench, tool: string, body: object): Promise<Shown & { readonly raw: string }> {
  const { body: answer } = await b.invoke(tool, body, { 'idempotency-key': `requests-${(keys += 1)}` })
  const reply = await b.hub.call('GET', `/api/v1/invocations/${answer['invocation_id']}`)
  assert.equal(reply.statusCode, 200, reply.body)
  return { ...reply.json<Shown>(), raw: reply.body }
}

const line = ({ method, path, status, attempt, error }: Request): string =>
  [method, path, status, attempt, error].filter((part) => part !== null).join(' ')

test('a call shows each request that it sent, with its time, its size and the name that the outside system gave it', async () => {
  await using b = await toolBench()
  b.answer = ({ path }) =>
    path === '/look' ? { body: { seen: 1 }, headers: { 'x-vendor-request-id': 'ABC:123' } } : { status: 201, body: { ok: 1 } }
  const began = Date.now()
  const { requests, requests_left_out: leftOut } = await callAndShow(b, 'probe_look_then_create', { input: { at: '/made?dry=yes&tag=a' } })
  assert.deepEqual(requests.map(line), ['GET /look 200 1', 'POST /made 201 1'])
  assert.equal(leftOut, 0)
  const [look, made] = requests
  assert.deepEqual(
    [look!['vendor_id'], look!['bytes_received'], look!['bytes_sent'], look!['host'], look!['purpose']],
    ['ABC:123', 10, 0, new URL(b.api.url).host, 'call'],
  )
  assert.deepEqual([made!['query'], made!['bytes_sent'], made!['vendor_id']], [['dry', 'tag'], 2, null])
  assert.ok(Date.parse(look!.began_at) >= began - 1 && Date.parse(made!.began_at) >= Date.parse(look!.began_at))
  assert.ok(look!.ms >= 0 && look!.ms < 60_000)
})

test('retries are numbered and say why they were needed, and beyond 50 requests are only counted', async () => {
  await using b = await toolBench({ MAX_RETRY_ATTEMPTS: '2' })
  let asked = 0
  b.answer = () => ((asked += 1) < 3 ? { status: 503, body: {} } : { body: { ok: 1 } })
  const retried = await callAndShow(b, 'probe_get_thing', { input: { at: '/thing' } })
  assert.deepEqual(retried.requests.map(line), ['GET /thing 503 1 vendor_failed', 'GET /thing 503 2 vendor_failed', 'GET /thing 200 3'])

  const { createRequestLog } = await import('#http')
  const log = createRequestLog()
  for (let n = 0; n < 60; n++) log.begin({ method: 'GET', purpose: 'call', attempt: 1, bytes_sent: 0, url: new URL('http://x/y') })
  const sent = log.sent((value) => value)!
  assert.deepEqual([sent.items.length, sent.left_out], [50, 10])
  const more = createRequestLog(sent)
  more.begin({ method: 'GET', purpose: 'call', attempt: 1, bytes_sent: 0 })
  assert.deepEqual(more.sent((value) => value)!.left_out, 11)
  assert.equal(
    createRequestLog().sent((value) => value),
    null,
  )
})

test('a request without an answer says so', async () => {
  await using b = await toolBench()
  b.answer = () => ({ fault: 'cut' })
  const { requests } = await callAndShow(b, 'probe_get_thing', { input: { at: '/thing' } })
  assert.deepEqual(requests.map(line), ['GET /thing 1 vendor_unreachable'])
})

test('a call that is made again under its key keeps what its earlier attempts sent', async () => {
  await using b = await toolBench()
  let asked = 0
  b.answer = () => ((asked += 1) === 1 ? { status: 429, body: {}, headers: { 'retry-after': '0' } } : { body: { ok: 1 } })
  const body = { input: { at: '/thing' } }
  const key = { 'idempotency-key': 'again' }
  const { body: first } = await b.invoke('probe_get_thing', body, key)
  assert.equal(first['code'], 'vendor_rate_limited')
  // The limit of the integration pauses for a second at least.
  await until('it is made again', async () => (await b.invoke('probe_get_thing', body, key)).status === 200)
  const { requests } = (await b.hub.call('GET', `/api/v1/invocations/${first['invocation_id']}`)).json<Shown>()
  assert.deepEqual(
    requests.map(({ status }) => status),
    [429, 200],
  )
})

test('no secret is shown of a path, a query, a header and an answer, in whichever form it was sent', async () => {
  await using b = await toolBench()
  const token = 'canary token@path|7341/x'
  const made = await b.hub.call('POST', '/api/v1/integrations', {
    integration_type: 'http',
    name: 'canary',
    auth_type: 'token',
    credential: { token },
    config: { base_url: b.api.url },
  })
  assert.equal(made.statusCode, 201, made.body)
  const elsewhere = '/upload/capability-9917'
  b.answer = ({ path }) =>
    path === '/moved'
      ? { status: 302, headers: { location: `${b.api.url.replace('127.0.0.1', 'localhost')}${elsewhere}` } }
      : {
          body: { ok: 1 },
          headers: {
            'x-request-id': Buffer.from(token).toString('base64'),
            'x-trace-id': 'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
          },
        }
  const paths = [
    `/a/${encodeURIComponent(token)}/b`,
    `/a/${token.replaceAll(' ', '%20').replace('/', '%2F')}/b`,
    `/a/ghp_abcdefghijklmnopqrstuvwxyz0123456789`,
    `/q?api_key=${encodeURIComponent(token)}&${encodeURIComponent(token)}&plain-canary-5120`,
    '/moved',
  ]
  const shown: Request[] = []
  for (const path of paths) {
    const { requests, raw } = await callAndShow(b, 'http_request', { integration: 'canary', input: { path } })
    // The input is what the caller wrote; it is not looked at here.
    const text = JSON.stringify(requests)
    for (const secret of [token, encodeURIComponent(token), '7341', 'ghp_abc', '5120', '9917', 'authorization', 'Bearer'])
      assert.ok(!text.includes(secret), `${path} shows ${secret}: ${text}`)
    assert.ok(raw.includes('requests'))
    shown.push(...requests)
  }
  assert.deepEqual(
    shown.map(({ path }) => path),
    ['/a/[redacted]/b', '/a/[redacted]/b', '/a/[redacted]', '/q', '/moved', null],
  )
  assert.deepEqual(shown[3]!['query'], ['api_key'])
})

test('a call of a step shows its run and step, and the approval that covers it; lists are filtered by the run', async () => {
  const b = await flowBench()
  const flow = await b.flow(`
steps:
  - id: each
    for_each: {in: [1, 2], steps: [{id: make, uses: probe_create_thing, with: {at: /origin}}]}
  - id: sure
    approve:
      message: May it be?
      call: {uses: probe_create_thing, with: {at: /approved}}
`)
  const { id } = await flow.start()
  const asked = await until('it asks', async () => (await b.hub.tools.approvals.list(b.workspaceId, { run: id }, { limit: 1 }))[0])
  const decider = { ...b.operator, id: 'decider', name: 'decider' }
  await b.hub.tools.approvals.decide(decider, asked.id, { decision: 'approve' })
  assert.equal((await b.ended(id)).status, 'completed')
  const calls = await b.hub.invocations.list(b.workspaceId, { run: id, limit: 10 })
  assert.deepEqual(calls.map(({ step, approvalId }) => [step, approvalId]).toReversed(), [
    ['each/0/make', null],
    ['each/1/make', null],
    ['sure', asked.id],
  ])
  assert.ok(calls.every(({ runId }) => runId === id))
  const other = await b.hub.access.workspaces.create(b.operator, 'requests-elsewhere', async () => undefined)
  assert.deepEqual(await b.hub.invocations.list(other.id, { run: id, limit: 10 }), [])
})

test('a call that a policy asks about names the approval that it used', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  const refused = await b.invoke('probe_create_thing', { input: { at: '/asked' } })
  const approval = refused.body['approval_id'] as string
  const boss = { ...(await b.hub.hub.access.operator('boss')), id: 'boss', name: 'boss' }
  await b.hub.hub.tools.approvals.decide(boss, approval, { decision: 'approve' })
  assert.equal((await callAndShow(b, 'probe_create_thing', { input: { at: '/asked' } })).approval_id, approval)
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { anyCaller } from '#access'
import { operations, type Operation } from '#operations'
import { isProcedure } from './router.ts'
import { adminToken, seededRandom, sharedHub, trpcClient, trpcError, type TestHub } from '#test'

const offered: readonly Operation[] = Object.values<Operation>(operations).filter(isProcedure)
const json = { 'content-type': 'application/json' }

interface Sent {
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly token?: string | undefined
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** As REST would have sent it. */
  readonly problem: { readonly code: string; readonly status: number; readonly detail: string } | undefined
}

/** Streams that end with their client only. */
const endless: ReadonlySet<string> = new Set(['hints.watch', 'buses.tail'])

suite('tRPC refuses', () => {
  let address: string
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
    address = await hub.address()
  })

  async function send({ path, method = 'GET', body, headers = {}, token = adminToken }: Sent): Promise<Answered> {
    const reply = await fetch(`${address}/trpc/${path}`, {
      method,
      body: body ?? null,
      headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
    })
    const text = await reply.text()
    return { status: reply.status, headers: reply.headers, text, problem: 'trpc-accept' in headers ? undefined : problemIn(text) }
  }

  /** Calls a procedure as its type asks for, with the example of its operation. */
  function call({ name, effect, stream, example }: Operation, token: string, headers = {}): Promise<Answered> {
    const input = JSON.stringify(example)
    if (effect === 'read' || stream) return send({ path: `${name}?input=${encodeURIComponent(input)}`, token, headers })
    return send({ path: name, method: 'POST', body: input, headers: { ...json, ...headers }, token })
  }

  const tokenWith = async (more: object): Promise<string> =>
    (await hub.call('POST', '/api/v1/tokens', { name: 'trpc', ...more })).json<{ token: string }>().token

  test('every procedure without its scope', async () => {
    const [jobs, approvals] = [await tokenWith({ scopes: ['jobs:read'] }), await tokenWith({ scopes: ['approvals:read'] })]
    assert.ok(offered.length > 60)
    for (const operation of offered.filter(({ scope }) => scope !== anyCaller)) {
      const { problem } = await call(operation, operation.scope.startsWith('jobs:') ? approvals : jobs)
      assert.equal(problem?.code, 'scope_missing', operation.name)
    }
  })

  test('every change by a read-only token', async () => {
    const token = await tokenWith({ scopes: ['admin', 'hub:admin'], read_only: true })
    const changes = offered.filter(({ effect, scope }) => effect !== 'read' && !scope.startsWith('tools:call'))
    assert.ok(changes.length > 20)
    for (const operation of changes) assert.equal((await call(operation, token)).problem?.code, 'scope_missing', operation.name)
    const called = await trpcError(trpcClient(address, { token }).tools.call.mutate({ name: 'hub_trigger_flow', input: { flow_id: 'x' } }))
    assert.equal(called.data?.problem.code, 'scope_missing')
  })

  test('everybody without a token, and with a token in the address', async () => {
    for (const operation of offered) {
      const { status, headers, problem } = await call(operation, '')
      assert.deepEqual([status, problem?.code], [401, 'token_missing'], operation.name)
      assert.equal(headers.get('www-authenticate'), 'Bearer')
    }
    const connectionParams = encodeURIComponent(JSON.stringify({ token: adminToken }))
    assert.equal((await send({ path: `runs.watch?connectionParams=${connectionParams}`, token: '' })).status, 401)
    const both = await send({ path: `tokens.list?connectionParams=${connectionParams}` })
    assert.deepEqual([both.status, both.problem?.code], [400, 'invalid_input'])
    assert.ok(!both.text.includes(adminToken))
  })

  test('to reach into another workspace', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'trpc-elsewhere' })
    const there = { 'hub-workspace': 'trpc-elsewhere' }
    const token = await tokenWith({ scopes: ['admin'] })
    for (const operation of offered) {
      const { status, problem } = await call(operation, token, there)
      assert.deepEqual([status, problem?.code], [403, 'scope_missing'], operation.name)
    }
    const elsewhere = trpcClient(address, { headers: there })
    const config = { base_url: 'http://127.0.0.1:9' }
    const site = await elsewhere.integrations.create.mutate({ name: 'trpc-site', integration_type: 'http', config })
    await elsewhere.flows.save.mutate({ source: 'id: trpc-foreign\nsteps: [{id: a, transform: 1}]' })
    await elsewhere.credentials.create.mutate({ name: 'trpc-foreign', data: { token: 'a-secret-value-2' } })
    const here = trpcClient(address, { token })
    const tries = [
      () => here.integrations.get.query({ id: site.id }),
      () => here.integrations.update.mutate({ id: site.id, enabled: false }),
      () => here.integrations.delete.mutate({ id: site.id }),
      () => here.flows.get.query({ id: 'trpc-foreign' }),
      () => here.flows.trigger.mutate({ id: 'trpc-foreign' }),
      () => here.credentials.delete.mutate({ name: 'trpc-foreign' }),
    ]
    for (const attempt of tries) assert.equal((await trpcError(attempt())).data?.httpStatus, 404)
    const lists = JSON.stringify([await here.integrations.list.query(), await here.flows.list.query(), await here.credentials.list.query()])
    for (const foreign of [site.id, 'trpc-foreign']) assert.ok(!lists.includes(foreign), foreign)
  })

  test('what it cannot read, each time with the problem of REST', async () => {
    const deep = `${'['.repeat(300)}${']'.repeat(300)}`
    const many = Array.from({ length: 21 }, () => 'tokens.list').join(',')
    const post = (path: string, body: string, headers: Record<string, string> = json): Sent => ({ path, method: 'POST', body, headers })
    const wanted: readonly (readonly [Sent, number, string])[] = [
      [{ path: 'tokens.nothing' }, 404, 'not_found'],
      [{ path: '' }, 404, 'not_found'],
      [{ path: 'tokens' }, 404, 'not_found'],
      [{ path: '__proto__.constructor' }, 404, 'not_found'],
      [{ path: 'tokens.create' }, 405, 'method_not_allowed'],
      [{ path: 'tokens.list', method: 'PUT' }, 405, 'method_not_allowed'],
      [{ path: 'tokens.list', method: 'DELETE' }, 405, 'method_not_allowed'],
      [post('tokens.create', '{"name": '), 400, 'bad_json'],
      [post('tokens.create', deep), 400, 'bad_json'],
      [post('tokens.create', '{"__proto__": {}}'), 400, 'bad_json'],
      [post('tokens.create', '[1]'), 400, 'invalid_input'],
      [post('tokens.create', 'null'), 400, 'invalid_input'],
      [post('tokens.create', ''), 400, 'invalid_input'],
      [post('tokens.create', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
      [post('tokens.create', '{}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
      [post('tokens.create', 'x', { 'content-type': 'multipart/form-data; boundary=x' }), 415, 'unsupported_media_type'],
      [post('tokens.create', 'x', { 'content-type': 'application/octet-stream' }), 415, 'unsupported_media_type'],
      [{ path: 'tokens.create', method: 'POST' }, 415, 'unsupported_media_type'],
      [post('tokens.create', JSON.stringify({ name: 'x'.repeat(2_000_000) })), 413, 'body_too_large'],
      [{ path: 'tokens.list?input={' }, 400, 'bad_json'],
      [{ path: `tokens.list?input=${encodeURIComponent(deep)}` }, 400, 'bad_json'],
      [{ path: 'tokens.list?input=%7B%22constructor%22%3A%7B%22prototype%22%3A1%7D%7D' }, 400, 'bad_json'],
      [{ path: `${many}?batch=1` }, 400, 'invalid_input'],
      [{ path: 'tokens.list,tokens.create?batch=1' }, 400, 'invalid_input'],
      [{ path: 'tokens.list,flows.list?batch=1&input=5' }, 400, 'invalid_input'],
      [{ path: 'runs.watch,runs.watch?batch=1' }, 400, 'invalid_input'],
      [{ path: 'runs.watch?input=5' }, 400, 'invalid_input'],
      [{ path: `tokens.list?input=${'x'.repeat(20_000)}` }, 431, 'headers_too_large'],
      [{ path: '%' }, 400, 'invalid_input'],
    ]
    for (const [sent, status, code] of wanted) {
      const { status: got, problem, text } = await send(sent)
      const what = `${sent.method ?? 'GET'} ${sent.path.slice(0, 60)} ${sent.body?.slice(0, 40) ?? ''}: ${got} ${text.slice(0, 300)}`
      assert.deepEqual([problem?.status, problem?.code], [status, code], what)
      // The answer to a subscription has begun, and to a batch stands for several calls.
      if (!/^(runs\.watch\?|tokens\.list,flows)/.test(sent.path)) assert.equal(got, status, what)
      assert.ok(!/stack|node_modules|\.ts\b/.test(text), what)
    }
  })

  test('a form of another site: the browser asks first before it sends JSON', async () => {
    const asked = await fetch(`${address}/trpc/tokens.create`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    assert.ok(asked.status >= 400)
    assert.equal(asked.headers.get('access-control-allow-origin'), null)
  })

  test('random requests without an internal error', async () => {
    const random = seededRandom(Number(process.env['HUB_FUZZ_SEED'] ?? 20_261_127))
    const values = [
      'null',
      '{}',
      '[]',
      '5',
      '"x"',
      '{"id":"x"}',
      '{"0":{"id":"x"},"1":null}',
      '{"limit":-1}',
      '{"id":"\\u0000"}',
      '{"id":"\\ud800"}',
      '{"x":',
    ]
    const names = offered.map(({ name, effect }) => (effect === 'read' && !endless.has(name) ? name : 'x'))
    for (let number = 0; number < 600; number++) {
      const path = Array.from({ length: random.oneOf([1, 1, 2, 3, 25]) }, () =>
        random.oneOf([...names, 'x', '', '..%2F', 'a%2Cb', '%00']),
      ).join(',')
      const query = [
        random.oneOf(['', 'batch=1', 'batch=1&batch=0', 'batch=2']),
        random.oneOf(['', `input=${encodeURIComponent(random.oneOf(values))}`]),
        random.oneOf(['', '', 'lastEventId=x', 'lastEventId=', 'connectionParams={}', 'trpc=1']),
      ]
      const headers = {
        ...random.oneOf<any>([json, {}, { 'content-type': 'application/json; charset=utf-8' }]),
        ...random.oneOf<any>([{}, { 'trpc-accept': 'application/jsonl' }, { 'last-event-id': '9' }]),
      }
      const sent: Sent = {
        path: `${path}?${query.filter(Boolean).join('&')}`,
        headers,
        ...random.oneOf<any>([{}, { method: 'POST', body: random.oneOf(values) }]),
      }
      const { status, text } = await send(sent)
      assert.ok(
        status < 500 && !/"code":"internal"|"stack":/.test(text),
        `${number}: ${JSON.stringify(sent)} ${status} ${text.slice(0, 500)}`,
      )
    }
  })
})

/** Of an answer with an error, or of the first event with one, or of the first call. */
function problemIn(text: string): Answered['problem'] {
  const data = /event: serialized-error\ndata: (.*)/.exec(text)?.[1]
  const parsed: any = JSON.parse(data ?? (text.startsWith('event:') || text === '' ? '{}' : text))
  const one = Array.isArray(parsed) ? parsed[0] : parsed
  return data === undefined ? (one.error?.data.problem ?? (one.code === undefined ? undefined : one)) : one.data.problem
}

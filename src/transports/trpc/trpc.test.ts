import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client'
import { hubError } from '#errors'
import { adminToken, sharedHub, testOperation, trpcBench, trpcClient, trpcError, type TestHub, untypedTrpcClient } from '#test'
import type { AppRouter } from '../../../client/src/generated/trpc.ts'

const authorization = `Bearer ${adminToken}`
const config = { base_url: 'http://127.0.0.1:9' }

suite('tRPC', () => {
  let hub: TestHub
  let address: string
  before(async () => {
    hub = await sharedHub()
    address = await hub.address()
  })

  test('answers a query and a mutation with the output of REST', async () => {
    const client = trpcClient(address)
    const made = await client.integrations.create.mutate({ name: 'over-trpc', integration_type: 'http', config })
    assert.match(made.id, /^int_/)
    const overRest = (await hub.call('GET', `/api/v1/integrations/${made.id}`)).json()
    assert.deepEqual(await client.integrations.get.query({ id: made.id }), overRest)
    const { items } = await client.audit.list.query({ limit: 1 })
    assert.equal(items.length, 1)
    assert.equal(await client.integrations.delete.mutate({ id: made.id }), null)
    assert.deepEqual((await client.tokens.list.query()).items.length > 0, true)
  })

  test('acts in the workspace that the header names', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'trpc-there' })
    const there = trpcClient(address, { headers: { 'hub-workspace': 'trpc-there' } })
    await there.credentials.set.mutate({ name: 'trpc-secret', kind: 'token', data: { token: 'a-secret-value-1' } })
    assert.deepEqual(
      (await there.credentials.list.query()).items.map(({ name }) => name),
      ['trpc-secret'],
    )
    const here = await trpcClient(address).credentials.list.query()
    assert.ok(here.items.every(({ name }) => name !== 'trpc-secret'))
  })

  test('is what the journal names as the transport of a call', async () => {
    const { invocation_id: id } = await trpcClient(address).tools.call.mutate({
      name: 'hub_list_flows',
      input: {},
      idempotency_key: 'trpc-1',
    })
    const overRest = await hub.call('GET', `/api/v1/invocations/${id}`)
    assert.deepEqual([overRest.json().transport, overRest.json().status], ['trpc', 'completed'])
  })

  test('reports an error as the problem that REST answers with, and nothing of the code', async () => {
    const headers = { 'x-request-id': 'the-same-request' }
    const client = trpcClient(address, { headers })
    for (const [call, method, path] of [
      [client.runs.get.query({ id: 'run_none' }), 'GET', '/api/v1/runs/run_none'],
      [client.integrations.delete.mutate({ id: 'none' }), 'DELETE', '/api/v1/integrations/none'],
    ] as const) {
      const { data, shape, message } = await trpcError(call)
      const overRest = await hub.with({ headers }).call(method, path)
      assert.deepEqual(data?.problem, overRest.json())
      assert.deepEqual([data?.httpStatus, data?.code, message], [404, 'NOT_FOUND', overRest.json().detail])
      assert.deepEqual(Object.keys(data!).toSorted(), ['code', 'httpStatus', 'path', 'problem'])
      assert.equal(shape?.code, -32_004)
    }
    const wrong = await trpcError(client.integrations.create.mutate({ name: 5, unknown: true } as never))
    assert.deepEqual(wrong.data?.problem.errors?.map(({ path }) => path).toSorted(), ['integration_type', 'name', 'unknown'].toSorted())
    const noObject = await trpcError(client.integrations.get.query('text' as never))
    assert.deepEqual(
      noObject.data?.problem.errors?.map(({ path }) => path),
      ['input'],
    )
    const stranger = await trpcError(trpcClient(address, { token: 'ih_wrong' }).tokens.list.query())
    assert.deepEqual([stranger.data?.httpStatus, stranger.data?.code, stranger.data?.problem.code], [401, 'UNAUTHORIZED', 'token_invalid'])
  })

  test('answers each call of a batch by itself, in one request', async () => {
    for (const link of [httpBatchLink, httpBatchStreamLink]) {
      let requests = 0
      const counted: typeof fetch = (input, init) => {
        requests += 1
        return fetch(input, init)
      }
      const settings = { url: `${address}/trpc`, headers: { authorization }, fetch: counted as never, maxItems: 20 }
      const client = createTRPCClient<AppRouter>({ links: [link<AppRouter>(settings)] })
      const [tokens, run, flows] = await Promise.allSettled([
        client.tokens.list.query({ limit: 1 }),
        client.runs.get.query({ id: 'run_none' }),
        client.flows.list.query(),
      ])
      assert.deepEqual([tokens.status, run.status, flows.status, requests], ['fulfilled', 'rejected', 'fulfilled', 1])
      assert.equal(run.status === 'rejected' && run.reason.data.problem.code, 'not_found')
      // Twenty-five calls are two batches.
      requests = 0
      await Promise.all(Array.from({ length: 25 }, () => client.tokens.list.query({ limit: 1 })))
      assert.equal(requests, 2)
    }
  })

  test('takes a query as POST, because an address has less room than a flow', async () => {
    const source = `id: long\nname: ${'x'.repeat(40_000)}\nsteps: [{id: a, transform: 1}]`
    const link = (more: object) =>
      createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc`, headers: { authorization }, ...more })] })
    assert.ok(await link({ methodOverride: 'POST' }).flows.check.query({ source }))
    const tooLong = await trpcError(link({}).flows.check.query({ source }))
    assert.equal((tooLong.meta!['response'] as Response).status, 431)
  })

  test('sends what REST sends as headers of an error: how long to wait, and the methods', async () => {
    await using bench = await trpcBench(hub, [
      ...[3, 40].map((retryAfter) =>
        testOperation(`wait.for${retryAfter}`, { run: () => Promise.reject(hubError('runs_limited', { retryAfter })) }),
      ),
      testOperation('wait.not', { run: async () => null }),
      testOperation('wait.breaks', { run: () => Promise.reject(new Error('a secret of the code')) }),
      testOperation('wait.write', { effect: 'write', run: async () => null }),
    ])
    const get = (path: string) => fetch(`${bench.address}/trpc/${path}`, { headers: { authorization } })
    const one = await get('wait.for3')
    assert.deepEqual([one.status, one.headers.get('retry-after')], [429, '3'])
    const several = await get('wait.not,wait.for3,wait.for40?batch=1')
    assert.deepEqual([several.status, several.headers.get('retry-after')], [207, '40'])
    const write = await get('wait.write')
    assert.deepEqual([write.status, write.headers.get('allow')], [405, 'POST'])
    const broken = await get('wait.breaks')
    const text = await broken.text()
    assert.equal(broken.status, 500)
    assert.ok(!text.includes('secret') && !text.includes('stack') && text.includes('"internal"'), text)
  })

  test('passes names and fields in camel case on as they are', async () => {
    const seen: unknown[] = []
    const run = async (_: unknown, input: unknown) => {
      seen.push(input)
      return { redirectUrl: 'https://example.com' }
    }
    await using bench = await trpcBench(hub, [testOperation('integrations.initProviderAuth', { effect: 'write', run })])
    const client = untypedTrpcClient(bench.address)
    const input = { workspaceId: 'ws', providerName: 'github' }
    assert.deepEqual(await client.mutation('integrations.initProviderAuth', input), { redirectUrl: 'https://example.com' })
    assert.deepEqual(seen, [input])
  })

  test('registers no procedure without a scope, none twice, and none of the command line alone', async () => {
    const run = async () => null
    await assert.rejects(trpcBench(hub, [testOperation('a.open', { scope: '', run })]), /does not say which scope/)
    await assert.rejects(trpcBench(hub, [testOperation('a.b', { run }), testOperation('a.b.c', { run })]), /below another procedure/)
    for (const name of ['keys.list', 'audit.verify']) {
      const reply = await fetch(`${address}/trpc/${name}`, { headers: { authorization } })
      assert.equal(reply.status, 404, name)
    }
  })

  test('counts under one route, whatever the procedure', async () => {
    await trpcError(untypedTrpcClient(address).query('nothing.there'))
    const metrics = (await hub.call('GET', '/metrics')).body
    assert.match(metrics, /hub_http_request_duration_seconds_count\{method="GET",route="\/trpc\/\*",status="404"\}/)
    assert.ok(!metrics.includes('nothing.there'))
  })
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { toolBench, type ToolBench } from '#test'

interface Reply {
  readonly status: number
  readonly body: Record<string, any>
}

let bench: ToolBench

async function script(code: string, { key, ...more }: { key?: string; [field: string]: unknown } = {}, token?: string): Promise<Reply> {
  const options = { ...(token === undefined ? {} : { token }), ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) }
  const reply = await bench.hub.with(options).call('POST', '/api/v1/scripts', { code, ...more })
  return { status: reply.statusCode, body: reply.json() }
}

const posts = (): number => bench.api.requests.filter(({ method }) => method === 'POST').length

async function tokenWith(...scopes: string[]): Promise<string> {
  const operator = await bench.hub.hub.access.operator('tester')
  return (await bench.hub.hub.access.tokens.create(operator, { name: `script ${Math.random()}`, scopes })).value
}

suite('scripts.run', () => {
  before(async () => {
    bench = await toolBench()
  })
  // The bench is disposed of at the end of the last test.

  test('calls tools through the pipeline and lists the calls', async () => {
    const { status, body } = await script(
      'const a = await tools.probe_get_thing({ at: "/a" }); const b = await tools.probe_create_thing({ at: "/b" }); return { a, b, n: input.n }',
      { input: { n: 3 } },
    )
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(body['output'].n, 3)
    assert.deepEqual(
      body['calls'].map(({ tool, status: ended, replayed }: Record<string, unknown>) => [tool, ended, replayed]),
      [
        ['probe_get_thing', 'completed', false],
        ['probe_create_thing', 'completed', false],
      ],
    )
    const journal = (await bench.hub.call('GET', `/api/v1/invocations/${body['calls'][1].invocation_id}`)).json()
    assert.equal(journal.transport, 'rest')
  })

  test('the same script under its key finds the outcomes of its calls, and another script does not', async () => {
    const code = 'await tools.probe_create_thing({ at: "/once" }); return (await tools.probe_get_thing({ at: "/read" })).ok'
    const before = posts()
    const first = await script(code, { key: 'once' })
    bench.answer = () => ({ body: { ok: 2 } })
    const again = await script(code, { key: 'once' })
    bench.answer = () => ({ body: { ok: 1 } })
    assert.deepEqual(again.body['output'], first.body['output'])
    assert.ok(again.body['calls'].every(({ replayed }: { replayed: boolean }) => replayed))
    assert.equal(posts() - before, 1)
    const other = await script('await tools.probe_create_thing({ at: "/other" })', { key: 'once' })
    assert.deepEqual([other.status, other.body['code']], [422, 'key_reused'])
    await script(code)
    await script(code)
    assert.equal(posts() - before, 3)
  })

  test('a script that failed in the middle says how much was done, and does that once', async () => {
    const code = 'for (const n of [1, 2, 3]) await tools.probe_create_thing({ at: "/step-" + n })'
    bench.answer = ({ path }) => (path.startsWith('/step-2') ? { status: 404, body: {} } : { body: { ok: 1 } })
    const failed = await script(code, { key: 'middle' })
    assert.equal(failed.body['code'], 'vendor_not_found')
    assert.match(failed.body['hint'], /1 of its calls had been made before.*"middle"/)
    bench.answer = () => ({ body: { ok: 1 } })
    const before = posts()
    const again = await script(code.replace('/step-2', ''), { key: 'middle' })
    assert.deepEqual([again.body['code'], posts() - before], ['vendor_not_found', 0])
  })

  test('a caller has only the tools that it may call, and a toolset narrows them', async () => {
    const names = 'return Object.keys(tools).sort()'
    const reader = await tokenWith('tools:call:probe_get_thing')
    assert.deepEqual((await script(names, {}, reader)).body['output'], ['probe_get_thing'])
    const narrowed = (await script(names, { toolset: ['probe_get_thing', 'hub_list_flows'] })).body['output']
    assert.deepEqual(narrowed, ['hub_list_flows', 'probe_get_thing'])
    const unknown = await script(names, { toolset: ['unknown_name'] })
    assert.deepEqual([unknown.status, unknown.body['code']], [404, 'tool_unknown'])
    const refused = await script('return await tools.probe_create_thing({ at: "/x" })', {}, reader)
    assert.equal(refused.body['code'], 'script_failed')
    assert.equal((await script(names, {}, await tokenWith('flows:read'))).status, 403)
  })

  test('a call that needs an approval ends the script, which goes on under its key when a person approved', async () => {
    const rules = [{ tools: ['probe_create_thing'], decision: 'ask', reason: 'it writes' }]
    assert.equal((await bench.hub.call('PUT', '/api/v1/policies', { rules })).statusCode, 200)
    const before = posts()
    const agent = await tokenWith('tools:call')
    const code = 'await tools.probe_get_thing({ at: "/first" }); return (await tools.probe_create_thing({ at: "/asked" })).ok'
    const asked = await script(code, { key: 'asked' }, agent)
    assert.deepEqual([asked.status, asked.body['code']], [403, 'approval_required'], JSON.stringify(asked.body))
    const { items } = (await bench.hub.call('GET', '/api/v1/approvals?status=pending')).json()
    assert.equal(items.length, 1)
    assert.ok(JSON.stringify(asked.body).includes(items[0].id))
    assert.equal(posts(), before)
    const decided = await bench.hub.call('POST', `/api/v1/approvals/${items[0].id}`, { decision: 'approve' })
    assert.ok(decided.statusCode < 300, decided.body)
    const after = await script(code, { key: 'asked' }, agent)
    assert.deepEqual([after.status, after.body['output'], posts() - before], [200, 1, 1], JSON.stringify(after.body))
    const caught = await script('try { await tools.probe_create_thing({ at: "/c" }) } catch (e) { return e.code }', {}, agent)
    assert.equal(caught.body['output'], 'approval_required')
    await bench.hub.call('PUT', '/api/v1/policies', { rules: [] })
  })

  test('a large output is truncated to the budget', async () => {
    const { body } = await script('return Array.from({ length: 5000 }, (_, n) => ({ n, text: "some text" }))', { max_tokens: 500 })
    assert.ok(JSON.stringify(body['output']).length < 2500)
    assert.equal(body['truncated'].parts[0].total, 5000)
  })

  test('the command line runs a script from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hub-script-'))
    try {
      writeFileSync(join(folder, 'job.js'), 'console.log("working"); return input.a + 1')
      const { config } = bench.hub.hub
      const main = join(import.meta.dirname, '../main.ts')
      const env = {
        PATH: process.env['PATH'],
        DATABASE_URL: config.DATABASE_URL,
        HUB_DATA_DIR: config.HUB_DATA_DIR,
        HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      }
      const run = promisify(execFile)(process.execPath, [main, 'script', 'run', join(folder, 'job.js'), '--input', '{"a": 4}'], {
        env,
        cwd: folder,
      })
      const { stdout, stderr } = await run
      assert.equal(stdout.trim(), '5', stderr)
      assert.match(stderr, /working/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
      await bench[Symbol.asyncDispose]()
    }
  })
})

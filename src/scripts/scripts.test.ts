import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubError, hubError } from '#errors'
import { createScripts, type ScriptResult, type ScriptRun } from './index.ts'

let scripts: ReturnType<typeof createScripts>

const run = (code: string, more: Partial<ScriptRun> = {}): Promise<ScriptResult> =>
  scripts.run({
    code,
    input: null,
    tools: ['probe_get'],
    now: new Date('2026-01-02T03:04:05Z'),
    seed: 'seed',
    owner: 'ws_1',
    call: ({ input, index }) => Promise.resolve({ input, index }),
    ...more,
  })

async function failureOf(work: Promise<unknown>): Promise<HubError> {
  const thrown: unknown = await work.then(
    (value) => assert.fail(`it succeeded with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof HubError)) throw thrown
  return thrown
}

suite('scripts', () => {
  before(() => {
    scripts = createScripts({ limits: { cpuMs: 400, wallMs: 4000, memoryBytes: 16_000_000 } })
  })
  after(() => scripts[Symbol.asyncDispose]())

  test('return a result out of their input and their calls', async () => {
    const { output, logs, calls } = await run(
      'console.log("n", input.n); const found = await Promise.all([1, 2, 3].map((q) => tools.probe_get({ q }))); return found',
      { input: { n: 5 } },
    )
    assert.deepEqual(
      output,
      [1, 2, 3].map((q) => ({ input: { q }, index: q })),
    )
    assert.deepEqual([logs, calls], [['n 5'], 3])
    assert.equal((await run('1 + 1')).output, null)
  })

  test('see the time and the random numbers of their run only', async () => {
    const code =
      'return [Date.now(), new Date().toISOString(), new Date(5).getTime(), new (new Date().constructor)().getTime(), Math.random(), Math.random()]'
    const first = await run(code)
    assert.deepEqual((first.output as unknown[]).slice(0, 4), [1767323045000, '2026-01-02T03:04:05.000Z', 5, 1767323045000])
    assert.deepEqual((await run(code)).output, first.output)
    assert.notDeepEqual((await run(code, { seed: 'other' })).output, first.output)
  })

  test('see the time of their run also where they close the function around them', async () => {
    const { output } = await run('}), (globalThis.early = Date.now()), (async () => { return early')
    assert.equal(output, Date.parse('2026-01-02T03:04:05Z'))
  })

  test('get results in the order of their calls, however long each takes', async () => {
    const { output } = await run(
      'const seen = []; await Promise.all([0, 1, 2].map((i) => tools.probe_get({ i }).then(() => seen.push(i)))); return seen',
      {
        call: async ({ index }) => {
          await sleep(90 - index * 30)
          return null
        },
      },
    )
    assert.deepEqual(output, [0, 1, 2])
  })

  test('run a few calls at once', async () => {
    let active = 0
    let most = 0
    const call = async (): Promise<null> => {
      most = Math.max(most, (active += 1))
      await sleep(5)
      active -= 1
      return null
    }
    await run('await Promise.all(Array.from({ length: 30 }, () => tools.probe_get()))', { call })
    assert.equal(most, 8)
  })

  test('make calls that they do not wait for', async () => {
    let made = 0
    await run('for (let i = 0; i < 20; i++) tools.probe_get({ i })', {
      call: async () => {
        await sleep(5)
        made += 1
        return null
      },
    })
    assert.equal(made, 20)
  })

  test('catch the errors of calls with their code, and end with the error otherwise', async () => {
    const call = (): Promise<never> => Promise.reject(hubError('vendor_not_found', { detail: 'no such issue', hint: 'look for it' }))
    const caught = await run(
      'try { await tools.probe_get() } catch (e) { return [e instanceof Error, e.code, e.kind, e.message, e.hint] }',
      { call },
    )
    assert.deepEqual(caught.output, [true, 'vendor_not_found', 'not_found', 'no such issue', 'look for it'])
    const thrown = await failureOf(run('\n\nawait tools.probe_get()', { call }))
    assert.deepEqual([thrown.code, thrown.message], ['vendor_not_found', 'no such issue (line 3 of the script)'])
    const forged = await failureOf(run('throw Object.assign(new Error("x"), { code: "approval_required", call: 1 })', { call }))
    assert.equal(forged.code, 'script_failed')
  })

  test('tell the line of an error, of syntax too', async () => {
    assert.match((await failureOf(run('\nlet x = 1\nx.y.z()'))).message, /in line 3: TypeError/)
    assert.match((await failureOf(run('let a = 1\nfoo bar'))).message, /in line 2: SyntaxError/)
    assert.deepEqual(await scripts.check('let a = 1\nfoo bar', 'ws_1'), { message: "SyntaxError: expecting ';'", line: 2 })
    assert.equal(await scripts.check('while (true) {}', 'ws_1'), undefined)
  })

  const limits: Record<string, [code: string, limit: RegExp]> = {
    'an endless loop': ['while (true) {}', /CPU time/],
    'an endless loop in a getter of the result': ['return { get a() { while (true) {} } }', /CPU time/],
    'an endless loop in toJSON of an argument': ['await tools.probe_get({ toJSON() { while (true) {} } })', /CPU time/],
    'a proxy that never answers, thrown': ['throw new Proxy({}, { get() { while (true) {} } })', /CPU time/],
    'an endless chain of promises': ['const f = () => Promise.resolve().then(f); await f()', /CPU time/],
    'a catch around an endless loop': ['for (;;) { try { while (true) {} } catch {} finally { continue } }', /CPU time/],
    'a regular expression that backtracks': ['return /^(a+)+$/.test("a".repeat(60) + "b")', /CPU time/],
    'a growing array': ['const a = []; while (true) a.push("x".repeat(1000) + a.length)', /memory|CPU time/],
    'a huge string': ['return "x".repeat(500_000_000)', /memory/],
    'a huge buffer': ['return new Uint8Array(1_000_000_000).length', /memory|Invalid/i],
    'ten thousand calls': ['for (let i = 0; i < 10_000; i++) await tools.probe_get({ i })', /200 tool calls/],
    'ten thousand calls at once': ['await Promise.all(Array.from({ length: 10_000 }, (_, i) => tools.probe_get({ i })))', /200 tool calls/],
    'calls that are caught': ['for (;;) { try { await tools.probe_get() } catch {} }', /200 tool calls/],
    'a huge result': ['return "x".repeat(1_000_001)', /limit of output/],
    'huge arguments': ['await tools.probe_get({ text: "x".repeat(1_000_001) })', /limit of arguments/],
    'endless logs': ['for (;;) console.log("x".repeat(1000))', /limit of logs/],
    'long code': [`return 1 // ${'x'.repeat(100_000)}`, /limit of code/],
  }
  for (const [what, [code, limit]] of Object.entries(limits)) {
    test(`${what} ends with the limit that it reached, and the next script runs`, async () => {
      const error = await failureOf(run(code))
      assert.ok(['script_limit', 'script_failed'].includes(error.code), error.code)
      assert.match(error.message, limit)
      assert.equal((await run('return 7')).output, 7)
      assert.ok(scripts.threads <= 4)
    })
  }

  test('a call that takes longer than the script may is aborted', async () => {
    let aborted = false
    const error = await failureOf(
      run('await tools.probe_get()', {
        limits: { wallMs: 300 },
        call: async ({ signal }) => {
          await sleep(10_000, undefined, { signal }).catch(() => (aborted = true))
        },
      }),
    )
    assert.deepEqual([error.code, aborted], ['script_limit', true])
    assert.match(error.message, /limit of time: 0.3 s/)
  })

  const failing: Record<string, [code: string, message: RegExp]> = {
    'a promise that never settles': ['await new Promise(() => {})', /waits for something that never happens/],
    'a thenable that never settles': ['return { then() {} }', /waits for something that never happens/],
    'deep recursion': ['const f = () => f() + 1; f()', /stack overflow/],
    null: ['throw null', /it threw null/],
    'a symbol': ['throw Symbol("x")', /it threw a symbol/],
    'a getter that throws': ['return { get a() { throw new Error("getter") } }', /getter/],
    'a number without JSON': ['await tools.probe_get({ n: 1n })', /BigInt/],
    'an import': ['return await import("node:fs")', /could not load module/],
    'an import statement': ['import fs from "node:fs"', /SyntaxError/],
    require: ['return require("node:fs")', /'require' is not defined/],
    'a constructor of the host': ['return tools.probe_get.constructor("return process")()', /'process' is not defined/],
    'the constructor of a result': [
      'return (await tools.probe_get()).constructor.constructor("return process")()',
      /'process' is not defined/,
    ],
    'an unknown tool': ['await tools.other({})', /not a function/],
  }
  for (const [what, [code, message]] of Object.entries(failing)) {
    test(`${what} fails the script only`, async () => {
      const error = await failureOf(run(code))
      assert.equal(error.code, 'script_failed')
      assert.match(error.message, message)
      assert.equal((await run('return 7')).output, 7)
    })
  }

  test('what a script changes in its sandbox reaches neither the hub nor the next script', async () => {
    const hostile = `
      Object.prototype.polluted = 1; Array.prototype.toJSON = () => 'x'; Promise.prototype.then = null
      JSON.stringify = () => '"forged"'; WeakMap.prototype.get = () => 1; globalThis.Error = null; tools.probe_get = 1
      return await tools.probe_get({ __proto__: { a: 1 }, ['__proto__']: { b: 1 } })`
    await run(hostile).catch(() => undefined)
    assert.equal(({} as { polluted?: number }).polluted, undefined)
    assert.deepEqual((await run('return [({}).polluted, typeof Error, [1]]')).output, [null, 'function', [1]])
  })

  test('eval and Function stay inside, and rejections that nobody handles end nothing', async () => {
    assert.equal(
      (await run('Promise.reject(new Error("x")); return eval("1 + 1") + new Function("return typeof process")()')).output,
      '2undefined',
    )
  })

  test('a loop of one script delays neither the hub nor other scripts', async () => {
    const looping = failureOf(run('while (true) {}', { limits: { cpuMs: 1500 } }))
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    assert.equal((await run('return 1')).output, 1)
    await looping
    clearInterval(timer)
    assert.ok(longest < 700, `the event loop stood still for ${longest} ms`)
  })

  test('one workspace cannot have all threads', async () => {
    const stop = new AbortController()
    const waiting = Array.from({ length: 8 }, () =>
      run('await tools.probe_get()', { signal: stop.signal, call: ({ signal }) => sleep(20_000, null, { signal }) }).catch(
        (error: unknown) => error,
      ),
    )
    assert.equal((await run('return 1', { owner: 'ws_2' })).output, 1)
    stop.abort()
    const ends = await Promise.all(waiting)
    assert.ok(ends.every((end) => end instanceof HubError && end.code === 'cancelled'))
  })

  test('a closed module leaves no thread', async () => {
    const own = createScripts()
    const endless = own
      .run({ code: 'while (true) {}', input: null, tools: [], now: new Date(), seed: '', owner: 'w', call: () => Promise.resolve() })
      .catch((error: unknown) => error)
    await sleep(300)
    await own[Symbol.asyncDispose]()
    assert.equal(((await endless) as HubError).code, 'shutting_down')
    assert.equal(own.threads, 0)
  })
})

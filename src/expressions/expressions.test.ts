import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubError } from '#errors'
import { sleep } from '#lib/clock'
import { testTelemetry } from '#test'
import { descendants, isAlive, until } from '#test/faults'
import fc from 'fast-check'
import { createCompiler } from './compile.ts'
import { createExpressions, type Expressions } from './index.ts'
import { plain } from './plain.ts'
import { createPool } from './pool.ts'
import { isSafe } from './safe.ts'

const code = (expected: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HubError, String(error))
  assert.equal(error.code, expected, error.message)
  if (message) assert.match(error.message, message)
  return true
}
const compile = createCompiler({ guarded: false })
const isSafeText = (text: string): boolean => isSafe(compile(text).ast)

const event = { data: { action: 'opened', number: 7, labels: [{ name: 'bug' }, { name: 'ui' }], gone: null }, type: 'github.pull_request' }

const ws = { workspaceId: 'wsp_1' }

test('what people write in filters and steps gives what it says', async () => {
  await using expressions = createExpressions()
  const cases: [string, unknown][] = [
    ['event.data.action in ["opened", "reopened"]', true],
    ['event.data.labels.name', ['bug', 'ui']],
    ['event.data.labels[0].name & "!"', 'bug!'],
    ['event.data.gone', null],
    ['event.data.absent', undefined],
    ['{ "n": event.data.number * 2, "none": event.data.absent }', { n: 14 }],
    ['$count(event.data.labels) > 1 and $exists(event.type)', true],
    ['event.data.absent ?? "else"', 'else'],
    ['event.data.labels[name = "ui"].name', 'ui'],
    ['$join($map(event.data.labels, function($l) { $uppercase($l.name) }), "+")', 'BUG+UI'],
    ['$replace(event.type, /^github[.]/, "")', 'pull_request'],
    ['$item.x + $index', 5],
  ]
  for (const [text, expected] of cases) {
    assert.deepEqual(await expressions.evaluate(text, { event }, { ...ws, bindings: { item: { x: 3 }, index: 2 } }), expected, text)
  }
})

test('what is wrong with an expression is said with its place, before it runs and when it does', async () => {
  await using expressions = createExpressions()
  assert.deepEqual(expressions.check('event.data.x = 1'), [])
  assert.deepEqual(expressions.check('event.data..x'), [{ message: expressions.check('event.data..x')[0]!.message, offset: 10 }])
  assert.deepEqual(expressions.check('"open'), [{ message: 'String literal must be terminated by a matching quote', offset: 5 }])
  assert.deepEqual(expressions.check(' '), [{ message: 'the expression is empty', offset: 0 }])
  assert.match(expressions.check('1 + $eval("2")')[0]!.message, /not available/)
  assert.equal(expressions.check('1 + $eval("2")')[0]!.offset, 4)
  await assert.rejects(expressions.evaluate('1 +', {}, ws), code('expression_failed', /`1 \+` failed at character 3/))
  await assert.rejects(expressions.evaluate('"a" - 1', {}, ws), code('expression_failed', /must evaluate to a number/))
  await assert.rejects(expressions.evaluate('$error("stop")', {}, ws), code('expression_failed', /stop/))
})

test('the names an expression needs from outside are told with their place, and those it makes itself are not', async () => {
  await using expressions = createExpressions()
  const names = (text: string): string[] => expressions.names(text).map(({ path, offset }) => `${path.join('.')}@${offset}`)
  assert.deepEqual(names('event.data.x = parameters.y & $item.z'), ['event.data.x@0', 'parameters.y@15', '$item.z@30'])
  assert.deepEqual(names('steps.diff.output[size > limit].name'), ['steps.diff.output.name@0'])
  assert.deepEqual(names('$$.steps.a.($$.event; inner; $.inner)'), ['steps.a@3', 'event@15'])
  assert.deepEqual(names('($x := event.a; $map($x, function($i) { $i.b & run.id & $j }))'), ['event.a@7', 'run.id@47', '$j@56'])
  assert.deepEqual(names('(($x := 1); $x)'), ['$x@12'])
  assert.deepEqual(names('($f := function($n) { $n = 0 ? 1 : $f($n - 1) }; $f(3))'), [])
  assert.deepEqual(names('event.items@$i.{ "n": $i.name }'), ['event.items@0'])
  assert.deepEqual(names('steps."my step".output ?: `odd name`'), ['steps.my step.output@0', 'odd name@26'])
  assert.deepEqual(names('event.list{ key: $sum(value) }'), ['event.list@0'])
  assert.deepEqual(names('event.list^(>when).id'), ['event.list@0'])
  assert.deepEqual(names('1 +'), [])
})

test('only what takes bounded time is evaluated in the hub itself', () => {
  const safe = [
    'a.b.c',
    'a[0].b',
    '$x.a',
    '"a" & b',
    '[a, {"b": c}]',
    '$lowercase(a) in ["x"]',
    '$contains(a, "b")',
    'a ? b : -c',
    '(a)',
    'a ?? 1',
  ]
  const others = [
    'a[b = 1]',
    'a.(b)',
    '[1..9]',
    '$map(a, $f)',
    '$contains(a, /x/)',
    '$contains(a, b)',
    '$pad(a, 9)',
    'a.*',
    '**',
    'a ~> $string',
    '$f(a)',
  ]
  others.push('{"__proto__": a}', '{a: b}', 'a{b: c}', 'a^(b)', 'function($x) { 1 }', '$string()', 'a@$b', `a${' & a'.repeat(90)}`)
  assert.deepEqual(
    safe.filter((text) => !isSafeText(text)),
    [],
  )
  assert.deepEqual(others.filter(isSafeText), [])
})

test('a safe expression gives in a worker what it gives in the hub', async () => {
  await using pool = createPool(1)
  await using expressions = createExpressions()
  const leaf = fc.constantFrom(
    'event.n',
    'event.list',
    'event.list.v',
    'event.list[0].v',
    'event.text',
    'event.none',
    'event.nil',
    '$v',
    '3',
    '"x"',
    'null',
  )
  const { text: expression } = fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .tuple(tie('text'), fc.constantFrom('=', '!=', 'and', 'or', 'in', '&', '+', '<'), tie('text'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(tie('text'), tie('text'), tie('text')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `[${a}, ${b}]`),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `{"k": ${a}, "l": ${b}}`),
      fc
        .tuple(fc.constantFrom('string', 'exists', 'count', 'boolean', 'not', 'type', 'uppercase'), tie('text'))
        .map(([f, a]) => `$${f}(${a})`),
    ),
  }))
  const input = { event: { n: 1, list: [{ v: 1 }, { v: 'x' }, {}], text: 'Text', nil: null } }
  const bindings = { v: { deep: [1] } }
  let same = 0
  await fc.assert(
    fc.asyncProperty(expression, async (text) => {
      fc.pre(isSafeText(text))
      const here = await expressions.evaluate(text, input, { ...ws, bindings }).then(
        (value) => JSON.stringify(value),
        (error: HubError) => error.code,
      )
      const answer = await pool.run('wsp_1', {
        kind: 'expression',
        text,
        payload: JSON.stringify({ input, bindings }),
        timeoutMs: 5000,
        maxOutputBytes: 1_000_000,
      })
      assert.equal('fault' in answer ? 'expression_failed' : answer.output, here, text)
      same++
    }),
    { numRuns: 300 },
  )
  assert.ok(same > 200)
})

const bombs = [
  '($f := function($x) { $f($x + 1) }; $f(1))',
  '($f := function($x) { 1 + $f($x + 1) }; $f(1))',
  '[1..10000000]',
  '$pad("", 1000000000)',
  '$match(text, /^(a+)+$/)',
  '($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $d("0123456789", 40))',
  '($d := function($s, $n) { $n = 0 ? $uppercase($s) : $d($s & $s, $n - 1) }; $d("0123456789", 24))',
  '($d := function($s, $n) { $n = 0 ? $s : $d([[$s], [$s]], $n - 1) }; $d(1, 60))',
  '$map([1..1000000], function($x) { [1..1000000] })',
  '$split($pad("", 50000000, "ab"), "a")',
  '$distinct([1..1000000])',
]

test('a bomb ends with a limit error in about a second, whatever it is made of, and is counted', async () => {
  const telemetry = testTelemetry()
  await using expressions = createExpressions(telemetry)
  for (const text of bombs) {
    const began = performance.now()
    await assert.rejects(expressions.evaluate(text, { text: `${'a'.repeat(40)}!` }, ws), code('expression_limit'), text)
    // A second of processor time, which takes up to four on a busy machine, and what it needs to start a process.
    assert.ok(performance.now() - began < 8000, text)
  }
  const { values } = await telemetry.metrics.expressionLimits.get()
  assert.equal(
    values.reduce((sum, { value }) => sum + value, 0),
    bombs.length,
  )
})

test('while bombs go off, ordinary expressions are answered', async () => {
  await using expressions = createExpressions(undefined, { workers: 3 })
  const regex = bombs[4]!
  const input = { text: `${'a'.repeat(40)}!`, n: 1 }
  await assert.rejects(expressions.evaluate(regex, input, ws), code('expression_limit'))
  let going = 5
  const exploding = Array.from({ length: going }, () =>
    assert.rejects(expressions.evaluate(regex, input, { ...ws, timeoutMs: 500 }), code('expression_limit')).finally(() => going--),
  )
  // Those that need a worker get the one that the known bomb is kept from.
  for (let n = 0; n < 20; n++) assert.equal(await expressions.evaluate('$sum([n, n])', input, ws), 2)
  for (let n = 0; n < 100; n++) assert.equal(await expressions.evaluate('n = 1', input, ws), true)
  assert.ok(going >= 3, `${going} bombs left`)
  await Promise.all(exploding)
})

test('many bombs of one workspace hold up another one by no more than the start of a worker', async () => {
  await using expressions = createExpressions()
  const input = { text: `${'a'.repeat(40)}!`, n: 1 }
  await expressions.evaluate('$sum([n, n])', input, { workspaceId: 'wsp_2' })
  let going = 20
  const exploding = Array.from({ length: going }, (_, n) =>
    // Each is another text, so that none is known as a bomb.
    assert
      .rejects(expressions.evaluate(`$match(text, /^(a+)+$/) & "${n}"`, input, { ...ws, timeoutMs: 200 }), code('expression_limit'))
      .finally(() => going--),
  )
  await sleep(300)
  assert.equal(await expressions.evaluate('$sum([n, n])', input, { workspaceId: 'wsp_2' }), 2)
  assert.ok(going > 10, `${going} bombs left`)
  await Promise.all(exploding)
})

test('a worker that gets no processor time has not used up its limit', { skip: process.platform !== 'linux' }, async () => {
  await using pool = createPool(1)
  const job = { kind: 'expression' as const, payload: '{"input":{},"bindings":{}}', timeoutMs: 400, maxOutputBytes: 1000 }
  await pool.run('wsp_1', { ...job, text: '1 + 1' })
  const worker = descendants(process.pid).find(({ command }) => command.includes('expressions/worker'))
  process.kill(worker!.pid, 'SIGSTOP')
  const late = pool.run('wsp_1', { ...job, text: '1 + 2' })
  await sleep(800)
  process.kill(worker!.pid, 'SIGCONT')
  assert.deepEqual(await late, { output: '3' })
  process.kill(worker!.pid, 'SIGSTOP')
  const began = performance.now()
  assert.deepEqual(await pool.run('wsp_1', { ...job, text: '1 + 3' }), { fault: { limit: 'time', message: 'it takes too long' } })
  assert.ok(performance.now() - began >= 4 * job.timeoutMs)
})

test('an input that is too large for a worker is refused before it is written', async () => {
  await using expressions = createExpressions()
  const input = { event: { items: Array.from({ length: 600_000 }, (_, n) => ({ n })) } }
  const began = performance.now()
  await assert.rejects(expressions.evaluate('$sum(event.items.n)', input, ws), code('expression_limit', /its input is too large/))
  assert.ok(performance.now() - began < 1000)
  assert.equal(await expressions.evaluate('$count(event.none)', input, ws), 0)
})

test('a worker that dies is replaced, and only its own evaluation ends', async () => {
  await using pool = createPool(1)
  const job = { kind: 'expression' as const, payload: '{"input":{},"bindings":{}}', timeoutMs: 20_000, maxOutputBytes: 1000 }
  // Past the limits that are checked between two steps, the whole process goes.
  const dying = pool.run('wsp_1', { ...job, text: '$split($pad("", 31000000, "ab"), "a")' })
  const next = pool.run('wsp_1', { ...job, text: '1 + 1' })
  assert.deepEqual(await dying, { fault: { limit: 'memory', message: 'it needs too much memory' } })
  assert.deepEqual(await next, { output: '2' })
})

test('disposed, nothing is left running and who waits is told', async () => {
  const workers = (): number[] =>
    descendants(process.pid)
      .filter(({ command }) => command.includes('expressions/worker'))
      .map(({ pid }) => pid)
  const others = workers()
  const pool = createPool(1)
  const job = { kind: 'expression' as const, text: '$sum([1..3])', payload: '{"bindings":{}}', timeoutMs: 1000, maxOutputBytes: 1000 }
  await pool.run('wsp_1', job)
  const own = workers().filter((pid) => !others.includes(pid))
  assert.ok(own.length > 0)
  const left = pool.run('wsp_1', { ...job, text: bombs[0]! })
  const queued = pool.run('wsp_1', job)
  const refused = Promise.all([left, queued].map((promise) => assert.rejects(promise, code('shutting_down'))))
  await pool[Symbol.asyncDispose]()
  await refused
  await assert.rejects(pool.run('wsp_1', job), code('shutting_down'))
  await until('the workers are gone', () => !own.some(isAlive))
})

test('neither the prototype of objects nor a function is within reach', async () => {
  await using expressions = createExpressions()
  const input = JSON.parse(
    '{"o":{"a":1,"__proto__":{"evil":true}},"l":{"_jsonata_lambda":true,"body":{"type":"value","value":1},"arguments":[]}}',
  ) as object
  for (const text of [
    'constructor',
    'o.constructor.name',
    '"x".constructor',
    'o.toString',
    '$lookup(o, "constructor")',
    '(o.hasOwnProperty)',
  ]) {
    assert.equal(await expressions.evaluate(text, input, ws), undefined, text)
  }
  for (const text of [
    '$merge([{}, o])',
    '{"__proto__": {"evil": true}}',
    '$ ~> |o|{"__proto__": {"evil": true}}|',
    '$spread(o)',
    'o',
    '[o]',
  ]) {
    const result = await expressions.evaluate(text, input, ws)
    assert.ok(!JSON.stringify(result).includes('evil'), text)
    for (const made of [result].flat()) assert.equal((made as { evil?: boolean }).evil, undefined, text)
  }
  assert.equal(({} as { evil?: boolean }).evil, undefined)
  for (const text of ['$sum', 'function($x) { $x }', '{"f": $sum}', '[$uppercase]', '/x/', 'l', '$substring("a", ?)']) {
    await assert.rejects(expressions.evaluate(text, input, ws), code('expression_failed', /function/), text)
  }
  await assert.rejects(expressions.evaluate('$map(["1"], $eval)', input, ws), code('expression_failed', /not available/))
})

test('a result larger than it may be is refused, without being made', async () => {
  await using expressions = createExpressions()
  const input = { text: 'x'.repeat(2000) }
  await assert.rejects(
    expressions.evaluate('text', input, { ...ws, maxOutputBytes: 1000 }),
    code('expression_limit', /larger than 1000 bytes/),
  )
  await assert.rejects(
    expressions.evaluate('$map([1..99], function($i) { $i })', input, { ...ws, maxOutputBytes: 100 }),
    code('expression_limit'),
  )
  let tree: unknown = 'leaf'
  for (let n = 0; n < 60; n++) tree = [tree, tree]
  assert.throws(() => plain(tree, 1000), /larger than 1000 bytes/)
  assert.throws(() => plain(Number.NaN, 1000), /no|not/)
})

test('texts that are hard to parse are refused at once', async () => {
  await using expressions: Expressions = createExpressions()
  const hard = [
    '('.repeat(5000),
    '-'.repeat(10_000),
    `a${' ?: a'.repeat(40)}`,
    `a${' ?? a'.repeat(40)}`,
    `a${'&a'.repeat(8000)}`,
    `${'a?'.repeat(4000)}a`,
  ]
  for (const text of [...hard, `a${'.a'.repeat(9000)}`, `$x${' := $x'.repeat(2000)}`, 'x'.repeat(20_000)]) {
    const began = performance.now()
    assert.equal(expressions.check(text).length, 1, text.slice(0, 20))
    assert.ok(performance.now() - began < 1000, text.slice(0, 20))
  }
})

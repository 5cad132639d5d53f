import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findJsonFault, isDeeperThan } from '#lib/json'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('the place of a fault is named by line and column', () => {
  const places: [string, number, number, boolean?][] = [
    ['{"name": x}', 1, 10],
    ['hunter2', 1, 1],
    ['', 1, 1, true],
    ['{"a": 1,\n  "b": }', 2, 8],
    ['{"a": 1,}', 1, 9],
    ['[1, 2', 1, 6, true],
    ['{"a": "b', 1, 9, true],
    ['{"a": "b\n"}', 1, 9],
    ['{"a": "\\x"}', 1, 8],
    ['{a: 1}', 1, 2],
    ['{"a" 1}', 1, 6],
    ['[1 2]', 1, 4],
    ['{"a": 1]', 1, 8],
    ['1 1', 1, 3],
    ['[01]', 1, 3],
    [']', 1, 1],
    ['{"a": NaN}', 1, 7],
    ["{'a': 1}", 1, 2],
    ['\n\n\t}', 3, 2],
  ]
  for (const [text, line, column, atEnd = false] of places) assert.deepEqual(findJsonFault(text), { line, column, atEnd }, text)
})

test('exactly what does not parse has a fault, also when something valid was damaged', () => {
  const damaged = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', ' ', '0', '-', '.', 'e', 'x', '\n', '\\u12'))
    .map(([text, place, inserted]) => {
      const at = place % (text.length + 1)
      return text.slice(0, at) + inserted + text.slice(at + (place % 2))
    })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.json(), fc.string()), (text) => {
      assert.equal(findJsonFault(text) === undefined, parses(text), text)
    }),
    { numRuns: 3000 },
  )
})

test('depth counts brackets, not those in strings', () => {
  assert.ok(!isDeeperThan('{"a":[1,{"b":"[[[[\\"{{{{"}]}', 3))
  assert.ok(isDeeperThan('{"a":[1,{"b":"[[[[\\"{{{{"}]}', 2))
  assert.ok(!isDeeperThan('[[],[],[],[]]', 2))
  const deep = (value: unknown): number =>
    value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(deep)) : 0
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      assert.ok(!isDeeperThan(text, deep(value)))
      assert.equal(isDeeperThan(text, deep(value) - 1), deep(value) > 0)
    }),
  )
})

test('a megabyte of anything is looked through without delay', () => {
  for (const text of [
    '['.repeat(1_000_000),
    `"${'a'.repeat(1_000_000)}`,
    `[${'1,'.repeat(500_000)}`,
    '{"a":'.repeat(200_000),
    ' '.repeat(1_000_000),
  ]) {
    const started = performance.now()
    assert.equal(findJsonFault(text)?.atEnd, true)
    isDeeperThan(text, 100)
    assert.ok(performance.now() - started < 2000)
  }
})

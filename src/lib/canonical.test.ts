import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '#lib/canonical'

/** The same value with the keys of every object in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, item]) => [key, turned(item)] as const)
  return Object.fromEntries(entries.toReversed())
}

test('the order of keys does not change the text, at any depth', () => {
  assert.equal(canonicalJson({ b: 1, a: { d: [{ y: 1, x: 2 }], c: null } }), '{"a":{"c":null,"d":[{"x":2,"y":1}]},"b":1}')
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(canonicalJson(turned(value)), canonicalJson(value))))
})

test('the text means the same as the value, and different values have different texts', () => {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [textA, textB] = [canonicalJson(a), canonicalJson(b)]
      assert.deepEqual(JSON.parse(textA), JSON.parse(JSON.stringify(a)))
      assert.equal(textA === textB, same(JSON.parse(textA), JSON.parse(textB)))
    }),
  )
})

test('dates become their text, what JSON leaves out is left out, and a __proto__ key is a key like any other', () => {
  assert.equal(canonicalJson({ at: new Date(0), none: undefined }), '{"at":"1970-01-01T00:00:00.000Z"}')
  assert.equal(canonicalJson(JSON.parse('{"__proto__":{"z":1},"a":2}')), '{"__proto__":{"z":1},"a":2}')
})

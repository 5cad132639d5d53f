import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMarkFinder } from './secret-parameters.ts'

const secret = { type: 'string', writeOnly: true }

test('what a schema marks is found wherever it stands, and nothing else', () => {
  for (const [schema, value, found, hidden] of [
    [{ properties: { a: secret, b: {} } }, { a: 's', b: 'p' }, ['s'], { a: '*', b: 'p' }],
    [{ properties: { a: { writeOnly: true } } }, { a: { x: 's', y: [1, true, null] } }, ['s', 1], { a: '*' }],
    [{ properties: { a: { items: secret } } }, { a: ['s', 't'] }, ['s', 't'], { a: ['*', '*'] }],
    [{ properties: { a: { prefixItems: [{}, secret], items: {} } } }, { a: ['p', 's', 'q'] }, ['s'], { a: ['p', '*', 'q'] }],
    [{ $defs: { 'k/1': secret }, properties: { a: { $ref: '#/$defs/k~11' } } }, { a: 's' }, ['s'], { a: '*' }],
    [{ $defs: { 'a/b': { writeOnly: true } }, properties: { a: { $ref: '#/$defs/a%2Fb' } } }, { a: 's' }, ['s'], { a: '*' }],
    [{ allOf: [{ anyOf: [{}, { properties: { a: secret } }] }] }, { a: 's' }, ['s'], { a: '*' }],
    [{ if: {}, then: { properties: { a: secret } } }, { a: 's' }, ['s'], { a: '*' }],
    [{ properties: { b: {} }, additionalProperties: secret }, { a: 's', b: 'p' }, ['s'], { a: '*', b: 'p' }],
    [{ patternProperties: { '^a': secret } }, { a: 's' }, ['s'], { a: '*' }],
    [{ properties: { a: { writeOnly: false } } }, { a: 'p' }, [], { a: 'p' }],
    [{ properties: { a: secret } }, { a: '' }, [], { a: '*' }],
    [{ properties: { a: secret } }, {}, [], {}],
  ] as const) {
    const marked = createMarkFinder(schema)?.(value, 50)
    assert.deepEqual(marked?.values ?? [], found, JSON.stringify(schema))
    assert.deepEqual(marked?.hide(() => '*') ?? value, hidden, JSON.stringify(schema))
  }
})

test('a schema that references double takes no longer than its size', () => {
  const defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`d${n}`, n === 39 ? secret : { allOf: [1, 2].map(() => ({ $ref: `#/$defs/d${n + 1}` })) }]),
  )
  const began = performance.now()
  assert.deepEqual(createMarkFinder({ $defs: defs, properties: { a: { $ref: '#/$defs/d0' } } })?.({ a: 's' }, 50).values, ['s'])
  assert.ok(performance.now() - began < 1000)
})

test('parts of a value about which a schema marks nothing are not looked at', () => {
  const unread = Object.defineProperty({}, 'text', {
    enumerable: true,
    get: () => assert.fail('it was read'),
  })
  const list = { type: 'array', items: { properties: { text: { type: 'string' } } } }
  assert.equal(createMarkFinder({ properties: { list }, $defs: { unused: secret } }), undefined)
  const marked = createMarkFinder({ properties: { list, a: secret } })!({ list: [unread], a: 's' }, 50)
  assert.deepEqual(marked.values, ['s'])
  assert.deepEqual(
    marked.hide(() => '*'),
    { list: [unread], a: '*' },
  )
})

test('the search ends with the first secret above the limit', () => {
  const found = createMarkFinder({ properties: { list: { items: secret }, inner: { writeOnly: true } } })!
  const unread = new Proxy(['a', 'b', 'c', 'd'], {
    get: (list, name, receiver) => (name === '3' ? assert.fail('it was read') : (Reflect.get(list, name, receiver) as unknown)),
  })
  assert.deepEqual(found({ list: unread }, 2).values, ['a', 'b', 'c'])
  assert.deepEqual(found({ inner: ['a', ['b', 'c', ['d']]] }, 2).values, ['a', 'b', 'c'])
})

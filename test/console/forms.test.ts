import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linesIn, numberIn } from '../../console/src/forms/schema.ts'

test('a number that is being written keeps its text until it is one, and never becomes another', () => {
  for (const text of ['1.', '-', '1.0', '0x10', ' 1', '1e400', 'NaN', 'Infinity', '9007199254740993', '007'])
    assert.equal(numberIn(text), text)
  assert.equal(numberIn('1.5'), 1.5)
  assert.equal(numberIn('-20'), -20)
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)), (text) =>
      assert.equal(String(numberIn(text)), text),
    ),
  )
})

test('lines that are empty are no items', () => {
  assert.deepEqual(linesIn('one\n\n two\n  \n'), ['one', ' two'])
  assert.deepEqual(linesIn('\n'), [])
})

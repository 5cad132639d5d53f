import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isNumberBegun, linesIn, numberIn } from '../../console/src/forms/schema.ts'

test('a text is the number that it means, and never becomes another', () => {
  for (const text of [
    '',
    '-',
    '.',
    '1e',
    '0x10',
    '1,5',
    '1 000',
    '1e400',
    '1e-400',
    'NaN',
    'Infinity',
    '9007199254740993',
    '0.12345678901234567891',
  ])
    assert.equal(numberIn(text), text)
  for (const [text, number] of Object.entries({ '1.50': 1.5, '1.': 1, '.5': 0.5, '007': 7, ' -20 ': -20, '+3': 3, '1e3': 1000, '0.00': 0 }))
    assert.equal(numberIn(text), number)
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) =>
      assert.equal(numberIn(String(number)), Number(String(number))),
    ),
  )
  fc.assert(
    fc.property(fc.bigInt(), (number) => {
      const read = numberIn(String(number))
      assert.ok(read === String(number) || BigInt(read) === number)
    }),
  )
})

test('a text that may become a number is told from one that cannot', () => {
  for (const text of ['', '-', '1.', '.', '1e', '1e-', '-0.']) assert.equal(isNumberBegun(text), true, text)
  for (const text of ['a', '1a', '1..', 'e', '--1', '1e5e']) assert.equal(isNumberBegun(text), false, text)
})

test('lines that are empty are no items', () => {
  assert.deepEqual(linesIn('one\n\n two\n  \n'), ['one', ' two'])
  assert.deepEqual(linesIn('\n'), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { open, seal, SealBrokenError, UnknownKeyError, type SealKey } from '#lib/seal'

const key: SealKey = { id: 'k1', key: Buffer.alloc(32, 1) }
const other: SealKey = { id: 'k2', key: Buffer.alloc(32, 2) }
const bound = ['ws_1', 'github-pat', 'token']
const text = fc.string({ unit: 'grapheme' })

test('what was sealed opens under the same key, workspace, name and field, and shows nothing of itself', () => {
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 4 }), (plain, parts) => {
      const sealed = seal(plain, other, parts)
      assert.equal(open(sealed, [key, other], parts), plain)
      assert.notEqual(sealed, seal(plain, other, parts))
    }),
  )
  assert.doesNotMatch(seal('correct horse battery', key, bound), /correct|Y29ycmVj/)
})

test('with any one character changed, added or taken away it does not open', () => {
  const sealed = seal('correct horse battery', key, bound)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ !'.split('')
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...alphabet), fc.constantFrom(0, 1), (at, character, taken) => {
      const changed = sealed.slice(0, at) + character + sealed.slice(at + taken)
      fc.pre(changed !== sealed)
      assert.throws(
        () => open(changed, [key], bound),
        (error) => error instanceof SealBrokenError || error instanceof UnknownKeyError,
      )
    }),
    { numRuns: 500 },
  )
  for (const broken of ['', 's1.k1', `${sealed}.`, `${sealed}.more`, sealed.replace('s1', 's2'), sealed.slice(0, -1)]) {
    assert.throws(() => open(broken, [key], bound), SealBrokenError)
  }
  const [version, id, iv, tag, body] = sealed.split('.')
  assert.throws(() => open([version, id, iv, tag!.slice(0, 6), body].join('.'), [key], bound), SealBrokenError)
})

test('moved to another workspace, name or field it does not open, nor with the borders between them moved', () => {
  const sealed = seal('secret', key, ['ws', 'ab', 'c'])
  for (const place of [
    ['wx', 'ab', 'c'],
    ['ws', 'ax', 'c'],
    ['ws', 'ab', 'd'],
    ['ws', 'a', 'bc'],
    ['wsab', 'c'],
    ['ws', 'ab', 'c', ''],
  ]) {
    assert.throws(() => open(sealed, [key], place), SealBrokenError)
  }
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), fc.array(text, { maxLength: 4 }), (here, there) => {
      fc.pre(JSON.stringify(here) !== JSON.stringify(there))
      assert.throws(() => open(seal('secret', key, here), [key], there), SealBrokenError)
    }),
  )
})

test('another key of the same id is told from a key that is not there, and both name the id', () => {
  const sealed = seal('secret', key, bound)
  const impostor: SealKey = { id: 'k1', key: Buffer.alloc(32, 9) }
  assert.throws(
    () => open(sealed, [impostor], bound),
    (error) => error instanceof SealBrokenError && error.keyId === 'k1' && /"k1"/.test(error.message),
  )
  assert.throws(
    () => open(sealed, [other], bound),
    (error) => error instanceof UnknownKeyError && error.keyId === 'k1' && /"k1"/.test(error.message),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changedFields, differences, lineDiff } from '../../console/src/pages/approvals/difference.ts'

test('a comparison of two texts has every line of both, in order, and common lines once', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after)
      const without = (kind: string) => lines.filter((line) => line.kind !== kind).map((line) => line.text)
      assert.equal(without('after').join('\n'), before)
      assert.equal(without('before').join('\n'), after)
      if (before === after) assert.ok(lines.every(({ kind }) => kind === 'same'))
    }),
  )
  assert.deepEqual(
    lineDiff('one\ntwo\nthree', 'one\n2\nthree').map(({ kind }) => kind),
    ['same', 'before', 'after', 'same'],
  )
})

test('only fields that both have count as changed by a call, and all that differ between two states', () => {
  const before = { title: 'Old', state: 'open', labels: ['a'] }
  assert.deepEqual(changedFields(before, { title: 'New', state: 'open', repo: 'web' }), [{ name: 'title', before: 'Old', after: 'New' }])
  assert.deepEqual(changedFields(null, { title: 'New' }), [])
  assert.deepEqual(differences(before, { title: 'Old', state: 'open', body: 'x' }), [
    { name: 'labels', before: ['a'], after: undefined },
    { name: 'body', before: undefined, after: 'x' },
  ])
  assert.deepEqual(differences('one', 'two'), [{ name: '', before: 'one', after: 'two' }])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration } from '#lib/duration'

test('a duration is the sum of its parts', () => {
  assert.equal(parseDuration('10s'), 10_000)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('90d'), 90 * 86_400_000)
  assert.equal(parseDuration('2w1d500ms'), 15 * 86_400_000 + 500)
  const parts = fc.array(fc.tuple(fc.nat(999), fc.constantFrom('ms', 's', 'm', 'h', 'd')), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(parts, (some) => {
      const sum = some.reduce((total, [count, unit]) => total + parseDuration(`${count}${unit}`)!, 0)
      assert.equal(parseDuration(some.map(([count, unit]) => `${count}${unit}`).join('')), sum)
    }),
  )
})

test('what is not a duration, or longer than a date can hold, is refused', () => {
  for (const text of ['', '10', 's', '1 h', '-5s', '1.5h', '5y', '10sx', '99999999999999999999d', '9'.repeat(400) + 'ms']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

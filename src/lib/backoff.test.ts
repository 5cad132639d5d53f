import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffDelay } from '#lib/backoff'

test('a delay lies between nothing and the ceiling, which doubles until the most that is allowed', () => {
  const limits = fc.record({ baseMs: fc.integer({ min: 1, max: 10_000 }), maxMs: fc.integer({ min: 1, max: 3_600_000 }) })
  fc.assert(
    fc.property(
      fc.nat(2000),
      limits,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, { baseMs, maxMs }, random) => {
        const delay = backoffDelay(attempt, { baseMs, maxMs }, () => random)
        const ceiling = Math.min(maxMs, baseMs * 2 ** attempt)
        assert.ok(Number.isSafeInteger(delay) && delay >= 0 && delay < ceiling, `${delay} of ${ceiling}`)
      },
    ),
  )
})

test('the jitter is full: the whole range is used, so that callers do not return in step', () => {
  const at = (random: number): number => backoffDelay(3, { baseMs: 100, maxMs: 60_000 }, () => random)
  assert.deepEqual([at(0), at(0.5), at(0.999)], [0, 400, 799])
})

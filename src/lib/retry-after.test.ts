import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfterMs } from '#lib/retry-after'

test('Retry-After is read as seconds or as a date, never as less than nothing nor as more than a day', () => {
  const now = Date.parse('2026-01-31T00:00:00Z')
  const day = 86_400_000
  for (const [value, ms] of [
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', 0],
    ['0', 0],
    [' 7 ', 7000],
    ['1.2', 2000],
    ['9'.repeat(400), undefined],
    ['100000000', day],
    ['Sat, 31 Jan 2026 00:01:00 GMT', 60_000],
    ['Sat, 31 Jan 2026 00:00:00 GMT', 0],
    ['Fri, 30 Jan 2026 00:00:00 GMT', 0],
    ['Sat, 31 Jan 2099 00:00:00 GMT', day],
  ] as const)
    assert.equal(retryAfterMs(value, now), ms, value)
})

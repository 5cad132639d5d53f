import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronFault, nextTimes } from './cron.ts'

const next = (cron: string, timezone: string, after: string, count: number): string[] =>
  nextTimes(cron, timezone, new Date(after), count).map((time) => time.toISOString().slice(0, 16))

test('a daily time keeps to the clock on the wall when that is changed', () => {
  assert.deepEqual(next('0 9 * * *', 'Europe/Kyiv', '2026-03-28T00:00Z', 2), ['2026-03-28T07:00', '2026-03-29T06:00'])
  assert.deepEqual(next('0 9 * * *', 'America/New_York', '2026-10-31T00:00Z', 3), [
    '2026-10-31T13:00',
    '2026-11-01T14:00',
    '2026-11-02T14:00',
  ])
})

test('a time in the hour that is skipped comes once, when the clock has jumped', () => {
  // 03:00 becomes 04:00 in Kyiv, 02:00 becomes 03:00 in New York.
  assert.deepEqual(next('30 3 * * *', 'Europe/Kyiv', '2026-03-28T12:00Z', 2), ['2026-03-29T01:00', '2026-03-30T00:30'])
  assert.deepEqual(next('30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', 2), ['2026-03-08T07:00', '2026-03-09T06:30'])
})

test('a fixed time in the hour that comes twice comes once, and each half hour comes each time', () => {
  assert.deepEqual(next('30 3 * * *', 'Europe/Kyiv', '2026-10-24T12:00Z', 2), ['2026-10-25T00:30', '2026-10-26T01:30'])
  assert.deepEqual(next('30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', 2), ['2026-11-01T05:30', '2026-11-02T06:30'])
  // Asked between the two, it has been.
  assert.deepEqual(next('30 1 * * *', 'America/New_York', '2026-11-01T05:30Z', 1), ['2026-11-02T06:30'])
  assert.deepEqual(next('*/30 * * * *', 'America/New_York', '2026-11-01T05:00Z', 4), [
    '2026-11-01T05:30',
    '2026-11-01T06:00',
    '2026-11-01T06:30',
    '2026-11-01T07:00',
  ])
})

test('the next time is after the given one, and there may be none', () => {
  assert.deepEqual(next('0 12 * * *', 'UTC', '2026-11-20T12:00Z', 1), ['2026-11-21T12:00'])
  assert.deepEqual(next('0 9 * * MON-FRI', 'UTC', '2026-11-20T12:00Z', 2), ['2026-11-23T09:00', '2026-11-24T09:00'])
  assert.deepEqual(next('0 0 30 2 *', 'UTC', '2026-11-20T12:00Z', 1), [])
})

test('what is no schedule, and no time zone, is refused with the part that is wrong', () => {
  const cases: [string, string, CronFault['part']][] = [
    ['61 * * * *', 'UTC', 'schedule'],
    ['* * * *', 'UTC', 'schedule'],
    ['0 0 0 1 1 * 2030', 'UTC', 'schedule'],
    ['2030-01-01T00:00:00', 'UTC', 'schedule'],
    ['@reboot', 'UTC', 'schedule'],
    ['', 'UTC', 'schedule'],
    ['* * * * *', 'Europe/Nowhere', 'timezone'],
  ]
  for (const [cron, timezone, part] of cases) {
    assert.throws(
      () => nextTimes(cron, timezone, new Date(), 1),
      (error) => error instanceof CronFault && error.part === part,
      cron,
    )
  }
})

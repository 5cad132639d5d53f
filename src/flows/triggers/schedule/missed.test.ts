import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missedTimes, type Due } from './missed.ts'

function missed(due: Partial<Omit<Due, 'nextAt'>> & { nextAt: string | null }, now: string) {
  const whole: Due = {
    cron: '0 * * * *',
    timezone: 'UTC',
    missed: 'skip',
    ...due,
    nextAt: due.nextAt === null ? null : new Date(due.nextAt),
  }
  const { times, next } = missedTimes(whole, new Date(now))
  return { times: times.map((time) => time.toISOString().slice(0, 16)), next: next?.toISOString().slice(0, 16) ?? null }
}

test('what is due runs once, a minute late is not missed, and before its time nothing runs', () => {
  for (const word of ['skip', 'once', 'all']) {
    const due = { missed: word, nextAt: '2026-01-01T10:00Z' }
    assert.deepEqual(missed(due, '2026-01-01T09:59:59Z'), { times: [], next: '2026-01-01T10:00' })
    assert.deepEqual(missed(due, '2026-01-01T10:00:00Z'), { times: ['2026-01-01T10:00'], next: '2026-01-01T11:00' })
    assert.deepEqual(missed(due, '2026-01-01T10:01:00Z'), { times: ['2026-01-01T10:00'], next: '2026-01-01T11:00' })
  }
  assert.deepEqual(missed({ nextAt: '2026-01-01T10:00Z' }, '2026-01-01T10:01:01Z'), { times: [], next: '2026-01-01T11:00' })
})

test('missed times are skipped, made up for by the last one, or all of them, by the word of the schedule', () => {
  const nextAt = '2026-01-01T10:00Z'
  const now = '2026-01-01T12:30Z'
  const next = '2026-01-01T13:00'
  assert.deepEqual(missed({ missed: 'skip', nextAt }, now), { times: [], next })
  assert.deepEqual(missed({ missed: 'once', nextAt }, now), { times: ['2026-01-01T12:00'], next })
  assert.deepEqual(missed({ missed: 'all', nextAt }, now), { times: ['2026-01-01T10:00', '2026-01-01T11:00', '2026-01-01T12:00'], next })
  // The last of those that passed is on time.
  assert.deepEqual(missed({ missed: 'skip', nextAt }, '2026-01-01T12:00:30Z').times, ['2026-01-01T12:00'])
})

test('of more than a hundred missed times the last hundred are made up for, and the last one is the last', () => {
  const nextAt = '2026-01-01T00:00Z'
  const now = '2026-01-11T00:30Z'
  const { times, next } = missed({ missed: 'all', nextAt }, now)
  assert.equal(times.length, 100)
  assert.deepEqual([times[0], times.at(-1), next], ['2026-01-06T21:00', '2026-01-11T00:00', '2026-01-11T01:00'])
  assert.deepEqual(missed({ missed: 'once', nextAt }, now).times, ['2026-01-11T00:00'])
  assert.deepEqual(missed({ missed: 'skip', nextAt }, now).times, [])
  const seconds = missed({ cron: '* * * * * *', missed: 'skip', nextAt }, now)
  assert.deepEqual(seconds.times, ['2026-01-11T00:30'])
})

test('where the clock is changed a daily time is missed once a day', () => {
  const kyiv = { cron: '30 3 * * *', timezone: 'Europe/Kyiv', missed: 'all' }
  // The night in which 03:00 becomes 04:00, and the one in which 04:00 becomes 03:00.
  assert.deepEqual(missed({ ...kyiv, nextAt: '2026-03-28T01:30Z' }, '2026-03-30T12:00Z').times, [
    '2026-03-28T01:30',
    '2026-03-29T01:00',
    '2026-03-30T00:30',
  ])
  assert.deepEqual(missed({ ...kyiv, nextAt: '2026-10-24T00:30Z' }, '2026-10-26T12:00Z').times, [
    '2026-10-24T00:30',
    '2026-10-25T00:30',
    '2026-10-26T01:30',
  ])
})

test('a schedule that has no more times has no next one', () => {
  const once = { cron: '0 0 30 2 *', missed: 'all' }
  assert.deepEqual(missed({ ...once, nextAt: null }, '2026-01-01T00:00Z'), { times: [], next: null })
  assert.deepEqual(missed({ ...once, nextAt: '2026-01-01T00:00Z' }, '2026-01-01T00:00Z'), { times: ['2026-01-01T00:00'], next: null })
})

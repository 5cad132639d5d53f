import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '#lib/ids'

test('ids sort in the order in which they were made, and none repeats, however many a millisecond sees', () => {
  const now = Date.now()
  const ids = Array.from({ length: 20_000 }, () => newId('evt', now))
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('a clock that jumps back repeats no id and keeps the order', () => {
  const now = Date.now()
  const before = newId('run', now + 20)
  const after = [now, now - 3_600_000, 0, now + 19].map((time) => newId('run', time))
  assert.deepEqual([before, ...after].toSorted(), [before, ...after])
})

test('an id is its prefix and a UUID of version 7 that holds the time', () => {
  const later = Date.now() + 40
  const id = newId('tok', later)
  assert.match(id, /^tok_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(id.slice(4, 17).replace('-', ''), 16), later)
})

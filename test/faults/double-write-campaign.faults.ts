import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killDuringWrites } from './double-write.ts'

test('a hundred kills during writes, and never a second write', async (t) => {
  const { writes, completed, unknown } = await killDuringWrites(100)
  t.diagnostic(`${writes} writes: ${completed} completed, ${unknown} unknown`)
  assert.equal(completed + unknown, writes)
  assert.ok(completed > 0 && unknown > 0)
})

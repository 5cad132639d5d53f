import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killDuringWrites } from './double-write.ts'

test('kill -9 during writes never makes a second write, and every call gets its true outcome or an unknown one', async () => {
  const { writes, completed, unknown } = await killDuringWrites(4)
  assert.equal(completed + unknown, writes)
  assert.ok(completed > 0)
})

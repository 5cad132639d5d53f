import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killUnderLoad } from './webhooks.ts'

test('forty kills under load, and nothing that was acknowledged is lost or happens twice', async (t) => {
  const { acknowledged, events, arrivals } = await killUnderLoad({ rounds: 40, patient: true })
  t.diagnostic(`${acknowledged} acknowledged, ${events} stored, ${arrivals} arrivals`)
  assert.ok(acknowledged > 0 && events >= acknowledged && arrivals >= events)
})

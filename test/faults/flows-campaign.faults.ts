import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killByFlow, killUnderFlows, stopUnderFlows } from './flows.ts'

test('twelve kills under load: every run ends once, nothing is written twice, and the other takes over within 10 s each time', async (t) => {
  const { runs, completed, unknown, takenOverMs } = await killUnderFlows({ rounds: 12, load: 60 })
  t.diagnostic(`${runs} runs: ${completed} completed, ${unknown} with an unknown outcome; taken over after ${takenOverMs} ms at most`)
  assert.ok(completed > 0 && unknown > 0 && takenOverMs < 10_000)
})

test('a hub that is stopped under load finishes what it is at, hands the rest on, and nothing has an unknown outcome', async (t) => {
  const { runs, completed, unknown } = await stopUnderFlows(60)
  t.diagnostic(`${runs} runs: ${completed} completed`)
  assert.deepEqual([runs, completed, unknown], [60, 60, 0])
})

test('a run that kills three processes is put aside, says so, and goes on when it is retried and lets live', async () => {
  await killByFlow()
})

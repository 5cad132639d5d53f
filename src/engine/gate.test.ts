import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createGate } from './gate.ts'
import { JobLost } from './job-lost.ts'

/** A step that ends when the test ends it. */
function step() {
  const ending = Promise.withResolvers<string>()
  let begun = false
  const work = (): Promise<string> => {
    begun = true
    return ending.promise
  }
  return { work, hasBegun: () => begun, end: () => ending.resolve('ended'), fail: () => ending.reject(new Error('failed')) }
}

test('only so many steps are under way at once, and the next begins when one ends or fails, in turn', async () => {
  const gate = createGate(2)
  const steps = [step(), step(), step(), step()]
  const results = Promise.allSettled(steps.map(({ work }) => gate.run(work)))
  const begun = async (): Promise<boolean[]> => {
    await turn()
    return steps.map(({ hasBegun }) => hasBegun())
  }
  assert.deepEqual(await begun(), [true, true, false, false])
  steps[1]!.fail()
  assert.deepEqual(await begun(), [true, true, true, false])
  steps[0]!.end()
  assert.deepEqual(await begun(), [true, true, true, true])
  steps[2]!.end()
  steps[3]!.end()
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
})

test('closing waits for the steps under way, for as long as it is told, and begins no other', async () => {
  const gate = createGate(1)
  const [first, queued, late] = [step(), step(), step()]
  const ended = gate.run(first.work)
  const refused = [gate.run(queued.work)]
  let closed = false
  const closing = gate.close(60_000).then(() => (closed = true))
  refused.push(gate.run(late.work))
  for (const each of refused) await assert.rejects(each, JobLost)
  assert.equal(closed, false)
  // What the ended step brought is still recorded, and the stop waits for that.
  const recording = step()
  const recorded = ended.then(() => gate.record(recording.work))
  first.end()
  assert.equal(await ended, 'ended')
  await turn()
  assert.deepEqual([recording.hasBegun(), closed], [true, false])
  recording.end()
  await recorded
  await closing
  assert.deepEqual([queued.hasBegun(), late.hasBegun()], [false, false])

  const impatient = createGate(1)
  void impatient.run(step().work)
  await impatient.close(10)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { coalesce } from '#lib/coalesce'

/** A read whose every run waits until the test lets it end. */
function heldRead() {
  const runs: { key: string; resolve: (value: number) => void; reject: (error: Error) => void }[] = []
  const ask = coalesce((key: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    runs.push({ key, resolve, reject })
    return promise
  })
  return { runs, ask }
}

test('who asks while a read is under way shares the next one, and many share it', async () => {
  const { runs, ask } = heldRead()
  const first = ask('a')
  const late = [ask('a'), ask('a'), ask('a')]
  assert.equal(runs.length, 1)
  runs[0]!.resolve(1)
  assert.equal(await first, 1)
  await setImmediate()
  assert.equal(runs.length, 2)
  runs[1]!.resolve(2)
  assert.deepEqual(await Promise.all(late), [2, 2, 2])
  const after = ask('a')
  assert.equal(runs.length, 3)
  runs[2]!.resolve(3)
  assert.equal(await after, 3)
})

test('keys do not wait for each other', async () => {
  const { runs, ask } = heldRead()
  const [a, b] = [ask('a'), ask('b')]
  assert.deepEqual(
    runs.map(({ key }) => key),
    ['a', 'b'],
  )
  runs[1]!.resolve(2)
  assert.equal(await b, 2)
  runs[0]!.resolve(1)
  assert.equal(await a, 1)
})

test('an error reaches those who shared that read and nobody after them', async () => {
  const { runs, ask } = heldRead()
  const first = ask('a')
  const second = ask('a')
  runs[0]!.reject(new Error('down'))
  await assert.rejects(first, /down/)
  await setImmediate()
  runs[1]!.reject(new Error('still down'))
  await assert.rejects(second, /still down/)
  const third = ask('a')
  runs[2]!.resolve(3)
  assert.equal(await third, 3)
})

test('no answer is handed out whose read began before its caller asked, in any interleaving', async () => {
  const someSteps = fc.array(fc.constantFrom('write', 'ask', 'write', 'ask', 'ask', 'fail'), { minLength: 5, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), someSteps, async (scheduler, steps) => {
      let stored = 0
      let failing = false
      const ask = coalesce(async (_key: string) => {
        const [seen, fails] = [stored, failing]
        failing = false
        await scheduler.schedule(Promise.resolve())
        if (fails) throw new Error('down')
        return seen
      })
      const answers: Promise<void>[] = []
      const sequence = scheduler.scheduleSequence(
        steps.map((step, index) => async () => {
          if (step === 'write') stored += 1
          if (step === 'fail') failing = true
          if (step !== 'ask') return
          const atLeast = stored
          answers.push(
            ask('key').then(
              (seen) => assert.ok(seen >= atLeast, `step ${index} got ${seen}, written before it asked: ${atLeast}`),
              (error: Error) => assert.equal(error.message, 'down'),
            ),
          )
        }),
      )
      await scheduler.waitFor(sequence.task)
      assert.ok(sequence.done)
      await scheduler.waitFor(Promise.all(answers))
    }),
    { numRuns: 200 },
  )
})

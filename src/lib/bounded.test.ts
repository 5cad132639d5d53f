import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBounded } from './bounded.ts'

const never = (): Promise<void> => new Promise(() => undefined)

test('a step that never ends is named and left behind, and the steps after it still run', async () => {
  const stuck: string[] = []
  const ended: string[] = []
  const bounded = createBounded(50, (step) => stuck.push(step))
  const stack = new AsyncDisposableStack()
  stack.defer(bounded('pool', async () => void ended.push('pool')))
  stack.defer(bounded('pollers', never))
  stack.defer(bounded('server', async () => void ended.push('server')))
  await assert.rejects(stack.disposeAsync(), /the stop did not wait any longer for: pollers/)
  assert.deepEqual(stuck, ['pollers'])
  assert.deepEqual(ended, ['server', 'pool'])
})

test('the steps share one deadline', async () => {
  const began = performance.now()
  const bounded = createBounded(1500, () => undefined)
  await assert.rejects(bounded('first', never)())
  await assert.rejects(bounded('second', never)())
  const tookMs = performance.now() - began
  // 1.5 s for the first, and the least time for the second.
  assert.ok(tookMs >= 2400 && tookMs < 2950, `took ${Math.round(tookMs)} ms`)
})

test('a step that fails throws its own error', async () => {
  const bounded = createBounded(1000, () => undefined)
  await assert.rejects(bounded('flush', () => Promise.reject(new Error('the disk is full')))(), /the disk is full/)
})

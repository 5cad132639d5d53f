import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ttlCache } from './ttl-cache.ts'

test('a thing is read once for a while, again after it, and at once when it was forgotten', async () => {
  let now = 0
  let reads = 0
  const thing = ttlCache(
    500,
    async () => ++reads,
    () => now,
  )
  assert.deepEqual(await Promise.all([thing.get('a'), thing.get('a'), thing.get('a')]), [1, 2, 2])
  assert.equal(await thing.get('a'), 2)
  now = 600
  assert.equal(await thing.get('a'), 3)
  thing.forget('a')
  assert.equal(await thing.get('a'), 4)
})

test('what was forgotten while it was being read is not kept, and a failure neither', async () => {
  const answers: (() => Promise<string>)[] = [
    async () => 'old',
    async () => 'new',
    () => Promise.reject(new Error('down')),
    async () => 'up',
  ]
  const thing = ttlCache(
    500,
    () => answers.shift()!(),
    () => 0,
  )
  const asked = thing.get('a')
  thing.forget('a')
  assert.equal(await asked, 'old')
  assert.equal(await thing.get('a'), 'new')
  await assert.rejects(thing.get('b'))
  assert.equal(await thing.get('b'), 'up')
})

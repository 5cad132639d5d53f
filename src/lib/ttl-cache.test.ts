import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ttlCache } from './ttl-cache.ts'

test('a thing is read once for a while, again after it, and at once when it was forgotten', async () => {
  let now = 0
  let reads = 0
  const thing = ttlCache(500, async () => ++reads, { now: () => now })
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
  const thing = ttlCache(500, () => answers.shift()!(), { now: () => 0 })
  const asked = thing.get('a')
  thing.forget('a')
  assert.equal(await asked, 'old')
  assert.equal(await thing.get('a'), 'new')
  await assert.rejects(thing.get('b'))
  assert.equal(await thing.get('b'), 'up')
})

test('what was read before the version changed is read again, and so is what was being read then', async () => {
  let version = 1
  let reads = 0
  let release: (() => void) | undefined
  const thing = ttlCache(
    500,
    async () => {
      reads++
      await new Promise<void>((resolve) => (release = resolve))
      return reads
    },
    { now: () => 0, version: () => version },
  )
  const first = thing.get('a')
  version++
  release!()
  assert.equal(await first, 1)
  const second = thing.get('a')
  await new Promise(setImmediate)
  release!()
  assert.equal(await second, 2)
  assert.equal(await thing.get('a'), 2)
})

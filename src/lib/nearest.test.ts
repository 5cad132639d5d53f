import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearest } from '#lib/nearest'

const known = ['HUB_PORT', 'HUB_HOST', 'HUB_DATA_DIR', 'HUB_SECRET_KEYS', 'HUB_ADMIN_TOKEN', 'LOG_LEVEL']

test('a slip of the fingers finds the name that was meant', () => {
  const slips = { HUB_PROT: 'HUB_PORT', HUB_DATADIR: 'HUB_DATA_DIR', HUB_SECRET_KEY: 'HUB_SECRET_KEYS', HUB_TOKEN: 'HUB_ADMIN_TOKEN' }
  for (const [slip, meant] of Object.entries(slips)) assert.deepEqual(nearest(slip, known), [meant])
})

test('a known name is nearest to itself, and no more than asked for come back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }), fc.nat(5), (names, count) => {
      assert.deepEqual(nearest(names[0]!, names.toReversed()), [names[0]])
      assert.equal(nearest('anything', names, count).length, Math.min(count, names.length))
    }),
  )
})

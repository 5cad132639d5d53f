import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChanges } from './changes.ts'

test('a stream ends when the hub cannot find out whether its token is still valid', async () => {
  const reported: unknown[] = []
  const down = new Error('the database is gone')
  const ended = await new Promise((resolve) => {
    const stream = { owner: 'a', watched: [], isActive: () => Promise.reject(down), end: () => resolve('ended') }
    const changes = createChanges(
      () => stream,
      (error) => reported.push(error),
    )
    changes.subscribe(() => undefined)
    setTimeout(resolve, 500, 'still open')
  })
  assert.equal(ended, 'ended')
  assert.deepEqual(reported, [down])
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hubError } from '#errors'
import { createTokenCache } from './token-cache.ts'

const later = (): Date => new Date(Date.now() + 600_000)

suite('tokens that calls share', () => {
  test('are fetched once for calls that begin together, and again after they expired or were forgotten', async () => {
    const cache = createTokenCache()
    let count = 0
    const make = async () => ({ value: `token ${++count}`, expiresAt: count === 1 ? new Date() : later() })
    const get = (): Promise<string> => cache.of('int_1')('key', make)
    assert.deepEqual(await Promise.all([get(), get(), get()]), ['token 1', 'token 1', 'token 1'])
    assert.deepEqual([await get(), await get()], ['token 2', 'token 2'])
    cache.forget('int_1')
    assert.equal(await get(), 'token 3')
    assert.equal(await cache.of('int_2')('key', make), 'token 4')
  })

  test('fail together where the system refuses, and not because one caller gave up', async () => {
    const cache = createTokenCache()
    const refuse = async (): Promise<never> => {
      throw hubError('vendor_unauthorized')
    }
    let asked = 0
    const good = async () => ({ value: `good ${++asked}`, expiresAt: later() })
    const refused = await Promise.allSettled([cache.of('int_1')('key', refuse), cache.of('int_1')('key', good)])
    assert.deepEqual(
      refused.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    const giveUp = async (): Promise<never> => {
      throw hubError('cancelled')
    }
    const [gaveUp, ...others] = await Promise.allSettled([
      cache.of('int_1')('key', giveUp),
      cache.of('int_1')('key', good),
      cache.of('int_1')('key', good),
    ])
    assert.equal(gaveUp.status, 'rejected')
    const shared = { status: 'fulfilled', value: 'good 1' }
    assert.deepEqual(others, [shared, shared])
  })
})

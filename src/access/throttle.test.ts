import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HubError } from '#errors'
import { openAccess, sharedDatabase, testClock } from '#test'
import { createThrottle, network } from './throttle.ts'

const codeOf = (error: unknown): string => (error instanceof HubError ? error.code : String(error))

test('ten failed attempts a minute, then unknown tokens from that address wait, but never a valid one', async () => {
  const clock = testClock()
  await using here = await openAccess((await sharedDatabase()).url, clock)
  const { access, operator } = here
  const good = (await access.tokens.create(operator, { name: 'good', scopes: ['tools:call'] })).value
  const unseen = (await access.tokens.create(operator, { name: 'unseen', scopes: ['tools:call'] })).value
  const from = '198.51.100.7'
  await access.authenticate(good, from)
  for (let i = 0; i < 10; i++) assert.equal(await access.authenticate(`ih_guess${i}`, from).catch(codeOf), 'token_invalid')
  await assert.rejects(access.authenticate('ih_guess', from), (error) => {
    const { retryAfter } = (error as HubError).details
    return codeOf(error) === 'too_many_attempts' && retryAfter! > 0 && retryAfter! <= 60
  })
  // This process has never seen it, as after a restart.
  assert.equal((await access.authenticate(unseen, from)).name, 'unseen')
  // Longer than it is cached.
  clock.advance(600)
  assert.equal((await access.authenticate(good, from)).name, 'good')
  assert.equal(await access.authenticate('ih_guess', from).catch(codeOf), 'too_many_attempts')
})

test('guesses made at once count like guesses made one by one', async () => {
  await using here = await openAccess((await sharedDatabase()).url)
  const { value: right } = await here.access.tokens.create(here.operator, { name: 'right', scopes: ['tools:call'] })
  const from = '203.0.113.1'
  const guesses = Array.from({ length: 40 }, (_, i) => here.access.authenticate(`ih_guess${i}`, from).catch(codeOf))
  const guessed = here.access.authenticate(right, from)
  const answers = await Promise.all(guesses)
  assert.equal(answers.filter((answer) => answer === 'token_invalid').length, 10)
  assert.equal(answers.filter((answer) => answer === 'too_many_attempts').length, 30)
  assert.equal((await guessed).name, 'right')
})

test('reads of a throttled address run one after another, and go on after one that fails; those of others run at once', async () => {
  const throttle = createThrottle(10)
  let now = 0
  const most = async (address: string): Promise<number> => {
    let highest = 0
    const read = async (i: number): Promise<number> => {
      now += 1
      highest = Math.max(highest, now)
      await new Promise(setImmediate)
      now -= 1
      if (i === 1) throw new Error('lost')
      return i
    }
    const ended = await Promise.allSettled([0, 1, 2, 3].map((i) => throttle.read(address, () => read(i))))
    assert.deepEqual(
      ended.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    return highest
  }
  for (let i = 0; i < 10; i++) await throttle.failed('192.0.2.1')
  assert.equal(await most('192.0.2.1'), 1)
  assert.equal(await most('192.0.2.2'), 4)
})

test('addresses of one IPv6 /64 count as one, others apart', async () => {
  const throttle = createThrottle(10)
  const spread = ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff::9', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:192.0.2.1']
  for (let i = 0; i < 10; i++) await throttle.failed(spread[i % spread.length]!)
  for (const address of spread) await assert.rejects(throttle.check(address), HubError)
  await assert.rejects(throttle.failed(spread[0]!), HubError)
  for (const address of ['2001:db8:1:3::1', '2001:db8::1', '192.0.2.1', '::1', '']) await throttle.check(address)
})

test('every spelling of an address falls into the same network', () => {
  assert.equal(network('::ffff:192.0.2.1'), network('192.0.2.1'))
  assert.equal(network('::1'), '0:0:0:0::/64')
  assert.equal(network('fe80::1%eth0'), network('fe80::2'))
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, (some) => {
      const plain = some.map((group) => group.toString(16)).join(':')
      const padded = some.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':')
      const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1)
      const expected = `${plain.split(':').slice(0, 4).join(':')}::/64`
      assert.deepEqual([network(plain), network(padded), network(short)], [expected, expected, expected])
    }),
  )
})

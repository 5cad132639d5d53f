import { isIPv6 } from 'node:net'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { fail } from '#kit'

/** Failed attempts per address: ten a minute, then every unknown token from there waits. A token known to be good is never held up. */
const attempts = 10
const windowSeconds = 60

export interface Guard {
  check(address: string): Promise<void>
  failed(address: string): Promise<void>
}

export function createGuard(): Guard {
  const limiter = new RateLimiterMemory({ points: attempts, duration: windowSeconds })
  return {
    async check(address) {
      const state = await limiter.get(network(address))
      if (state && state.consumedPoints >= attempts) {
        throw fail('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) })
      }
    },
    async failed(address) {
      await limiter.consume(network(address)).catch(() => undefined)
    },
  }
}

/** One IPv6 customer has at least a /64 to spread attempts over. */
function network(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const full = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return full.slice(0, 4).join(':')
}

import { isIPv6 } from 'node:net'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { hubError, type HubError } from '#errors'

const windowSeconds = 60

export interface Throttle {
  /** Throws `too_many_attempts` while the address is throttled. */
  check(address: string): Promise<void>
  /** Counts a failed attempt and throws when the limit is exceeded. Simultaneous attempts count like consecutive ones. */
  failed(address: string): Promise<void>
  /** Counts a failed attempt. Nothing is refused: from the limit on, `read` only lets the address wait. */
  note(address: string): Promise<void>
  /** Counts an attempt, whatever becomes of it, and throws when the limit is exceeded. */
  count(address: string): Promise<void>
  /** Reads for the address. While it is throttled, its reads run one after another, so that it cannot occupy the database. */
  read<T>(address: string, read: () => Promise<T>): Promise<T>
}

/** Throttles an address that failed `attempts` times within a minute. */
export function createThrottle(attempts: number): Throttle {
  const limiter = new RateLimiterMemory({ points: attempts, duration: windowSeconds })
  const last = new Map<string, Promise<unknown>>()

  const throttled = async (key: string): Promise<RateLimiterRes | undefined> => {
    const state = await limiter.get(key)
    return state && state.consumedPoints >= attempts ? state : undefined
  }

  const inTurn = async <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(read)
    const done = turn.then(
      () => undefined,
      () => undefined,
    )
    last.set(key, done)
    void done.then(() => {
      if (last.get(key) === done) last.delete(key)
    })
    return turn
  }

  const count = async (address: string): Promise<void> => {
    await limiter.consume(network(address)).catch((state: RateLimiterRes) => {
      throw heldUp(state)
    })
  }

  return {
    count,
    failed: count,
    async note(address) {
      await limiter.penalty(network(address))
    },
    async check(address) {
      const state = await throttled(network(address))
      if (state) throw heldUp(state)
    },
    async read(address, read) {
      const key = network(address)
      return (await throttled(key)) ? inTurn(key, read) : read()
    },
  }
}

function heldUp({ msBeforeNext }: RateLimiterRes): HubError {
  return hubError('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(msBeforeNext / 1000)) })
}

/** IPv6 addresses count by /64, because one customer has at least that many. An IPv4-mapped IPv6 address counts as its IPv4 address. */
export function network(address: string): string {
  if (!isIPv6(address)) return address
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped) return mapped
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const full = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  const groups = full.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.join(':')}::/64`
}

import type { Database } from '#db'
import { createThrottle, network } from '../throttle.ts'
import { addressesOf } from './store.ts'

/** Failed passwords per account and minute, from all addresses together that have not signed in to it. */
const guesses = 10
const maxRemembered = 10_000

/**
 * Slows down many addresses that guess the password of one account. An address from which somebody signed in to the account is left out, so that
 * nobody can keep its owner away: it has a session there, or this process remembers it.
 */
export interface AccountBrake {
  /** Throws `too_many_attempts` while the account is guessed. */
  check(email: string, address: string): Promise<void>
  failed(email: string, address: string): Promise<void>
  succeeded(email: string, address: string): void
}

export function createAccountBrake(db: Database): AccountBrake {
  const throttle = createThrottle(guesses)
  const remembered = new Set<string>()
  const keyOf = (email: string): string => `account ${email.slice(0, 254)}`
  const pairOf = (email: string, address: string): string => `${network(address)} ${email}`

  const isKnown = async (email: string, address: string): Promise<boolean> => {
    if (remembered.has(pairOf(email, address))) return true
    const from = network(address)
    return (await addressesOf(db.sql, email)).some((known) => network(known) === from)
  }

  return {
    async check(email, address) {
      if (!(await isKnown(email, address))) await throttle.check(keyOf(email))
    },
    async failed(email, address) {
      if (!(await isKnown(email, address))) await throttle.failed(keyOf(email))
    },
    succeeded(email, address) {
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.add(pairOf(email, address))
    },
  }
}

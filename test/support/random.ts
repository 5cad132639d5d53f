/** Random choices that are the same for the same seed. */
export interface Random {
  /** A whole number from 0, less than `end`. */
  below(end: number): number
  chance(probability: number): boolean
  oneOf<T>(list: readonly T[]): T
}

export function seededRandom(seed: number): Random {
  let state = seed
  /** From 0 to 1, without 1. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number): number => Math.floor(next() * end)
  return { below, chance: (probability) => next() < probability, oneOf: (list) => list[below(list.length)]! }
}

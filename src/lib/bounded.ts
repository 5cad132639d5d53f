import { within } from './clock.ts'

/** Makes a function that does `work` within the time that is left for a stop, and throws if it takes longer. */
export type Bounded = (step: string, work: () => PromiseLike<void>) => () => Promise<void>

/** For whoever opens something without a limit on its stop. */
export const unbounded: Bounded = (_step, work) => async () => work()

/** What a step gets when the steps before it have used up the time: closing what is healthy takes less. */
const leastMs = 1000
const late = Symbol('late')

/**
 * Bounds the steps of one stop by one deadline, which begins with the first step. A step that takes longer is reported and left behind, so that
 * the others have their turn and the process ends.
 */
export function createBounded(limitMs: number, onStuck: (step: string, waitedMs: number) => void): Bounded {
  let beganAt: number | undefined
  return (step, work) => async () => {
    const now = performance.now()
    beganAt ??= now
    const left = Math.max(leastMs, beganAt + limitMs - now)
    const outcome = await within<unknown, typeof late>(left, Promise.resolve(work()), late)
    if (outcome !== late) return
    onStuck(step, Math.round(performance.now() - now))
    throw new Error(`the stop did not wait any longer for: ${step}`)
  }
}

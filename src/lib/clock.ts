/** Time as a dependency, so that a test can set it. */
export interface Clock {
  now(): Date
  millis(): number
}

export const systemClock: Clock = { now: () => new Date(), millis: () => Date.now() }

export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000)
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Returns the result of `work`, or `late` if it takes longer than `ms`. The timer is always removed. */
export async function within<T, L>(ms: number, work: Promise<T>, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}

interface Deadline extends Disposable {
  readonly signal: AbortSignal
  /** True if the time ran out, false if the parent aborted. */
  readonly expired: boolean
}

/** A signal that aborts after `ms` or with its parent. Disposing removes the timer, which `AbortSignal.timeout` would keep for every call. */
export function deadline(ms: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  let expired = false
  const timer = setTimeout(() => {
    expired = true
    controller.abort(new DOMException('the time ran out', 'TimeoutError'))
  }, ms)
  const follow = (): void => controller.abort(parent?.reason)
  if (parent?.aborted) follow()
  else parent?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    get expired() {
      return expired
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      parent?.removeEventListener('abort', follow)
    },
  }
}

/** Lets everything go first that waits for the event loop. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

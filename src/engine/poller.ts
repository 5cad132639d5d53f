import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import type { Poller } from './types.ts'

export interface RunningPoller extends AsyncDisposable {
  /** Starts the next round now, or right after the running one. */
  wake(): void
  /** The same, also while it waits after a failure. */
  restart(): void
}

const minRetryMs = 100
const maxRetryMs = 10_000

/** Runs the rounds of a poller one after the other until it is disposed of. After a failure it waits longer and longer. */
export function startPoller({ name, restMs = 0, run }: Poller, { logger, metrics }: Telemetry): RunningPoller {
  const stopping = new AbortController()
  let isWoken = false
  let interrupt: (() => void) | undefined
  /** While it waits after a failure, a wake-up does not shorten the wait: the next round would fail too. */
  let hasFailed = false

  const pause = async (ms: number): Promise<void> => {
    const waiting = new AbortController()
    interrupt = () => waiting.abort()
    if (!stopping.signal.aborted) await sleep(ms, waiting.signal).catch(() => undefined)
    interrupt = undefined
  }

  const loop = async (): Promise<void> => {
    for (let retryMs = minRetryMs; !stopping.signal.aborted;) {
      isWoken = false
      const began = performance.now()
      try {
        const nextInMs = await run(stopping.signal)
        metrics.pollerRounds.inc({ poller: name, outcome: nextInMs === 0 ? 'more' : 'done' })
        retryMs = minRetryMs
        if (nextInMs === 0) continue
        if (!isWoken) await pause(nextInMs)
        await sleep(Math.max(0, began + restMs - performance.now()), stopping.signal).catch(() => undefined)
      } catch (error) {
        if (stopping.signal.aborted) break
        metrics.pollerRounds.inc({ poller: name, outcome: 'failed' })
        logger.warn({ err: error, poller: name }, 'a round of background work failed; trying again')
        hasFailed = true
        await pause(retryMs)
        hasFailed = false
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
  }

  const running = loop()
  return {
    wake() {
      isWoken = true
      if (!hasFailed) interrupt?.()
    },
    restart() {
      isWoken = true
      interrupt?.()
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'))
      interrupt?.()
      await running
    },
  }
}

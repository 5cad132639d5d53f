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

/** Runs the rounds of a poller until it is disposed of, in each lane one after the other. After a failure a lane waits longer and longer. */
export function startPoller(poller: Poller, telemetry: Telemetry): RunningPoller {
  const lanes = Array.from({ length: poller.lanes ?? 1 }, () => startLane(poller, telemetry))
  return {
    wake() {
      // Lanes with a round look again after it, because that round may have begun too early to see what there is to do.
      for (const lane of lanes) lane.expect()
      lanes.find((lane) => lane.isFree())?.interrupt()
    },
    restart() {
      for (const lane of lanes) {
        lane.expect()
        lane.interrupt()
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()))
    },
  }
}

interface Lane extends AsyncDisposable {
  /** Neither in a round nor waiting after a failure: a wake-up does not shorten that wait, because the next round would fail too. */
  isFree(): boolean
  /** The running round is followed by another one without a pause. */
  expect(): void
  /** Ends the pause. */
  interrupt(): void
}

function startLane({ name, restMs = 0, run }: Poller, { logger, metrics }: Telemetry): Lane {
  const stopping = new AbortController()
  let isWoken = false
  let interrupt: (() => void) | undefined
  let state: 'round' | 'pause' | 'failed' = 'round'

  const pause = async (ms: number): Promise<void> => {
    const waiting = new AbortController()
    interrupt = () => waiting.abort()
    if (!stopping.signal.aborted) await sleep(ms, waiting.signal).catch(() => undefined)
    interrupt = undefined
  }

  const loop = async (): Promise<void> => {
    for (let retryMs = minRetryMs; !stopping.signal.aborted;) {
      isWoken = false
      state = 'round'
      const began = performance.now()
      try {
        const nextInMs = await run(stopping.signal)
        metrics.pollerRounds.inc({ poller: name, outcome: nextInMs === 0 ? 'more' : 'done' })
        retryMs = minRetryMs
        if (nextInMs === 0) continue
        state = 'pause'
        if (!isWoken) await pause(nextInMs)
        await sleep(Math.max(0, began + restMs - performance.now()), stopping.signal).catch(() => undefined)
      } catch (error) {
        if (stopping.signal.aborted) break
        metrics.pollerRounds.inc({ poller: name, outcome: 'failed' })
        logger.warn({ err: error, poller: name }, 'a round of background work failed; trying again')
        state = 'failed'
        await pause(retryMs)
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
  }

  const running = loop()
  return {
    isFree: () => state === 'pause',
    expect() {
      isWoken = true
    },
    interrupt: () => interrupt?.(),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'))
      interrupt?.()
      await running
    },
  }
}

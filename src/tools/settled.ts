import { HubError } from '#errors'
import { sleep } from '#lib/clock'

const pauseMs = 500
/** The hub ends the calls of a dead process some seconds after it has died. */
const maxMs = 60_000

/** Makes a call again while it is in progress elsewhere: a process that died may have begun it, and its outcome is known soon. */
export async function untilSettled<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const began = performance.now(); ; await sleep(pauseMs, signal)) {
    try {
      return await call()
    } catch (error) {
      const isInProgress = error instanceof HubError && error.code === 'in_progress'
      if (!isInProgress || performance.now() - began > maxMs) throw error
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs the work and returns the longest time, in milliseconds of processor time, for which the main thread did not come back to the event
 * loop. Processor time and not the clock, because other processes of a busy machine hold nothing up here.
 */
export async function longestHold(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = usedMs()
  let running = true
  const look = (async () => {
    while (running) {
      await sleep(1)
      const now = usedMs()
      longest = Math.max(longest, now - last)
      last = now
    }
  })()
  try {
    await work()
  } finally {
    running = false
    await look
  }
  return longest
}

function usedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

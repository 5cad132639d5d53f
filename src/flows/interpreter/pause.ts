import { sleep } from '#lib/clock'
import { failure } from './error.ts'
import type { Deadline } from './frame.ts'
import type { Runtime } from './runtime.ts'
import { Cancelled, Suspended } from './signals.ts'

/** Shorter waits stay in this process: to suspend a run and to claim it again costs more than a short sleep. */
const maxHeldMs = 2000

/** Waits until a time: in this process when the wait is short, otherwise by suspending the run. */
export async function pause(runtime: Runtime, until: number, deadline?: Deadline): Promise<void> {
  const end = deadline === undefined ? until : Math.min(until, deadline.at)
  const left = end - runtime.now()
  if (left > maxHeldMs) throw new Suspended(end)
  if (left > 0) {
    await sleep(left, runtime.signal).catch(() => {
      throw new Cancelled()
    })
  }
  if (deadline !== undefined && deadline.at < until) throw failure('step_timeout', deadline.of)
}

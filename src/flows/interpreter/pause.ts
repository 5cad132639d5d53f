import { sleep } from '#lib/clock'
import { failure } from './error.ts'
import type { Deadline } from './frame.ts'
import type { Runtime } from './runtime.ts'
import { Cancelled, Suspended } from './signals.ts'

/** What is shorter is waited for here: to let go of the run and take it up again costs as much as some milliseconds of it. */
const maxHeldMs = 2000

/** Until a time: here when it is soon, otherwise by letting go of the run. */
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

import type { RunDetail, RunRow, SavedStep } from '#flows'
import { sleep } from '#lib/clock'

export interface ProgressOptions {
  readonly first: RunDetail
  /** What was sent up to then need not be sent again. */
  readonly since: number
  readonly read: () => Promise<RunDetail>
  readonly render: (run: RunRow) => unknown
  readonly renderStep: (step: SavedStep) => unknown
  /** False, or a failure, ends the stream before the run is over. */
  readonly isOpen: () => Promise<boolean>
}

const everyMs = 250
const signOfLifeMs = 15_000
/** Clocks of processes differ, and what a step did is shown a little late. */
const overlapMs = 10_000

/**
 * The changes of a run, read from where every process can read them, whichever one the run is on. An event's id is a time: who comes back with it is
 * told again what may have changed since, so nothing is missed.
 */
export async function* progressEvents({ first, since, read, render, renderStep, isOpen }: ProgressOptions): AsyncGenerator<string> {
  const sent = new Map<string, string>()
  let lastSign = Date.now()
  // Browsers wait for seconds before they connect again.
  yield 'retry: 1000\n\n'
  let tookMs = 0
  const look = async (): Promise<RunDetail> => {
    const began = performance.now()
    const run = await read()
    tookMs = performance.now() - began
    return run
  }
  for (let run = first; ; run = await look()) {
    const at = Date.now()
    const changes: string[] = []
    const put = (event: string, key: string, value: unknown): void => {
      const data = JSON.stringify(value)
      if (sent.get(key) === data) return
      sent.set(key, data)
      changes.push(`id: ${at}\nevent: ${event}\ndata: ${data}\n\n`)
    }
    for (const step of run.steps) {
      const isOld = run === first && (step.finishedAt ?? Number.POSITIVE_INFINITY) < since - overlapMs
      if (isOld) sent.set(step.path, JSON.stringify(renderStep(step)))
      else put('step', step.path, renderStep(step))
    }
    put('run', '', render(run))
    if (changes.length > 0 || at - lastSign >= signOfLifeMs) {
      lastSign = at
      yield changes.length > 0 ? changes.join('') : ': still here\n\n'
    }
    if (run.finishedAt !== null) return
    // A run of many large steps is looked at less often: no stream takes more than a tenth of a connection.
    await sleep(Math.max(everyMs, 10 * tookMs))
    const isGone = await isOpen().then(
      (open) => !open,
      () => true,
    )
    if (isGone) return
  }
}

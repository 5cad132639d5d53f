import { Worker } from 'node:worker_threads'
import { createCompiler, faultOf, type Fault } from './compile.ts'
import { plain } from './plain.ts'

/** One evaluation, as it is sent to a worker. */
export interface Job {
  readonly text: string
  /** `{ input, bindings }` as JSON. */
  readonly payload: string
  readonly timeoutMs: number
  readonly maxOutputBytes: number
}

export type Answer = { readonly output: string | undefined } | { readonly fault: Fault }

const compile = createCompiler({ guarded: true })

async function work({ text, payload, timeoutMs, maxOutputBytes }: Job): Promise<Answer> {
  try {
    const { input, bindings } = JSON.parse(payload) as { input?: unknown; bindings: Record<string, unknown> }
    const result = plain(await compile(text).run(input, bindings, timeoutMs), maxOutputBytes)
    return { output: JSON.stringify(result) }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

// A thread of its own notices the hub's death even while a regular expression keeps the main thread busy.
const watch = `const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, 500)`
new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref()

process.on('disconnect', () => process.exit())
process.on('message', (job: Job) => {
  void work(job).then((answer) => process.send!(answer))
})
process.send!('ready')

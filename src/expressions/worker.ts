import { Worker } from 'node:worker_threads'
import { createCompiler, faultOf } from './compile.ts'
import { ownCpuMs } from './cpu-time.ts'
import type { Answer, ExpressionJob, Job, Report } from './job.ts'
import { LimitReached, plain } from './plain.ts'

const compile = createCompiler({ guarded: true })

async function evaluate({ text, payload, timeoutMs, maxOutputBytes }: ExpressionJob): Promise<unknown> {
  const { input, bindings } = JSON.parse(payload) as { input?: unknown; bindings: Record<string, unknown> }
  return plain(await compile(text).run(input, bindings, timeoutMs), maxOutputBytes)
}

async function work(job: Job): Promise<Answer> {
  try {
    if (job.kind === 'expression') return { output: JSON.stringify(await evaluate(job)) }
    // Loaded by the first schema, because it takes 0.1 s and most workers evaluate expressions only.
    const { validateJob } = await import('./schemas/work.ts')
    const output = JSON.stringify(validateJob(job))
    if (output.length > job.maxOutputBytes)
      throw new LimitReached('output', `the value with its defaults is larger than ${job.maxOutputBytes} bytes`)
    return { output }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

// A thread of its own notices the hub's death even while a regular expression keeps the main thread busy.
const watch = `const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, 500)`
new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref()

process.on('disconnect', () => process.exit())
process.on('message', (job: Job) => {
  void work(job).then((answer) => report({ answer, cpuMs: ownCpuMs() }))
})
report({ cpuMs: ownCpuMs() })

function report(message: Report): void {
  process.send!(message)
}

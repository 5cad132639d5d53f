import { Worker } from 'node:worker_threads'
import { createCompiler, faultOf } from './compile.ts'
import { ownCpuMs } from './cpu-time.ts'
import type { Answer, DocumentJob, ExpressionJob, Job, Report, SchemaJob } from './job.ts'
import { LimitReached, plain } from './plain.ts'

const compile = createCompiler({ guarded: true })

async function evaluate({ text, payload, timeoutMs, maxOutputBytes }: ExpressionJob): Promise<unknown> {
  const { input, bindings } = JSON.parse(payload) as { input?: unknown; bindings: Record<string, unknown> }
  return plain(await compile(text).run(input, bindings, timeoutMs), maxOutputBytes)
}

async function read(job: SchemaJob | DocumentJob): Promise<unknown> {
  // Loaded when they are needed, because that takes 0.1 s and most workers evaluate expressions only.
  if (job.kind === 'document') return (await import('./documents/read.ts')).readDocument(job.text)
  return (await import('./schemas/work.ts')).validateJob(job)
}

async function work(job: Job): Promise<Answer> {
  try {
    if (job.kind === 'expression') return { output: JSON.stringify(await evaluate(job)) }
    const output = JSON.stringify(await read(job))
    if (output.length > job.maxOutputBytes) throw new LimitReached('output', `the result is larger than ${job.maxOutputBytes} bytes`)
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

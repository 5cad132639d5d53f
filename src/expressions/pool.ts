import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { hubError } from '#errors'
import { outOf } from './compile.ts'
import type { Answer, Job } from './job.ts'

/**
 * Worker processes that evaluate one job at a time. They are not threads, because a thread that allocates too much memory at once ends the
 * whole process in spite of its limits, and a thread in a loop of the library cannot be stopped. Workers start when needed and stop when idle.
 */
export interface Pool extends AsyncDisposable {
  run(job: Job): Promise<Answer>
}

interface Waiting {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly child: ChildProcess
  state: 'starting' | 'idle' | 'busy' | 'ended'
  current: Waiting | undefined
  timer: NodeJS.Timeout | undefined
}

const file = fileURLToPath(new URL('worker.ts', import.meta.url))
/** The files that a worker reads to start, also if the packages are a link. It may read and write no other files, and start no process. */
const readable = [
  new URL('*', import.meta.url),
  // The folder of the packages: JSONata's and, for schemas, those of the validator.
  new URL('../*', import.meta.resolve('jsonata')),
  new URL('../../package.json', import.meta.url),
  // The link to the packages, if they are linked.
  new URL('../../node_modules', import.meta.url),
  new URL('../../node_modules/*', import.meta.url),
]
const execArgv = [
  '--max-old-space-size=128',
  '--max-semi-space-size=8',
  '--permission',
  '--allow-worker',
  ...readable.map((url) => `--allow-fs-read=${fileURLToPath(url)}`),
]
const idleMs = 30_000
const maxSuspects = 1000

export function createPool(size: number): Pool {
  const members = new Set<Member>()
  const queue: Waiting[] = []
  /** Expressions that exceeded a limit before. Only one of them runs at a time, so that the other workers stay available. */
  const suspects = new Set<string>()
  let disposed = false

  const next = (): Waiting | undefined => {
    const taken = [...members].some(({ current }) => current && suspects.has(current.job.text))
    const at = queue.findIndex(({ job }) => !taken || !suspects.has(job.text))
    return at < 0 ? undefined : queue.splice(at, 1)[0]
  }

  const suspect = (text: string): void => {
    if (suspects.size >= maxSuspects) suspects.clear()
    suspects.add(text)
  }

  const finish = (member: Member, answer: Answer): void => {
    const { current } = member
    if (!current) return
    clearTimeout(member.timer)
    member.current = undefined
    const limit = 'fault' in answer ? answer.fault.limit : undefined
    if (limit !== undefined && limit !== 'output') suspect(current.job.text)
    current.resolve(answer)
  }

  const end = (member: Member, answer: Answer): void => {
    if (member.state === 'ended') return
    member.state = 'ended'
    members.delete(member)
    clearTimeout(member.timer)
    finish(member, answer)
    member.child.kill('SIGKILL')
    feed()
  }

  const becomeIdle = (member: Member): void => {
    member.state = 'idle'
    unref(member.child)
    feed()
    if (member.state !== 'idle') return
    member.timer = setTimeout(() => end(member, { fault: { message: 'idle' } }), idleMs)
    member.timer.unref()
  }

  const assign = (member: Member, waiting: Waiting): void => {
    clearTimeout(member.timer)
    member.state = 'busy'
    member.current = waiting
    ref(member.child)
    // Longer than the library's own limit, which reports the place in the expression and keeps the worker alive.
    member.timer = setTimeout(() => end(member, { fault: outOf('time') }), waiting.job.timeoutMs)
    member.child.send({ ...waiting.job, timeoutMs: Math.ceil(waiting.job.timeoutMs * 0.8) })
  }

  const start = (): void => {
    // The hub's environment is not passed on, because expressions come from outside.
    const child = fork(file, [], { env: {}, execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const member: Member = { child, state: 'starting', current: undefined, timer: undefined }
    members.add(member)
    child.on('message', (message: 'ready' | Answer) => {
      if (member.state === 'ended') return
      if (message !== 'ready') finish(member, message)
      becomeIdle(member)
    })
    const gone = (cause: unknown): void => {
      if (member.state === 'starting') queue.shift()?.reject(hubError('internal', { cause }))
      // A worker ends by itself only when its job uses too much memory.
      end(member, { fault: outOf('memory') })
    }
    child.on('error', gone)
    child.on('exit', (code, signal) => gone(new Error(`the worker ended with ${code ?? signal}`)))
  }

  const feed = (): void => {
    if (disposed) return
    for (const member of members) {
      if (member.state !== 'idle') continue
      const waiting = next()
      if (!waiting) return
      assign(member, waiting)
    }
    const starting = [...members].filter(({ state }) => state === 'starting').length
    if (queue.length > starting && members.size < size) start()
  }

  return {
    run(job) {
      if (disposed) return Promise.reject(hubError('shutting_down'))
      return new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject })
        feed()
      })
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      const left = [...members]
      for (const { reject } of queue.splice(0)) reject(hubError('shutting_down'))
      for (const member of left) {
        clearTimeout(member.timer)
        member.state = 'ended'
        member.current?.reject(hubError('shutting_down'))
      }
      members.clear()
      await Promise.all(
        left.map(async ({ child }) => {
          const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
          ref(child)
          child.kill('SIGKILL')
          await ended
        }),
      )
    },
  }
}

/** Idle workers must not keep the hub alive. */
function unref(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
}

function ref(child: ChildProcess): void {
  child.ref()
  child.channel?.ref()
}

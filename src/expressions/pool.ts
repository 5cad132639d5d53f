import { fork, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { hubError } from '#errors'
import { outOf } from './compile.ts'
import { cpuMsOf, maxStretch } from './cpu-time.ts'
import { createFairQueue } from '#lib/fair-queue'
import type { Answer, Job, Report } from './job.ts'

/**
 * Worker processes that evaluate one job at a time. They are not threads, because a thread that allocates too much memory at once ends the
 * whole process in spite of its limits, and a thread in a loop of the library cannot be stopped. Workers start when needed and stop when idle.
 *
 * Workspaces take turns, and one of them never has all workers, so that its slow jobs do not delay those of the others.
 */
export interface Pool extends AsyncDisposable {
  run(workspaceId: string, job: Job): Promise<Answer>
}

interface Waiting {
  readonly workspaceId: string
  /** The same for the same text of the same workspace. */
  readonly digest: string
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly child: ChildProcess
  state: 'starting' | 'idle' | 'busy' | 'ended'
  current: Waiting | undefined
  timer: NodeJS.Timeout | undefined
  /** The processor time that it had used when it was last idle. */
  cpuMs: number
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
/** The worker ends a job itself, with the place in the expression, unless it cannot. */
const grace = 1.25

export function createPool(size: number): Pool {
  const members = new Set<Member>()
  const queue = createFairQueue<Waiting>()
  /** Jobs that exceeded a limit before. Of these, one runs at a time, so that the other workers stay available. */
  const suspects = new Set<string>()
  /** One worker is left for the other workspaces. */
  const maxOfOne = Math.max(1, size - 1)
  let disposed = false

  const next = (): Waiting | undefined => {
    const running = [...members].flatMap(({ current }) => current ?? [])
    const hasSuspect = running.some(isSuspect)
    const hasRoom = (workspaceId: string): boolean => running.filter((one) => one.workspaceId === workspaceId).length < maxOfOne
    return queue.take(hasRoom, (waiting) => !(hasSuspect && isSuspect(waiting)))
  }

  const isSuspect = (waiting: Waiting): boolean => suspects.has(waiting.digest)

  const suspect = (waiting: Waiting): void => {
    if (suspects.size >= maxSuspects) suspects.clear()
    suspects.add(waiting.digest)
  }

  const finish = (member: Member, answer: Answer): void => {
    const { current } = member
    if (!current) return
    clearTimeout(member.timer)
    member.current = undefined
    const limit = 'fault' in answer ? answer.fault.limit : undefined
    if (limit !== undefined && limit !== 'output') suspect(current)
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
    const { timeoutMs } = waiting.job
    watch(member, timeoutMs * grace, performance.now() + timeoutMs * maxStretch * grace)
    member.child.send(waiting.job)
  }

  /** Ends a worker whose job has used its time. A machine with too little processor time for everybody is not the job's fault. */
  const watch = (member: Member, timeoutMs: number, lastAt: number): void => {
    const check = (): void => {
      const used = cpuMsOf(member.child.pid!)
      const left = used === undefined ? 0 : timeoutMs - (used - member.cpuMs)
      if (left <= 0 || performance.now() >= lastAt) end(member, { fault: outOf('time') })
      else member.timer = setTimeout(check, Math.max(10, Math.min(left, lastAt - performance.now())))
    }
    member.timer = setTimeout(check, timeoutMs)
  }

  const start = (): void => {
    // The hub's environment is not passed on, because expressions come from outside.
    const child = fork(file, [], { env: {}, execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' })
    const member: Member = { child, state: 'starting', current: undefined, timer: undefined, cpuMs: 0 }
    members.add(member)
    child.on('message', ({ answer, cpuMs }: Report) => {
      if (member.state === 'ended') return
      member.cpuMs = cpuMs
      if (answer) finish(member, answer)
      becomeIdle(member)
    })
    const gone = (cause: unknown): void => {
      if (member.state === 'starting') queue.take()?.reject(hubError('workers_unavailable', { cause }))
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
    if (queue.size > starting && members.size < size) start()
  }

  return {
    run(workspaceId, job) {
      if (disposed) return Promise.reject(hubError('shutting_down'))
      return new Promise((resolve, reject) => {
        const digest = createHash('sha256').update(`${workspaceId} ${job.text}`).digest('base64')
        queue.push(workspaceId, { workspaceId, digest, job, resolve, reject })
        feed()
      })
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      const left = [...members]
      for (const { reject } of queue.clear()) reject(hubError('shutting_down'))
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

import { Worker } from 'node:worker_threads'
import { hubError } from '#errors'
import { createFairQueue } from '#lib/fair-queue'
import { outOf, type End, type FromWorker, type ToWorker } from './messages.ts'
import type { ScriptLimits } from './types.ts'

export interface ThreadJob {
  readonly owner: string
  readonly message: Extract<ToWorker, { kind: 'run' | 'check' }>
  /** A call of the script. `settle` gives the script its result, and does nothing after its end. */
  onCall(call: Extract<FromWorker, { kind: 'call' }>, settle: (ok: boolean, json: string) => void): void
}

/**
 * Threads that run one script at a time. A thread starts when it is needed, is ended together with a script that exceeded a limit, and stops
 * when it is idle. Its memory is that of its WebAssembly instance, whose size is limited, so it cannot exhaust that of the hub.
 *
 * Workspaces take turns, and one of them never has all threads.
 */
export interface ThreadPool extends AsyncDisposable {
  run(job: ThreadJob, signal?: AbortSignal): Promise<End>
  /** How many threads exist. */
  readonly threads: number
}

interface Waiting {
  readonly owner: string
  readonly job: ThreadJob
  readonly resolve: (end: End) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly worker: Worker
  state: 'starting' | 'idle' | 'busy' | 'ended'
  current: Waiting | undefined
  timers: NodeJS.Timeout[]
}

const file = new URL('worker.ts', import.meta.url)
const idleMs = 30_000
const watchMs = 250
/** How much longer than its processor time a script may keep its thread busy, on a machine that has too little for everybody. */
const maxStretch = 3
/** The sandbox notices a limit itself unless it is inside a built-in function, such as a regular expression. */
const graceMs = 250

export function createThreads(size: number): ThreadPool {
  const members = new Set<Member>()
  const ending = new Set<Promise<unknown>>()
  const queue = createFairQueue<Waiting>()
  const maxOfOne = Math.max(1, size - 1)
  let disposed = false

  const hasRoom = (owner: string): boolean => [...members].filter(({ current }) => current?.owner === owner).length < maxOfOne

  const release = (member: Member): Waiting | undefined => {
    for (const timer of member.timers) clearTimeout(timer)
    member.timers = []
    const { current } = member
    member.current = undefined
    return current
  }

  const end = (member: Member): Waiting | undefined => {
    if (member.state === 'ended') return undefined
    member.state = 'ended'
    members.delete(member)
    const current = release(member)
    const gone = member.worker.terminate().finally(() => ending.delete(gone))
    ending.add(gone)
    return current
  }

  const becomeIdle = (member: Member): void => {
    member.state = 'idle'
    member.worker.unref()
    feed()
    if (member.state !== 'idle') return
    const timer = setTimeout(() => end(member), idleMs)
    timer.unref()
    member.timers.push(timer)
  }

  const fail = (member: Member, result: End): void => {
    end(member)?.resolve(result)
    feed()
  }

  const assign = (member: Member, waiting: Waiting): void => {
    release(member)
    member.state = 'busy'
    member.current = waiting
    member.worker.ref()
    const { message } = waiting.job
    watch(member, message.limits)
    member.worker.postMessage(message)
  }

  /** Ends a thread whose script does not end, also where the sandbox cannot be interrupted. */
  const watch = (member: Member, { cpuMs, wallMs }: ScriptLimits): void => {
    const before = member.worker.performance.eventLoopUtilization()
    const look = (): void => {
      const { active } = member.worker.performance.eventLoopUtilization(before)
      if (active > cpuMs * maxStretch + graceMs) fail(member, { logs: [], fault: outOf('CPU time', `${cpuMs} ms`) })
      else member.timers[1] = setTimeout(look, watchMs)
    }
    member.timers = [
      setTimeout(() => fail(member, { logs: [], fault: outOf('time', `${wallMs / 1000} s with its calls`) }), wallMs),
      setTimeout(look, watchMs),
    ]
  }

  const onMessage = (member: Member, message: FromWorker): void => {
    if (member.state === 'ended') return
    const { current } = member
    switch (message.kind) {
      case 'ready':
        return becomeIdle(member)
      case 'call':
        return current?.job.onCall(message, (ok, json) => {
          if (member.current === current) member.worker.postMessage({ kind: 'settle', index: message.index, ok, json } satisfies ToWorker)
        })
      case 'end':
        if (message.fault?.limit) return fail(member, message)
        release(member)
        current?.resolve(message)
        return becomeIdle(member)
    }
  }

  const start = (): void => {
    const worker = new Worker(file, {
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    })
    const member: Member = { worker, state: 'starting', current: undefined, timers: [] }
    members.add(member)
    worker.on('message', (message: FromWorker) => onMessage(member, message))
    const gone = (cause: unknown): void => {
      if (member.state === 'starting') queue.take()?.reject(hubError('workers_unavailable', { cause }))
      fail(member, { logs: [], fault: outOf('memory', 'its thread ended') })
    }
    worker.on('error', gone)
    worker.on('exit', (code) => gone(new Error(`the thread ended with ${code}`)))
  }

  const feed = (): void => {
    if (disposed) return
    for (const member of members) {
      if (member.state !== 'idle') continue
      const waiting = queue.take(hasRoom)
      if (!waiting) return
      assign(member, waiting)
    }
    const starting = [...members].filter(({ state }) => state === 'starting').length
    if (queue.size > starting && members.size < size) start()
  }

  return {
    get threads() {
      return members.size + ending.size
    },
    run(job, signal) {
      if (disposed) return Promise.reject(hubError('shutting_down'))
      if (signal?.aborted) return Promise.reject(hubError('cancelled'))
      return new Promise<End>((resolve, reject) => {
        const { owner, message } = job
        const isMine = ({ job: other }: Waiting): boolean => other === job
        const give = (error: Error): void => {
          const waits = queue.take(undefined, isMine)
          const member = [...members].find(({ current }) => current && isMine(current))
          if (member) end(member)
          if (waits ?? member) done.reject(error)
          feed()
        }
        const onAbort = (): void => give(hubError('cancelled'))
        const late = setTimeout(() => {
          if (queue.take(undefined, isMine)) done.reject(hubError('scripts_busy', { retryAfter: 5 }))
        }, message.limits.wallMs)
        const settled = (): void => {
          clearTimeout(late)
          signal?.removeEventListener('abort', onAbort)
        }
        const done: Waiting = {
          owner,
          job,
          resolve: (result) => {
            settled()
            resolve(result)
          },
          reject: (error) => {
            settled()
            reject(error)
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        queue.push(owner, done)
        feed()
      })
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      for (const { reject } of queue.clear()) reject(hubError('shutting_down'))
      for (const member of members) end(member)?.reject(hubError('shutting_down'))
      await Promise.all(ending)
    },
  }
}

import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type pg from 'pg'
import { openPool } from '#db'
import { freshDatabase, testTelemetry } from '#test'
import type { ChaosCommand, ChaosOptions, RunState } from './chaos-worker.ts'
import { kill } from './processes.ts'

/** As the hub itself does: what Node made of the sources is kept, and a worker is up in half the time. */
export const workerEnvironment = {
  ...process.env,
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/integration-hub'),
}

export interface Worker extends AsyncDisposable {
  readonly pid: number
  readonly executorId: string
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
  /** What it printed, which should be nothing. */
  readonly output: () => string
  ask<T = unknown>(op: ChaosCommand['op'], command?: Omit<ChaosCommand, 'id' | 'op'>): Promise<T>
  start(runId: string, name: string, input: unknown): Promise<void>
  wait(runId: string, ms?: number): Promise<RunState>
  stop(): Promise<void>
}

export interface ChaosDatabase extends AsyncDisposable {
  readonly url: string
  readonly pool: pg.Pool
  /** The bodies of steps that began, in their order. */
  bodies(runId: string): Promise<{ step: string; pid: number; done_before: boolean }[]>
  /** How often an outcome was written. */
  outcomes(runId: string): Promise<number>
}

/** A database that keeps a record of what workers do on it. */
export async function chaosDatabase(): Promise<ChaosDatabase> {
  const fresh = await freshDatabase()
  return watched(fresh.url, async () => fresh[Symbol.asyncDispose]())
}

export async function watched(url: string, close: () => Promise<void>): Promise<ChaosDatabase> {
  const pool = openPool({ connectionString: url }, 4, testTelemetry().logger)
  await pool.query(`
    create table public.bodies (at serial, run text, step text, pid integer, done_before boolean);
    create table public.steps (run text, step text, output json, primary key (run, step));
    create table public.outcomes (run text, status text, output json);
    create table public.refused (run text, step text, pid integer);
    create table public.mercy (run text)`)
  return {
    url,
    pool,
    bodies: async (runId) =>
      (await pool.query('select step, pid, done_before from public.bodies where run = $1 order by at', [runId])).rows,
    outcomes: async (runId) => (await pool.query('select from public.outcomes where run = $1', [runId])).rowCount ?? 0,
    [Symbol.asyncDispose]: async () => {
      await pool.end()
      await close()
    },
  }
}

/** Starts a chaos worker; ready when this resolves. */
export async function startWorker(options: ChaosOptions): Promise<Worker> {
  const child = fork(join(import.meta.dirname, 'chaos-worker.ts'), [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: workerEnvironment,
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise((resolve) => child.once('close', resolve))
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let count = 0

  const executorId = await new Promise<string>((resolve, reject) => {
    void exited.then(() => {
      const gone = new Error(`the worker ended:\n${output}`)
      reject(gone)
      for (const { reject: refuse } of waiting.values()) refuse(gone)
    })
    child.on('message', (message: { ready?: string; id: number; result?: never; error?: string }) => {
      if (message.ready !== undefined) return resolve(message.ready)
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.error === undefined) asked?.resolve(message.result as never)
      else asked?.reject(new Error(message.error))
    })
  })

  const ask = <T>(op: ChaosCommand['op'], command: Omit<ChaosCommand, 'id' | 'op'> = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      count += 1
      waiting.set(count, { resolve, reject })
      child.send({ id: count, op, ...command }, (error) => error && reject(error))
    })
  return {
    pid: child.pid!,
    executorId,
    child,
    exited,
    output: () => output,
    ask,
    start: (runId, name, input) => ask('start', { runId, name, input }),
    wait: async (runId, ms = 15_000) => {
      const state = await ask<RunState | undefined>('wait', { runId, ms })
      if (!state) throw new Error(`run ${runId} did not end in ${ms} ms`)
      return state
    },
    async stop() {
      await ask('stop')
      await exited
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) kill(child.pid!)
      await exited
    },
  }
}

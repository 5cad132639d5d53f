import { DBOS, StatusString, type WorkflowStatus } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { openPool } from '#db'
import { sleep } from '#lib/clock'
import type { Logger } from '#telemetry'
import { createGate, type Gate } from './gate.ts'
import type { Engine, EngineDeps, EngineOptions, RunContext, RunFunction, RunState, RunStatus } from './types.ts'
import { startLiveness } from './liveness.ts'
import { enqueueIn, forgetDeaths, tryEngineLock } from './store.ts'

/**
 * The one file that knows DBOS. DBOS keeps its registry in the process, so there is one engine per process.
 *
 * The version is fixed instead of a hash of the source: DBOS executes only runs of its own version, so a new one would strand stored runs.
 */
const version = 'hub-1'
const application = 'integration-hub'
const queue = 'hub'

// With polls every 50 ms a queued run starts after 33 to 43 ms; with the default of one second it takes 870 ms.
const pollMs = 50
// A waiting run keeps its place and some 50 KB of memory: with 200 places, 200 waiting runs blocked all others.
const runsAtOnce = 2000
const stepsAtOnce = 200
const drainMs = 20_000

export async function createDbosEngine(deps: EngineDeps, options: EngineOptions): Promise<Engine> {
  const { db, logger } = deps
  await using stack = new AsyncDisposableStack()
  const { executorId } = options
  // A separate pool, so that a burst of requests cannot starve running work.
  const pool = openPool(db.connection, 10, logger)
  stack.defer(() => pool.end())

  DBOS.setConfig({
    name: application,
    systemDatabasePool: pool,
    applicationVersion: version,
    executorID: executorId,
    logger: dbosLogger(logger),
    ...(options.works ? {} : { listenQueues: [] }),
  })
  const gate = createGate(stepsAtOnce)
  const workflows = Object.fromEntries(
    Object.entries(options.runs).map(([name, run]) => [
      name,
      DBOS.registerWorkflow(asWorkflow(run, gate), { name, maxRecoveryAttempts: 1000 }),
    ]),
  )
  // Liveness starts before the launch, because work may begin there and a process without a lock looks dead to the others.
  const liveness = stack.use(await startLiveness(deps, { ...options, queue }))
  stack.defer(() => DBOS.shutdown({ deregister: true }))
  await launch(db.connection)
  await DBOS.registerQueue(queue, { minPollingIntervalMs: pollMs, workerConcurrency: runsAtOnce, onConflict: 'always_update' })
  if (options.works) liveness.sweep()
  stack.defer(() => gate.close(options.drainMs ?? drainMs))
  const owned = stack.move()

  const stateOf = async (runId: string): Promise<RunState | undefined> => {
    const status = await DBOS.getWorkflowStatus(runId)
    return status ? asState(status) : undefined
  }

  return {
    executorId,
    async start({ runId, name, input }) {
      const workflow = workflows[name]
      if (!workflow) throw new Error(`no run function is registered as "${name}"`)
      const place = options.works ? {} : { queueName: queue }
      await DBOS.startWorkflow(workflow, { workflowID: runId, ...place })(input as never)
    },
    startIn: (trx, ...runs) =>
      enqueueIn(
        trx,
        runs.map(({ runId, name, input }) => ({ id: runId, name, queue, version, args: [input] })),
      ),
    signal: (runId, topic, message) => DBOS.send(runId, message, topic),
    cancel: (runId) => DBOS.cancelWorkflow(runId),
    async resume(runId) {
      await forgetDeaths(db.sql, runId)
      await DBOS.resumeWorkflow(runId, { queueName: queue })
    },
    state: stateOf,
    async wait(runId, timeoutMs) {
      const until = Date.now() + timeoutMs
      for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
        const state = await stateOf(runId)
        if (!state || !['queued', 'running'].includes(state.status)) return state
        if (Date.now() >= until) return undefined
        await sleep(pause)
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Creates the engine's tables without starting it: for `hub migrate` and `hub restore`. */
export async function prepareEngineSchema(connection: pg.ClientConfig, logger: Logger): Promise<void> {
  const pool = openPool(connection, 2, logger)
  try {
    DBOS.setConfig({
      name: application,
      systemDatabasePool: pool,
      applicationVersion: version,
      logger: dbosLogger(logger),
      listenQueues: [],
    })
    await launch(connection)
    await DBOS.shutdown({ deregister: true })
  } finally {
    await pool.end()
  }
}

/**
 * One process at a time, because DBOS migrates its tables at each launch without a lock. It creates indexes concurrently, which waits for every
 * running statement, so waiting for this lock must not be a statement: it is polled.
 */
async function launch(connection: pg.ClientConfig): Promise<void> {
  const session = new pg.Client(connection)
  await session.connect()
  try {
    while (!(await tryEngineLock(session))) await sleep(25)
    await DBOS.launch()
  } finally {
    await session.end()
  }
}

function asWorkflow(run: RunFunction, gate: Gate): (input: never) => Promise<unknown> {
  const context: Omit<RunContext, 'runId'> = {
    step: (name, work) => gate.run(() => DBOS.runStep(work, { name })),
    hold: (work) => gate.run(work),
    sleep: (ms) => DBOS.sleep(ms),
    receive: async <T>(topic: string, timeoutMs: number) => (await DBOS.recv<T>(topic, { timeoutSeconds: timeoutMs / 1000 })) ?? undefined,
    now: () => DBOS.now(),
  }
  return (input) => run(input, { ...context, runId: DBOS.workflowID! })
}

const statuses: Readonly<Record<string, RunStatus>> = {
  [StatusString.ENQUEUED]: 'queued',
  [StatusString.DELAYED]: 'queued',
  [StatusString.PENDING]: 'running',
  [StatusString.SUCCESS]: 'completed',
  [StatusString.ERROR]: 'failed',
  [StatusString.CANCELLED]: 'cancelled',
  [StatusString.MAX_RECOVERY_ATTEMPTS_EXCEEDED]: 'parked',
}

function asState(status: WorkflowStatus): RunState {
  return {
    id: status.workflowID,
    status: statuses[status.status] ?? 'failed',
    ...(status.output === undefined ? {} : { output: status.output }),
    ...(status.error === undefined ? {} : { error: status.error instanceof Error ? status.error.message : String(status.error) }),
    createdAt: new Date(status.createdAt),
    updatedAt: new Date(status.updatedAt ?? status.createdAt),
  }
}

function dbosLogger(logger: Logger) {
  const log = logger.child({ part: 'engine' })
  // DBOS logs its start at the info level; for an operator of the hub that is a detail.
  return {
    info: (entry: unknown) => log.debug(String(entry)),
    debug: (entry: unknown) => log.trace(String(entry)),
    warn: (entry: unknown) => log.warn(String(entry)),
    error: (entry: unknown, metadata?: { error?: unknown }) => log.error({ err: metadata?.error }, String(entry)),
  }
}

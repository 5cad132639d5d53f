import { openDatabase } from '#db'
import { createEngine, type RunFunction } from '#engine'
import { sleep } from '#lib/clock'
import { newId } from '#lib/ids'
import { testTelemetry } from '../support/telemetry.ts'

/**
 * A process that runs durable work on the database it is told, until it is asked to stop or killed. The engine is one per process, so its
 * tests drive such processes, by the messages of `node:child_process`.
 */
export interface ChaosCommand {
  readonly id: number
  readonly op: 'start' | 'startIn' | 'rollBack' | 'signal' | 'cancel' | 'resume' | 'state' | 'wait' | 'stop'
  readonly runId?: string
  readonly name?: string
  readonly input?: unknown
  readonly ms?: number
}

export interface ChaosOptions {
  readonly url: string
  readonly works?: boolean
  readonly drainMs?: number
  readonly sweepMs?: number
}

const { url, works = true, ...times } = JSON.parse(process.argv[2]!) as ChaosOptions
const lines: string[] = []
const telemetry = testTelemetry(lines)
const db = await openDatabase({ url, dataDir: '', poolSize: 5, mode: 'attach' }, telemetry)

/** A step that says when its body begins and ends, and whether it had a checkpoint already: then it must not have begun. */
const body = (runId: string, step: string, work: () => Promise<unknown>) => async (): Promise<unknown> => {
  await db.pool.query(
    `insert into public.bodies (run, step, pid, done_before)
     values ($1, $2, $3, exists (select from dbos.operation_outputs where workflow_uuid = $1 and function_name = $2))`,
    [runId, step, process.pid],
  )
  return work()
}

const runs: Record<string, RunFunction> = {
  /** Five steps and a sleep between them; its output is the sum of what the steps gave. */
  async sum(input: { from: number; ms: number }, { runId, step, sleep: rest }) {
    let total = 0
    for (let index = 0; index < 5; index++) {
      const name = `add-${index}`
      total += (await step(
        name,
        body(runId, name, () => sleep(input.ms * Math.random()).then(() => input.from + index)),
      )) as number
      if (index === 2) await rest(input.ms)
    }
    return { total }
  },
  async slow(input: { ms: number }, { runId, step }) {
    await step(
      'first',
      body(runId, 'first', async () => 1),
    )
    await step(
      'second',
      body(runId, 'second', () => sleep(input.ms)),
    )
    return step(
      'third',
      body(runId, 'third', async () => 'done'),
    )
  },
  /** Kills its process, as a run that exhausts the memory does, until it is shown mercy. */
  async killer(_input: unknown, { runId, step }) {
    return step(
      'kill',
      body(runId, 'kill', async () => {
        const { rowCount } = await db.pool.query('select from public.mercy where run = $1', [runId])
        if (rowCount === 0) process.kill(process.pid, 'SIGKILL')
        return 'spared'
      }),
    )
  },
  async sleeper(input: { ms: number }, { sleep: rest }) {
    await rest(input.ms)
    return 'awake'
  },
  receiver: async (input: { topic: string; ms: number }, { receive }) => (await receive(input.topic, input.ms)) ?? 'nothing came',
  failing: (_input: unknown, { step }) => step('fail', () => Promise.reject(new Error('as it was told to'))),
  async clock(_input: unknown, { now, step }) {
    return { now: await now(), step: await step('name', async () => 'once') }
  },
}

const engine = await createEngine({ db, ...telemetry }, { executorId: newId('exe'), runs, works, ...times })

async function obey({ op, runId = '', name = '', input, ms = 0 }: ChaosCommand): Promise<unknown> {
  switch (op) {
    case 'start':
      return engine.start({ runId, name, input })
    case 'startIn':
      return db.transaction((trx) => engine.startIn(trx, { runId, name, input }))
    case 'rollBack':
      return db
        .transaction(async (trx) => {
          await engine.startIn(trx, { runId, name, input })
          throw new Error('rolled back')
        })
        .catch((error: Error) => error.message)
    case 'signal':
      return engine.signal(runId, name, input)
    case 'cancel':
      return engine.cancel(runId)
    case 'resume':
      return engine.resume(runId)
    case 'state':
      return engine.state(runId)
    case 'wait':
      return engine.wait(runId, ms)
    case 'stop':
      await engine[Symbol.asyncDispose]()
      return db[Symbol.asyncDispose]()
  }
}

async function answer(command: ChaosCommand): Promise<void> {
  const said = await obey(command).then(
    (result) => ({ id: command.id, result }),
    (error: Error) => ({ id: command.id, error: error.message }),
  )
  // Stopped, it exits by itself, whatever a run that sleeps has left behind in timers.
  process.send!(said, () => command.op === 'stop' && process.exit())
}

process.on('message', (command: ChaosCommand) => void answer(command))
process.on('disconnect', () => process.exit())
process.send!({ ready: engine.executorId })

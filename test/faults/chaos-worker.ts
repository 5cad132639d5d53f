import { sql } from 'kysely'
import { isPassing, openDatabase, type Transaction } from '#db'
import { createEngine, heldJobs, JobLost, type JobContext, type JobHandler } from '#engine'
import { sleep } from '#lib/clock'
import { newId } from '#lib/ids'
import { testTelemetry } from '../support/telemetry.ts'

/** A process that runs jobs on the database it is told, until it is asked to stop or killed. Its tests drive it by the messages of `node:child_process`. */
export interface ChaosCommand {
  readonly id: number
  readonly op: 'start' | 'startAll' | 'rollBack' | 'state' | 'wait' | 'stop'
  readonly runId?: string
  readonly runIds?: readonly string[]
  readonly name?: string
  readonly input?: unknown
  readonly ms?: number
}

export interface RunState {
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'quarantined'
  readonly output: unknown
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
const engine = createEngine({ db, ...telemetry }, { executorId: newId('exe'), ...times })

type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>

/**
 * Steps as the products keep them: a step has a record, which is written only while this process holds the job, and a step with a record is
 * not repeated. `public.bodies` shows which bodies began, and whether the step had a record already: then it must not have begun.
 */
function stepsOf({ id, hold, record }: JobContext): Step {
  return async <T>(name: string, work: () => Promise<T>) => {
    const found = await db.pool.query<{ output: T }>('select output from public.steps where run = $1 and step = $2', [id, name])
    if (found.rows[0]) return found.rows[0].output
    const output = await hold(async () => {
      await db.pool.query(
        `insert into public.bodies (run, step, pid, done_before)
         values ($1, $2, $3, exists (select from public.steps where run = $1 and step = $2))`,
        [id, name, process.pid],
      )
      return work()
    })
    const written = await record(() =>
      sql`with held as (${heldJobs(engine.executorId, [id])})
          insert into public.steps (run, step, output) select ${id}, ${name}, ${JSON.stringify(output)}::json from held`.execute(db.sql),
    )
    if (written.numAffectedRows === 0n) {
      await db.pool.query('insert into public.refused (run, step, pid) values ($1, $2, $3)', [id, name, process.pid])
      throw new JobLost()
    }
    return output
  }
}

const bodies: Record<string, (input: never, step: Step, id: string) => Promise<unknown>> = {
  /** Five steps and a pause between them; its output is the sum of what the steps gave. */
  async sum(input: { from: number; ms: number }, step) {
    let total = 0
    for (let index = 0; index < 5; index++) {
      total += await step(`add-${index}`, () => sleep(input.ms * Math.random()).then(() => input.from + index))
      if (index === 2) await sleep(input.ms)
    }
    return { total }
  },
  async slow(input: { ms: number }, step) {
    await step('first', async () => 1)
    await step('second', () => sleep(input.ms).then(() => 2))
    return step('third', async () => 'done')
  },
  /** Kills its process, as a job that exhausts the memory does, until it is shown mercy. */
  killer(_input: unknown, step, id) {
    return step('kill', async () => {
      const { rowCount } = await db.pool.query('select from public.mercy where run = $1', [id])
      if (rowCount === 0) process.kill(process.pid, 'SIGKILL')
      return 'spared'
    })
  },
  async sleeper(input: { ms: number }) {
    await sleep(input.ms)
    return 'awake'
  },
  failing: (_input: unknown, step) => step('fail', () => Promise.reject(new Error('as it was told to'))),
}

/** As the products do, it ends a run that has not ended: a job may run again when its process died before it was deleted. */
async function end(id: string, status: string, output: unknown): Promise<void> {
  await sql`
    with held as (${heldJobs(engine.executorId, [id])})
    insert into public.outcomes (run, status, output) select ${id}, ${status}, ${JSON.stringify(output)}::json from held
     where not exists (select from public.outcomes where run = ${id})`.execute(db.sql)
}

function handlerOf(body: (input: never, step: Step, id: string) => Promise<unknown>): JobHandler {
  return {
    async run(input, context) {
      for (;;) {
        try {
          return await end(context.id, 'completed', (await body(input, stepsOf(context), context.id)) ?? null)
        } catch (error) {
          if (error instanceof JobLost) throw error
          if (!isPassing(error)) return end(context.id, 'failed', (error as Error).message)
          await sleep(100)
        }
      }
    },
    async progress(trx, ids) {
      const { rows } = await sql<{ run: string; count: number }>`
        select run, count(*)::int as count from public.steps where run = any(${ids}::text[]) group by run`.execute(trx)
      return new Map(rows.map(({ run, count }) => [run, count]))
    },
    async quarantine(trx, ids) {
      await sql`insert into public.outcomes (run, status) select id, 'quarantined' from unnest(${ids}::text[]) as id`.execute(trx)
    },
  }
}

const jobs = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, handlerOf(body)]))
const running = await engine.start(works ? { jobs, pollers: [] } : undefined)

async function stateOf(runId: string): Promise<RunState | undefined> {
  const ended = await db.pool.query<RunState>('select status, output from public.outcomes where run = $1', [runId])
  if (ended.rows[0]) return ended.rows[0]
  const job = await db.pool.query<{ executor_id: string | null }>('select executor_id from hub.jobs where id = $1', [runId])
  if (!job.rows[0]) return undefined
  return { status: job.rows[0].executor_id === null ? 'queued' : 'running', output: null }
}

async function wait(runId: string, ms: number): Promise<RunState | undefined> {
  for (const until = Date.now() + ms; Date.now() < until; await sleep(10)) {
    const state = await stateOf(runId)
    if (state && !['queued', 'running'].includes(state.status)) return state
  }
  return undefined
}

async function obey({ op, runId = '', runIds = [runId], name = '', input, ms = 0 }: ChaosCommand): Promise<unknown> {
  const enqueue = (trx: Transaction): Promise<void> => engine.enqueue(trx, ...runIds.map((id) => ({ id, handler: name, input })))
  switch (op) {
    case 'start':
    case 'startAll':
      return db.transaction(enqueue)
    case 'rollBack':
      return db
        .transaction(async (trx) => {
          await enqueue(trx)
          throw new Error('rolled back')
        })
        .catch((error: Error) => error.message)
    case 'state':
      return stateOf(runId)
    case 'wait':
      return wait(runId, ms)
    case 'stop':
      await running[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
      return db[Symbol.asyncDispose]()
  }
}

async function answer(command: ChaosCommand): Promise<void> {
  const said = await obey(command).then(
    (result) => ({ id: command.id, result }),
    (error: Error) => ({ id: command.id, error: error.message }),
  )
  // Stopped, it exits by itself, whatever a job that sleeps has left behind in timers.
  process.send!(said, () => command.op === 'stop' && process.exit())
}

process.on('message', (command: ChaosCommand) => void answer(command))
process.on('disconnect', () => process.exit())
process.send!({ ready: engine.executorId })

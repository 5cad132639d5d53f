import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { chaosDatabase, kill, recordOutcomes, startWorker, until, type Worker } from '#test/faults'

const runCount = 150
const kills = 4

test('two processes, many runs, kill -9 at random moments: every run ends once with its output, and no finished step repeats', async (t) => {
  await using database = await chaosDatabase()
  const { pool } = database
  const workers: Worker[] = await Promise.all([startWorker({ url: database.url }), startWorker({ url: database.url })])
  await recordOutcomes(database)
  const killed = new Set<number>()

  const startSome = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) {
      // Half of them straight away, half through the queue of a transaction; some are lost with their process and asked for again.
      const command = { runId: `run-${index}`, name: 'sum', input: { from: index, ms: 300 } }
      const ask = (): Promise<unknown> => workers[index % 2]!.ask(index % 4 < 2 ? 'start' : 'startIn', command)
      await ask().catch(() =>
        until(`run ${index} is started`, () =>
          ask().then(
            () => true,
            () => false,
          ),
        ),
      )
    }
  }

  /** How long after its process died none of an executor's runs was left with it. */
  const takeOver = async (executorId: string): Promise<number> => {
    const died = Date.now()
    await until(`the runs of ${executorId} are taken over`, async () => {
      const { rowCount } = await pool.query(`select from dbos.workflow_status where status = 'PENDING' and executor_id = $1`, [executorId])
      return rowCount === 0
    })
    return Date.now() - died
  }

  const takeOvers: Promise<number>[] = []
  try {
    for (let round = 0; round < kills; round++) {
      const victim = round % 2
      const starting = startSome(Math.floor((round * runCount) / kills), Math.floor(((round + 1) * runCount) / kills))
      await pass(200 + 800 * Math.random())
      const { pid, executorId, exited } = workers[victim]!
      kill(pid)
      killed.add(pid)
      await exited
      takeOvers.push(takeOver(executorId))
      workers[victim] = await startWorker({ url: database.url })
      await starting
    }

    await until(
      'every run has ended',
      async () => (await pool.query(`select from dbos.workflow_status where status not in ('ENQUEUED', 'PENDING')`)).rowCount === runCount,
      30_000,
    )
    for (let index = 0; index < runCount; index++) {
      const { status, output } = await workers[0]!.wait(`run-${index}`)
      assert.deepEqual({ status, output }, { status: 'completed', output: { total: 5 * index + 10 } }, `run ${index}`)
    }
  } finally {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  }

  const slowest = Math.max(...(await Promise.all(takeOvers)))
  assert.ok(slowest < 10_000, `a take-over took ${slowest} ms`)
  const outcomes = await pool.query<{ run: string }>('select run from public.outcomes')
  assert.equal(outcomes.rowCount, runCount)
  assert.equal(new Set(outcomes.rows.map(({ run }) => run)).size, runCount)

  const { rows: bodies } = await pool.query<{ run: string; step: string; pid: number; done_before: boolean }>(
    'select run, step, pid, done_before from public.bodies order by at',
  )
  assert.deepEqual(
    bodies.filter(({ done_before }) => done_before),
    [],
  )
  const begun = Map.groupBy(bodies, ({ run, step }) => `${run} ${step}`)
  assert.equal(begun.size, runCount * 5)
  const repeated = [...begun.values()].filter((times) => times.length > 1)
  // Begun again only where the process that had begun it before was killed.
  for (const times of repeated) for (const { pid } of times.slice(0, -1)) assert.ok(killed.has(pid), JSON.stringify(times))
  assert.ok(repeated.length > 0, 'no step was under way at any kill: the test has shown nothing')
  t.diagnostic(
    `${repeated.length} of ${begun.size} steps were interrupted by ${kills} kills; the slowest take-over came after ${slowest} ms`,
  )
})

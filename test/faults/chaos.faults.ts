import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { openDatabase } from '#db'
import { testTelemetry } from '#test'
import { chaosDatabase, kill, pause, resume, startProxy, startWorker, until, watched, type ChaosDatabase, type Worker } from '#test/faults'

const stepsOf = async (database: ChaosDatabase, runId: string): Promise<string[]> => (await database.bodies(runId)).map(({ step }) => step)
const underWay = (database: ChaosDatabase, runId: string, step: string): Promise<boolean> =>
  until(`${step} of ${runId} is under way`, async () => (await stepsOf(database, runId)).includes(step))
const deathsOf = async ({ pool }: ChaosDatabase): Promise<number> =>
  (await pool.query('select from hub.jobs where interruptions > 0')).rowCount!
const executorsOf = async ({ pool }: ChaosDatabase): Promise<string[]> =>
  (await pool.query<{ id: string }>('select id from hub.executors order by id')).rows.map(({ id }) => id)

const runCount = 150
const kills = 4

// Mostly waiting, so side by side.
describe('work that outlives its process', { concurrency: 4 }, () => {
  test('two processes, many runs, kill -9 at random moments: every run ends once with its output, and no finished step repeats', async (t) => {
    await using database = await chaosDatabase()
    const { pool } = database
    const workers: Worker[] = await Promise.all([startWorker({ url: database.url }), startWorker({ url: database.url })])
    const killed = new Set<number>()

    const startSome = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) {
        // Some are lost with their process and asked for again.
        const ask = (): Promise<unknown> => workers[index % 2]!.start(`run-${index}`, 'sum', { from: index, ms: 300 })
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
        const { rowCount } = await pool.query('select from hub.jobs where executor_id = $1', [executorId])
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

      await until('every run has ended', async () => (await pool.query('select from public.outcomes')).rowCount === runCount, 30_000)
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

  test('a process that is stopped lets the step under way finish, hands its runs on at once, and it counts against none', async () => {
    await using database = await chaosDatabase()
    await using first = await startWorker({ url: database.url })
    await using second = await startWorker({ url: database.url })
    await first.start('slow-1', 'slow', { ms: 700 })
    await underWay(database, 'slow-1', 'second')
    await first.stop()
    const stopped = Date.now()
    assert.equal((await second.wait('slow-1')).output, 'done')
    assert.ok(Date.now() - stopped < 5000)
    const bodies = await database.bodies('slow-1')
    assert.deepEqual(
      bodies.map(({ step, pid }) => [step, pid]),
      [
        ['first', first.pid],
        ['second', first.pid],
        ['third', second.pid],
      ],
    )
    assert.equal(await deathsOf(database), 0)
  })

  test('a step that does not end in time does not keep a process from stopping, and runs again elsewhere', async () => {
    await using database = await chaosDatabase()
    await using first = await startWorker({ url: database.url, drainMs: 100 })
    await first.start('slow-1', 'slow', { ms: 1500 })
    await first.start('sleeper-1', 'sleeper', { ms: 1500 })
    await underWay(database, 'slow-1', 'second')
    await first.stop()
    await using second = await startWorker({ url: database.url })
    assert.equal((await second.wait('slow-1')).output, 'done')
    assert.equal((await second.wait('sleeper-1')).output, 'awake')
    assert.deepEqual(await stepsOf(database, 'slow-1'), ['first', 'second', 'second', 'third'])
    assert.equal(await deathsOf(database), 0)
  })

  test('a job that kills its process three times is quarantined, the last time alone, and spares the next process', async () => {
    await using database = await chaosDatabase()
    const sweepMs = 200
    const first = await startWorker({ url: database.url, sweepMs })
    first.start('killer-1', 'killer', {}).catch(() => undefined)
    await first.exited
    for (const _ of ['second', 'third']) await (await startWorker({ url: database.url, sweepMs })).exited
    await using survivor = await startWorker({ url: database.url, sweepMs })
    const state = () => survivor.ask<{ status: string } | undefined>('state', { runId: 'killer-1' })
    await until('it is quarantined', async () => (await state())?.status === 'quarantined')
    assert.equal((await database.bodies('killer-1')).length, 3)

    await database.pool.query(`insert into public.mercy values ('killer-2')`)
    await survivor.start('killer-2', 'killer', {})
    assert.equal((await survivor.wait('killer-2')).output, 'spared')
    assert.equal(await deathsOf(database), 0)
  })

  test('a paused process that wakes after its runs were taken over writes no second outcome, begins no further step, and works again', async () => {
    await using database = await chaosDatabase()
    await using zombie = await startWorker({ url: database.url })
    await using other = await startWorker({ url: database.url, sweepMs: 300 })
    await zombie.start('slow-1', 'slow', { ms: 500 })
    await underWay(database, 'slow-1', 'second')
    pause(zombie.pid)
    // As the server does when it finds that nobody is at the other end any more.
    const { rowCount } = await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`, [
      `integration-hub ${zombie.executorId}`,
    ])
    assert.equal(rowCount, 1)
    assert.equal((await other.wait('slow-1')).output, 'done')
    resume(zombie.pid)
    await until('the zombie is back among the living', async () => (await executorsOf(database)).includes(zombie.executorId))
    assert.equal((await zombie.wait('slow-1')).output, 'done')
    await zombie.start('sum-1', 'sum', { from: 1, ms: 300 })
    assert.deepEqual((await zombie.wait('sum-1')).output, { total: 15 })

    assert.equal(await database.outcomes('slow-1'), 1)
    // What the zombie wanted to write when it woke was refused.
    const { rows: refused } = await database.pool.query('select step, pid from public.refused')
    assert.deepEqual(refused, [{ step: 'second', pid: zombie.pid }])
    const bodies = await database.bodies('slow-1')
    assert.deepEqual(
      bodies.map(({ step, pid, done_before }) => [step, pid, done_before]),
      [
        ['first', zombie.pid, false],
        ['second', zombie.pid, false],
        ['second', other.pid, false],
        ['third', other.pid, false],
      ],
    )
    assert.deepEqual(new Set((await database.bodies('sum-1')).map(({ pid }) => pid)), new Set([zombie.pid]))
  })

  test('a connection that goes silent without breaking is noticed, and the process works on through another', async () => {
    await using database = await chaosDatabase()
    const { searchParams, pathname } = new URL(database.url.replace('@/', '@socket/'))
    await using proxy = await startProxy({ path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}` })
    await using worker = await startWorker({ url: `postgresql://hub@${proxy.host}:${proxy.port}${pathname}` })
    const sessions = async (): Promise<number[]> => {
      const { rows } = await database.pool.query<{ pid: number }>('select pid from pg_stat_activity where application_name = $1', [
        `integration-hub ${worker.executorId}`,
      ])
      return rows.map(({ pid }) => pid)
    }
    const [before] = await sessions()
    proxy.pause()
    await pass(2700)
    proxy.resume()
    await until('the sign of life is on another connection', async () => {
      const now = await sessions()
      return now.length === 1 && now[0] !== before
    })
    await worker.start('sum-1', 'sum', { from: 1, ms: 5 })
    assert.deepEqual((await worker.wait('sum-1')).output, { total: 15 })
    assert.deepEqual(await executorsOf(database), [worker.executorId])
  })

  test('kill -9 of the database declares no living process dead: both work on, and no step runs twice for it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hub-faults-'))
    chmodSync(dataDir, 0o711)
    await using server = await openDatabase({ dataDir, poolSize: 2, mode: 'serve' }, testTelemetry())
    const { host, port, user } = server.connection as { host: string; port: number; user: string }
    const url = `postgresql://${user}@/hub?host=${encodeURIComponent(host)}&port=${port}`
    await using database = await watched(url, async () => rmSync(dataDir, { recursive: true, force: true }))
    await using first = await startWorker({ url, sweepMs: 1000 })
    await using second = await startWorker({ url, sweepMs: 1000 })
    await first.start('slow-1', 'slow', { ms: 3000 })
    await second.start('slow-2', 'slow', { ms: 3000 })
    await underWay(database, 'slow-1', 'second')
    await underWay(database, 'slow-2', 'second')

    kill(Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]))
    for (const [runId, worker] of [
      ['slow-1', first],
      ['slow-2', second],
    ] as const) {
      // Asking fails while the database is away; working goes on after it.
      const ended = await until(`${runId} has ended`, () => worker.wait(runId).catch(() => undefined))
      assert.equal(ended.output, 'done')
      const bodies = await database.bodies(runId)
      assert.deepEqual(
        bodies.map(({ step, pid }) => [step, pid]),
        ['first', 'second', 'third'].map((step) => [step, worker.pid]),
      )
    }
    assert.equal(await deathsOf(database), 0)
    assert.deepEqual(await executorsOf(database), [first.executorId, second.executorId].toSorted())
  })
})

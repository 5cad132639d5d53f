import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openTestDatabase } from '#test'
import { leave, silentExecutors } from './job-store.ts'
import { takeOver } from './take-over.ts'
import type { JobHandler } from './types.ts'

test('whoever holds its lock is alive, whatever the number of the lock, and nobody else is', async () => {
  await using db = await openTestDatabase()
  await using other = await openTestDatabase()
  const session = new pg.Client(db.connection)
  const elsewhere = new pg.Client(other.connection)
  await Promise.all([session.connect(), elsewhere.connect()])
  try {
    // The limits of both halves, beyond a safe JavaScript number and up to the sign bit.
    const held = [
      1n,
      2n ** 31n - 1n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      -1n,
      -(2n ** 63n),
      -(2n ** 32n) + 5n,
    ]
    const free = [2n, 2n ** 53n, 2n ** 53n + 2n, 2n ** 63n - 2n, -2n, 77n, (3n << 32n) | 4n]
    for (const lock of held) await session.query('select pg_advisory_lock($1)', [lock])
    // The same numbers, but another database's lock, and a lock of two numbers.
    await elsewhere.query('select pg_advisory_lock(77)')
    await session.query('select pg_advisory_lock(3, 4)')
    for (const lock of [...held, ...free]) {
      await session.query('insert into hub.executors (id, lock_id, host, pid) values ($1, $2, $3, 1)', [`exe_${lock}`, lock, 'here'])
    }
    const silent = await silentExecutors(db.sql)
    assert.deepEqual(silent.toSorted(), free.map((lock) => `exe_${lock}`).toSorted())
  } finally {
    await Promise.all([session.end(), elsewhere.end()])
  }
})

test('an executor that nobody knows but that holds jobs, as after a restore, is silent; its jobs are taken over once', async () => {
  await using db = await openTestDatabase()
  await db.pool.query(
    `insert into hub.jobs (id, handler, input, executor_id) values
       ('job-1', 'any', '{}', 'exe_gone'), ('job-2', 'any', '{}', 'exe_gone'), ('job-3', 'any', '{}', null)`,
  )
  assert.deepEqual(await silentExecutors(db.sql), ['exe_gone'])
  const both = await Promise.all([takeOver(db, 'exe_gone', {}), takeOver(db, 'exe_gone', {})])
  assert.deepEqual(both.flatMap(({ returned }) => returned).toSorted(), ['job-1', 'job-2'])
  assert.deepEqual(await silentExecutors(db.sql), [])
  const { rows } = await db.pool.query('select id, executor_id, interruptions from hub.jobs order by 1')
  assert.deepEqual(rows, [
    { id: 'job-1', executor_id: null, interruptions: 1 },
    { id: 'job-2', executor_id: null, interruptions: 1 },
    { id: 'job-3', executor_id: null, interruptions: 0 },
  ])
})

test('a job is suspected after two deaths in a row and quarantined after the third; progress and an hour break the row', async () => {
  await using db = await openTestDatabase()
  const jobs = ['stuck', 'moving', 'now-and-then']
  let steps = 0
  const quarantined: string[] = []
  const handler: JobHandler = {
    run: async () => undefined,
    progress: async (_trx, ids) => new Map(ids.map((id) => [id, id === 'moving' ? steps : 1])),
    quarantine: async (_trx, ids) => void quarantined.push(...ids),
  }
  for (const job of jobs) await db.pool.query(`insert into hub.jobs (id, handler, input) values ($1, 'any', '{}')`, [job])
  const counts = async (): Promise<Record<string, number>> => {
    const { rows } = await db.pool.query<{ id: string; interruptions: number }>('select id, interruptions from hub.jobs')
    return Object.fromEntries(rows.map(({ id, interruptions }) => [id, interruptions]))
  }
  const seen: Record<string, number>[] = []
  for (const death of [1, 2, 3]) {
    steps += 1
    await db.pool.query(`update hub.jobs set interrupted_at = interrupted_at - interval '61 minutes' where id = 'now-and-then'`)
    await db.pool.query('update hub.jobs set executor_id = $1', [`exe_${death}`])
    await takeOver(db, `exe_${death}`, { any: handler })
    seen.push(await counts())
  }
  assert.deepEqual(seen, [
    { stuck: 1, moving: 1, 'now-and-then': 1 },
    { stuck: 2, moving: 1, 'now-and-then': 1 },
    { moving: 1, 'now-and-then': 1 },
  ])
  assert.deepEqual(quarantined, ['stuck'])
})

test('a process that stops hands its jobs on, and that counts against none of them', async () => {
  await using db = await openTestDatabase()
  await db.pool.query(
    `insert into hub.jobs (id, handler, input, executor_id, interruptions) values ('job-1', 'any', '{}', 'exe_polite', 1)`,
  )
  await db.transaction((trx) => leave(trx, 'exe_polite'))
  const { rows } = await db.pool.query('select executor_id, interruptions from hub.jobs')
  assert.deepEqual(rows, [{ executor_id: null, interruptions: 1 }])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openTestDatabase } from '#test'
import { silentExecutors, takeOver } from './store.ts'

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
    assert.deepEqual(silent.map(({ id }) => id).toSorted(), free.map((lock) => `exe_${lock}`).toSorted())
  } finally {
    await Promise.all([session.end(), elsewhere.end()])
  }
})

test('an executor that nobody knows but that owns running work, as after a restore, is silent; its runs are taken over once', async () => {
  await using db = await openTestDatabase()
  await db.pool.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, executor_id) values
       ('run-1', 'PENDING', 'any', 'exe_gone'), ('run-2', 'PENDING', 'any', 'exe_gone'), ('run-3', 'SUCCESS', 'any', 'exe_gone')`,
  )
  assert.deepEqual(await silentExecutors(db.sql), [{ id: 'exe_gone', left: false }])
  const gone = { id: 'exe_gone', left: false }
  const both = await Promise.all([takeOver(db, gone, 'hub'), takeOver(db, gone, 'hub')])
  assert.deepEqual(both.flatMap(({ resumed }) => resumed).toSorted(), ['run-1', 'run-2'])
  assert.deepEqual(await silentExecutors(db.sql), [])
  const { rows } = await db.pool.query('select workflow_uuid as id, status, queue_name as queue from dbos.workflow_status order by 1')
  assert.deepEqual(rows, [
    { id: 'run-1', status: 'ENQUEUED', queue: 'hub' },
    { id: 'run-2', status: 'ENQUEUED', queue: 'hub' },
    { id: 'run-3', status: 'SUCCESS', queue: null },
  ])
})

test('a run is parked at the third death in a row, and the row is broken by progress, by sleep, by a goodbye and by an hour', async () => {
  await using db = await openTestDatabase()
  const runs = ['stuck', 'moving', 'asleep', 'asked-to-stop', 'now-and-then']
  for (const run of runs) {
    await db.pool.query(`insert into dbos.workflow_status (workflow_uuid, status, name) values ($1, 'ENQUEUED', 'any')`, [run])
  }
  const checkpoint = (run: string, step: number, name: string, output: string) =>
    db.pool.query('insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output) values ($1, $2, $3, $4)', [
      run,
      step,
      name,
      output,
    ])
  await checkpoint('asleep', 0, 'DBOS.sleep', String(Date.now() + 60_000))
  await checkpoint('stuck', 0, 'DBOS.sleep', String(Date.now() - 60_000))

  /** Every queued run is started by one executor, which then dies or announces its stop. */
  const begin = (id: string, filter = 'true') =>
    db.pool.query(`update dbos.workflow_status set status = 'PENDING', executor_id = $1 where status = 'ENQUEUED' and ${filter}`, [id])
  const parked: string[][] = []
  for (const death of [1, 2, 3, 4]) {
    await checkpoint('moving', death, 'step', '1')
    await db.pool.query(`update hub.take_overs set at = at - interval '61 minutes' where run_id = 'now-and-then'`)
    await begin('exe_polite', `workflow_uuid = 'asked-to-stop'`)
    await takeOver(db, { id: 'exe_polite', left: true }, 'hub')
    await begin(`exe_${death}`, `workflow_uuid <> 'asked-to-stop'`)
    parked.push([...(await takeOver(db, { id: `exe_${death}`, left: false }, 'hub')).parked])
  }
  assert.deepEqual(parked, [[], [], ['stuck'], []])
  const { rows } = await db.pool.query<{ id: string; status: string }>(
    'select workflow_uuid as id, status from dbos.workflow_status order by 1',
  )
  assert.deepEqual(
    rows.map(({ id, status }) => `${id} ${status}`),
    ['asked-to-stop ENQUEUED', 'asleep ENQUEUED', 'moving ENQUEUED', 'now-and-then ENQUEUED', 'stuck MAX_RECOVERY_ATTEMPTS_EXCEEDED'],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { openTestDatabase } from '#test'
import { columnsOf, recordset } from './recordset.ts'

test('rows that differ in their fields are inserted in one statement, with the defaults of the table', async () => {
  await using db = await openTestDatabase()
  const rows = [
    { id: 'job_1', handler: 'any', input: { inner_key: 1, innerKey: 2 }, beside: 'not a column' },
    { id: 'job_2', handler: 'any', input: [], executorId: 'exe_1', beside: 'not a column' },
  ]
  const columns = columnsOf(rows, 'beside')
  await raw`insert into hub.jobs (${columns}) select ${columns} from ${recordset('jobs', rows, 'json')}`.execute(db.sql)
  const stored = await db.sql.selectFrom('jobs').select(['id', 'input', 'executorId', 'interruptions']).orderBy('id').execute()
  assert.deepEqual(stored, [
    { id: 'job_1', input: { inner_key: 1, innerKey: 2 }, executorId: null, interruptions: 0 },
    { id: 'job_2', input: [], executorId: 'exe_1', interruptions: 0 },
  ])
})

test('what jsonb cannot store is replaced, and an object that came from outside adds nothing to the statement', async () => {
  await using db = await openTestDatabase()
  const rows = [{ id: 'a\0b', executorId: null, interruptions: undefined }]
  const { rows: read } = await raw`select id, executor_id, interruptions from ${recordset('jobs', rows, 'jsonb')}`.execute(db.sql)
  assert.deepEqual(read, [{ id: 'a\uFFFDb', executorId: null, interruptions: null }])
  const hostile = [{ 'id" from hub.jobs; drop table hub.jobs; --': 1 }]
  await assert.rejects(raw`select ${columnsOf(hostile)} from hub.jobs`.execute(db.sql), { code: '42703' })
})

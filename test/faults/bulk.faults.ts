import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { freshDatabase, serveProcess } from '#test'
import { kill, until } from '#test/faults'
import { ask, hubSettings } from './webhooks.ts'

/** The engine declares a process dead after two sweeps, and gives its jobs away then. */
const patience = 60_000

test('a bulk action whose process is killed goes on where it was, and repeats nothing', async () => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await freshDatabase())
  const settings = { ...hubSettings, DATABASE_URL: database.url, HUB_DRAIN_SECONDS: '1' }
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  stack.defer(() => client.end())
  const first = await serveProcess(settings)
  stack.defer(async () => {
    first.child.kill('SIGKILL')
    await first.exited
  })
  await ask(first, '/api/v1/flows', { source: 'id: refusing\nsteps: [{id: no, transform: "${{ $error(\\"no\\") }}"}]' })
  const ids: string[] = []
  for (let made = 0; made < 6; made += 1) {
    const { id, status } = await ask(first, '/api/v1/flows/refusing/trigger?wait=30', {})
    assert.equal(status, 'failed')
    ids.push(id)
  }
  // The third one waits for this transaction, so the process dies in the middle of it.
  await client.query('begin')
  await client.query('select 1 from hub.flow_runs where id = $1 for update', [ids[2]])
  const { bulk } = await ask(first, '/api/v1/bulk', { action: 'runs.retry', ids })
  await until(
    'the third has begun',
    async () => {
      const { rows } = await client.query('select 1 from hub.bulk_items where bulk_id = $1 and position = 3 and started_at is not null', [
        bulk.id,
      ])
      return rows.length > 0
    },
    patience,
  )
  kill(first.child.pid!)
  await first.exited
  // A transaction of a dead process is rolled back.
  await client.query('rollback')

  const second = stack.use(await serveProcess(settings))
  const ended = await until(
    'the bulk action has ended',
    async () => {
      const now = await ask(second, `/api/v1/bulk/${bulk.id}`)
      return now.status !== 'running' && now
    },
    patience,
  )
  assert.deepEqual([ended.status, ended.total, ended.done, ended.failed], ['completed', 6, 5, 1])
  assert.deepEqual(
    ended.failures.map(({ id, code }: { id: string; code: string }) => [id, code]),
    [[ids[2], 'outcome_unknown']],
  )
  const { rows } = await client.query<{ subject: string }>(`select subject from hub.audit where action = 'run.retried' order by seq`)
  const retried = rows.map(({ subject }) => subject)
  assert.equal(new Set(retried).size, retried.length, 'none was done twice')
  assert.deepEqual(
    retried.filter((id) => id !== ids[2]),
    ids.filter((id) => id !== ids[2]),
  )
})

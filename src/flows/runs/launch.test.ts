import assert from 'node:assert/strict'
import { sql as raw } from 'kysely'
import { suite, test } from 'node:test'
import type { Transaction } from '#db'
import { sharedHub } from '#test'
import { createFlowRights } from '../definitions/rights.ts'
import { createLauncher } from './launch.ts'
import { createRunSecrets } from './secrets.ts'

async function rowsRead(trx: Transaction): Promise<number> {
  const { rows } = await raw<{ count: number }>`
    select (seq_tup_read + idx_tup_fetch)::int as count from pg_stat_xact_user_tables
     where schemaname = 'hub' and relname = 'flow_runs'`.execute(trx)
  return rows[0]!.count
}

suite('the queue of a concurrency key is not read whole when a run is added to it', () => {
  for (const [index, concurrency] of [
    '{ key: k }',
    '{ key: k, limit: 5, rate: { limit: 3, per: 1h } }',
    '{ key: k, on_conflict: cancel_running }',
    '{ rate: { limit: 3, per: 1h } }',
  ].entries()) {
    test(`by ${concurrency}`, async () => {
      const { db, access, credentials, flows, expressions, telemetry } = (await sharedHub()).hub
      const operator = await access.operator('tester')
      const flow = await flows.save(operator, `id: crowded-${index}\nconcurrency: ${concurrency}\nsteps: [{ id: a, wait: 1h }]`)
      for (let n = 0; n < 4; n++) await flows.trigger(operator, flow.name, {})
      // Many that wait and many that have ended.
      await db.pool.query(
        `insert into hub.flow_runs (id, workspace_id, flow_id, flow, version, status, trigger, parameters, actor, scopes, read_only,
                                    concurrency_key, created_at, started_at, finished_at)
         select 'run_z' || flow_id || n, workspace_id, flow_id, flow, version, case when n > 3000 then 'completed' else 'queued' end,
                trigger, parameters, actor, scopes, read_only, concurrency_key, now(),
                case when n > 3000 then now() - interval '1 day' end, case when n > 3000 then now() end
           from generate_series(1, 6000) n, (select * from hub.flow_runs where flow_id = $1 limit 1) as model`,
        [flow.id],
      )
      await db.pool.query('vacuum analyze hub.flow_runs')

      // Counting the runs of the workspace is another matter.
      const capacity = { requireFor: async () => undefined, free: async () => 100, take: () => undefined }
      const engine = { enqueue: async () => undefined }
      const launcher = createLauncher({
        ...telemetry,
        db,
        engine,
        expressions,
        access,
        rights: createFlowRights(access),
        capacity,
        runSecrets: createRunSecrets(credentials),
      })
      const prepared = await launcher.prepare({ flow, trigger: { kind: 'call' }, parameters: {} })
      const read = await db.transaction(async (trx) => {
        const before = await rowsRead(trx)
        const launched = await launcher.launch(trx, prepared)
        assert.equal(launched[0]?.status, 'queued')
        return (await rowsRead(trx)) - before
      })
      // Other tests of this hub need the room.
      await db.pool.query('delete from hub.flow_runs where flow_id = $1', [flow.id])
      assert.ok(read < 100, `${read} rows were read`)
    })
  }
})

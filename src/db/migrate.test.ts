import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { HubError } from '#errors'
import { sha256 } from '#lib/canonical'
import { freshDatabase, testTelemetry } from '#test'
import { openDatabase } from './index.ts'
import { migrate, migrationState, readMigrations, type Migration } from './migrate.ts'

async function connect(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

/** A database without any schema of the hub's. */
async function emptyDatabase() {
  const fresh = await freshDatabase()
  await using client = await connect(fresh.url)
  await client.query('drop schema hub, auth cascade')
  return fresh
}

const migration = (version: number, sql: string): Migration => ({ version, name: `number_${version}`, sql, checksum: sha256(sql) })
const open = (url: string) => openDatabase({ url, dataDir: '', poolSize: 2, mode: 'attach' }, testTelemetry())

test('a database with a newer schema than this hub knows is refused, with what to do', async () => {
  await using fresh = await freshDatabase()
  await using client = await connect(fresh.url)
  const newest = readMigrations().at(-1)!.version
  await client.query(`insert into hub.migrations (version, name, checksum) values ($1, 'from_the_future', 'x')`, [newest + 1])
  await assert.rejects(open(fresh.url), (error: HubError) => {
    assert.equal(
      error.message,
      `the database has schema ${newest + 1}, but this hub knows only up to ${newest}: a newer hub has used the database`,
    )
    assert.match(error.details.hint!, /run the newer hub/)
    return true
  })
})

test('a database made with a migration of other contents is refused, naming it', async () => {
  await using fresh = await freshDatabase()
  await using client = await connect(fresh.url)
  await client.query(`update hub.migrations set checksum = 'changed' where version = 1`)
  await assert.rejects(open(fresh.url), /^HubError: migration 1 \(ground\) differs from the one that this database was created with$/)
})

test('when several processes migrate at once, each migration is applied once', async () => {
  await using fresh = await emptyDatabase()
  const migrations = [
    migration(1, 'create table applied (version integer); select pg_sleep(0.1); insert into applied values (1)'),
    migration(2, 'insert into applied values (2)'),
  ]
  await Promise.all(
    [1, 2, 3, 4].map(async () => {
      await using client = await connect(fresh.url)
      await migrate(client, { migrations })
    }),
  )
  await using client = await connect(fresh.url)
  const { rows } = await client.query<{ version: number }>('select version from hub.applied order by 1')
  assert.deepEqual(rows, [{ version: 1 }, { version: 2 }])
})

test('a migration that fails is undone and leaves those before it; corrected, it is applied', async () => {
  await using fresh = await emptyDatabase()
  await using client = await connect(fresh.url)
  const first = migration(1, 'create table kept (id integer)')
  const broken = migration(2, 'create table undone (id integer); insert into kept values (1); select 1 / 0')
  await assert.rejects(migrate(client, { migrations: [first, broken] }), /migration 2 \(number_2\) failed and was undone: division by zero/)
  const { rows } = await client.query(`select to_regclass('hub.undone') as undone, (select count(*)::int from hub.kept) as kept`)
  assert.deepEqual(rows, [{ undone: null, kept: 0 }])
  assert.equal((await migrationState(client, [first, broken])).version, 1)
  // The lock was let go: another session is not kept waiting.
  await using other = await connect(fresh.url)
  await migrate(other, { migrations: [first, migration(2, 'create table undone (id integer)')] })
  assert.equal((await migrationState(other, [first, migration(2, 'create table undone (id integer)')])).version, 2)
})

test('a role that may create nothing can open a database that is up to date', async () => {
  await using fresh = await freshDatabase()
  await using client = await connect(fresh.url)
  const role = `reader_${process.pid}`
  await client.query(
    `create role ${role}; grant usage on schema hub to ${role}; grant select on hub.migrations to ${role}; set role ${role}`,
  )
  await migrate(client)
  await client.query(`reset role; drop owned by ${role}; drop role ${role}`)
})

test('work of the engine before is carried on: running runs get a job, queued calls too, and what cannot be made says so', async () => {
  await using fresh = await emptyDatabase()
  await using client = await connect(fresh.url)
  await migrate(client, { upTo: 5 })
  const call = { request: { name: 'github_get_repo' }, invocationId: 'inv_kept' }
  await client.query(`
    insert into hub.workspaces (id, name) values ('ws', 'one');
    insert into hub.flows (id, workspace_id, name, version, enabled, origin, actor, scopes, read_only)
      values ('flow', 'ws', 'hello', 1, true, 'ready', 'system:ready', '{}', false);
    insert into hub.flow_runs (id, workspace_id, flow_id, flow, version, status, trigger, parameters, error, actor, scopes, read_only, segment, created_at)
      select 'run_' || status, 'ws', 'flow', 'hello', 1, status, '{}', '{}', error::jsonb, 'system:ready', '{}', false, 3, now()
        from (values ('running', null), ('waiting', null), ('parked', '{"code": "run_parked", "message": "three"}')) as r (status, error);
    insert into hub.invocations (id, workspace_id, tool, connector, effect, transport, actor, digest, status, executor_id, started_at)
      select id, 'ws', 'github_get_repo', 'github', 'read', 'rest', 'a', '', 'queued', 'exe_1', now() from unnest(array['inv_kept', 'inv_lost']) as id;
    create schema dbos;
    create table dbos.workflow_status (workflow_uuid text, name text, status text, inputs text)`)
  const queued =
    "insert into dbos.workflow_status values ('inv_kept', 'tool-call', 'ENQUEUED', $1), ('run_waiting:2', 'flow-run', 'SUCCESS', $1)"
  await client.query(queued, [JSON.stringify({ positionalArgs: [call], namedArgs: {} })])
  await migrate(client)

  const { rows: jobs } = await client.query('select id, handler, input, executor_id from hub.jobs order by id')
  assert.deepEqual(jobs, [
    { id: 'inv_kept', handler: 'tool-call', input: call, executor_id: null },
    { id: 'run_running:3', handler: 'flow-run', input: { runId: 'run_running' }, executor_id: null },
  ])
  const { rows: calls } = await client.query(`select id, status, error ->> 'code' as code from hub.invocations order by id`)
  assert.deepEqual(calls, [
    { id: 'inv_kept', status: 'queued', code: null },
    { id: 'inv_lost', status: 'failed', code: 'interrupted' },
  ])
  const { rows: runs } = await client.query(`select status, error ->> 'code' as code from hub.flow_runs order by status`)
  assert.deepEqual(runs, [
    { status: 'quarantined', code: 'run_quarantined' },
    { status: 'running', code: null },
    { status: 'waiting', code: null },
  ])
  assert.deepEqual((await client.query('select origin, actor from hub.flows')).rows, [{ origin: 'bundled', actor: 'system:bundled' }])
  assert.equal((await client.query(`select to_regnamespace('dbos') as schema`)).rows[0].schema, null)
})

test('integrations of before get numbers in the order in which they were created, in each workspace', async () => {
  await using fresh = await emptyDatabase()
  await using client = await connect(fresh.url)
  await migrate(client, { upTo: 10 })
  await client.query(`
    insert into hub.workspaces (id, name) values ('one', 'one'), ('two', 'two'), ('none', 'none');
    insert into hub.integrations (id, workspace_id, name, connector, auth_type, origin, created_at)
      select id, workspace, id, 'github', 'token', 'user', at::timestamptz
        from (values ('a', 'one', '2026-02-01'), ('b', 'one', '2026-01-01'), ('c', 'two', '2026-03-01')) as i (id, workspace, at)`)
  await migrate(client)
  const { rows } = await client.query('select id, number from hub.integrations order by id')
  assert.deepEqual(rows, [
    { id: 'a', number: 2 },
    { id: 'b', number: 1 },
    { id: 'c', number: 1 },
  ])
  const { rows: last } = await client.query('select name, last_integration_number as last from hub.workspaces order by name')
  assert.deepEqual(last, [
    { name: 'none', last: 0 },
    { name: 'one', last: 2 },
    { name: 'two', last: 1 },
  ])
})

test('flows of before that are tools get the names which they had', async () => {
  await using fresh = await emptyDatabase()
  await using client = await connect(fresh.url)
  await migrate(client, { upTo: 10 })
  const tools = { 'Daily--Digest.1': 'true', named: '{"name": "my_tool"}', described: '{"effect": "read"}', plain: undefined }
  for (const [name, tool] of Object.entries(tools)) {
    await client.query(`insert into hub.workspaces (id, name) values ('ws', 'one') on conflict do nothing`)
    await client.query(
      `insert into hub.flows (id, workspace_id, name, version, enabled, origin, actor, scopes, read_only) values ($1, 'ws', $1, 2, true, 'user', 'a', '{}', false)`,
      [name],
    )
    await client.query(
      `insert into hub.flow_versions (flow_id, version, workspace_id, definition, source, digest, actor)
       values ($1, 1, 'ws', '{"tool": {"name": "before"}}', '', '', 'a'), ($1, 2, 'ws', $2, '', '', 'a')`,
      [name, `{"id": "${name}"${tool === undefined ? '' : `, "tool": ${tool}`}}`],
    )
  }
  await migrate(client)
  const { rows } = await client.query(`select name, tool_name as tool from hub.flows order by name collate "C"`)
  assert.deepEqual(rows, [
    { name: 'Daily--Digest.1', tool: 'flow_daily_digest_1' },
    { name: 'described', tool: 'flow_described' },
    { name: 'named', tool: 'my_tool' },
    { name: 'plain', tool: null },
  ])
})

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import type { HubError } from '#errors'
import { firstPerson, freshDatabase, testHub } from '#test'
import { chaosDatabase, startWorker, until, watched } from '#test/faults'
import { backupFormat, writeBackup } from './backup-file.ts'
import { backup, restore, type BackupSummary } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'hub-backup-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const newFile = (): string => join(folder, `backup-${(count += 1)}`)

const restoreInto = (url: string, file: string): Promise<BackupSummary> => restore({ connectionString: url }, file)

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Every row that a backup holds, as text, by table. */
async function contents(url: string): Promise<Map<string, string[]>> {
  const tables = await query<{ name: string }>(
    url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('hub', 'auth') and tablename not in ('migrations', 'executors') order by 1`,
  )
  const found = new Map<string, string[]>()
  for (const { name } of tables) {
    const rows = await query<{ row: string }>(url, `select t::text as row from ${name} t order by 1`)
    found.set(
      name,
      rows.map(({ row }) => row),
    )
  }
  return found
}

/** Constraints, indexes, triggers and defaults, as PostgreSQL writes them. */
const shapeOf = (url: string) =>
  query(
    url,
    `select conrelid::regclass::text as place, conname as name, pg_get_constraintdef(oid) as shape from pg_constraint where connamespace::regnamespace::text = 'hub'
     union all select indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
      where indrelid in (select oid from pg_class where relnamespace::regnamespace::text = 'hub')
     union all select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
     order by 1, 2, 3`,
  )

const sequencesOf = (url: string) =>
  query(url, `select schemaname, sequencename, last_value from pg_sequences where schemaname = 'hub' order by 1, 2`)

test('what was backed up is there after a restore: rows, tokens, open credentials, whole audit chains, and unfinished jobs', async () => {
  await using source = await chaosDatabase()
  const file = newFile()
  const secret = 'xoxb-a-very-secret-value'
  {
    await using worker = await startWorker({ url: source.url })
    await worker.start('unfinished', 'slow', { ms: 60_000 })
    await until('its second step is under way', async () => (await source.bodies('unfinished')).length === 2)
    // Killed at the end of this block: the run is left as it is.
  }
  let whole: number
  {
    await using hub = await testHub({ DATABASE_URL: source.url })
    for (const name of ['second', 'third', 'fourth']) assert.equal((await hub.call('POST', '/api/v1/workspaces', { name })).statusCode, 201)
    const stored = await hub.call('POST', '/api/v1/credentials', {
      name: 'slack',
      data: { token: secret, note: 'tab\there, \\N and "quotes"\n' },
    })
    assert.equal(stored.statusCode, 201)
    // A person has rows in the tables of better-auth too.
    await firstPerson(hub)
    whole = (await hub.hub.access.audit.verify()).entries
    assert.ok(whole >= 4)
  }
  // A number that was given out and is gone is not given out again.
  await query(source.url, `delete from hub.workspaces where name = 'fourth'`)

  const summary = await backup({ connectionString: source.url }, file)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(!existsSync(`${file}.partial`))
  assert.ok(!gunzipSync(readFileSync(file)).includes(secret))

  await using fresh = await freshDatabase()
  const restored = await restoreInto(fresh.url, file)
  assert.deepEqual(restored, summary)
  assert.deepEqual(await sequencesOf(fresh.url), await sequencesOf(source.url))
  const [was, is] = [await contents(source.url), await contents(fresh.url)]
  assert.deepEqual(is, was)
  assert.equal(is.get('auth."user"')?.length, 1)
  assert.equal([...is.values()].flat().length, summary.rows)
  assert.deepEqual(
    await shapeOf(fresh.url),
    (await shapeOf(source.url)).filter(({ place }) => !String(place).startsWith('public.')),
  )

  {
    await using hub = await testHub({ DATABASE_URL: fresh.url })
    assert.deepEqual((await hub.hub.access.audit.verify()).breaks, [])
    assert.ok((await hub.hub.access.audit.verify()).entries >= whole)
    const made = await hub.call('POST', '/api/v1/workspaces', { name: 'fifth' })
    assert.ok(made.json().number > 4)
    const [{ id }] = (await query<{ id: string }>(fresh.url, `select id from hub.workspaces where name = 'default'`)) as [{ id: string }]
    assert.deepEqual(await hub.hub.credentials.read(id, 'slack'), { token: secret, note: 'tab\there, \\N and "quotes"\n' })
  }
  await using target = await watched(fresh.url, async () => undefined)
  const worker = await startWorker({ url: fresh.url, sweepMs: 200 })
  await until('the unfinished job runs', async () => (await target.bodies('unfinished')).length > 1)
  assert.deepEqual(
    (await target.bodies('unfinished')).map(({ step }) => step),
    ['first', 'second'],
  )
  await worker[Symbol.asyncDispose]()
})

test('a backup made while the hub is written to is of one moment', async () => {
  await using source = await freshDatabase()
  await using hub = await testHub({ DATABASE_URL: source.url })
  const { access, db } = hub.hub
  await using fresh = await freshDatabase()
  const operator = await access.operator('test', 'default')
  let written = 0
  let writing = true
  const writers = [1, 2, 3].map(async (writer) => {
    for (let turn = 0; writing; turn++) {
      await access.workspaces.create(operator, `w-${writer}-${turn}`)
      written += 1
    }
  })
  const file = newFile()
  try {
    await until('there is something to back up', () => written > 30)
    const before = written
    const summary = await backup(db.connection, file)
    await until('something was written meanwhile', () => written > before + 3)
    assert.ok(summary.rows > 30)
  } finally {
    writing = false
    await Promise.all(writers)
  }
  await restoreInto(fresh.url, file)
  await using restored = await testHub({ DATABASE_URL: fresh.url })
  assert.deepEqual((await restored.hub.access.audit.verify()).breaks, [])
  // A workspace and the entry about it are written in one transaction: in one snapshot there are as many of each.
  const [counts] = await query<{ made: number; told: number }>(
    fresh.url,
    `select (select count(*)::int from hub.workspaces where name like 'w-%') as made,
            (select count(*)::int from hub.audit where action = 'workspace.created' and detail->>'name' like 'w-%') as told`,
  )
  assert.equal(counts!.made, counts!.told)
  assert.ok(counts!.made >= 30 && counts!.made < written)
})

test('a file that is cut short, changed, or no backup at all is refused, and nothing is changed', async () => {
  await using source = await freshDatabase()
  await using target = await freshDatabase()
  const file = newFile()
  await query(source.url, `insert into hub.workspaces (id, name) select 'ws_' || n, md5(n::text) from generate_series(1, 2000) n`)
  const { rows } = await backup({ connectionString: source.url }, file)
  assert.ok(rows >= 2000)
  const good = readFileSync(file)
  const before = [await contents(target.url), await query(target.url, 'select * from hub.migrations')]

  const damaged: Buffer[] = [Buffer.alloc(0), Buffer.from('not a backup'), good.subarray(0, 10)]
  for (let part = 1; part <= 20; part++) damaged.push(good.subarray(0, Math.floor((good.length * part) / 20) - 1))
  for (let turn = 0; turn < 40; turn++) {
    const flipped = Buffer.from(good)
    // From the 11th byte on: those before say when and on what system the file was packed, and nothing else.
    const at = 10 + Math.floor(Math.random() * (good.length - 10))
    flipped[at]! ^= 1 << Math.floor(Math.random() * 8)
    damaged.push(flipped)
  }
  damaged.push(Buffer.concat([good, good]))
  const bad = newFile()
  for (const bytes of damaged) {
    writeFileSync(bad, bytes)
    await assert.rejects(restoreInto(target.url, bad), (error: HubError) => {
      assert.equal(error.code, 'invalid_input')
      assert.match(error.message, /is not a complete backup/)
      return true
    })
  }
  await assert.rejects(restoreInto(target.url, join(folder, 'no-such-file')), /no-such-file cannot be read \(ENOENT\)/)
  assert.deepEqual([await contents(target.url), await query(target.url, 'select * from hub.migrations')], before)
  assert.equal((await restoreInto(target.url, file)).rows, rows)
})

test('a backup of a newer hub is refused before anything is changed', async () => {
  await using target = await freshDatabase()
  const header = { format: backupFormat, created_at: '', schema_version: 1, tables: [], sequences: [] } as const
  async function* nothing() {}
  const file = newFile()
  await writeBackup(file, { ...header, schema_version: 999 }, nothing())
  await assert.rejects(restoreInto(target.url, file), /made by a newer hub/)
})

test('a database in use is refused, and keeps what it has', async () => {
  await using source = await freshDatabase()
  const file = newFile()
  await backup({ connectionString: source.url }, file)
  await using hub = await testHub()
  const before = await contents(hub.hub.config.DATABASE_URL!)
  await assert.rejects(restoreInto(hub.hub.config.DATABASE_URL!, file), /the database to restore into is not empty; nothing was changed/)
  assert.deepEqual(await contents(hub.hub.config.DATABASE_URL!), before)
})

test('a restore that fails half-way keeps nothing, and another one works', async () => {
  await using source = await freshDatabase()
  await using target = await freshDatabase()
  const file = newFile()
  await query(source.url, `insert into hub.workspaces (id, name) values ('ws_1', 'one')`)
  await query(
    source.url,
    `insert into hub.tokens (id, workspace_id, name, prefix, hash, scopes, created_by) values ('tok_1', 'ws_1', 't', 'p', 'h', '{}', 'me')`,
  )
  await query(source.url, `alter table hub.tokens disable trigger all; update hub.tokens set workspace_id = 'ws_of_nobody'`)
  await backup({ connectionString: source.url }, file)
  await assert.rejects(restoreInto(target.url, file), /nothing was changed: .*tokens_workspace_id_fkey/)
  assert.deepEqual(
    [...(await contents(target.url)).values()].flat().filter((row) => row.includes('ws_1')),
    [],
  )
  await query(source.url, `update hub.tokens set workspace_id = 'ws_1'`)
  const { rows } = await backup({ connectionString: source.url }, file)
  assert.equal((await restoreInto(target.url, file)).rows, rows)
})

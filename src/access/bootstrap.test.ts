import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { createAccess } from '#access'
import { loadConfig } from '#config'
import { openDatabase } from '#db'
import { openHub } from '#hub'
import { HubError } from '#errors'
import { freshDatabase, openAccess, testClock, testTelemetry } from '#test'

const from = '192.0.2.1'
const refused = (error: unknown): boolean => error instanceof HubError && error.code === 'token_invalid'
const [first, second] = ['first-preset-admin-token', 'second-preset-admin-token']

let made: ReturnType<typeof freshDatabase> | undefined

/** A database in which no hub has ever started. */
async function emptied(): Promise<{ url: string }> {
  made ??= freshDatabase()
  const { url } = await made
  const client = new pg.Client({ connectionString: url, options: '-c search_path=hub -c session_replication_role=replica' })
  await client.connect()
  await client.query('truncate workspaces, tokens, audit, audit_heads cascade')
  await client.end()
  return { url }
}

/** Longer than a process caches a token. */
const clock = testClock()

async function bare(url: string) {
  const telemetry = testTelemetry()
  const db = await openDatabase({ url, dataDir: '', poolSize: 5, mode: 'attach' }, telemetry)
  const access = createAccess(db, telemetry, clock)
  const dispose = async (): Promise<void> => {
    await access[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  }
  return { db, access, [Symbol.asyncDispose]: dispose }
}

const never = (): never => assert.fail('no token was to be made')

test('processes that start first at the same time make one workspace and one token between them', async () => {
  const database = await emptied()
  await using stack = new AsyncDisposableStack()
  const starters = await Promise.all(Array.from({ length: 4 }, async () => stack.use(await bare(database.url))))
  const kept: string[] = []
  const workspaces = await Promise.all(starters.map(({ access }) => access.bootstrap(undefined, (value) => void kept.push(value))))
  assert.equal(new Set(workspaces.map(({ id }) => id)).size, 1)
  assert.equal(kept.length, 1)
  for (const { access } of starters) {
    const principal = await access.authenticate(kept[0]!, from)
    assert.deepEqual([principal.scopes, principal.workspaceId], [['admin', 'hub:admin'], workspaces[0]!.id])
  }
  const { access } = starters[0]!
  assert.equal((await access.tokens.list(await access.operator('x'), { limit: 10 })).length, 1)
  await access.bootstrap(undefined, never)
  assert.deepEqual((await access.audit.verify()).breaks, [])
})

test('the first token is in the data folder, readable to nobody else, and works; it is made once', async () => {
  const database = await emptied()
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-first-'))
  try {
    const key = `k1:${Buffer.alloc(32, 1).toString('base64')}`
    const env = { DATABASE_URL: database.url, HUB_DATA_DIR: dataDir, HUB_SECRET_KEYS: key, LOG_LEVEL: 'silent' }
    const { config } = loadConfig(env, dataDir)
    const path = join(dataDir, 'admin-token')
    const tokens = []
    for (let start = 0; start < 2; start++) {
      await using hub = await openHub(config)
      tokens.push(readFileSync(path, 'utf8'))
      assert.equal(statSync(path).mode & 0o777, 0o600)
      assert.match(tokens[start]!, /^ih_[A-Za-z0-9]{46}\n$/)
      assert.ok((await hub.access.authenticate(tokens[start]!.trim(), from)).scopes.includes('hub:admin'))
    }
    assert.equal(tokens[0], tokens[1])
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('when the first token cannot be kept, none was made, and the next start makes one', async () => {
  const database = await emptied()
  await using here = await bare(database.url)
  const full = here.access.bootstrap(undefined, () => {
    throw new Error('no space left on device')
  })
  await assert.rejects(full, /no space left/)
  const { rows } = await here.db.pool.query('select from tokens union all select from workspaces union all select from audit')
  assert.equal(rows.length, 0)
  let kept = ''
  await here.access.bootstrap(undefined, (value) => void (kept = value))
  assert.equal((await here.access.authenticate(kept, from)).name, 'first administrator')
})

test('HUB_ADMIN_TOKEN changed at the next start stops the earlier one, also in a process that is still running', async () => {
  const database = await emptied()
  await using older = await bare(database.url)
  await older.access.bootstrap(first, never)
  await older.access.authenticate(first, from)
  await using newer = await bare(database.url)
  await newer.access.bootstrap(second, never)
  await assert.rejects(newer.access.authenticate(first, from), refused)
  assert.equal((await newer.access.authenticate(second, from)).name, 'HUB_ADMIN_TOKEN')
  clock.advance(600)
  await assert.rejects(older.access.authenticate(first, from), refused)
  // And back again.
  await newer.access.bootstrap(first, never)
  clock.advance(600)
  assert.ok((await newer.access.authenticate(first, from)).scopes.includes('hub:admin'))
  const entries = await newer.access.audit.list((await newer.access.operator('x')).workspaceId, { limit: 20 })
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['token.restored', 'token.revoked', 'token.created', 'token.revoked', 'token.created', 'workspace.created'],
  )
  await newer.access.bootstrap(first, never)
  assert.equal((await newer.access.audit.list(entries[0]!.workspaceId, { limit: 20 })).length, entries.length)
})

test('processes that start at the same time with a new HUB_ADMIN_TOKEN all start', async () => {
  const database = await emptied()
  await using stack = new AsyncDisposableStack()
  const starters = await Promise.all(Array.from({ length: 4 }, async () => stack.use(await bare(database.url))))
  await starters[0]!.access.bootstrap(undefined, () => undefined)
  await Promise.all(starters.map(({ access }) => access.bootstrap(first, never)))
  for (const { access } of starters) await access.authenticate(first, from)
  await Promise.all(starters.map(({ access }) => access.bootstrap(second, never)))
  for (const { access } of starters) await access.authenticate(second, from)
  clock.advance(600)
  await assert.rejects(starters[0]!.access.authenticate(first, from), refused)
})

test('HUB_ADMIN_TOKEN wins over what the same value was before, and leaves tokens alone that only bear its name', async () => {
  const database = await emptied()
  await using here = await openAccess(database.url, clock)
  const { access, operator } = here
  const lesser = await access.tokens.create(operator, { name: 'lesser', scopes: ['tools:read'], readOnly: true })
  const namesake = await access.tokens.create(operator, { name: 'HUB_ADMIN_TOKEN', scopes: ['tools:read'] })
  await access.bootstrap(lesser.value, never)
  const principal = await access.authenticate(lesser.value, from)
  assert.deepEqual([principal.scopes, principal.readOnly], [['admin', 'hub:admin'], false])
  await access.bootstrap(second, never)
  clock.advance(600)
  await assert.rejects(access.authenticate(lesser.value, from), refused)
  await access.authenticate(namesake.value, from)
})

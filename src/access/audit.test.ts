import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshDatabase, openAccess, type TestAccess } from '#test'

let made: ReturnType<typeof freshDatabase> | undefined

/** Of its own: some chains stay broken. */
const database = (): ReturnType<typeof freshDatabase> => (made ??= freshDatabase())

/** A workspace whose chain has six entries: its making, and one for each token. */
async function sixEntries(here: TestAccess, name: string): Promise<string> {
  const workspace = await here.access.workspaces.create(here.operator, name)
  const principal = { ...here.operator, workspaceId: workspace.id }
  for (let i = 1; i <= 5; i++) await here.access.tokens.create(principal, { name: `t${i}`, scopes: ['tools:read'] })
  return workspace.id
}

/** What only the owner of the database can do: past the triggers. */
async function tamper({ db }: TestAccess, statement: string, values: unknown[]): Promise<void> {
  const client = await db.pool.connect()
  try {
    await client.query('set session_replication_role = replica')
    await client.query(statement, values)
  } finally {
    await client.query('reset session_replication_role')
    client.release()
  }
}

test('a whole chain verifies, entry by entry in order', async () => {
  await using here = await openAccess((await database()).url)
  const workspaceId = await sixEntries(here, 'audited')
  const report = await here.access.audit.verify()
  assert.deepEqual(report.breaks, [])
  assert.equal(report.heads.find((head) => head.workspaceId === workspaceId)?.seq, 6)
  const entries = await here.access.audit.list(workspaceId, { limit: 10 })
  assert.deepEqual(
    entries.map(({ seq, action, detail }) => [seq, action, detail['name']]),
    [6, 5, 4, 3, 2].map((seq) => [seq, 'token.created', `t${seq - 1}`]).concat([[1, 'workspace.created', 'audited']]),
  )
  assert.equal(entries[0]!.actor, 'operator:tester')
  const later = await here.access.audit.list(workspaceId, { before: 3, limit: 1 })
  assert.deepEqual(
    later.map(({ seq }) => seq),
    [2],
  )
})

test('entries cannot be changed, deleted or truncated, not even by the hub itself', async () => {
  await using here = await openAccess((await database()).url)
  const before = await here.access.audit.verify()
  for (const statement of [`update audit set actor = 'nobody'`, 'delete from audit', 'truncate audit', 'truncate audit cascade']) {
    await assert.rejects(here.db.pool.query(statement), /the audit log is append-only/, statement)
  }
  assert.deepEqual(await here.access.audit.verify(), before)
})

test('twenty that write at once, from two processes, keep one chain without gaps', async () => {
  await using here = await openAccess((await database()).url)
  await using there = await openAccess((await database()).url)
  const { entries } = await here.access.audit.verify()
  const writers = Array.from({ length: 20 }, async (_, i) => {
    const { access, operator } = i % 2 ? here : there
    for (let n = 0; n < 3; n++) await access.tokens.create(operator, { name: `w${i}-${n}`, scopes: ['tools:read'] })
  })
  const watching = Array.from({ length: 5 }, () => here.access.audit.verify())
  await Promise.all(writers)
  for (const report of await Promise.all(watching)) assert.deepEqual(report.breaks, [])
  const report = await there.access.audit.verify()
  assert.deepEqual(report.breaks, [])
  assert.equal(report.entries, entries + 60)
})

test('an entry and what it records happen together: a change that fails leaves none', async () => {
  await using here = await openAccess((await database()).url)
  const { access, operator, db } = here
  const before = await access.audit.verify()
  await assert.rejects(access.workspaces.create(operator, 'default'), /already/)
  await assert.rejects(access.tokens.revoke(operator, 'tok_none'), /no token/)
  const failing = db.transaction(async (trx) => {
    await access.audit.record(trx, { workspaceId: operator.workspaceId, actor: 'x', action: 'x', subject: 'x' })
    throw new Error('after all, no')
  })
  await assert.rejects(failing, /after all/)
  assert.deepEqual(await access.audit.verify(), before)
  // And the other way round: without its entry, no change.
  await tamper(here, 'update audit_heads set seq = seq - 1 where workspace_id = $1', [operator.workspaceId])
  await assert.rejects(access.tokens.create(operator, { name: 'unrecorded', scopes: ['tools:read'] }), /duplicate key/)
  const tokens = await access.tokens.list(operator, { limit: 100 })
  await tamper(here, 'update audit_heads set seq = seq + 1 where workspace_id = $1', [operator.workspaceId])
  assert.ok(tokens.length > 0 && tokens.every(({ name }) => name !== 'unrecorded'))
})

const tamperings = [
  ['a changed actor', `update audit set actor = 'token:tok_other' where workspace_id = $1 and seq = 3`, 3, /changed/],
  ['a changed detail', `update audit set detail = '{"name":"innocent"}' where workspace_id = $1 and seq = 4`, 4, /changed/],
  ['a changed time', `update audit set at = at + interval '1 second' where workspace_id = $1 and seq = 1`, 1, /changed/],
  ['a changed hash', `update audit set hash = 'x' where workspace_id = $1 and seq = 2`, 2, /changed/],
  ['a changed link', `update audit set prev_hash = 'x' where workspace_id = $1 and seq = 5`, 5, /does not follow/],
  ['a removed first entry', 'delete from audit where workspace_id = $1 and seq = 1', 1, /missing/],
  ['a removed middle entry', 'delete from audit where workspace_id = $1 and seq = 3', 3, /missing/],
  ['a removed last entry', 'delete from audit where workspace_id = $1 and seq = 6', 6, /missing at the end/],
  ['every entry removed', 'delete from audit where workspace_id = $1', 1, /missing/],
  ['the head moved back', 'update audit_heads set seq = 5 where workspace_id = $1', 5, /does not match its head/],
  ['the head removed', 'delete from audit_heads where workspace_id = $1', 1, /beyond the end/],
  [
    'an entry put in behind the end',
    `insert into audit select workspace_id, 7, at, actor, action, subject, detail, hash, 'x' from audit where workspace_id = $1 and seq = 6`,
    7,
    /beyond the end/,
  ],
] as const

test('whoever goes past the triggers is found out: each tampering is named with its workspace and place', async () => {
  await using here = await openAccess((await database()).url)
  const expected = new Map<string, (typeof tamperings)[number]>()
  for (const [index, tampering] of tamperings.entries()) {
    const workspaceId = await sixEntries(here, `tampered-${index}`)
    await tamper(here, tampering[1], [workspaceId])
    expected.set(workspaceId, tampering)
  }
  const { breaks } = await here.access.audit.verify()
  for (const { workspaceId, seq, reason } of breaks) {
    const [what, , at, why] = expected.get(workspaceId)!
    assert.equal(seq, at, what)
    assert.match(reason, why, what)
    expected.delete(workspaceId)
  }
  assert.deepEqual([...expected.values()], [])
})

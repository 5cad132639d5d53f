import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { createCredentials, createKeyring, formatKey, newKey, type Credentials } from '#credentials'
import { HubError } from '#errors'
import type { SealKey } from '#lib/seal'
import { openAccess, runHub, sharedDatabase, testTelemetry, type TestAccess } from '#test'
import { kill, until } from '#test/faults'

let count = 0

interface Process extends TestAccess, AsyncDisposable {
  readonly credentials: Credentials
}

/** Credentials as a process of its own would have them, with keys given or in a folder. */
async function openProcess(keys: { keys: readonly SealKey[] } | { dataDir: string }): Promise<Process> {
  const here = await openAccess((await sharedDatabase()).url)
  const keyring = createKeyring({ keys: undefined, dataDir: '', ...keys })
  const credentials = createCredentials({ ...testTelemetry(), db: here.db, access: here.access }, { keyring })
  const dispose = async (): Promise<void> => {
    await credentials[Symbol.asyncDispose]()
    await here[Symbol.asyncDispose]()
  }
  return { ...here, credentials, [Symbol.asyncDispose]: dispose }
}

async function place({ access, operator }: Process) {
  count += 1
  const { id } = await access.workspaces.create(operator, `place-${count}`)
  return { ...operator, workspaceId: id }
}

function fails(code: string, ...words: string[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof HubError, String(error))
    assert.equal(error.code, code)
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not name ${word}`)
    return true
  }
}

test('a stored row shows names, and of values nothing', async () => {
  const key = newKey()
  await using here = await openProcess({ keys: [key] })
  const principal = await place(here)
  const value = 'Value-That-Must-Not-Be-Stored-42'
  await here.credentials.set(principal, { name: 'a', data: { token: value, other: value }, kind: 'github' })
  await here.credentials.set(principal, { name: 'a', data: { token: value, other: value, port: 987_654_321 } })
  const { rows } = await here.db.pool.query<{ row: string; sealed: Record<string, string>; key_id: string }>(
    'select c::text as row, sealed, key_id from credentials c where workspace_id = $1',
    [principal.workspaceId],
  )
  assert.equal(rows.length, 1)
  const [{ row, sealed, key_id }] = rows as [(typeof rows)[number]]
  assert.equal(key_id, key.id)
  assert.deepEqual(Object.keys(sealed).toSorted(), ['other', 'port', 'token'])
  // The same value twice is not seen to be the same.
  assert.notEqual(sealed['token']!.split('.').at(-1), sealed['other']!.split('.').at(-1))
  const bytes = Buffer.from(value)
  const spellings = [
    value,
    bytes.toString('hex'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    '987654321',
    key.key.toString('base64'),
  ]
  for (const spelling of spellings) assert.ok(!row.includes(spelling.replace(/=+$/, '')), row)
})

test('a sealed value moved to another field, name or workspace, or changed, does not open', async () => {
  const key = newKey()
  await using here = await openProcess({ keys: [key] })
  const [principal, other] = [await place(here), await place(here)]
  for (const name of ['a', 'b']) await here.credentials.set(principal, { name, data: { token: `${name}-token`, user: `${name}-user` } })
  for (const name of ['a', 'c', 'd']) await here.credentials.set(other, { name, data: { token: 'other', user: 'other' } })
  const taken = `(select sealed -> 'token' from credentials where workspace_id = $1 and name = 'a')`
  const moves = [
    ['b', principal, `update credentials set sealed = jsonb_set(sealed, '{token}', ${taken}) where workspace_id = $2 and name = 'b'`],
    ['a', other, `update credentials set sealed = jsonb_set(sealed, '{token}', ${taken}) where workspace_id = $2 and name = 'a'`],
    [
      'c',
      other,
      `update credentials set sealed = jsonb_set(sealed, '{user}', sealed -> 'token') where workspace_id = $2 and name = 'c' and $1 <> ''`,
    ],
    [
      'd',
      other,
      `update credentials set sealed = jsonb_set(sealed, '{token}', to_jsonb((sealed ->> 'token') || 'A')) where workspace_id = $2 and name = 'd' and $1 <> ''`,
    ],
  ] as const
  for (const [, owner, statement] of moves) {
    assert.equal((await here.db.pool.query(statement, [principal.workspaceId, owner.workspaceId])).rowCount, 1)
  }
  await using fresh = await openProcess({ keys: [key] })
  for (const [name, owner] of moves) {
    await assert.rejects(fresh.credentials.read(owner.workspaceId, name), fails('seal_broken', `"${key.id}"`, `"${name}"`))
  }
  assert.deepEqual(await fresh.credentials.read(principal.workspaceId, 'a'), { token: 'a-token', user: 'a-user' })
})

test('a key that is not there, or not the one of its id, is named, and nothing else breaks', async () => {
  const [lost, kept] = [newKey(), newKey()]
  const principal = await (async () => {
    await using before = await openProcess({ keys: [lost] })
    const owner = await place(before)
    await before.credentials.set(owner, { name: 'old', data: { token: 'x' } })
    return owner
  })()
  await using without = await openProcess({ keys: [kept] })
  const { workspaceId } = principal
  await assert.rejects(without.credentials.read(workspaceId, 'old'), fails('key_unknown', `"${lost.id}"`, '"old"'))
  await without.credentials.set(principal, { name: 'new', data: { token: 'y' } })
  assert.deepEqual(await without.credentials.read(workspaceId, 'new'), { token: 'y' })
  const listed = await without.credentials.keys.list()
  assert.deepEqual(
    listed.filter(({ id }) => id === lost.id || id === kept.id),
    [
      { id: kept.id, known: true, current: true, credentials: 1 },
      { id: lost.id, known: false, current: false, credentials: 1 },
    ],
  )
  await using impostor = await openProcess({ keys: [kept, { id: lost.id, key: newKey().key }] })
  await assert.rejects(impostor.credentials.read(workspaceId, 'old'), fails('seal_broken', `"${lost.id}"`, '"old"'))
  const report = await impostor.credentials.keys.rotate(principal, { addKey: false })
  assert.deepEqual(
    report.failed.filter((failed) => failed.workspaceId === workspaceId).map(({ name, reason }) => [name, reason.includes(lost.id)]),
    [['old', true]],
  )
  // Set anew, it is whole again.
  await impostor.credentials.set(principal, { name: 'old', data: { token: 'z' } })
  assert.deepEqual(await impostor.credentials.read(workspaceId, 'old'), { token: 'z' })
})

test('keys are rotated while others read and write: no read fails, and all ends sealed with the new key', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-rotate-'))
  try {
    await using serving = await openProcess({ dataDir })
    await using command = await openProcess({ dataDir })
    await using looking = await openProcess({ dataDir })
    const principal = await place(serving)
    const names = Array.from({ length: 80 }, (_, i) => `c${i}`)
    for (const name of names) await serving.credentials.set(principal, { name, data: { value: 0 } })
    const first = (await serving.credentials.keys.list()).find(({ current }) => current)!.id

    let rotating = true
    let [reads, writes] = [0, 0]
    const latest = new Map<string, number>()
    const readers = Array.from({ length: 3 }, async (_, r) => {
      for (let i = r; rotating; i = (i + 7) % names.length) {
        assert.equal(typeof (await serving.credentials.read(principal.workspaceId, names[i]!))?.['value'], 'number')
        reads += 1
        await setImmediate()
      }
    })
    const writers = Array.from({ length: 2 }, async (_, w) => {
      // Each has names of its own, so that the last value written to a name is known.
      for (let i = w; rotating; i = (i + 14) % names.length) {
        writes += 1
        latest.set(names[i]!, writes)
        await serving.credentials.set(principal, { name: names[i]!, data: { value: writes } })
      }
    })
    const rotations = []
    for (let i = 0; i < 2; i++) rotations.push(await command.credentials.keys.rotate(principal, { addKey: true }))
    rotating = false
    await Promise.all([...readers, ...writers])
    assert.ok(reads > 20 && writes > 5, `${reads} reads, ${writes} writes`)

    const current = rotations.at(-1)!.keyId
    assert.equal(new Set([first, ...rotations.map(({ keyId }) => keyId)]).size, 3)
    for (const { failed } of rotations)
      assert.deepEqual(
        failed.filter(({ workspaceId }) => workspaceId === principal.workspaceId),
        [],
      )
    const { rows } = await command.db.pool.query('select distinct key_id from credentials where workspace_id = $1', [principal.workspaceId])
    assert.deepEqual(rows, [{ key_id: current }])
    // One that has not looked at the keys since: it opens everything, and what was written meanwhile was not undone.
    for (const name of names) {
      assert.deepEqual(await looking.credentials.read(principal.workspaceId, name), { value: latest.get(name) ?? 0 }, name)
    }
    const audited = await command.access.audit.list(principal.workspaceId, { limit: 200 })
    assert.equal(audited.filter(({ action }) => action === 'keys.rotated').length, 2)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('a second rotation meanwhile is refused, so that no key is lost', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-rotate-'))
  try {
    await using here = await openProcess({ dataDir })
    await using there = await openProcess({ dataDir })
    const principal = await place(here)
    for (let i = 0; i < 60; i++) await here.credentials.set(principal, { name: `c${i}`, data: { value: i } })
    const outcomes = await Promise.all(
      [here, there, here].map((each) => each.credentials.keys.rotate(principal, { addKey: true }).catch((error: HubError) => error)),
    )
    const done = outcomes.filter((outcome) => !(outcome instanceof HubError))
    assert.ok(done.length >= 1 && done.length < outcomes.length)
    for (const outcome of outcomes) if (outcome instanceof HubError) assert.equal(outcome.code, 'in_use')
    const keys = await there.credentials.keys.list()
    assert.equal(keys.filter(({ known }) => known).length, 1 + done.length)
    for (let i = 0; i < 60; i++) assert.deepEqual(await there.credentials.read(principal.workspaceId, `c${i}`), { value: i })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('a rotation that was killed half-way leaves everything readable, and the next one ends it', async () => {
  const [older, newer] = [newKey(), newKey()]
  await using before = await openProcess({ keys: [older] })
  const principal = await place(before)
  const names = Array.from({ length: 30 }, (_, i) => `c${i}`)
  for (const name of names) await before.credentials.set(principal, { name, data: { value: name } })
  const counts = async (): Promise<[newer: number, older: number]> => {
    const { rows } = await before.db.pool.query<{ key_id: string; n: number }>(
      'select key_id, count(*) as n from credentials where workspace_id = $1 group by key_id',
      [principal.workspaceId],
    )
    const count = ({ id }: SealKey): number => rows.find((row) => row.key_id === id)?.n ?? 0
    return [count(newer), count(older)]
  }
  // The rotation stops at this row, as long as it is held.
  const holder = await before.db.pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from credentials where workspace_id = $1 and name = $2 for update', [principal.workspaceId, 'c15'])
    const { url } = await sharedDatabase()
    const env = {
      DATABASE_URL: url,
      HUB_SECRET_KEYS: `${formatKey(newer)},${formatKey(older)}`,
      HUB_DATA_DIR: tmpdir(),
      LOG_LEVEL: 'silent',
    }
    const rotation = runHub(['keys', 'rotate'], env)
    await Promise.race([
      until('half of the credentials are sealed anew', async () => (await counts())[0] === 15, 30_000),
      rotation.exited.then(() => assert.fail(`the rotation ended: ${rotation.output()}`)),
    ])
    kill(rotation.child.pid!)
    await rotation.exited
  } finally {
    await holder.query('rollback')
    holder.release()
  }
  // The statement that waited for the row may still have had its turn.
  const [anew, left] = await counts()
  assert.ok(anew + left === names.length && left >= 14, `${anew} and ${left}`)
  await using next = await openProcess({ keys: [newer, older] })
  for (const name of names) assert.deepEqual(await next.credentials.read(principal.workspaceId, name), { value: name })
  await until('the lock of the dead is free', () => next.credentials.keys.rotate(principal, { addKey: false }).catch(() => undefined))
  assert.deepEqual(await counts(), [names.length, 0])
})

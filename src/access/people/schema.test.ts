import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getMigrations } from 'better-auth/db/migration'
import { openTestDatabase, testTelemetry } from '#test'
import { authOptions } from './better-auth.ts'

test('the tables of the migrations are those that the installed better-auth expects', async () => {
  await using db = await openTestDatabase()
  const rules = { refuse: async () => undefined, admit: async () => true }
  const options = authOptions(
    { db, logger: testTelemetry().logger, rules },
    { origin: 'http://localhost', secret: 'only for this test, which stores nothing' },
  )
  const plan = async () => {
    const { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems } = await getMigrations(options, {
      throwOnUnsafe: false,
    })
    return { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems }
  }
  assert.deepEqual(await plan(), { toBeCreated: [], toBeAdded: [], toBeAddedIndexes: [], unsafeChanges: [], schemaProblems: [] })

  await db.pool.query('alter table auth.passkey drop column aaguid')
  const [missing] = (await plan()).toBeAdded
  assert.deepEqual([missing?.table, Object.keys(missing?.fields ?? {})], ['passkey', ['aaguid']])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oauthProvider } from '@better-auth/oauth-provider'
import type { BetterAuthOptions } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { deviceAuthorization } from 'better-auth/plugins'
import { openTestDatabase, testTelemetry } from '#test'
import { authOptions } from './better-auth.ts'

test('the tables of the migrations are those that the installed better-auth expects, with the OAuth provider and device codes', async () => {
  await using db = await openTestDatabase()
  const rules = { refuse: async () => undefined, admit: async () => undefined }
  const options = authOptions(
    { db, logger: testTelemetry().logger, rules },
    { origin: 'http://localhost', secret: 'only for this test, which stores nothing' },
  )
  const more = [oauthProvider({ loginPage: '/sign-in', consentPage: '/consent' }), deviceAuthorization({ verificationUri: '/device' })]
  const plan = async () => {
    const { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems } = await getMigrations(
      // The types of the provider are narrower than those that plugins have with exactOptionalPropertyTypes.
      { ...options, plugins: [...options.plugins, ...more] } as BetterAuthOptions,
      { throwOnUnsafe: false },
    )
    return { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems }
  }
  assert.deepEqual(await plan(), { toBeCreated: [], toBeAdded: [], toBeAddedIndexes: [], unsafeChanges: [], schemaProblems: [] })

  await db.pool.query('alter table auth.passkey drop column aaguid')
  const [missing] = (await plan()).toBeAdded
  assert.deepEqual([missing?.table, Object.keys(missing?.fields ?? {})], ['passkey', ['aaguid']])
})

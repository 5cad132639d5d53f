import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CredentialData, CredentialInfo } from '#credentials'
import { createRunSecrets } from './secrets.ts'

const workspaceId = 'ws_here'
const definition = { parameters: { properties: { token: { type: 'string', writeOnly: true } } } }
const parameters = { token: 'a secret of a flow' }

/** Secrets of runs whose key is kept in a map. */
function runSecretsWith(stored?: CredentialData) {
  const kept = new Map(stored ? [['flow-parameters', stored]] : [])
  return createRunSecrets({
    read: async (_, name) => kept.get(name),
    async create(_, { name, data }): Promise<CredentialInfo> {
      kept.set(name, data)
      return { name, kind: null, version: 1, createdAt: new Date(), updatedAt: new Date() }
    },
  })
}

suite('the key of secret parameters', () => {
  test('is made when it is first needed', async () => {
    const secrets = runSecretsWith()
    const { sealed, shown } = await secrets.protect(secrets.find({ workspaceId, definition, parameters }))
    assert.match(String(shown['token']), /^\[secret \w{12}\]$/)
    assert.deepEqual(await secrets.open(workspaceId, sealed!), { parameters, secrets: [parameters.token] })
  })

  test('is refused by an error that says what to do where it has another length', async () => {
    for (const data of [{ key: 'short' }, { key: 7 }, { other: 'x' }, { key: Buffer.alloc(33).toString('base64') }]) {
      const secrets = runSecretsWith(data)
      await assert.rejects(secrets.protect(secrets.find({ workspaceId, definition, parameters })), {
        code: 'credential_missing',
        message: /"flow-parameters" has no "key" of 32 bytes/,
      })
    }
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContract } from '../../test/standins/vault/contract.ts'
import { startVault } from '../../test/standins/vault/index.ts'
import { testTelemetry } from '#test'
import { createVaultClient } from './vault-client.ts'
import { createVaultBackend } from './vault.ts'

test('everything the hub asks of Vault, and hears from the stand-in, is as Vault describes it', async (t) => {
  const contract = loadContract()
  if (!contract) return t.skip('../shared/contracts/vault.json, the description of Vault, is not beside this repository')
  await using vault = await startVault()
  vault.lease({ ttlSeconds: 1 })
  const login = { method: 'approle', roleId: vault.roleId, secretId: vault.secretId } as const
  const { logger } = testTelemetry()
  await using backend = createVaultBackend(createVaultClient({ address: vault.url, login, logger }), { mount: 'secret', prefix: 'hub' })
  const workspace = { id: 'ws_1', name: 'default' }
  const trx = undefined as never
  await backend.check()
  await backend.put(trx, workspace, { name: 'github-pat', data: { token: 'one' }, kind: 'github', createOnly: true })
  await assert.rejects(backend.put(trx, workspace, { name: 'github-pat', data: { token: 'two' }, kind: null, createOnly: true }))
  await backend.put(trx, workspace, { name: 'github-pat', data: { token: 'two', port: 1, on: true }, kind: null, createOnly: false })
  assert.deepEqual(await backend.read(workspace, 'github-pat'), { token: 'two', port: 1, on: true })
  assert.equal(await backend.read(workspace, 'none'), undefined)
  assert.equal((await backend.list(workspace)).length, 1)
  await new Promise((resolve) => setTimeout(resolve, 900))
  assert.equal(await backend.remove(trx, workspace, 'github-pat'), true)
  assert.equal((await backend.list(workspace)).length, 0)

  const operations = new Set(vault.requests.map((request) => contract.operationOf(request) ?? `${request.method} ${request.path} is none`))
  assert.deepEqual([...operations].toSorted(), [
    'delete /v1/secret/metadata/{path_p1}/{path_p2}/{path}',
    'get /v1/auth/token/lookup-self',
    'get /v1/secret/data/{path_p1}/{path_p2}/{path}',
    'get /v1/secret/metadata/{path_p1}/{path_p2}/{path}',
    'get /v1/secret/metadata/{path_p1}/{path}/',
    'post /v1/auth/approle/login',
    'post /v1/auth/token/renew-self',
    'post /v1/secret/data/{path_p1}/{path_p2}/{path}',
    'post /v1/secret/metadata/{path_p1}/{path_p2}/{path}',
  ])
  assert.deepEqual(vault.requests.flatMap(contract.faultsOf), [])
})

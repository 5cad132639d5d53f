import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test, type TestContext } from 'node:test'
import nodeVault from 'node-vault'
import { loadContract, type Contract } from './vault/contract.ts'
import { startVault, type FakeVault } from './vault/index.ts'

/**
 * The stand-in for Vault, held to what we did not write: two clients, and Vault's own description of every answer. It shows that our
 * backend and our stand-in do not share one misunderstanding; it was not compared with a running Vault.
 */
// Not in the description, which was trimmed to what the hub needs.
const beyond = /^\/v1\/(sys\/(seal|unseal)|auth\/token\/revoke-self)$/

function contractOr(t: TestContext): Contract | undefined {
  const contract = loadContract()
  if (!contract) t.skip('../shared/contracts/vault.json, the description of Vault, is not beside this repository')
  return contract
}

function assertDescribed(vault: FakeVault, contract: Contract): Set<string> {
  const seen = new Set<string>()
  for (const request of vault.requests) {
    const operation = contract.operationOf(request)
    assert.ok(operation ?? beyond.test(request.path), `${request.method} ${request.path} is no operation of Vault`)
    if (operation === undefined) continue
    // A deleted version is answered 404 with its metadata, which the description leaves out.
    const data = (request.reply as { data?: { metadata?: unknown } } | undefined)?.data
    if (request.status === 404 && data?.metadata) continue
    assert.deepEqual(contract.faultsOf(request), [])
    seen.add(operation)
  }
  return seen
}

suite('the Vault stand-in', () => {
  test('serves node-vault, and every answer fits the description of Vault', async (t) => {
    await using vault = await startVault()
    const client = nodeVault({ endpoint: vault.url, noCustomHTTPVerbs: false })
    const login = (await client.approleLogin({ role_id: vault.roleId, secret_id: vault.secretId })) as Reply
    client.token = login.auth!.client_token
    await assert.rejects(client.approleLogin({ role_id: vault.roleId, secret_id: 'wrong' }), /invalid role or secret ID/)
    assert.equal(((await client.tokenLookupSelf()) as Reply).data!['renewable'], true)
    assert.equal(((await client.tokenRenewSelf()) as Reply).auth!.lease_duration, 3600)

    const path = 'integration-hub/default/github-pat'
    const first = (await client.write(`secret/data/${path}`, { data: { token: 'v1' }, options: { cas: 0 } })) as Reply
    assert.equal(first.data!['version'], 1)
    const stale = client.write(`secret/data/${path}`, { data: { token: 'v2' }, options: { cas: 0 } })
    await assert.rejects(stale, /check-and-set parameter did not match/)
    await client.write(`secret/metadata/${path}`, { custom_metadata: { kind: 'github' }, max_versions: 3 })
    const read = (await client.read(`secret/data/${path}`)) as Reply
    assert.deepEqual(read.data!['data'], { token: 'v1' })
    assert.deepEqual((read.data!['metadata'] as { custom_metadata: unknown }).custom_metadata, { kind: 'github' })
    assert.deepEqual(((await client.list('secret/metadata/integration-hub/default')) as Reply).data!['keys'], ['github-pat'])
    assert.deepEqual(((await client.list('secret/metadata')) as Reply).data!['keys'], ['integration-hub/'])
    await client.delete(`secret/data/${path}`)
    await assert.rejects(client.read(`secret/data/${path}`), /404/)
    await client.delete(`secret/metadata/${path}`)
    await assert.rejects(client.read(`secret/metadata/${path}`), /404/)
    await assert.rejects(client.list('secret/metadata/integration-hub/default'), /404/)
    assert.equal(((await client.health()) as Record<string, unknown>)['sealed'], false)

    vault.revokeAll()
    await assert.rejects(client.tokenLookupSelf(), /permission denied/)
    vault.seal()
    await assert.rejects(client.read(`secret/data/${path}`), /Vault is sealed/)
    assert.equal(((await client.status()) as Record<string, unknown>)['sealed'], true)

    const contract = contractOr(t)
    if (contract) assert.ok(assertDescribed(vault, contract).size >= 9)
  })

  test('serves python3-hvac, and every answer fits the description of Vault', async (t) => {
    const python = ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', 'import hvac']).status === 0)
    if (python === undefined) return t.skip('the Debian package python3-hvac is not installed')
    await using vault = await startVault()
    const client = spawn(python, [join(import.meta.dirname, 'vault/client.py')], {
      env: {
        PATH: process.env['PATH'],
        VAULT_ADDR: vault.url,
        VAULT_TOKEN: vault.rootToken,
        ROLE_ID: vault.roleId,
        SECRET_ID: vault.secretId,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    assert.deepEqual(JSON.parse(await text(client.stdout)), {
      authenticated: true,
      lease: 3600,
      looked_up: 3600,
      renewed: 3600,
      renewable: true,
      first: 1,
      second: 2,
      cas: `check-and-set parameter did not match the current version, on post ${vault.url}/v1/secret/data/hvac/default/one`,
      read: { token: 'v2' },
      read_first: { token: 'v1' },
      metadata: [2, 5, { kind: 'github' }, ['1', '2']],
      listed: ['one', 'two'],
      folders: ['default/'],
      deleted: true,
      undeleted: { token: 'v2' },
      destroyed: true,
      gone: [],
      forbidden: ['permission denied'],
      sealed_before: false,
      sealed: true,
      down: ['Vault is sealed'],
      unsealed: ['two'],
      revoked: true,
    })
    const contract = contractOr(t)
    if (contract) assert.ok(assertDescribed(vault, contract).size >= 12)
  })
})

interface Reply {
  readonly data?: Record<string, unknown>
  readonly auth?: { readonly client_token: string; readonly lease_duration: number }
}

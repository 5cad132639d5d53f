import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCredentials, createKeyring, newKey } from '#credentials'
import { HubError } from '#errors'
import { openAccess, sharedDatabase, testTelemetry } from '#test'
import { freePort, until } from '#test/faults'
import { startVault, type FakeVault } from '../../test/standins/vault/index.ts'
import { createVaultClient, type VaultLogin } from './vault-client.ts'

const { logger } = testTelemetry()

const approle = ({ roleId, secretId }: FakeVault): VaultLogin => ({ method: 'approle', roleId, secretId })
const place = { id: 'ws_1', name: 'default' }

function clientOf(vault: FakeVault, more: { login?: VaultLogin; address?: string; namespace?: string; timeoutMs?: number } = {}) {
  return createVaultClient({ address: vault.url, login: approle(vault), logger, ...more })
}

const codeOf = (error: unknown): string => (error instanceof HubError ? error.code : String(error))
const logins = ({ requests }: FakeVault): number => requests.filter(({ path }) => path.endsWith('/approle/login')).length
const renewals = ({ requests }: FakeVault): number =>
  requests.filter(({ path, status }) => path.endsWith('/renew-self') && status === 200).length

suite('speaking to Vault', { concurrency: true }, () => {
  test('the hub logs in once by AppRole, however many ask at first, and goes on with that token', async () => {
    await using vault = await startVault()
    await using client = clientOf(vault, { namespace: 'team/a' })
    await Promise.all(Array.from({ length: 10 }, () => client.call('GET', 'secret/data/none')))
    await client.call('GET', 'secret/data/none')
    assert.equal(logins(vault), 1)
    const tokens = new Set(vault.requests.slice(1).map(({ token }) => token))
    assert.deepEqual([...tokens], [vault.living()[0]!.id])
    assert.ok(vault.requests.every(({ headers }) => headers['x-vault-namespace'] === 'team/a' && headers['x-vault-request'] === 'true'))
  })

  test('a wrong AppRole or token is refused with what to check, and the right one works', async () => {
    await using vault = await startVault()
    const wrong: VaultLogin[] = [
      { method: 'approle', roleId: vault.roleId, secretId: 'Wrong-Secret-Id' },
      { method: 'token', token: 'hvs.wrong' },
    ]
    for (const login of wrong) {
      await using client = clientOf(vault, { login })
      await assert.rejects(
        client.call('GET', 'secret/data/x'),
        (error) => codeOf(error) === 'vault_denied' && !/Wrong-Secret|hvs\./.test(String(error)),
      )
    }
    await using client = clientOf(vault, { login: { method: 'token', token: vault.rootToken } })
    assert.equal((await client.call('GET', 'secret/data/x')).status, 404)
  })

  test('a lease is renewed before it ends, again and again, and the token never changes', async () => {
    await using vault = await startVault()
    vault.lease({ ttlSeconds: 1 })
    const token = vault.mint({ ttlSeconds: 1 })
    await using byRole = clientOf(vault)
    await using byToken = clientOf(vault, { login: { method: 'token', token } })
    await Promise.all([byRole, byToken].map((client) => client.call('GET', 'secret/data/x')))
    await until('both leases are renewed twice', () => renewals(vault) >= 4)
    assert.equal((await byToken.call('GET', 'secret/data/x')).status, 404)
    assert.equal((await byRole.call('GET', 'secret/data/x')).status, 404)
    assert.equal(logins(vault), 1)
    assert.ok(vault.requests.every(({ status }) => status !== 403))
  })

  test('a lease that cannot be renewed, or has come to its longest, ends in a new login and not in an error', async () => {
    await using vault = await startVault()
    await using client = clientOf(vault)
    vault.lease({ ttlSeconds: 1, renewable: false })
    await client.call('GET', 'secret/data/x')
    vault.lease({ ttlSeconds: 1, maxSeconds: 1 })
    await until('it logged in again', async () => (await client.call('GET', 'secret/data/x')) && logins(vault) === 2)
    vault.lease({ ttlSeconds: 3600 })
    await until('it logged in again', async () => (await client.call('GET', 'secret/data/x')) && logins(vault) === 3)
    assert.equal((await client.call('GET', 'secret/data/x')).status, 404)
  })

  test('a token that was revoked under the hub is replaced by one fresh login, shared by all calls under way', async () => {
    await using vault = await startVault()
    await using client = clientOf(vault)
    await client.call('POST', 'secret/data/x', { data: { a: 1 }, options: {} })
    vault.revokeAll()
    const replies = await Promise.all(Array.from({ length: 8 }, () => client.call('GET', 'secret/data/x')))
    assert.ok(replies.every(({ status }) => status === 200))
    assert.equal(logins(vault), 2)
  })

  test('an address with a path in front is kept, and what is not Vault is told', async () => {
    await using vault = await startVault()
    await using client = clientOf(vault, { address: `${vault.url}/behind/proxy/`, login: { method: 'token', token: vault.rootToken } })
    await client.call('GET', 'secret/data/x').catch(() => undefined)
    assert.equal(vault.requests[0]!.path, '/behind/proxy/v1/auth/token/lookup-self')
    await using other = clientOf(vault)
    for (const body of ['<html>welcome</html>', 'null', '"text"']) {
      vault.faults({ body })
      await assert.rejects(
        other.call('GET', 'secret/data/x'),
        (error) => codeOf(error) === 'vault_failed' && /not Vault/.test(String(error)),
      )
    }
  })
})

interface Trouble {
  readonly what: string
  readonly code: string
  readonly begin: (vault: FakeVault) => void
  readonly end: (vault: FakeVault) => void
}

const troubles: readonly Trouble[] = [
  { what: 'sealed', code: 'vault_sealed', begin: (vault) => vault.seal(), end: (vault) => vault.unseal() },
  { what: 'denying the path', code: 'vault_denied', begin: (vault) => vault.deny(/./), end: (vault) => vault.deny(undefined) },
  {
    what: 'cutting connections',
    code: 'vault_unreachable',
    begin: (vault) => vault.faults({ cut: 'before' }),
    end: (vault) => vault.faults(),
  },
  { what: 'slow', code: 'vault_timeout', begin: (vault) => vault.faults({ delayMs: 60_000 }), end: (vault) => vault.faults() },
  {
    what: 'busy',
    code: 'vault_failed',
    begin: (vault) =>
      vault.faults({ status: 429, errors: ['request path kv: rate limit quota exceeded'], headers: { 'retry-after': '7' } }),
    end: (vault) => vault.faults(),
  },
  {
    what: 'failing',
    code: 'vault_failed',
    begin: (vault) => vault.faults({ status: 500, errors: ['internal error'] }),
    end: (vault) => vault.faults(),
  },
]

test('whatever Vault’s trouble, each operation fails with its code, the database never stands in, nothing is audited, and it recovers', async () => {
  await using vault = await startVault()
  await using here = await openAccess((await sharedDatabase()).url)
  const deps = { ...testTelemetry(), db: here.db, access: here.access }
  const keyring = createKeyring({ keys: [newKey()], dataDir: '' })
  const options = {
    keyring,
    vault: { address: vault.url, login: approle(vault), place: { mount: 'secret', prefix: 'hub' }, timeoutMs: 500 },
  }
  await using inDatabase = createCredentials(deps, { keyring })
  await using inVault = createCredentials(deps, options)
  const principal = here.operator
  // The same name in both, as after a move: only Vault's may ever be seen.
  await inDatabase.set(principal, { name: 'both', data: { token: 'from the database' } })
  await inDatabase.set(principal, { name: 'only-there', data: { token: 'from the database' } })
  await inVault.set(principal, { name: 'both', data: { token: 'from Vault' }, kind: 'kind' })
  assert.equal(await inVault.read(principal.workspaceId, 'only-there'), undefined)
  assert.deepEqual(
    (await inVault.list(principal)).map(({ name }) => name),
    ['both'],
  )

  const operations = {
    read: () => inVault.read(principal.workspaceId, 'both'),
    list: () => inVault.list(principal),
    create: () => inVault.create(principal, { name: 'more', data: { token: 'new value' } }),
    set: () => inVault.set(principal, { name: 'both', data: { token: 'new value' } }),
    remove: () => inVault.remove(principal, 'both'),
  }
  for (const { what, code, begin, end } of troubles) {
    const audited = (await here.access.audit.verify()).entries
    begin(vault)
    const attempts = Object.entries(operations).map(async ([name, operation]) => {
      const error = await operation().then(
        (value) => assert.fail(`${name} answered ${JSON.stringify(value)} from a Vault that is ${what}`),
        (thrown: unknown) => thrown,
      )
      assert.equal(codeOf(error), code, `${name} of a Vault that is ${what}`)
      assert.doesNotMatch(JSON.stringify((error as HubError).details.detail ?? ''), /new value|hvs\./)
      if (what === 'busy') assert.equal((error as HubError).details.retryAfter, 7)
    })
    await Promise.all(attempts)
    if (what !== 'denying the path') await assert.rejects(inVault.check(), (error) => codeOf(error) === code, what)
    end(vault)
    assert.deepEqual(await inVault.read(principal.workspaceId, 'both'), { token: 'from Vault' }, `after it was ${what}`)
    assert.equal((await here.access.audit.verify()).entries, audited, what)
  }
  assert.deepEqual(await inDatabase.read(principal.workspaceId, 'both'), { token: 'from the database' })
  const { rows } = await here.db.pool.query('select name from credentials where workspace_id = $1 order by name', [principal.workspaceId])
  assert.deepEqual(rows, [{ name: 'both' }, { name: 'only-there' }])
})

test('a Vault that is not there at all is told, and found when it comes', async () => {
  const port = await freePort()
  const login: VaultLogin = { method: 'token', token: 'hvs.any' }
  await using client = createVaultClient({ address: `http://127.0.0.1:${port}`, login, logger })
  await assert.rejects(
    client.call('GET', 'secret/data/x'),
    (error) => codeOf(error) === 'vault_unreachable' && String(error).includes(`127.0.0.1:${port}`),
  )
  await using vault = await startVault({ port })
  await assert.rejects(client.call('GET', 'secret/data/x'), (error) => codeOf(error) === 'vault_denied')
  assert.equal(vault.requests.length, 1)
})

suite('credentials that operators handle in Vault themselves', () => {
  const open = async (vault: FakeVault) => {
    const { createVaultBackend } = await import('./vault.ts')
    const client = clientOf(vault)
    const backend = createVaultBackend(client, { mount: 'secret', prefix: 'team/hub' })
    const admin = clientOf(vault, { login: { method: 'token', token: vault.rootToken } })
    const byHand = (method: 'POST' | 'DELETE', path: string, body?: unknown) => admin.call(method, `secret/${path}`, body)
    return {
      backend,
      byHand,
      [Symbol.asyncDispose]: () => Promise.all([client[Symbol.asyncDispose](), admin[Symbol.asyncDispose]()]).then(() => undefined),
    }
  }
  const put = { kind: null, createOnly: false }
  const trx = undefined as never

  test('one put there by hand is listed and read like any other', async () => {
    await using vault = await startVault()
    await using here = await open(vault)
    await here.byHand('POST', 'data/team/hub/default/smtp-credentials', { data: { host: 'mail', port: 25 }, options: {} })
    assert.deepEqual(await here.backend.read(place, 'smtp-credentials'), { host: 'mail', port: 25 })
    const [info] = await here.backend.list(place)
    assert.deepEqual([info!.name, info!.kind, info!.version], ['smtp-credentials', null, 1])
    // What lies deeper belongs to somebody else.
    await here.byHand('POST', 'data/team/hub/default/folder/x', { data: { a: 1 }, options: {} })
    assert.equal((await here.backend.list(place)).length, 1)
  })

  test('one deleted there by hand is gone, and can be created again over its remains', async () => {
    await using vault = await startVault()
    await using here = await open(vault)
    await here.backend.put(trx, place, { ...put, name: 'a', data: { token: 'one' }, kind: 'k' })
    await here.byHand('DELETE', 'data/team/hub/default/a')
    assert.equal(await here.backend.read(place, 'a'), undefined)
    assert.deepEqual(await here.backend.list(place), [])
    assert.equal(await here.backend.remove(trx, place, 'a'), false)
    const again = await here.backend.put(trx, place, { name: 'a', data: { token: 'two' }, kind: null, createOnly: true })
    assert.deepEqual([again.version, again.kind], [2, 'k'])
    await here.byHand('POST', 'destroy/team/hub/default/a', { versions: [2] })
    assert.equal(await here.backend.read(place, 'a'), undefined)
    assert.deepEqual(await here.backend.list(place), [])
  })

  test('what an operator noted beside a secret stays, and a secret that demands check-and-set can be set', async () => {
    await using vault = await startVault()
    await using here = await open(vault)
    await here.byHand('POST', 'metadata/team/hub/default/a', { custom_metadata: { owner: 'ops' }, cas_required: true })
    await here.backend.put(trx, place, { ...put, name: 'a', data: { token: 'one' }, kind: 'github' })
    await here.backend.put(trx, place, { ...put, name: 'a', data: { token: 'two' }, kind: 'gitlab' })
    assert.deepEqual(await here.backend.read(place, 'a'), { token: 'two' })
    const noted = vault.requests.filter(({ method, path }) => method === 'POST' && path.includes('/metadata/')).map(({ body }) => body)
    assert.deepEqual(noted.slice(1), [
      { custom_metadata: { owner: 'ops', kind: 'github' } },
      { custom_metadata: { owner: 'ops', kind: 'gitlab' } },
    ])
  })
})

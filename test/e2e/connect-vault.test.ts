import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Environment } from '#config'
import { connectByLink, expireGrant, oauthHub, simpleBrowser, storedGrant, testHub, type OAuthHub } from '#test'
import { until } from '#test/faults'
import { startVault, type FakeVault } from '../standins/vault/index.ts'

const variablesOf = ({ url, roleId, secretId }: FakeVault): Environment => ({
  VAULT_ADDR: url,
  VAULT_ROLE_ID: roleId,
  VAULT_SECRET_ID: secretId,
})

/** The tokens of the integration as an operator finds them in Vault. */
function inVault(vault: FakeVault): Record<string, unknown> {
  const [, data] = Object.entries(vault.stored()).find(([path]) => path.includes('/integration-'))!
  return data as Record<string, unknown>
}

const writes = ({ requests }: FakeVault) => requests.filter(({ method, path }) => method === 'POST' && path.includes('/data/'))

async function tablesContain({ hub }: OAuthHub, text: string): Promise<boolean> {
  const { rows } = await hub.hub.db.pool.query<{ found: boolean }>(
    `select exists (select from hub.credentials c where c::text like '%' || $1 || '%') or exists (select from hub.integrations i where i::text like '%' || $1 || '%') as found`,
    [text],
  )
  return rows[0]!.found
}

suite('the tokens of a person are kept in Vault', () => {
  test('from the connection over a refresh to the deletion, and nowhere else', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({}, variablesOf(vault))
    const end = await setup.connect()
    assert.equal(end.status, 200, end.text)
    const first = inVault(vault)
    assert.deepEqual(Object.keys(first).toSorted(), ['access_token', 'expires_at', 'refresh_token', 'renew_at'])
    for (const name of ['access_token', 'refresh_token']) assert.equal(await tablesContain(setup, String(first[name])), false)
    assert.equal((await setup.call()).statusCode, 200)

    await expireGrant(setup.hub, await storedGrant(setup.hub, 'api'))
    assert.equal((await setup.call()).statusCode, 200)
    const second = inVault(vault)
    assert.notEqual(second['refresh_token'], first['refresh_token'])
    const api = async (token: unknown): Promise<number> =>
      (await fetch(setup.server.endpoints.api, { headers: { authorization: `Bearer ${String(token)}` } })).status
    assert.equal(await api(second['access_token']), 200)
    assert.equal((await setup.hub.call('DELETE', '/api/v1/integrations/api')).statusCode, 204)
    assert.equal(await api(second['access_token']), 401)
    assert.equal(Object.keys(vault.stored()).filter((path) => path.includes('/integration-')).length, 0)
  })

  test('and are renewed once for the calls of two processes', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({}, variablesOf(vault))
    await setup.connect()
    const { DATABASE_URL } = setup.hub.hub.config
    await using other = await testHub({ DATABASE_URL, HUB_EGRESS_ALLOW: '127.0.0.1', ...variablesOf(vault) })
    await expireGrant(setup.hub, await storedGrant(setup.hub, 'api'))
    const call = (index: number) =>
      (index % 2 === 0 ? setup.hub : other).call('POST', '/api/v1/tools/http_request/invoke', {
        input: { path: '/me' },
        integration: 'api',
      })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)))
    assert.deepEqual([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
    assert.equal(setup.server.asked['refresh_token'], 1)
  })

  test('where tokens that somebody stored during a refresh are not replaced: Vault refuses the older version', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({ rotate: false }, variablesOf(vault))
    await setup.connect()
    await expireGrant(setup.hub, await storedGrant(setup.hub, 'api'))
    setup.server.tokenFaults.next = 'held'
    const slow = setup.call()
    await until('the refresh is held', () => setup.server.tokenFaults.held === 1)
    const now = await storedGrant(setup.hub, 'api')
    const theirs = { ...(now.data as Record<string, string>), access_token: 'stored-by-somebody-else', expires_at: '2999-01-01T00:00:00Z' }
    assert.ok(await setup.hub.hub.credentials.swap(now.workspaceId, now.name, { data: theirs, version: now.version }))
    setup.server.tokenFaults.release()
    await slow
    const refused = writes(vault).filter(({ status }) => status === 400)
    assert.equal(refused.length, 1)
    assert.match(JSON.stringify(refused[0]!.reply), /check-and-set/)
  })

  test('and what was renewed is not lost when Vault fails in between', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({}, variablesOf(vault))
    await setup.connect()
    await expireGrant(setup.hub, await storedGrant(setup.hub, 'api'))
    setup.server.tokenFaults.next = 'held'
    const calling = setup.call()
    await until('the refresh is held', () => setup.server.tokenFaults.held === 1)
    vault.faults({ on: /\/data\//, status: 500, times: 1 }, { on: /\/data\//, cut: 'after', times: 1 })
    setup.server.tokenFaults.release()
    assert.equal((await calling).statusCode, 200)
    assert.equal(setup.server.asked['refresh_token'], 1)
    assert.equal((await setup.call()).statusCode, 200)
  })

  test('and a Vault that is sealed fails the call, which works again afterwards', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({}, variablesOf(vault))
    await setup.connect()
    vault.seal()
    await until('what was read before is not used any more', async () => (await setup.call()).statusCode === 503)
    vault.unseal()
    assert.equal((await setup.call()).statusCode, 200)

    const address = { address: setup.address, integration: 'api' }
    const refused = await connectByLink(setup.hub, { ...address, account: 'grace', change: () => vault.seal() })
    assert.match(refused.text, /Vault is sealed/)
    assert.match(refused.text, /Nothing was stored/)
    vault.unseal()
    assert.equal((await setup.call()).json<{ output: { body: { account: string } } }>().output.body.account, 'ada')
  })

  test('and a link is not used up while Vault is sealed', async () => {
    await using vault = await startVault()
    await using setup = await oauthHub({}, variablesOf(vault))
    const { url } = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    const browser = simpleBrowser(setup.address)
    vault.seal()
    assert.equal((await browser.post(new URL(url).pathname, {})).status, 503)
    vault.unseal()
    assert.equal((await browser.post(new URL(url).pathname, {})).status, 303)
  })
})

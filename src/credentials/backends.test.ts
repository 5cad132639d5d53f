import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Principal } from '#access'
import type { CredentialData } from '#credentials'
import { HubError } from '#errors'
import { sharedDatabaseUrl, sharedHub, testHub, type TestHub } from '#test'
import { startVault } from '../../test/standins/vault/index.ts'

const hasCode = (code: string) => (error: unknown) => error instanceof HubError && error.code === code

/** What holds of credentials wherever they are kept. Vault is the stand-in; what checks that one is test/standins/vault.services.ts. */
function credentialSuite(kind: 'database' | 'vault', open: (stack: AsyncDisposableStack) => Promise<TestHub>): void {
  suite(`credentials in ${kind}`, () => {
    const stack = new AsyncDisposableStack()
    let hub: TestHub
    let count = 0

    before(async () => {
      hub = await open(stack)
      assert.equal(hub.hub.credentials.backend, kind)
    })
    after(() => stack.disposeAsync())

    /** A workspace of its own for a test. */
    const place = async () => {
      count += 1
      const operator = await hub.hub.access.operator('tester')
      const workspace = await hub.hub.access.workspaces.create(operator, `${kind}-${count}`)
      const principal: Principal = { ...operator, workspaceId: workspace.id }
      const { credentials, access } = hub.hub
      const read = (name: string): Promise<CredentialData | undefined> => credentials.read(workspace.id, name)
      return { principal, credentials, access, read, workspace, headers: { 'hub-workspace': workspace.name } }
    }

    test('what was put in is read back for a call as it was, texts, numbers and booleans', async () => {
      const { principal, credentials, read } = await place()
      const data = { password: 'p ä\u0000\ud83d"\\', port: 587, secure: false, empty: '', long: 'x'.repeat(65_536) }
      await credentials.create(principal, { name: 'smtp-credentials', data })
      assert.deepEqual(await read('smtp-credentials'), data)
      assert.equal(await read('smtp'), undefined)
    })

    test('a name is created once; set replaces the values, counts the version and keeps the kind unless told', async () => {
      const { principal, credentials, read } = await place()
      const made = await credentials.create(principal, { name: 'github-pat', data: { token: 'one', user: 'me' }, kind: 'github' })
      assert.deepEqual([made.name, made.kind, made.version], ['github-pat', 'github', 1])
      await assert.rejects(credentials.create(principal, { name: 'github-pat', data: { token: 'two' } }), hasCode('already_exists'))
      assert.deepEqual(await read('github-pat'), { token: 'one', user: 'me' })
      const set = await credentials.set(principal, { name: 'github-pat', data: { token: 'two' } })
      assert.deepEqual([set.kind, set.version], ['github', 2])
      assert.equal(set.createdAt.getTime(), made.createdAt.getTime())
      assert.ok(set.updatedAt >= made.updatedAt)
      assert.deepEqual(await read('github-pat'), { token: 'two' })
      assert.equal((await credentials.set(principal, { name: 'github-pat', data: { token: 'three' }, kind: 'other' })).kind, 'other')
      assert.equal((await credentials.set(principal, { name: 'new', data: { token: 'x' } })).version, 1)
    })

    test('a deleted credential is gone, and its name free', async () => {
      const { principal, credentials, read } = await place()
      await credentials.set(principal, { name: 'a', data: { token: 'one' }, kind: 'kind' })
      await credentials.remove(principal, 'a')
      assert.equal(await read('a'), undefined)
      assert.deepEqual(await credentials.list(principal), [])
      await assert.rejects(credentials.remove(principal, 'a'), hasCode('not_found'))
      const again = await credentials.create(principal, { name: 'a', data: { token: 'two' } })
      assert.deepEqual([again.version, again.kind], [1, null])
      assert.deepEqual(await read('a'), { token: 'two' })
    })

    test('the list has every credential by name, and nothing of their values', async () => {
      const { principal, credentials } = await place()
      const names = Array.from({ length: 12 }, (_, i) => `c${String(i).padStart(2, '0')}`)
      await Promise.all(
        names.toReversed().map((name) => credentials.create(principal, { name, data: { token: `secret-of-${name}` }, kind: 'k' })),
      )
      const list = await credentials.list(principal)
      assert.deepEqual(
        list.map(({ name }) => name),
        names,
      )
      for (const info of list) assert.deepEqual(Object.keys(info).toSorted(), ['createdAt', 'kind', 'name', 'updatedAt', 'version'])
      assert.doesNotMatch(JSON.stringify(list), /secret-of/)
    })

    test('workspaces do not share names', async () => {
      const [here, there] = [await place(), await place()]
      await here.credentials.create(here.principal, { name: 'same', data: { token: 'here' } })
      assert.equal(await there.read('same'), undefined)
      await there.credentials.create(there.principal, { name: 'same', data: { token: 'there' } })
      await there.credentials.remove(there.principal, 'same')
      assert.deepEqual(await here.read('same'), { token: 'here' })
      assert.deepEqual(await there.credentials.list(there.principal), [])
    })

    test('names and fields that are none are refused by place, by any way in, and no value is quoted', async () => {
      const { principal, credentials, read } = await place()
      const pathsOf = async (name: string, data: CredentialData): Promise<string[]> => {
        const error = await credentials.set(principal, { name, data }).then(
          () => assert.fail(`${name} was taken`),
          (thrown: HubError) => thrown,
        )
        assert.equal(error.code, 'invalid_input')
        assert.doesNotMatch(JSON.stringify(error.details), /hidden/)
        return error.details.errors!.map(({ path }) => path)
      }
      for (const name of ['', '..', '../default/x', 'a/b', 'a b', '.a', 'a\u0000', 'ä', 'a'.repeat(101)]) {
        assert.deepEqual(await pathsOf(name, { token: 'hidden' }), ['name'], name)
        await assert.rejects(credentials.create(principal, { name, data: { token: 'hidden' } }), hasCode('invalid_input'))
        assert.equal(await read(name), undefined)
      }
      assert.deepEqual(await pathsOf('a', {}), ['data'])
      assert.deepEqual(await pathsOf('a', { '1x': 'hidden', 'b-c': 'hidden', ok: 'hidden' }), ['data.1x', 'data.b-c'])
      assert.deepEqual(await pathsOf('a', { long: 'hidden'.repeat(20_000) }), ['data.long'])
      const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, 'hidden']))
      assert.deepEqual(await pathsOf('a', many), ['data'])
      assert.deepEqual(await credentials.list(principal), [])
    })

    test('every change is audited by field names, and one that fails is not', async () => {
      const { principal, credentials, access } = await place()
      await credentials.create(principal, { name: 'a', data: { token: 'secret-value', user: 'me' }, kind: 'github' })
      await credentials.set(principal, { name: 'a', data: { token: 'secret-value-2' } })
      await assert.rejects(credentials.create(principal, { name: 'a', data: { token: 'secret-value-3' } }), hasCode('already_exists'))
      await credentials.remove(principal, 'a')
      await assert.rejects(credentials.remove(principal, 'a'), hasCode('not_found'))
      const entries = (await access.audit.list(principal.workspaceId, { limit: 10 })).toReversed().slice(1)
      assert.deepEqual(
        entries.map(({ action, subject, detail, actor }) => [actor, action, subject, detail]),
        [
          ['operator:tester', 'credential.set', 'a', { kind: 'github', fields: ['token', 'user'], version: 1 }],
          ['operator:tester', 'credential.set', 'a', { kind: 'github', fields: ['token'], version: 2 }],
          ['operator:tester', 'credential.deleted', 'a', {}],
        ],
      )
    })

    test('of many that create a name at once, one does; of many that set it, all do, one after the other', async () => {
      const { principal, credentials, read } = await place()
      const creators = Array.from({ length: 8 }, (_, i) =>
        credentials.create(principal, { name: 'race', data: { token: `c${i}` } }).catch((error: HubError) => error),
      )
      const outcomes = await Promise.all(creators)
      const winners = outcomes.flatMap((outcome, i) => (outcome instanceof HubError ? [] : [`c${i}`]))
      assert.equal(winners.length, 1)
      assert.ok(outcomes.filter((outcome) => outcome instanceof HubError).every(hasCode('already_exists')))
      assert.deepEqual(await read('race'), { token: winners[0] })
      await Promise.all(Array.from({ length: 8 }, (_, i) => credentials.set(principal, { name: 'race', data: { token: `s${i}` } })))
      assert.match(String((await read('race'))?.['token']), /^s\d$/)
      assert.equal((await credentials.list(principal))[0]!.version, 9)
    })

    test('who reads while it is written gets one whole version', async () => {
      const { principal, credentials, read } = await place()
      await credentials.set(principal, { name: 'pair', data: { left: 0, right: 0 } })
      let writing = true
      const writer = (async () => {
        for (let i = 1; i <= 15; i++) await credentials.set(principal, { name: 'pair', data: { left: i, right: i } })
        writing = false
      })()
      let last = 0
      while (writing) {
        const seen = (await read('pair'))!
        assert.equal(seen['left'], seen['right'])
        assert.ok(Number(seen['left']) >= last)
        last = Number(seen['left'])
        await new Promise(setImmediate)
      }
      await writer
      assert.deepEqual(await read('pair'), { left: 15, right: 15 })
    })

    test('no endpoint ever gives a value out', async () => {
      const { headers, credentials, principal } = await place()
      const value = 'Value-That-Must-Not-Come-Out-42'
      const data = { personal_access_token: value, pin: 987_654_321 }
      const replies = [
        await hub.with({ headers }).call('POST', '/api/v1/credentials', { name: 'kept', kind: 'github', data }),
        await hub.with({ headers }).call('POST', '/api/v1/credentials', { name: 'kept', data }),
        await hub.with({ headers }).call('PUT', '/api/v1/credentials/kept', { data }),
        await hub.with({ headers }).call('PUT', '/api/v1/credentials/kept', { data, more: value }),
        await hub.with({ headers }).call('GET', '/api/v1/credentials'),
        await hub.with({ headers }).call('GET', '/api/v1/credentials/kept'),
        await hub.with({ headers }).call('GET', '/api/v1/audit'),
        await hub.with({ headers }).call('GET', '/metrics'),
        await hub.with({ headers }).call('DELETE', '/api/v1/credentials/kept'),
      ]
      assert.deepEqual(
        replies.map(({ statusCode }) => statusCode),
        [201, 409, 200, 400, 200, 405, 200, 200, 204],
      )
      for (const { payload } of replies) assert.ok(!payload.includes(value) && !payload.includes('987654321'), payload)
      assert.deepEqual(await credentials.list(principal), [])
    })

    test('it says that it can serve', async () => {
      await hub.hub.credentials.check()
      assert.equal((await hub.call('GET', '/readyz')).json().checks.credentials.ok, true)
    })
  })
}

credentialSuite('database', () => sharedHub())

credentialSuite('vault', async (stack) => {
  const vault = stack.use(await startVault())
  const env = { VAULT_ADDR: vault.url, VAULT_ROLE_ID: vault.roleId, VAULT_SECRET_ID: vault.secretId }
  return stack.use(await testHub({ DATABASE_URL: await sharedDatabaseUrl(), ...env }))
})

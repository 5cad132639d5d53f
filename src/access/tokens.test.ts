import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireScope, scopes, type Principal } from '#access'
import { HubError } from '#errors'
import { sharedDatabase, openAccess, testClock } from '#test'
import { until } from '#test/faults'
import { allows } from '#lib/scopes'

const address = '192.0.2.1'
const hasCode = (code: string) => (error: unknown) => error instanceof HubError && error.code === code

test('of a token only hash and prefix are stored, in no column its value', async () => {
  await using here = await openAccess((await sharedDatabase()).url)
  const { token, value } = await here.access.tokens.create(here.operator, { name: 'agent', scopes: ['tools:call'] })
  assert.match(value, /^ih_[A-Za-z0-9]{46}$/)
  assert.equal(token.prefix, value.slice(0, 9))
  const { rows } = await here.db.pool.query<{ row: string }>(`select t::text || encode(hash, 'escape') as row from tokens t`)
  const { rows: audited } = await here.db.pool.query<{ row: string }>('select a::text as row from audit a')
  for (const { row } of [...rows, ...audited]) {
    assert.ok(!row.includes(value) && !row.includes(value.slice(9)), row)
    assert.ok(!row.includes(Buffer.from(value).toString('hex')) && !row.includes(Buffer.from(value).toString('base64')), row)
  }
  assert.ok(rows.some(({ row }) => row.includes(token.prefix)))
  assert.ok(!JSON.stringify(await here.access.tokens.list(here.operator, { limit: 10 })).includes(value))
  assert.equal((await here.access.authenticate(value, address)).id, token.id)
})

test('a revoked token stops working here at once, and in another process within a second', async () => {
  await using here = await openAccess((await sharedDatabase()).url)
  await using there = await openAccess((await sharedDatabase()).url)
  const { token, value } = await here.access.tokens.create(here.operator, { name: 'agent', scopes: ['tools:call'] })
  await there.access.authenticate(value, address)
  await here.access.authenticate(value, address)
  await here.access.tokens.revoke(here.operator, token.id)
  const revoked = performance.now()
  await assert.rejects(here.access.authenticate(value, address), hasCode('token_invalid'))
  const refused = (): Promise<boolean> => there.access.authenticate(value, address).then(() => false, hasCode('token_invalid'))
  await until('the other process refuses the token', refused, 3000)
  assert.ok(performance.now() - revoked < 1000, `it took ${performance.now() - revoked} ms`)
})

test('a token works until it expires, and not a moment longer', async () => {
  const clock = testClock()
  await using here = await openAccess((await sharedDatabase()).url, clock)
  const expiresAt = new Date(clock.millis() + 60_000)
  const { value } = await here.access.tokens.create(here.operator, { name: 'short', scopes: ['tools:call'], expiresAt })
  clock.advance(59_999)
  await here.access.authenticate(value, address)
  clock.advance(1)
  await assert.rejects(here.access.authenticate(value, address), hasCode('token_invalid'))
  const late = here.access.tokens.create(here.operator, { name: 'late', scopes: ['tools:call'], expiresAt })
  await assert.rejects(late, hasCode('invalid_input'))
})

test('when a token was used is noted', async () => {
  const clock = testClock()
  const made = await (async () => {
    await using here = await openAccess((await sharedDatabase()).url, clock)
    const { value, token } = await here.access.tokens.create(here.operator, { name: 'used', scopes: ['tools:call'] })
    assert.equal(token.lastUsedAt, null)
    clock.advance(5000)
    await here.access.authenticate(value, address)
    return token
  })()
  await using there = await openAccess((await sharedDatabase()).url)
  const rows = await there.access.tokens.list(there.operator, { limit: 10 })
  assert.equal(rows.find(({ id }) => id === made.id)?.lastUsedAt?.getTime(), clock.millis())
})

test('nobody grants more than they hold: no other scope, no changes from a read-only token, no longer life', async () => {
  const clock = testClock()
  await using here = await openAccess((await sharedDatabase()).url, clock)
  const { tokens } = here.access
  const holderOf = async (held: string[], expiresAt?: Date): Promise<Principal> => {
    const { value } = await tokens.create(here.operator, { name: 'holder', scopes: held, expiresAt })
    return here.access.authenticate(value, address)
  }
  const grants = (holder: Principal, asked: string[], more: { readOnly?: boolean; expiresAt?: Date } = {}) =>
    tokens.create(holder, { name: 'made', scopes: asked, ...more })

  const plain = await holderOf(['tokens:write', 'tools:call:github', 'flows:write'])
  for (const asked of ['tools:call', 'tools:call:slack', 'admin', 'hub:admin', 'flows:run', 'credentials:read']) {
    await assert.rejects(grants(plain, ['tools:call:github', asked]), (error) => {
      return hasCode('scope_missing')(error) && (error as HubError).message.includes(asked)
    })
  }
  await grants(plain, ['tools:call:github', 'flows:write', 'flows:read', 'tokens:write'])

  const admin = await holderOf(['admin'])
  await assert.rejects(grants(admin, ['hub:admin']), hasCode('scope_missing'))
  await grants(admin, ['admin', 'credentials:write', 'tools:call'])

  const readOnly = { ...admin, readOnly: true }
  await assert.rejects(grants(readOnly, ['tools:call']), hasCode('scope_missing'))
  await assert.rejects(grants(readOnly, ['admin'], { readOnly: true }), hasCode('scope_missing'))

  const soon = new Date(clock.millis() + 60_000)
  const brief = await holderOf(['admin'], soon)
  await assert.rejects(grants(brief, ['tools:call']), hasCode('invalid_input'))
  await assert.rejects(grants(brief, ['tools:call'], { expiresAt: new Date(soon.getTime() + 1) }), hasCode('invalid_input'))
  const { token } = await grants(brief, ['tools:call'], { expiresAt: soon })
  assert.deepEqual(token.expiresAt, soon)
})

test('unknown scopes are refused, each named, even those that every object has', async () => {
  await using here = await openAccess((await sharedDatabase()).url)
  const asked = ['tools:call', 'tool:call', 'toString', '__proto__', 'constructor', 'tools:call:', 'tools:call:*', 'TOOLS:CALL', '']
  const made = here.access.tokens.create(here.operator, { name: 'x', scopes: asked })
  await assert.rejects(made, (error) => {
    const named = (error as HubError).details.errors?.map(({ message }) => message)
    assert.deepEqual(
      named,
      asked.slice(1).map((scope) => `"${scope}" is not a scope`),
    )
    return hasCode('invalid_input')(error)
  })
})

test('a read-only token is refused everything that changes something, whatever its scopes', () => {
  const all = Object.keys(scopes)
  const principal: Principal = {
    kind: 'token',
    id: 'tok_x',
    name: 'x',
    workspaceId: 'ws_x',
    scopes: all,
    readOnly: true,
    ancestors: [],
    causes: [],
  }
  // What a tool call changes is the tool's question: the tool pipeline checks its effect.
  const harmless = all.filter((scope) => scope.endsWith(':read') || ['tools:call', 'content:all', 'hub:metrics'].includes(scope))
  assert.deepEqual(
    all.filter((scope) => allows(principal, scope)),
    harmless,
  )
  assert.ok(all.every((scope) => allows({ ...principal, readOnly: false }, scope)))
  assert.throws(() => requireScope(principal, 'flows:run'), /read-only.*needed: flows:run/)
})

test('a scope covers its narrower forms, a write its read, admin its workspace, and nothing else', () => {
  const can = (granted: string, needed: string): boolean => allows({ scopes: [granted], readOnly: false }, needed)
  assert.ok(can('tools:call', 'tools:call:github') && can('tools:call:github', 'tools:call:*') && can('flows:write', 'flows:read'))
  assert.ok(can('admin', 'credentials:write') && can('hub:admin', 'hub:admin') && can('hub:admin', 'admin'))
  assert.ok(!can('tools:call:github', 'tools:call') && !can('tools:call:git', 'tools:call:github') && !can('flows:read', 'flows:write'))
  assert.ok(!can('admin', 'hub:admin') && !can('tools:read', 'tools:call') && !can('flows:write', 'flows:run'))
})

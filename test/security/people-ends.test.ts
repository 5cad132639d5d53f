import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Principal } from '#access'
import { browserAt, firstPerson, idOf, invited, testHub, testPassword, type Browser } from '#test'
import { until } from '#test/faults'
import { authorityBench, codeOf, type AuthorityBench } from './bench.ts'

const origin = 'http://localhost:3000'

suite('what a person caused', () => {
  let b: AuthorityBench
  let count = 0
  before(async () => {
    b = await authorityBench()
  })

  /** A member of the workspace, as the caller that the cookie of their sign-in session makes. */
  const personAs = async (role: 'admin' | 'member'): Promise<Principal> => {
    const { people } = b.hub
    const request = { workspaceId: b.workspaceId, role, email: null, hubAdmin: false, validMs: 60_000, actor: 'operator:tester' }
    const { token } = await people.invitations.create(request)
    const email = `caused-${count++}@example.com`
    const answer = await people.join({ token, name: 'Caused', email, password: testPassword, address: '127.0.0.1', origin })
    const [cookie = ''] = answer.headers.getSetCookie()
    return people.authenticate(cookie.split(';')[0]!)
  }

  test('ends when they are removed', async () => {
    const person = await personAs('member')
    const removing = Promise.withResolvers<void>()
    b.outside.answers.set('/removes', () => {
      void b.hub.people.members.remove(b.operator, person.id).then(() => removing.resolve())
      return { body: { ok: 1 }, afterMs: 300 }
    })
    const [first, second] = ['/removes', '/after-removal'].map((at, n) => `{ id: s${n}, uses: probe_create_thing, with: { at: ${at} } }`)
    await b.hub.flows.save(person, `id: of-a-person\nsteps: [${first}, ${second}]`)
    const ended = await b.ended((await b.hub.flows.trigger(b.operator, 'of-a-person')).id)
    await removing.promise
    assert.deepEqual([ended.error?.code, ended.steps[0]?.status], ['flow_blocked', 'completed'])
    assert.match(ended.error!.message, new RegExp(`user:${person.id} saved it, and the person is not a member`))
    assert.equal(b.writes('/after-removal'), 0)
    assert.equal(await codeOf(b.hub.flows.trigger(b.operator, 'of-a-person')), 'flow_blocked')
    const standing = (await b.hub.access.standings(b.workspaceId, [`user:${person.id}`])).get(`user:${person.id}`)
    assert.match(standing!.lost!, /not a member/)
  })

  test('goes on with less when their role is changed during a run', async () => {
    const person = await personAs('admin')
    const changing = Promise.withResolvers<void>()
    b.outside.answers.set('/demotes', () => {
      void b.hub.people.members.update(b.operator, person.id, { role: 'viewer' }).then(() => changing.resolve())
      return { body: { ok: 1 }, afterMs: 300 }
    })
    const [first, second] = ['/demotes', '/after-demotion'].map((at, n) => `{ id: s${n}, uses: probe_create_thing, with: { at: ${at} } }`)
    await b.hub.flows.save(person, `id: of-a-demoted\nsteps: [${first}, ${second}]`)
    const ended = await b.ended((await b.hub.flows.trigger(b.operator, 'of-a-demoted')).id)
    await changing.promise
    assert.deepEqual([ended.status, ended.error?.code, ended.steps[0]?.status], ['failed', 'scope_missing', 'completed'])
    assert.equal(b.writes('/after-demotion'), 0)
  })
})

suite('in every process of a hub', () => {
  const statusOf = async (browser: Browser, path: string) => (await browser.call('GET', path)).status

  test('a sign-in session ends, and so do the rights of a member who is removed or gets another role', async () => {
    await using one = await testHub()
    await using two = await testHub({ DATABASE_URL: one.hub.config.DATABASE_URL })
    const [here, there] = [await one.address(), await two.address()]
    const ada = await firstPerson(one)
    const member = await invited(ada, here, { name: 'Grace', role: 'admin' })
    const id = await idOf(member)
    const elsewhere = browserAt(there)
    for (const [name, value] of member.cookies) elsewhere.cookies.set(name, value)
    const { token } = (await member.call('POST', '/api/v1/tokens', { name: 'hers', scopes: ['credentials:read', 'flows:read'] })).json()
    const service = (await member.call('POST', '/api/v1/tokens', { name: 'service', scopes: ['flows:read'], service: true })).json()[
      'token'
    ]
    const withToken = async (value: unknown, path: string) => (await two.with({ token: String(value) }).call('GET', path)).statusCode

    assert.deepEqual(await Promise.all([statusOf(elsewhere, '/api/v1/credentials'), withToken(token, '/api/v1/credentials')]), [200, 200])
    assert.equal((await ada.call('PATCH', `/api/v1/members/${id}`, { role: 'viewer' })).status, 200)
    await until('the role applies to the session', async () => (await statusOf(elsewhere, '/api/v1/credentials')) === 403)
    await until('the role applies to the token', async () => (await withToken(token, '/api/v1/credentials')) === 403)
    assert.equal(await withToken(token, '/api/v1/flows'), 200)

    assert.equal(await statusOf(elsewhere, '/api/v1/flows'), 200)
    const sessions = (await member.call('GET', '/api/v1/sessions')).json()['items'] as { id: string; current: boolean }[]
    assert.deepEqual(
      sessions.map(({ current }) => current),
      [true],
    )
    assert.equal((await member.call('DELETE', `/api/v1/sessions/${sessions[0]!.id}`)).status, 204)
    await until('the session has ended', async () => (await statusOf(elsewhere, '/api/v1/flows')) === 401)

    assert.equal((await ada.call('DELETE', `/api/v1/members/${id}`)).status, 200)
    await until('the token has ended', async () => (await withToken(token, '/api/v1/flows')) === 401)
    assert.equal(await withToken(service, '/api/v1/flows'), 200)
  })

  test('a stream ends when whoever reads it is removed, although they stay signed in', async () => {
    await using hub = await testHub()
    const address = await hub.address()
    const ada = await firstPerson(hub)
    const member = await invited(ada, address, { name: 'Grace', role: 'member' })
    await hub.call('POST', '/api/v1/flows', { source: 'id: waits\nsteps: [{id: a, wait: 1h}]' })
    const { run_id: id } = (await hub.call('POST', '/api/v1/flows/waits/trigger', {})).json<{ run_id: string }>()
    const cookie = [...member.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const stream = await fetch(`${address}/api/v1/runs/${id}/stream`, { headers: { cookie } })
    assert.equal(stream.status, 200)
    const ended = stream.text()
    assert.equal((await ada.call('DELETE', `/api/v1/members/${await idOf(member)}`)).status, 200)
    await ended
    assert.equal((await member.call('GET', '/api/v1/users/me')).status, 200)
  })
})

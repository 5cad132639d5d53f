import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { browserAt, idOf, serveProcess, testPassword } from '#test'
import { until } from '#test/faults'
import { hub, hubJson, temporaryFolder } from './command.ts'

interface Made {
  readonly token: string
  readonly link: string
}

interface Member {
  readonly user_id: string
  readonly email: string
  readonly role: string
}

const tokenIn = (link: string): string => /token=([\w-]+)/.exec(link)![1]!

test('the first person comes in by the link in the data folder, and the command line manages everybody after', async () => {
  using folder = temporaryFolder()
  const dataDir = join(folder.path, 'data')
  const env = { HUB_DATA_DIR: dataDir, LOG_LEVEL: 'trace' }
  const linkFile = join(dataDir, 'setup-link')
  let link = ''
  {
    await using first = await serveProcess(env)
    link = readFileSync(linkFile, 'utf8').trim()
    assert.match(link, /^http:\/\/localhost:\d+\/setup\?token=[\w-]{43}$/)
    assert.equal(statSync(linkFile).mode & 0o777, 0o600)
    assert.ok(!first.output().includes(tokenIn(link)), 'the link is in the log')
  }
  await using serving = await serveProcess(env)
  // Another start keeps a link that was not used yet.
  assert.equal(readFileSync(linkFile, 'utf8').trim(), link)
  const ada = browserAt(serving.url)
  assert.equal((await ada.call('GET', `/setup?token=${tokenIn(link)}`)).status, 200)
  const joining = { token: tokenIn(link), name: 'Ada', email: 'ada@example.com', password: testPassword }
  assert.equal((await ada.call('POST', '/invitations/accept', joining)).status, 200)

  const invited = await hub(['user', 'invite', 'grace@example.com', '--role', 'viewer'], env)
  assert.match(invited.out, /^http:\/\/(localhost|127\.0\.0\.1):\d+\/invitations\/accept\?token=[\w-]{43}\n$/)
  const grace = browserAt(serving.url)
  const accepted = { ...joining, token: tokenIn(invited.out), name: 'Grace', email: 'grace@example.com' }
  assert.equal((await grace.call('POST', '/invitations/accept', accepted)).status, 200)
  const { items } = await hubJson<{ items: Member[] }>(['user', 'list'], env)
  assert.deepEqual(
    items.map(({ email, role }) => [email, role]),
    [
      ['ada@example.com', 'owner'],
      ['grace@example.com', 'viewer'],
    ],
  )
  assert.equal((await hubJson<Member>(['user', 'role', 'grace@example.com', '--role', 'admin'], env)).role, 'admin')
  await until('the role applies', async () => (await grace.call('GET', '/api/v1/credentials')).status === 200)

  const sessions = await hubJson<{ items: { user_id: string }[] }>(['user', 'sessions', 'grace@example.com'], env)
  assert.deepEqual(
    sessions.items.map(({ user_id }) => user_id),
    [await idOf(grace)],
  )
  assert.deepEqual(await hubJson(['user', 'sessions', 'grace@example.com', '--end'], env), { ended: 1 })
  await until('the session has ended', async () => (await grace.call('GET', '/api/v1/users/me')).status === 401)
  assert.equal((await hubJson<Member>(['user', 'remove', 'grace@example.com'], env)).email, 'grace@example.com')
  const nobody = await hub(['user', 'remove', 'grace@example.com'], env)
  assert.equal(nobody.code, 1)
  assert.match(nobody.err, /there is no member grace@example.com/)
  const last = await hub(['user', 'remove', 'ada@example.com'], env)
  assert.match(last.err, /needs an owner/)

  const more = await hubJson<Made>(['user', 'setup-link'], env)
  assert.match(more.link, /\/setup\?token=/)
  const second = browserAt(serving.url)
  const setUp = { token: more.token, name: 'Second', email: 'second@example.com', password: testPassword }
  assert.equal((await second.call('POST', '/invitations/accept', setUp)).status, 200)
  assert.equal((await second.call('GET', '/api/v1/users/me')).json()['hub_admin'], true)
})

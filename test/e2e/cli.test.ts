import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { adminToken, serveProcess } from '#test'
import { assertNoStack, hub, hubJson, temporaryFolder } from './command.ts'

interface TokenMade {
  id: string
  token: string
}
interface KeyShown {
  id: string
  known: boolean
  current: boolean
  credentials: number
}

test('commands work beside a serving hub', { concurrency: 2 }, async (t) => {
  using folder = temporaryFolder()
  const dataDir = join(folder.path, 'data')
  const env = { HUB_DATA_DIR: dataDir, HUB_ADMIN_TOKEN: adminToken }
  const backupFile = join(folder.path, 'monday.hub')
  const secret = 'correct-horse-battery-staple'
  await using serving = await serveProcess(env)
  const call = (path: string, token: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${serving.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })

  const tokens = t.test(
    'a token made at the command line works at once, is listed without its value, and stops within a second of its revocation',
    async () => {
      const made = await hubJson<TokenMade>(['token', 'create', 'ci', '-s', 'tokens:read,tools:read', '-s', 'audit:read'], env)
      assert.equal((await call('/api/v1/tokens', made.token)).status, 200)
      assert.equal((await call('/api/v1/credentials', made.token)).status, 403)
      const [list, plain] = await Promise.all([
        hubJson<{ items: { id: string; name: string; scopes: string[]; revoked_at: string | null }[] }>(['token', 'list'], env),
        hub(['token', 'create', 'short', '--scope', 'admin', '--expires', '1h', '--read-only'], env),
      ])
      assert.ok(!JSON.stringify(list).includes(made.token))
      const listed = list.items.find(({ id }) => id === made.id)
      assert.deepEqual(listed?.scopes, ['tokens:read', 'tools:read', 'audit:read'])
      assert.equal(listed.revoked_at, null)
      // Alone on its line, for $(…) in a script.
      assert.match(plain.out, /^ih_[A-Za-z0-9]{46}\n$/)
      assert.equal(plain.err, '')

      await hubJson(['token', 'revoke', made.id], env)
      const until = Date.now() + 1000
      let { status } = await call('/api/v1/tokens', made.token)
      while (status === 200 && Date.now() < until) ({ status } = await call('/api/v1/tokens', made.token))
      assert.equal(status, 401)
    },
  )

  const secrets = t.test('a credential goes in through standard input, is never echoed, and is gone when deleted', async () => {
    const set = await hub(
      ['credential', 'set', 'smtp', 'host=mail.example', '--kind', 'smtp'],
      env,
      JSON.stringify({ password: secret, port: 25 }),
    )
    assert.equal(set.code, 0, set.said)
    assert.equal(set.out, 'stored smtp, version 1\n')
    const [list, broken, nothing] = await Promise.all([
      hub(['credential', 'list'], env),
      hub(['credential', 'set', 'broken'], env, `{"token": "${secret}"`),
      hub(['credential', 'set', 'empty', '--json'], env),
    ])
    assert.match(list.out, /^name +kind +version +created_at +updated_at\nsmtp +smtp +1 +\d{4}-\S+Z +\d{4}-\S+Z\n$/)
    assert.equal(broken.code, 1)
    assert.match(broken.err, /^hub: standard input is not valid JSON\n$/)
    assert.equal(nothing.code, 1)
    const told = JSON.parse(nothing.err) as { code: string; detail: string; hint: string }
    assert.deepEqual([told.code, told.detail], ['invalid_input', 'no fields given'])
    for (const { said } of [set, list, broken, nothing]) assert.ok(!said.includes(secret))
    assert.ok(!serving.output().includes(secret))
    assert.deepEqual(await hubJson(['credential', 'delete', 'smtp'], env), { deleted: 'smtp' })
  })

  await secrets
  await t.test('keys are rotated while the hub serves, and both it and the command line seal with the new one from then on', async () => {
    const put = (name: string): Promise<Response> =>
      call(`/api/v1/credentials/${name}`, adminToken, { method: 'PUT', body: JSON.stringify({ data: { token: secret } }) })
    assert.equal((await put('before')).status, 200)
    const rotated = await hubJson<{ key_id: string; resealed: number; failed: unknown[] }>(['keys', 'rotate'], env)
    assert.deepEqual({ resealed: rotated.resealed, failed: rotated.failed }, { resealed: 1, failed: [] })
    assert.equal((await put('after')).status, 200)
    const [current, former, ...others] = await hubJson<KeyShown[]>(['keys', 'list'], env)
    assert.deepEqual(current, { id: rotated.key_id, known: true, current: true, credentials: 2 })
    assert.deepEqual({ ...former, id: '' }, { id: '', known: true, current: false, credentials: 0 })
    assert.deepEqual(others, [])
    assert.equal((await call('/readyz', adminToken)).status, 200)
  })

  const settings = t.test('the settings in force are shown with where they come from, secrets masked', async () => {
    const ran = await hub(['config', '--json'], {
      ...env,
      DATABASE_URL: 'postgres://hub:s3cr3t-word@db.example/hub',
      HUB_SECRET_KEYS: key(7),
    })
    const settings = JSON.parse(ran.out) as { name: string; value: string; origin: string }[]
    const of = (name: string) => settings.find((setting) => setting.name === name)
    assert.deepEqual(of('HUB_DATA_DIR'), { name: 'HUB_DATA_DIR', value: dataDir, origin: 'environment' })
    assert.deepEqual(of('HUB_PORT'), { name: 'HUB_PORT', value: '3000', origin: 'default' })
    for (const name of ['HUB_ADMIN_TOKEN', 'DATABASE_URL', 'HUB_SECRET_KEYS']) assert.equal(of(name)?.value, '(set)')
    for (const hidden of [adminToken, 's3cr3t-word', key(7).slice(5)]) assert.ok(!ran.said.includes(hidden))
  })

  const doctor = t.test('doctor finds a healthy machine healthy, also beside a serving hub', async () => {
    const findings = await hubJson<{ check: string; ok: boolean; found: string }[]>(['doctor'], env)
    assert.deepEqual(
      findings.map(({ check, ok }) => [check, ok]),
      ['Node', 'settings', 'embedded PostgreSQL', 'data folder', 'port', 'database', 'credentials (database)', 'webhook secrets'].map(
        (check) => [check, true],
      ),
    )
    assert.match(findings.find(({ check }) => check === 'port')!.found, new RegExp(`process ${serving.child.pid}\\b`))
  })

  await t.test('a second hub on the same data folder is refused in one clear line', async () => {
    const second = await hub(['serve'], { ...env, HUB_PORT: '0' })
    assert.equal(second.code, 1)
    assert.match(second.err, new RegExp(`^hub: another hub \\(process ${serving.child.pid}\\) is running on this data folder\n {5}stop it`))
    assertNoStack(second)
  })

  await Promise.all([tokens, settings, doctor])
  await t.test('a backup is taken while the hub serves, and put into an empty folder it brings everything back', async () => {
    const written = await hubJson<{ file: string; rows: number; schema_version: number }>(['backup', backupFile], env)
    assert.ok(written.rows > 5 && existsSync(backupFile))
    assert.deepEqual(await hubJson(['migrate'], env), { schema_version: written.schema_version })
    const there = { HUB_DATA_DIR: join(folder.path, 'restored'), HUB_SECRET_KEYS: keysIn(dataDir) }
    const restored = await hubJson<{ rows: number }>(['restore', backupFile], there)
    assert.equal(restored.rows, written.rows)
    const keys = await hubJson<KeyShown[]>(['keys', 'list'], there)
    assert.deepEqual(
      keys.map(({ known, credentials }) => [known, credentials]),
      [
        [true, 2],
        [true, 0],
      ],
    )
    const again = await hub(['restore', backupFile], env)
    assert.equal(again.code, 1)
    assert.match(again.err, /another hub \(process \d+\) is running/)
    assertNoStack(again)
  })

  await t.test('audit verify holds the log to be whole, and after a change behind its back says so and ends with 1', async () => {
    const whole = await hubJson<{ entries: number; breaks: unknown[] }>(['audit', 'verify'], env)
    assert.ok(whole.entries > 5)
    assert.deepEqual(whole.breaks, [])
    const client = new pg.Client({ host: join(dataDir, 'run/pg'), user: 'hub', database: 'hub' })
    await client.connect()
    try {
      await client.query('alter table hub.audit disable trigger all')
      await client.query(`update hub.audit set subject = 'somebody else' where seq = 3`)
      await client.query('alter table hub.audit enable trigger all')
    } finally {
      await client.end()
    }
    const broken = await hub(['audit', 'verify'], env)
    assert.equal(broken.code, 1)
    assert.match(broken.out, /BROKEN/)
    assert.match(broken.err, /^hub: the audit log was tampered with: entry 3 of ws_\S+: it was changed after it was written\n$/)
  })
})

function key(byte: number): string {
  return `test:${Buffer.alloc(32, byte).toString('base64')}`
}

/** What an operator takes along with a backup. */
function keysIn(dataDir: string): string {
  return readFileSync(join(dataDir, 'secret-keys'), 'utf8').trim().split('\n').join(',')
}

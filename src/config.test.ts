import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, describeConfig, isSecretSetting, loadConfig, settingNames, type Environment } from '#config'

const empty = mkdtempSync(join(tmpdir(), 'hub-config-'))
after(() => rmSync(empty, { recursive: true, force: true }))

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
const load = (env: Environment) => loadConfig(env, empty).config

function faultsOf(env: Environment, folder = empty): readonly string[] {
  try {
    loadConfig(env, folder)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    for (const fault of error.faults) assert.ok(error.message.includes(fault))
    return error.faults
  }
  return []
}

test('without any setting the hub has defaults that work, frozen', () => {
  const config = load({})
  assert.equal(config.HUB_HOST, '127.0.0.1')
  assert.equal(config.HUB_PORT, 3000)
  assert.equal(config.HUB_CREDENTIALS, 'database')
  assert.equal(config.HUB_DATA_DIR, join(empty, 'data'))
  assert.deepEqual(config.HUB_CORS_ORIGINS, [])
  assert.throws(() => Object.assign(config, { HUB_PORT: 1 }), TypeError)
  assert.throws(() => config.HUB_CORS_ORIGINS.push('https://x.example'), TypeError)
})

test('every fault is listed at once: wrong values, unknown names and contradictions', () => {
  const faults = faultsOf({
    HUB_PORT: '99999',
    HUB_ROLE: 'boss',
    HUB_PUBLIC_URL: 'ftp://hub.example',
    HUB_BODY_LIMIT: 'much',
    HUB_CORS_ORIGINS: 'https://a.example, https://b.example/path *',
    HUB_TRUST_PROXY: '10.0.0.0/8 10.0.0.0/40 proxy.local',
    HUB_PROT: '3000',
    DATABASE_URL: 'postgres://db/hub',
    HUB_CREDENTIALS: 'vault',
    LOG_LEVEL: 'loud',
  })
  const about = [
    'HUB_PORT:',
    'HUB_ROLE:',
    'HUB_PUBLIC_URL:',
    'HUB_BODY_LIMIT:',
    'HUB_PROT ',
    'HUB_SECRET_KEYS ',
    'VAULT_ADDR ',
    'VAULT_TOKEN',
    'LOG_LEVEL:',
  ]
  for (const name of about) assert.equal(faults.filter((fault) => fault.startsWith(name)).length, 1, `${name}\n${faults.join('\n')}`)
  const lists = ['"https://b.example/path"', '"*"', '"10.0.0.0/40"', '"proxy.local"']
  for (const item of lists) assert.equal(faults.filter((fault) => fault.includes(item)).length, 1, item)
  assert.equal(faults.length, about.length + lists.length, faults.join('\n'))
})

test('an unknown HUB_ name is refused with the nearest known one; what others own is let be', () => {
  assert.deepEqual(faultsOf({ HUB_LOG_LEVEL: 'x', HUBBLE: 'x', PATH: '/bin', PGPASSWORD: 'x' }), [
    'HUB_LOG_LEVEL is not a setting of the hub; did you mean LOG_LEVEL?',
  ])
  assert.match(faultsOf({ HUB_HSOT: 'x' })[0]!, /did you mean HUB_HOST\?$/)
})

test('.env is read, the environment wins over it, and an empty value is an unset one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hub-config-'))
  try {
    writeFileSync(join(folder, '.env'), 'HUB_PORT=4000\nHUB_HOST="0.0.0.0"\n# HUB_ROLE=api\nLOG_LEVEL=debug\nHUB_DRAIN_SECONDS=\n')
    const { config, origins } = loadConfig({ HUB_PORT: '5000', LOG_LEVEL: '', HUB_ROLE: ' ' }, folder)
    assert.deepEqual([config.HUB_PORT, config.HUB_HOST, config.LOG_LEVEL, config.HUB_ROLE], [5000, '0.0.0.0', 'info', 'all'])
    assert.equal(config.HUB_DRAIN_SECONDS, 20)
    assert.deepEqual(Object.fromEntries(origins), { HUB_PORT: 'environment', HUB_HOST: '.env' })
    writeFileSync(join(folder, '.env'), 'HUB_PROT=4000\n')
    assert.match(faultsOf({}, folder)[0]!, /^HUB_PROT is not a setting/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a database of your own is refused without keys of your own', () => {
  assert.match(faultsOf({ DATABASE_URL: 'postgres://db/hub' }).join(), /^HUB_SECRET_KEYS is needed with DATABASE_URL/)
  assert.equal(load({ DATABASE_URL: 'postgres://db/hub', HUB_SECRET_KEYS: `k1:${keyOf(1)}` }).DATABASE_URL, 'postgres://db/hub')
})

test('secret keys are 32 bytes each under ids of their own, the first first', () => {
  const keys = load({ HUB_SECRET_KEYS: `k2:${keyOf(2)}, k1:${keyOf(1)}` }).HUB_SECRET_KEYS!
  assert.deepEqual(
    keys.map(({ id, key }) => [id, key.toString('base64')]),
    [
      ['k2', keyOf(2)],
      ['k1', keyOf(1)],
    ],
  )
  const wrong = ['k1', `k1:${Buffer.alloc(31).toString('base64')}`, `:${keyOf(1)}`, `k 1:${keyOf(1)}`, `k1:${keyOf(1)},k1:${keyOf(2)}`, ',']
  for (const value of wrong) assert.equal(faultsOf({ HUB_SECRET_KEYS: value }).length, 1, value)
})

test('Vault needs an address and one whole login, never half a one or two', () => {
  const address = { VAULT_ADDR: 'http://vault:8200' }
  const role = { VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' }
  assert.equal(load({ ...address, VAULT_TOKEN: 't' }).HUB_CREDENTIALS, 'vault')
  assert.equal(load({ ...address, ...role }).HUB_CREDENTIALS, 'vault')
  assert.equal(load({ ...address, HUB_CREDENTIALS: 'database' }).HUB_CREDENTIALS, 'database')
  const contradictory = [
    address,
    { HUB_CREDENTIALS: 'vault', VAULT_TOKEN: 't' },
    { ...address, ...role, VAULT_TOKEN: 't' },
    { ...address, VAULT_ROLE_ID: 'r' },
    { ...address, VAULT_SECRET_ID: 's' },
    { ...address, VAULT_SECRET_ID: 's', VAULT_TOKEN: 't' },
    { VAULT_ADDR: 'vault:8200', VAULT_TOKEN: 't' },
  ]
  for (const env of contradictory) assert.equal(faultsOf(env).length, 1, JSON.stringify(env))
})

test('a token of the first administrator that can be guessed is refused', () => {
  for (const [token, fault] of [
    ['a-short-token-of-19', /20 to 256/],
    ['a'.repeat(256), /8 different characters/],
    ['0123456012345601234560', /8 different characters/],
    ['with a space in it, long', /without spaces/],
  ] as const) {
    const [found = '', ...others] = faultsOf({ HUB_ADMIN_TOKEN: token })
    assert.match(found, fault)
    assert.ok(!found.includes(token))
    assert.deepEqual(others, [])
  }
  assert.deepEqual(faultsOf({ HUB_ADMIN_TOKEN: '0123456701234567ab89' }), [])
})

test('no secret value is shown, neither by `hub config` nor in a fault', () => {
  const canary = 'Canary-Value-0123456789'
  const env = {
    DATABASE_URL: `postgres://hub:${canary}@db/hub`,
    HUB_SECRET_KEYS: `k1:${Buffer.from(canary.padEnd(32, '.')).toString('base64')}`,
    HUB_ADMIN_TOKEN: canary,
    HUB_PUBLIC_URL: `https://user:${canary}@hub.example`,
    VAULT_ADDR: `https://user:${canary}@vault.example`,
    VAULT_ROLE_ID: 'role',
    VAULT_SECRET_ID: canary,
  }
  const shown = describeConfig(loadConfig(env, empty))
  const text = JSON.stringify(shown)
  assert.ok(!text.includes(canary) && !text.includes(env.HUB_SECRET_KEYS.slice(3)), text)
  assert.deepEqual(
    shown.find(({ name }) => name === 'VAULT_SECRET_ID'),
    { name: 'VAULT_SECRET_ID', value: '(set)', origin: 'environment' },
  )
  assert.deepEqual(
    shown.map(({ name }) => name),
    settingNames,
  )
  const wrong = Object.fromEntries(settingNames.filter(isSecretSetting).map((name) => [name, `${canary} not fit for anything \u0000`]))
  const faults = faultsOf({ ...wrong, HUB_TRUST_PROXY: `x://y:${canary}@z`, HUB_UNKNOWN: canary }).join('\n')
  assert.match(faults, /DATABASE_URL/)
  assert.match(faults, /HUB_ADMIN_TOKEN/)
  assert.ok(!faults.includes(canary), faults)
})

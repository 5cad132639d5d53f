import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createKeyring, formatKey, newKey } from '#credentials'
import { createOnce } from './keyring.ts'
import { HubError } from '#errors'

function folder(): Disposable & { path: string; file: string } {
  const path = mkdtempSync(join(tmpdir(), 'hub-keys-'))
  return { path, file: join(path, 'secret-keys'), [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const openKeys = (dataDir: string) => createKeyring({ keys: undefined, dataDir })
const idsOf = (keyring: ReturnType<typeof createKeyring>): string[] => keyring.all().map(({ id }) => id)

test('of processes that start first at the same time one makes the key, and all have it', async () => {
  using place = folder()
  const script = `import { createKeyring } from ${JSON.stringify(join(import.meta.dirname, 'keyring.ts'))}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, Number(process.argv[1]) - Date.now()))
    console.log(createKeyring({ keys: undefined, dataDir: ${JSON.stringify(place.path)} }).current().key.toString('base64'))`
  const together = String(Date.now() + 700)
  const starters = Array.from({ length: 3 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, together]))
  const keys = (await Promise.all(starters)).map(({ stdout }) => stdout.trim())
  assert.equal(new Set(keys).size, 1)
  assert.equal(openKeys(place.path).current().key.toString('base64'), keys[0])
  assert.equal(statSync(place.file).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(place.path), ['secret-keys'])
})

test('who comes second with a new key file leaves the first one’s alone', () => {
  using place = folder()
  const [first, second] = [newKey(), newKey()]
  createOnce(place.file, [first])
  createOnce(place.file, [second])
  assert.deepEqual(idsOf(openKeys(place.path)), [first.id])
  assert.deepEqual(readdirSync(place.path), ['secret-keys'])
})

test('a new key is first here at once, and in another process as soon as it reads the file', () => {
  using place = folder()
  const [here, there] = [openKeys(place.path), openKeys(place.path)]
  const old = here.current().id
  assert.equal(there.refresh(), false)
  const added = here.addKey()
  assert.deepEqual(idsOf(here), [added.id, old])
  assert.equal(here.refresh(), false)
  assert.equal(there.current().id, old)
  assert.equal(there.refresh(), true)
  assert.deepEqual(idsOf(there), [added.id, old])
  assert.equal(there.refresh(), false)
  assert.equal(statSync(place.file).mode & 0o777, 0o600)
  const third = there.addKey()
  const again = here.addKey()
  assert.deepEqual(idsOf(here), [again.id, third.id, added.id, old])
})

test('a damaged key file is told clearly, without its content, and never replaced by a new one', () => {
  using place = folder()
  const good = `${formatKey(newKey())}\n`
  const twice = formatKey({ ...newKey(), id: 'k1' })
  const damaged = [
    '',
    '\n',
    'k1',
    'k1:',
    ':AAAA',
    good.slice(0, -12),
    `${good}k2:${'A'.repeat(10)}\n`,
    `${twice}\n${twice}\n`,
    '\u0000'.repeat(64),
  ]
  for (const content of damaged) {
    writeFileSync(place.file, content)
    assert.throws(
      () => openKeys(place.path),
      (error) => error instanceof HubError && /key file secret-keys .* damaged/.test(error.message) && !error.message.includes('AAAA'),
      JSON.stringify(content),
    )
    assert.equal(readFileSync(place.file, 'utf8'), content)
  }
  writeFileSync(place.file, good)
  const keyring = openKeys(place.path)
  const before = idsOf(keyring)
  writeFileSync(place.file, 'damaged while it serves')
  assert.throws(() => keyring.refresh(), /damaged/)
  // What it has, it keeps: reading goes on.
  assert.deepEqual(idsOf(keyring), before)
})

test('keys from the environment are used as they are, write no file, and are not added to', () => {
  using place = folder()
  const given = [newKey(), newKey()]
  const keyring = createKeyring({ keys: given, dataDir: place.path })
  assert.deepEqual([keyring.source, keyring.current().id, idsOf(keyring)], ['environment', given[0]!.id, given.map(({ id }) => id)])
  assert.throws(() => keyring.addKey(), /HUB_SECRET_KEYS/)
  assert.deepEqual(readdirSync(place.path), [])
})

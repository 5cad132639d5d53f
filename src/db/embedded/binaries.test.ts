import assert from 'node:assert/strict'
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findNative, prepareBinaries, type Binaries } from './binaries.ts'
import { chooseIdentity, runAs, type Identity } from './identity.ts'

/** The platform package as npm leaves it when it runs no install scripts, and a data folder. */
function installWithoutScripts() {
  const root = mkdtempSync(join(tmpdir(), 'hub-install-'))
  chmodSync(root, 0o711)
  const folder = join(root, 'package/native')
  const dataDir = join(root, 'data')
  cpSync(findNative().folder, folder, { recursive: true, verbatimSymlinks: true })
  mkdirSync(dataDir, { mode: 0o711 })
  const links = (JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as { target: string }[]).map(({ target }) => target)
  for (const link of links) rmSync(join(root, 'package', link), { force: true })
  return { root, folder, dataDir, links, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

const runs = (identity: Identity, { postgres }: Binaries): boolean => runAs(identity, [postgres, '--version']).status === 0

test('the library links that an install script would have made are made at the first start', () => {
  using install = installWithoutScripts()
  const { folder, dataDir } = install
  const identity = chooseIdentity(dataDir)
  assert.ok(install.links.length > 5)
  const binaries = prepareBinaries(dataDir, identity, { folder, version: '18.0.0' })
  assert.equal(binaries.postgres, join(folder, 'bin/postgres'))
  for (const link of install.links) assert.ok(lstatSync(join(install.root, 'package', link)).isSymbolicLink(), link)
  assert.ok(runs(identity, binaries))
})

test('where the install cannot be used as it is, the binaries are copied beside the data, once and whole', () => {
  using install = installWithoutScripts()
  const { root, folder, dataDir } = install
  const identity = chooseIdentity(dataDir)
  // For root, what root alone may read; for another user, what that user may not write.
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    chmodSync(join(root, 'package'), 0o700)
    for (const file of ['bin', 'bin/postgres', 'lib/libz.so.1']) chmodSync(join(folder, file), 0o700)
  } else chmodSync(join(folder, 'lib'), 0o500)
  // A copy that was cut short, and one of an earlier version.
  mkdirSync(join(dataDir, 'engine-17.0.0/bin'), { recursive: true })
  mkdirSync(join(dataDir, 'engine-18.0.0.partial/bin'), { recursive: true })

  const binaries = prepareBinaries(dataDir, identity, { folder, version: '18.0.0' })
  assert.equal(binaries.postgres, join(dataDir, 'engine-18.0.0/bin/postgres'))
  assert.ok(runs(identity, binaries))
  assert.deepEqual(readdirSync(dataDir), ['engine-18.0.0'])
  const made = lstatSync(binaries.postgres).ino
  assert.equal(lstatSync(prepareBinaries(dataDir, identity, { folder, version: '18.0.0' }).postgres).ino, made)
  chmodSync(join(folder, 'lib'), 0o755)
})

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HubError } from '#errors'
import { ensureDataDir, layOut, makeRunDirs } from './layout.ts'

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'hub-layout-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

test('a data folder that cannot be made or written is told in one line, with what to do', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'a-file'), '')
  chmodSync(folder.path, 0o500)
  // Root may write almost anywhere, but not there.
  const forbidden = process.getuid?.() === 0 ? '/sys/hub-data' : join(folder.path, 'data')
  for (const place of [join(folder.path, 'a-file/data'), forbidden]) {
    await assert.rejects(
      ensureDataDir(place),
      (error: HubError) =>
        /^the data folder \/\S+ cannot be written \((ENOTDIR|EACCES|EPERM|ENOENT)\)$/.test(error.message) &&
        error.details.hint === 'set HUB_DATA_DIR to a folder that this user owns',
    )
  }
  chmodSync(folder.path, 0o700)
})

test('only the server and its user reach the socket, and nobody else can have made the folder around it', () => {
  using folder = temporaryFolder()
  const layout = layOut(folder.path)
  makeRunDirs(layout)
  assert.equal(statSync(layout.socketDir).mode & 0o777, 0o700)
  assert.equal(statSync(layout.runDir).mode & 0o777, 0o711)
  rmSync(layout.runDir, { recursive: true })
  writeFileSync(layout.runDir, '')
  assert.throws(() => makeRunDirs(layout))
})

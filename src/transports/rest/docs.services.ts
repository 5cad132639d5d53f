import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { sharedHub } from '#test'

const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

test('the reader at /docs shows the whole API in a browser, which breaks no policy and asks nobody else', async (t) => {
  if (spawnSync('chromium', ['--version']).status !== 0) return t.skip('the Debian package chromium is not installed')
  const hub = await sharedHub()
  const url = await hub.address()
  const profile = mkdtempSync(join(tmpdir(), 'hub-browser-'))
  try {
    const log = join(profile, 'net.json')
    const { stdout, stderr } = await promisify(execFile)(
      'chromium',
      ['--headless', '--no-sandbox', ...quiet, `--user-data-dir=${profile}`, `--log-net-log=${log}`, '--enable-logging=stderr'].concat([
        '--virtual-time-budget=20000',
        '--dump-dom',
        `${url}/docs/`,
      ]),
      { maxBuffer: 100_000_000, timeout: 120_000 },
    )
    for (const shown of ['IntegrationHub', 'Version of the hub', '/api/v1/health', 'Credentials', 'Tools'])
      assert.ok(stdout.includes(shown), shown)
    const complaints = stderr.split('\n').filter((line) => /CONSOLE/.test(line) && /refused|policy|failed|error/i.test(line))
    assert.deepEqual(complaints, [])
    // Requests of the page itself; what Chromium asks for on its own account has another initiator.
    const asked = [...readFileSync(log, 'utf8').matchAll(/"initiator":"http:\/\/127\.0\.0\.1:\d+".*?"url":"([^"]+)"/g)].map(
      ([, address]) => address!,
    )
    assert.ok(
      asked.some((address) => address.endsWith('/openapi.json')),
      asked.join(),
    )
    assert.deepEqual(
      asked.filter((address) => !address.startsWith(url) && !/^(data|blob):/.test(address)),
      [],
    )
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
})

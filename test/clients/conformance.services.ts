import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { adminToken, freshDatabase, serveProcess } from '#test'
import { npmClients } from './install.ts'
import { withToken } from './proxy.ts'

const fixtures = ['test', 'slow', 'failing'].map((name) => join(import.meta.dirname, 'fixtures', name))

/** The suites, and what each of them cannot find here, with the reason. */
const runs = [
  { name: '0.1.16, for clients of 2025', folder: 'conformance-2025', args: [], failures: 'expected-0.1.16.yaml' },
  {
    name: '0.2.0-alpha.12, what 2026-07-28 requires',
    folder: 'conformance-2026',
    args: ['--requirements', '2026-07-28'],
    failures: 'expected-2026-07-28.yaml',
  },
  {
    name: '0.2.0-alpha.12, what 2025-11-25 requires',
    folder: 'conformance-2026',
    args: ['--requirements', '2025-11-25'],
    failures: 'expected-2025-11-25.yaml',
  },
] as const

suite('the official conformance suites', () => {
  const stack = new AsyncDisposableStack()
  let url = ''
  let results = ''

  before(async () => {
    results = mkdtempSync(join(tmpdir(), 'hub-conformance-'))
    stack.defer(() => rmSync(results, { recursive: true, force: true }))
    const database = stack.use(await freshDatabase())
    const hub = stack.use(
      await serveProcess({
        DATABASE_URL: database.url,
        HUB_DATA_DIR: results,
        HUB_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
        HUB_CONNECTORS: fixtures.join(','),
        HUB_ADMIN_TOKEN: adminToken,
      }),
    )
    const proxy = stack.use(await withToken(hub.url, adminToken))
    url = `${proxy.url}/mcp?list=full`
  })
  after(() => stack.disposeAsync())

  for (const { name, folder, args, failures } of runs) {
    test(`pass: ${name}`, { timeout: 300_000 }, async () => {
      const program = join(await npmClients(), 'node_modules', folder, 'dist/index.js')
      const expected = join(import.meta.dirname, failures)
      const all = [program, 'server', '--url', url, ...args, '--expected-failures', expected, '--output-dir', join(results, 'out')]
      const { code, output } = await run(all)
      assert.equal(code, 0, output.slice(-4000))
    })
  }
})

function run(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 50_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

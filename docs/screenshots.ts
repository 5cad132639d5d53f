import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * `npm run screenshots` takes the pictures of docs/images again: it runs the tests of the console that see these pages, whose `checkPage` takes
 * pictures, and copies those that are listed here. It fails, and changes nothing, where a test fails or a picture is missing.
 */
interface Picture {
  readonly file: string
  /** In the name of the test, and of no other that takes long. */
  readonly test: string
  /** What `checkPage` calls the page. */
  readonly page: string
}

/** By their names in docs/images. */
const pictures: Readonly<Record<string, Picture>> = {
  home: { file: 'home', test: 'the first steps tick themselves', page: 'home' },
  approvals: { file: 'approvals', test: 'the oldest one is open', page: 'approvals-open' },
  flow: { file: 'flows', test: 'the graph and the text select one another', page: 'flow-graph' },
  run: { file: 'runs', test: 'a failed run opens at its failure', page: 'run' },
  'run-graph': { file: 'runs', test: 'a failed run opens at its failure', page: 'run-graph' },
  events: { file: 'events', test: 'all events that match a filter are replayed in bulk', page: 'events-selected' },
  tools: { file: 'tools', test: 'a tool is found by intent', page: 'tools-preview' },
  calls: { file: 'calls', test: 'calls are listed live', page: 'calls-failed' },
  integrations: { file: 'integrations', test: 'a webhook is set up', page: 'webhook-received' },
  endpoints: { file: 'endpoints', test: 'an endpoint is added', page: 'endpoints-dead' },
  admin: { file: 'admin', test: 'a token is made by keys alone', page: 'admin-tokens' },
  buses: { file: 'buses', test: 'the buses show their state', page: 'admin-buses' },
}

const home = join(import.meta.dirname, '..')
const images = join(import.meta.dirname, 'images')
const copies = Object.entries(pictures).flatMap(([name, { page }]) =>
  ['light', 'dark'].map((theme) => ({ from: `${page}-${theme}.png`, to: `${name}-${theme}.png` })),
)
const unlisted = readdirSync(images).filter((name) => !copies.some(({ to }) => to === name))
if (unlisted.length > 0) throw new Error(`no test takes these pictures of docs/images: ${unlisted.join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'hub-screenshots-'))
try {
  const names = new Set(Object.values(pictures).map(({ test }) => `--test-name-pattern=${test}`))
  const files = new Set(Object.values(pictures).map(({ file }) => `test/console/${file}.browser.ts`))
  const fixed = ['--test', '--test-isolation=none', '--test-timeout=300000', '--test-reporter=./test/support/reporter.ts']
  const { status } = spawnSync(process.execPath, [...fixed, ...names, ...files], {
    cwd: home,
    env: { ...process.env, HUB_TEST_SCREENSHOTS: folder },
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('a test failed, so the pictures stay as they were')
  const missing = copies.filter(({ from }) => !existsSync(join(folder, from)))
  if (missing.length > 0) throw new Error(`no test took ${missing.map(({ from }) => from).join(', ')}; is Chromium installed?`)
  for (const { from, to } of copies) copyFileSync(join(folder, from), join(images, to))
  console.log(`took ${copies.length} pictures`)
} finally {
  rmSync(folder, { recursive: true })
}

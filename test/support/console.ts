import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { testBrowser, type TestBrowser } from './browser.ts'
import type { Environment } from '#config'
import type { Hub } from '#hub'
import { firstPerson, type Browser } from './person.ts'
import { serveOwnHub } from './served.ts'

/** The console of a hub that works, with somebody signed in. */
export interface TestConsole extends AsyncDisposable {
  readonly browser: TestBrowser
  readonly address: string
  readonly databaseUrl: string
  readonly hub: Hub
  /** The first person of the hub, an administrator, for requests beside the page. */
  readonly person: Browser
  /** A page of the workspace `default`, such as `/events`, in a browser in which a person is signed in: the first one, or another. */
  open(path: string, options?: BrowserContextOptions & { readonly as?: Browser }): Promise<Page>
}

/** Starts a serving hub and a browser, or skips the test where Chromium is not installed. */
export async function testConsole(t: TestContext, env: Environment = {}): Promise<TestConsole | undefined> {
  await using stack = new AsyncDisposableStack()
  const browser = await testBrowser(t)
  if (!browser) return undefined
  stack.use(browser)
  buildConsole()
  const { serving, dataDir, databaseUrl } = stack.use(await serveOwnHub(env))
  const { hub, address } = serving
  const person = await firstPerson({ dataDir, address: () => Promise.resolve(address) })
  const owned = stack.move()
  return {
    browser,
    address,
    databaseUrl,
    hub,
    person,
    async open(path, { as = person, ...options } = {}) {
      const context = await browser.context({ viewport: { width: 1280, height: 800 }, ...options })
      await context.addCookies([...as.cookies].map(([name, value]) => ({ name, value, url: address })))
      const page = await context.newPage()
      await page.goto(`${address}/w/default${path}`)
      return page
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

let isBuilt = false

/** Builds the console where it is missing or older than its sources. A hub that was started before goes on without it. */
export function buildConsole(): void {
  if (isBuilt) return
  const script = join(import.meta.dirname, '../../console/build.ts')
  const { status, stderr } = spawnSync(process.execPath, [script, '--if-needed'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the console could not be built:\n${stderr}`)
  isBuilt = true
}

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core'

/**
 * A browser for one test. Its pages fail the test when they break their Content-Security-Policy, throw an error that nobody catches, or ask for
 * anything but this machine; each context has its own cookies.
 */
export interface TestBrowser extends AsyncDisposable {
  /** A page in a new context. */
  page(options?: BrowserContextOptions): Promise<Page>
  context(options?: BrowserContextOptions): Promise<BrowserContext>
  /** What the pages did wrong so far, once each; a test that causes it on purpose takes it out. */
  readonly complaints: string[]
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const executable = '/usr/bin/chromium'
const ownHost = /^(127\.0\.0\.1|\[::1\]|localhost|[^.]+\.localhost)$/

/** Starts Debian's Chromium, or skips the test and returns nothing where that is not installed. */
export async function testBrowser(t: TestContext): Promise<TestBrowser | undefined> {
  if (spawnSync(executable, ['--version']).status !== 0) {
    t.skip('the Debian package chromium is not installed')
    return undefined
  }
  // Loaded here, because every test that imports #test would wait for it.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: executable, args: quiet })
  const complaints: string[] = []
  const complain = (text: string): void => {
    if (!complaints.includes(text)) complaints.push(text)
  }
  // Not at the disposal, where it would hide why the test itself failed.
  t.after(() => assert.deepEqual(complaints, [], 'pages broke rules'))
  const context: TestBrowser['context'] = async (options = {}) => {
    const opened = await browser.newContext(options)
    await opened.route(
      ({ protocol, hostname }) => /^(https?|wss?):$/.test(protocol) && !ownHost.test(hostname),
      (route) => {
        complain(`asked for ${route.request().url()}`)
        return route.abort('blockedbyclient')
      },
    )
    await opened.exposeBinding('reportViolation', (_source, text: string) => complain(text))
    await opened.addInitScript(reportViolations)
    opened.on('weberror', (error) => complain(`uncaught in ${error.page()?.url()}: ${error.error().message}`))
    opened.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) complain(message.text())
    })
    return opened
  }
  return {
    context,
    page: async (options) => (await context(options)).newPage(),
    complaints,
    async [Symbol.asyncDispose]() {
      await browser.close()
    },
  }
}

/** Runs in the page, before its own scripts: a violation under `report-only` is not in the console of every version. */
const reportViolations = `document.addEventListener('securitypolicyviolation', (event) =>
  reportViolation('policy of ' + event.documentURI + ' refused ' + event.violatedDirective + ' ' + event.blockedURI))`

const looks = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const

/** Stores the whole page as NAME-light.png, NAME-dark.png and NAME-phone.png, and leaves it light and wide. */
export async function screenshots(page: Page, folder: string, name: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const files: string[] = []
  for (const look of ['phone', 'dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: looks[look].colorScheme })
    await page.setViewportSize(looks[look].viewport)
    const path = join(folder, `${name}-${look}.png`)
    await page.screenshot({ path, fullPage: true, animations: 'disabled' })
    files.push(path)
  }
  return files
}

/** An authenticator for passkeys inside the page's browser, which agrees to everything while `present` is true. */
export interface VirtualAuthenticator {
  credentials(): Promise<{ rpId: string; userHandle: string | undefined; signCount: number }[]>
  present(present: boolean): Promise<void>
}

export async function virtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async credentials() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.map(({ rpId, userHandle, signCount }) => ({ rpId: rpId ?? '', userHandle, signCount }))
    },
    async present(present) {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: present })
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: present })
    },
  }
}

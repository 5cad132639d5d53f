import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildConsole, serveOwnHub, testBrowser, testPassword } from '#test'

/** The promise of docs/console.md. */
const fiveMinutes = 5 * 60_000

/** What a hub has that somebody starts with nothing set. */
const nothingSet = { HUB_ADMIN_TOKEN: undefined, HUB_CONNECTORS: undefined, HUB_EGRESS_ALLOW: undefined }

test(
  'somebody who has nothing opens the link of a new hub, and has a first green run and all first steps',
  { timeout: fiveMinutes },
  async (t) => {
    await using browser = await testBrowser(t)
    if (!browser) return
    buildConsole()
    await using own = await serveOwnHub(nothingSet)
    const { address } = own.serving
    const link = new URL(readFileSync(join(own.dataDir, 'setup-link'), 'utf8').trim())
    const page = await browser.page({ viewport: { width: 1280, height: 800 } })

    await page.goto(address + link.pathname + link.search)
    await page.getByRole('heading', { name: 'Set up this hub' }).waitFor()
    await page.getByLabel('Your name').fill('Ada')
    await page.getByLabel('E-mail address').fill('ada@example.com')
    await page.getByLabel('Password, at least').fill(testPassword)
    await page.getByRole('button', { name: 'Create the account' }).click()

    await page.waitForURL(`${address}/w/default/home`)
    await page.getByRole('heading', { name: 'First steps 1/6' }).waitFor()
    const step = (name: string, state: 'done' | 'open') =>
      page.getByRole('listitem').filter({ hasText: name, has: page.getByLabel(state, { exact: true }) })
    await step('Sign in', 'done').waitFor()
    for (const name of ['Connect a system', 'Call a tool', 'Receive a webhook', 'Run a flow', 'Give an agent a token'])
      await step(name, 'open').waitFor()

    await page.getByRole('button', { name: 'Start the demo systems' }).click()
    await page.getByText('The demo systems run.').waitFor()
    await step('Connect a system', 'done').waitFor()
    await page.getByRole('link', { name: 'Open its flow' }).click()
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/run=run_/)
    await page.locator('main [data-state="completed"]').first().waitFor()
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await page.getByRole('row', { name: /demo-hello completed/ }).click()
    await page.getByRole('treeitem', { name: /^call slack_send_message .*completed/ }).waitFor()
    assert.equal(await page.locator('main [data-state="failed"]').count(), 0)

    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await step('Run a flow', 'done').waitFor()
    await step('Call a tool', 'done').waitFor()
    await page.getByRole('button', { name: 'Send the sample webhook' }).click()
    await step('Receive a webhook', 'done').waitFor()
    await page.getByRole('heading', { name: 'First steps 5/6' }).waitFor()

    await page.getByRole('link', { name: 'Create a token' }).click()
    await page.getByRole('button', { name: 'Create a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('my agent')
    await dialog.getByRole('button', { name: 'Create a token' }).click()
    await page.getByText('Copy the token now.').waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    // Whoever has done everything is not shown the steps again.
    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await page.getByText('Nothing needs you now.').waitFor()
    await page.getByRole('heading', { name: /^First steps/ }).waitFor({ state: 'detached' })
  },
)

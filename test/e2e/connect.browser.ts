import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { buildConsole, answerProvider, oauthHub, screenshots, setupToken, testBrowser, testPassword, type OAuthHub } from '#test'

/** A folder for pictures of every page, for whoever changes one. */
const folder = process.env['HUB_TEST_SCREENSHOTS']

/** The first person of the hub, signed in on this page. */
async function signedIn(setup: OAuthHub, page: Page): Promise<void> {
  await page.goto(`${setup.address}/setup?token=${setupToken(setup.hub)}`)
  await page.getByLabel('Your name').or(page.getByLabel('Name')).first().fill('Ada')
  await page.getByLabel('E-mail').first().fill('ada@example.com')
  await page.getByLabel('Password').first().fill(testPassword)
  await page.getByRole('button').first().click()
  await page.waitForURL('**/w/default/home')
}

before(buildConsole)

test('a person connects in a window, refuses, connects again, and uses the same tab where windows are blocked', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using setup = await oauthHub()
  const context = await browser.context()
  const page = await context.newPage()
  await signedIn(setup, page)
  await page.goto(`${setup.address}/connect?integration=api`)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Connect api')
  if (folder) await screenshots(page, folder, 'connect')

  const inWindow = async (decision: 'allow' | 'deny'): Promise<Page> => {
    const opened = page.waitForEvent('popup')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    const popup = await opened
    await answerProvider(popup, decision)
    return popup
  }
  const refused = await inWindow('deny')
  await page.getByText(/the provider answered access_denied/).waitFor()
  assert.match((await refused.textContent('main'))!, /Nothing was stored/)
  if (folder) await screenshots(refused, folder, 'refused')
  await refused.close()

  await page.getByRole('button', { name: 'Start again' }).click()
  const popup = await inWindow('allow')
  await page.getByText('Connected.').or(page.getByText('It is connected now.')).first().waitFor()
  if (!popup.isClosed()) await popup.waitForEvent('close')
  assert.equal((await setup.call()).statusCode, 200)

  // A closed window says nothing; the page goes on asking the hub.
  await page.goto(`${setup.address}/connect?integration=api`)
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await (await opened).close()
  assert.match((await page.textContent('#message'))!, /Continue in the window/)
  await page.getByRole('button', { name: 'Cancel' }).click()

  await page.goto(`${setup.address}/connect?integration=api`)
  await page.evaluate('window.open = () => null')
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('link', { name: 'Continue in this tab' }).click()
  await answerProvider(page, 'allow')
  await page.waitForURL(/\/connect\?integration=api/)
  assert.match((await page.textContent('main'))!, /It is connected/)
})

test('somebody without an account connects by a link', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using setup = await oauthHub()
  const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
  const page = await browser.page()
  await page.goto(`${setup.address}${new URL(made.url).pathname}`)
  assert.match((await page.textContent('main'))!, /workspace\s+default/)
  if (folder) await screenshots(page, folder, 'link')
  await page.getByRole('button', { name: /Continue/ }).click()
  await answerProvider(page, 'allow')
  await page.getByRole('heading', { name: 'Connected' }).waitFor()
  if (folder) await screenshots(page, folder, 'connected')
  await page.goto(`${setup.address}${new URL(made.url).pathname}`)
  assert.match((await page.textContent('main'))!, /was used, has expired or was revoked/)
  if (folder) await screenshots(page, folder, 'used')
})

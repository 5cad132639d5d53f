import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  buildConsole,
  identityProvider,
  screenshots,
  setupToken,
  testBrowser,
  testHub,
  testPassword,
  totp,
  virtualAuthenticator,
  type TestHub,
} from '#test'

/** A folder for pictures of every page, for whoever changes one. */
const folder = process.env['HUB_TEST_SCREENSHOTS']

before(buildConsole)

/** The hub under the name at which passkeys work. */
async function addressOf(hub: TestHub): Promise<string> {
  return (await hub.address()).replace('127.0.0.1', 'localhost')
}

/** Fails where something of the page lies beyond the edge of the narrowest screen, and takes pictures. */
async function looked(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()
  await page.setViewportSize({ width: 320, height: 640 })
  const beyond = await page.evaluate<string[]>(`[...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > 320 || element.scrollWidth > element.clientWidth + 1 && element.tagName === 'MAIN')
    .map((element) => element.outerHTML.slice(0, 100))`)
  assert.deepEqual(beyond, [], `${name} does not fit 320 px`)
  if (folder) {
    await page.screenshot({ path: `${folder}/${name}-narrow.png`, fullPage: true })
    await screenshots(page, folder, name)
  }
  if (size) await page.setViewportSize(size)
}

/** The first person of the hub, signed in on this page. */
async function setUp(page: Page, hub: TestHub): Promise<string> {
  const address = await addressOf(hub)
  await page.goto(`${address}/setup?token=${setupToken(hub)}`)
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill(testPassword)
  await looked(page, 'setup')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await toAccount(page)
  return address
}

/** Signing in leads to the console. The account is a page of its own. */
async function toAccount(page: Page): Promise<void> {
  await page.waitForURL('**/w/default/home')
  await page.goto(new URL('/account', page.url()).href)
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
}

async function withPassword(page: Page, password = testPassword): Promise<void> {
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('the first administrator comes in by the link, reads in words that a password is wrong, and signs in with keys alone', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  const page = await browser.page()
  await using hub = await testHub()
  const address = await setUp(page, hub)
  assert.match((await page.textContent('main'))!, /administrator of this hub/)
  await looked(page, 'account')
  await page.goto(`${address}/setup?token=${setupToken(hub)}`)
  await page.getByText('was used').waitFor()
  await looked(page, 'setup-used')
  await page.goto(`${address}/account`)
  await signOut(page)
  await looked(page, 'sign-in')

  await withPassword(page, 'not the password')
  await page.getByText('The e-mail address or the password is wrong.').waitFor()
  await looked(page, 'sign-in-wrong')

  await page.goto(`${address}/sign-in`)
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type(testPassword)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Sign in')
  await page.keyboard.press('Enter')
  await toAccount(page)

  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Change the name' }).click()
  await page.getByText('Ada Lovelace ·').waitFor()
  await page.getByLabel('Present password').fill(testPassword)
  await page.getByLabel(/New password/).fill('another long password')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('The password is changed').waitFor()
  await signOut(page)
  await withPassword(page, 'another long password')
  await toAccount(page)
})

test('a second factor is set up, asked for after the password, and may be a backup code', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  const page = await browser.page()
  await using hub = await testHub()
  await setUp(page, hub)

  await page.locator('#enable-form').getByLabel('Your password').fill('not the password')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByText('The password is wrong.').waitFor()
  await page.locator('#enable-form').getByLabel('Your password').fill(testPassword)
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('button', { name: 'Turn it on' }).waitFor()
  const key = (await page.locator('#totp-key').textContent())!.replaceAll(' ', '')
  const [backup = ''] = (await page.locator('#backup-codes').innerText()).trim().split(/\s+/)
  assert.ok(await page.getByRole('img', { name: 'QR code of the key' }).isVisible())
  await looked(page, 'two-factor')
  await page.getByLabel('Code of the app').fill('000000')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByText('The code is wrong').waitFor()
  await page.getByLabel('Code of the app').fill(totp(key))
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByText('A second factor is on.').waitFor()
  await looked(page, 'account-two-factor')

  await signOut(page)
  await withPassword(page)
  await page.getByText('Enter the code of your authenticator app').waitFor()
  await looked(page, 'sign-in-code')
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('The code is wrong').waitFor()
  await page.getByLabel('Code').fill(totp(key))
  await page.keyboard.press('Enter')
  await toAccount(page)

  await signOut(page)
  await withPassword(page)
  await page.getByLabel('Code').fill(backup)
  await page.getByRole('button', { name: 'Continue' }).click()
  await toAccount(page)

  await signOut(page)
  await withPassword(page)
  await page.getByLabel('Code').fill(backup)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('The code is wrong, or was used before.').waitFor()
})

test('a passkey is added, signs in without a password, and is refused when it was removed', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  const page = await browser.page()
  await using hub = await testHub()
  await setUp(page, hub)
  const authenticator = await virtualAuthenticator(page)

  await page.getByLabel('Name of the new passkey').fill('Laptop')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('button', { name: 'Remove the passkey Laptop' }).waitFor()
  assert.equal((await authenticator.credentials())[0]?.rpId, 'localhost')
  await looked(page, 'account-passkey')

  await signOut(page)
  await authenticator.present(false)
  await authenticator.present(true)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await toAccount(page)

  await page.getByRole('button', { name: 'Remove the passkey Laptop' }).click()
  await page.getByText('None yet.').waitFor()
  await signOut(page)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByText('This hub does not know the passkey.').waitFor()
})

test('somebody who was invited joins with the role, and ends the session of another browser, which then asks to sign in', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using hub = await testHub()
  const address = await setUp(await browser.page(), hub)
  const made = await hub.call('POST', '/api/v1/invitations', { role: 'member', email: 'grace@example.com' })
  const { token } = made.json<{ token: string }>()

  const page = await browser.page()
  await page.goto(`${address}/invitations/accept?token=${token}`)
  assert.match((await page.textContent('main'))!, /You will be\s+a member of the\s+workspace default/)
  await looked(page, 'invitation')
  await page.getByLabel('Your name').fill('Grace')
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Create the account' }).click()
  assert.equal(await page.evaluate(`document.querySelector('[name=password]').validity.tooShort`), true)
  await page.getByLabel('Password').fill(testPassword)
  await page.getByRole('button', { name: 'Create the account' }).click()
  await toAccount(page)
  assert.match((await page.getByRole('listitem').filter({ hasText: 'default' }).textContent())!, /member/)

  const other = await browser.page({ userAgent: 'The other browser' })
  await other.goto(`${address}/sign-in`)
  await other.getByLabel('E-mail address').fill('grace@example.com')
  await other.getByLabel('Password').fill(testPassword)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await toAccount(other)

  await page.reload()
  await page.getByText('The other browser').waitFor()
  await looked(page, 'sessions')
  await page
    .getByRole('listitem')
    .filter({ hasText: 'The other browser' })
    .getByRole('button', { name: /End the session/ })
    .click()
  await page.getByText('The other browser').waitFor({ state: 'detached' })

  await other.getByLabel('Your name').fill('Not Grace')
  await other.getByRole('button', { name: 'Change the name' }).click()
  await other.waitForURL('**/sign-in?next=%2Faccount')
  await page.reload()
  await page.getByText('Grace ·').waitFor()
  assert.ok(!(await page.textContent('main'))!.includes('Not Grace'))
})

test('somebody comes by single sign-on, and reads why where they may not', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using provider = await identityProvider()
  await using hub = await testHub(provider.environment)
  const ada = await browser.page()
  const address = await setUp(ada, hub)
  await hub.call('POST', '/api/v1/invitations', { role: 'viewer', email: 'grace@example.com' })

  const comes = async (sub: string): Promise<Page> => {
    provider.be({ sub, email: `${sub}@example.com`, email_verified: true, name: 'Grace' }, address)
    const page = await browser.page()
    await page.goto(`${address}/sign-in`)
    await page.getByRole('button', { name: 'Sign in with Example Login' }).click()
    return page
  }
  const grace = await comes('grace')
  await toAccount(grace)
  assert.match((await grace.textContent('main'))!, /grace@example\.com[^]*viewer/)
  await looked(grace, 'account-single-sign-on')

  // The first administrator has a password, and adds the identity with it.
  await ada.reload()
  provider.be({ sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' }, address)
  await ada.locator('#link-form').getByLabel('Your password').fill('not the password')
  await ada.getByRole('button', { name: 'Add Example Login' }).click()
  await ada.getByText('The password is wrong.').waitFor()
  await looked(ada, 'account-link')
  await ada.locator('#link-form').getByLabel('Your password').fill(testPassword)
  await ada.getByRole('button', { name: 'Add Example Login' }).click()
  await ada.getByText('You can sign in with Example Login.').waitFor()
  await looked(ada, 'account-linked')
  const again = await comes('ada')
  await toAccount(again)
  assert.match((await again.textContent('main'))!, /ada@example\.com/)
  await ada.locator('#unlink-form').getByLabel('Your password').fill(testPassword)
  await ada.getByRole('button', { name: 'Remove Example Login' }).click()
  await ada.getByRole('button', { name: 'Add Example Login' }).waitFor()

  const stranger = await comes('stranger')
  await stranger.getByText('Nobody has invited this e-mail address.').waitFor()
  await looked(stranger, 'sign-in-not-invited')
})

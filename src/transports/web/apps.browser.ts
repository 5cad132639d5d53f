import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { firstPerson, registerApp, screenshots, testBrowser, testHub, testPassword } from '#test'

const folder = join(import.meta.dirname, '../../../node_modules/.cache/screenshots')

test('a person allows an app, lets a command line in, and ends what they allowed, in a browser that every page keeps its policy in', async (t) => {
  await using browser = await testBrowser(t)
  if (!browser) return
  await using hub = await testHub()
  const address = (await hub.address()).replace('127.0.0.1', 'localhost')
  await firstPerson(hub)
  // The program on the person's machine, to which the form leads by a redirect: another origin.
  await using program = await listen()
  const asking = await registerApp(address, { client_name: 'Notes on the go', redirect_uris: ['http://127.0.0.1/callback'] })
  const redirect = { redirect_uri: `${program.url}/callback` }

  const page = await browser.page()
  await page.goto(asking.authorizeUrl({ scope: 'tools:call flows:read flows:run', query: '?toolset=github,slack', parameters: redirect }))
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill(testPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Notes on the go').first().waitFor()
  await screenshots(page, folder, 'consent')
  await page.getByRole('checkbox').last().uncheck()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(/\/callback\?code=/)
  const tokens = await asking.exchange(new URL(page.url()).searchParams.get('code')!, redirect)
  assert.equal(tokens.scope, 'tools:call flows:read')

  const begun = await fetch(`${address}/oauth/device`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'hub-cli', machine: 'ada@laptop' }),
  })
  const { user_code: code } = (await begun.json()) as { user_code: string }
  await page.goto(`${address}/device`)
  await screenshots(page, folder, 'device-code')
  await page.getByLabel('Code').fill(code.toLowerCase())
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('ada@laptop').waitFor()
  assert.ok(await page.getByText(code).isVisible())
  await screenshots(page, folder, 'device')
  await page.getByRole('button', { name: 'Let it in' }).click()
  await page.getByRole('status').waitFor()

  await page.goto(`${address}/account/apps`)
  await page.getByText('Notes on the go').waitFor()
  await screenshots(page, folder, 'apps')
  await page.getByRole('button', { name: 'End Notes on the go' }).click()
  await page.getByText('You have not allowed any app').waitFor()
  const refreshed = await asking.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
  assert.equal(refreshed.error, 'invalid_grant')
})

async function listen(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => response.end('You can close this page.'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

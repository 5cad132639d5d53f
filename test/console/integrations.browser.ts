import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { answerProvider, checkPage, invited, press, reach, startReceiver, testConsole, type TestConsole } from '#test'
import { githubStandIn } from '../standins/github.ts'
import { oauthServer, type OAuthServer } from '../standins/oauth-server.ts'

interface Shown {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly success_count: number
  readonly connection: { readonly state: string; readonly account: string | null } | null
}

const shown = async (hub: TestConsole, name: string): Promise<Shown> =>
  (await hub.person.call('GET', `/api/v1/integrations/${name}`)).json() as unknown as Shown

test('somebody connects an API with a token by keys alone, and changes it afterwards', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using api = await startReceiver(({ headers }) =>
    headers['authorization'] === 'Bearer right-token' ? { status: 200, body: '{}' } : 401,
  )
  const page = await hub.open('/integrations')
  await page.getByText('Nothing is connected yet.').waitFor()
  await checkPage(page, 'integrations-empty')

  const { keyboard } = page
  await press(page, page.getByRole('button', { name: 'Connect' }))
  await page.getByRole('heading', { name: 'Connect an outside system' }).waitFor()
  await checkPage(page, 'integrations-choose')
  await press(page, page.getByRole('button', { name: /^HTTP/ }))
  await page.getByRole('heading', { name: 'Connect HTTP' }).waitFor()
  await reach(page, page.getByLabel('How it signs in'))
  await keyboard.type('Bearer')
  await checkPage(page, 'integrations-form')
  await reach(page, page.getByRole('textbox', { name: /^Name/ }))
  await keyboard.press('Control+A')
  await keyboard.type('api')
  await reach(page, page.getByRole('textbox', { name: /^Token/ }))
  await keyboard.type('wrong-token')
  await reach(page, page.getByRole('textbox', { name: /^Base url/ }))
  await keyboard.type(api.url)
  await keyboard.press('Enter')
  await page.waitForURL('**/integrations/api*')
  await page.getByText('The connection test failed.').waitFor()
  assert.doesNotMatch((await page.textContent('body'))!, /wrong-token/)
  await checkPage(page, 'integrations-failing')

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Replace the credential' }).click()
  await page
    .getByRole('dialog')
    .getByLabel(/^Token/)
    .fill('right-token')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The credential was replaced.').waitFor()
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  await page.getByText(/It works:/).waitFor()
  await page.locator('article [data-state=works]').waitFor()
  await checkPage(page, 'integrations-works')
  assert.ok((await shown(hub, 'api')).success_count >= 1)

  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText(/The integration is disabled/).waitFor()
  assert.equal((await shown(hub, 'api')).enabled, false)
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByText('The integration is enabled.').waitFor()

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByRole('dialog').getByLabel(/^Name/).fill('shop api')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/has a new name/).waitFor()

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: /^Delete / }).waitFor()
  await checkPage(page, 'integrations-delete')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Delete / })
    .click()
  await page.getByText('Nothing is connected yet.').waitFor()
})

/** An integration that a person has to allow at an OAuth server that runs here, whose application is not stored yet. */
async function waitingForOAuth(hub: TestConsole): Promise<OAuthServer> {
  const accounts = { ada: { email: 'ada@example.com', email_verified: true } }
  const server = await oauthServer({ redirectUris: [`${hub.address}/oauth/callback`], accounts })
  const { endpoints } = server
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'api',
    integration_type: 'http',
    auth_type: 'oauth2',
    config: {
      base_url: `${server.url}/api`,
      test_path: '/me',
      oauth: {
        authorize_url: endpoints.authorization,
        token_url: endpoints.token,
        revoke_url: endpoints.revocation,
        scopes: ['read', 'write'],
        authorize_parameters: { resource: `${server.url}/api` },
      },
    },
  })
  assert.equal(made.status, 201, made.text)
  return server
}

const inWindow = async (page: Page, button: string | RegExp): Promise<Page> => {
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: button }).click()
  return opened
}

test('a person stores the application, refuses in the window, connects again, and goes on in the same tab where windows are blocked', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using server = await waitingForOAuth(hub)
  const page = await hub.open('/integrations')
  await page.getByRole('row', { name: /api/ }).click()
  await page.getByText(`${hub.address}/oauth/callback`).waitFor()
  await page.getByText(/^There is no application to connect/).waitFor()
  await checkPage(page, 'integrations-application')
  await page.getByLabel('Client id').fill(server.clients.basic.id)
  await page.getByLabel('Client secret').fill(server.clients.basic.secret)
  await page.getByRole('button', { name: 'Store the application' }).click()
  await page.getByText(/^There is no application to connect/).waitFor({ state: 'detached' })

  const connect = 'Connect at HTTP'
  const refused = await inWindow(page, connect)
  await page.getByText('Continue in the window that opened.').waitFor()
  await checkPage(page, 'integrations-waiting')
  await answerProvider(refused, 'deny')
  await page.getByText(/The provider answered access_denied/i).waitFor()
  await refused.close()

  // A closed window says nothing: the page goes on asking the hub.
  await (await inWindow(page, 'Start again')).close()
  await page.waitForTimeout(2000)
  await page.getByText('Continue in the window that opened.').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()

  const popup = await inWindow(page, connect)
  await answerProvider(popup, 'allow')
  await page.getByText(/It works:/).waitFor()
  if (!popup.isClosed()) await popup.waitForEvent('close')
  assert.equal((await shown(hub, 'api')).connection?.state, 'connected')
  await checkPage(page, 'integrations-connected')

  const { id } = await shown(hub, 'api')
  await page.getByRole('button', { name: 'Connect again' }).click()
  await page.evaluate('window.open = () => null')
  await page.getByRole('button', { name: connect }).click()
  await page.getByText('Your browser blocked the window.').waitFor()
  await checkPage(page, 'integrations-blocked')
  await page.getByRole('link', { name: 'Continue in this tab' }).click()
  await answerProvider(page, 'allow')
  await page.waitForURL(/\/w\/default\/integrations\/api/)
  const after = await shown(hub, 'api')
  assert.deepEqual([after.id, after.connection?.state], [id, 'connected'])
})

test('a webhook is set up: the first delivery appears by itself, and a refused one is explained', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'octo',
    integration_type: 'github',
    access_token: 'a-token-of-github',
  })
  assert.equal(made.status, 201, made.text)
  const page = await hub.open('/integrations/octo?tab=webhook')
  await page.getByText('There is no secret yet').waitFor()
  await page.getByText('Waiting for the first delivery').waitFor()
  await checkPage(page, 'webhook-waiting')
  await page.getByRole('button', { name: 'Make a secret' }).click()
  await page.getByText('Copy it now').waitFor()
  const secret = await page
    .locator('code')
    .filter({ hasText: /^[0-9a-f]{64}$/ })
    .textContent()
  const url = await page.locator('code').filter({ hasText: '/api/v1/webhooks/octo' }).textContent()
  assert.equal(url, `${hub.address}/api/v1/webhooks/octo`)

  const send = async (key: string): Promise<number> => {
    const body = JSON.stringify({ zen: 'Keep it logically awesome.', repository: { full_name: 'octo/web' } })
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-github-delivery': key,
      'x-hub-signature-256': signature,
    }
    return (await fetch(url, { method: 'POST', headers, body })).status
  }
  assert.equal(await send('another-secret-of-theirs'), 401)
  await page.getByText('The signature is wrong.').waitFor()
  assert.equal(await send(secret!), 202)
  await page.getByText('Deliveries arrive.').waitFor()
  await page.getByRole('link', { name: 'github.ping' }).waitFor()
  await checkPage(page, 'webhook-received')
  const saved = await hub.person.call('POST', '/api/v1/flows', {
    source: 'id: on-issue\non:\n  - event: github.issues\nsteps:\n  - id: it\n    transform: event.data.issue.title\n',
  })
  assert.ok(saved.status < 300, saved.text)
  await page.getByRole('button', { name: 'Send a sample' }).click()
  await page.getByText('Nobody: no flow and no endpoint listens to this type.').waitFor()
  await page.getByRole('dialog').getByRole('combobox').selectOption('issues')
  await page.getByText(/Sending it has effects.*flow/).waitFor()
  await checkPage(page, 'webhook-sample')
  await page.getByRole('button', { name: 'Send it' }).click()
  await page.getByRole('link', { name: 'Open its event' }).waitFor()
  await checkPage(page, 'webhook-sample-sent')
  await page.keyboard.press('Escape')
  await page.reload()
  await page.getByText('A secret is stored. Nobody can read it again.').waitFor()
  assert.equal((await page.textContent('body'))!.includes(secret!), false)

  await page.getByRole('tab', { name: 'Tools' }).click()
  await page.getByRole('link', { name: 'Create an issue' }).or(page.getByText('github_create_issue')).first().waitFor()
  await checkPage(page, 'integrations-tools')
  await page.getByRole('tab', { name: 'Calls' }).click()
  await page.getByText('Nothing has called it yet.').waitFor()
})

test('the hub sets a webhook up at GitHub, and says which right a token lacks', async (t) => {
  await using hub = await testConsole(t, { HUB_EGRESS_ALLOW: '127.0.0.1' })
  if (!hub) return
  await using github = await githubStandIn()
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'octo',
    integration_type: 'github',
    access_token: github.token,
    config: { api_url: github.url },
  })
  assert.equal(made.status, 201, made.text)
  const page = await hub.open('/integrations/octo?tab=webhook')
  await page.getByRole('button', { name: 'Set it up for me' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Owner/).fill('octocat')
  await dialog.getByLabel(/^Repo/).fill('hello-world')
  await dialog.getByLabel(/^Another address/).fill(`${hub.address}/api/v1/webhooks/octo`)
  github.fault = { status: 404, body: { message: 'Not Found' } }
  await page.getByRole('button', { name: 'Create the webhook' }).click()
  await dialog.getByText(/admin:repo_hook/).waitFor()
  await checkPage(page, 'webhook-setup')
  await page.getByRole('button', { name: 'Create the webhook' }).click()
  await page.getByText('The webhook was created.').waitFor()
  await page.getByText('A secret is stored. Nobody can read it again.').waitFor()
  await checkPage(page, 'webhook-set-up')
  const input = { owner: 'octocat', repo: 'hello-world', title: 'It works' }
  assert.equal((await hub.person.call('POST', '/api/v1/tools/github_create_issue/invoke', { input })).status, 200)
  await page.getByText('Deliveries arrive.').waitFor()
})

test('whoever may only look sees what is there, and which scope is missing', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const page = await hub.open('/integrations', { as: viewer })
  const button = page.getByRole('button', { name: /^Connect/ }).first()
  await button.waitFor()
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
  assert.match((await button.textContent())!, /You lack the scope integrations:write/)
  await checkPage(page, 'integrations-viewer')
})

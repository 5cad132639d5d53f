import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { adminToken, invited, press, reach, startReceiver, testConsole, testPassword, type TestConsole } from '#test'

async function made(hub: TestConsole, path: string, body: object): Promise<any> {
  const answer = await hub.person.call('POST', path, body)
  assert.ok(answer.status < 300, answer.text)
  return answer.json()
}

/** A run of the flow `ghost` that failed, because the outside system refused its request. */
async function failedRun(hub: TestConsole, url: string): Promise<string> {
  await made(hub, '/api/v1/integrations', {
    name: 'probe',
    integration_type: 'probe',
    credential: { token: 'probe-token-value' },
    config: { base_url: url },
  })
  const steps = '[{ id: make, uses: probe_create_thing, with: { at: /thing } }]'
  await made(hub, '/api/v1/flows', { source: `id: ghost\nname: Make a thing\nsteps: ${steps}\n` })
  await hub.person.call('POST', '/api/v1/flows/ghost/trigger?wait=20', { parameters: {} })
  const { items } = (await hub.person.call('GET', '/api/v1/runs?flow=ghost')).json() as { items: { id: string }[] }
  return items[0]!.id
}

const statusOf = async (hub: TestConsole, run: string): Promise<unknown> =>
  (await hub.person.call('GET', `/api/v1/runs/${run}`)).json()['status']

/** What has the focus, as a reader would say it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`[document.activeElement.tagName, (document.activeElement.textContent ?? '').trim()].join(' ')`)

/** Waits until what has the focus is called so. */
const focusOn = (page: Page, tag: string, text: string) => page.locator(`${tag}:focus`, { hasText: text }).waitFor()

test('somebody without a mouse signs in, finds a failed run, retries it, and goes on by name and by a pasted id', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using api = await startReceiver(() => ({ status: 422, body: '{"why": "not now"}' }))
  const run = await failedRun(hub, api.url)
  assert.equal(await statusOf(hub, run), 'failed')
  const context = await hub.browser.context({ viewport: { width: 1280, height: 800 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: hub.address })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const { keyboard } = page

  await page.goto(`${hub.address}/w/default/home`)
  await page.waitForURL(/sign-in/)
  await reach(page, page.getByLabel('E-mail address'))
  await keyboard.type('ada@example.com')
  await keyboard.press('Tab')
  await keyboard.type(testPassword)
  await keyboard.press('Enter')
  await page.waitForURL('**/w/default/home')
  await focusOn(page, 'h1', 'Home')

  // A page by two keys, its filters by one. In a field they are letters.
  await keyboard.press('g')
  await keyboard.press('r')
  await focusOn(page, 'h1', 'Runs')
  await page.getByRole('row', { name: 'ghost failed' }).waitFor()
  await keyboard.press('/')
  await press(page, page.getByRole('button', { name: 'failed', exact: true }))
  await page.waitForURL(/status=failed/)
  await reach(page, page.getByRole('searchbox', { name: 'Flow' }))
  await keyboard.type('gh')
  await page.waitForURL(/runs\?.*flow=gh/)
  await keyboard.type('ost')
  await page.waitForURL(/runs\?.*flow=ghost/)
  await page.getByRole('row', { name: 'ghost failed' }).waitFor()
  await reach(page, page.getByRole('grid', { name: 'Runs' }))
  await keyboard.press('j')
  await keyboard.press('Enter')
  await page.waitForURL(`**/runs/${run}*`)
  await focusOn(page, 'h1', 'ghost')

  // What is open, as a link and as an id.
  await page.getByRole('treeitem', { name: /^call probe_create_thing .*failed/ }).waitFor()
  await keyboard.press('.')
  await page.getByText('Link copied').waitFor()
  assert.match(await page.evaluate('navigator.clipboard.readText()'), new RegExp(`/w/default/runs/${run}`))
  api.answer = 200
  await press(page, page.getByRole('button', { name: 'Retry from failure' }))
  await page.getByRole('treeitem', { name: /^run ghost .*completed/ }).waitFor()
  assert.equal(await statusOf(hub, run), 'completed')
  await keyboard.press('c')
  await page.getByText(`Copied ${run}`).waitFor()
  await keyboard.press('Escape')
  await page.waitForURL(/\/runs\?/)
  await focusOn(page, 'h1', 'Runs')

  await keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to …' }).waitFor()
  await keyboard.type('make a')
  await page.getByRole('option', { name: /Make a thing/, selected: true }).waitFor()
  await keyboard.press('Enter')
  await page.waitForURL('**/flows/ghost')
  await focusOn(page, 'h1', 'Make a thing')
  await keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to …' }).waitFor()
  await keyboard.press('Control+v')
  await page.getByRole('option', { name: run, selected: true }).waitFor()
  await keyboard.press('Enter')
  await page.waitForURL(`**/runs/${run}*`)
  await focusOn(page, 'h1', 'ghost')
  await context.close()
})

test('single keys can be turned off and on again, and the focus comes back from a window', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/flows')
  page.setDefaultTimeout(10_000)
  const { keyboard } = page
  await focusOn(page, 'h1', 'Flows')
  const create = page.getByRole('button', { name: 'New flow' })
  await press(page, create)
  await page.getByRole('dialog').waitFor()
  // A window has the keys before the page.
  await keyboard.press('g')
  await keyboard.press('h')
  await page.getByRole('dialog').waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await focusOn(page, 'button', 'New flow')

  await keyboard.press('?')
  const single = page.getByRole('dialog').getByLabel('Single letters are shortcuts')
  await reach(page, single)
  await keyboard.press('Space')
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await focusOn(page, 'button', 'New flow')
  for (const key of ['g', 'h', '/', '?']) await keyboard.press(key)
  assert.match(await focused(page), /^BUTTON New flow/)
  assert.match(page.url(), /\/flows$/)
  assert.equal(await page.getByRole('dialog').count(), 0)
  await keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to …' }).waitFor()
  await keyboard.press('Escape')
  await focusOn(page, 'button', 'New flow')

  const shortcuts = page.getByRole('button', { name: 'Keyboard shortcuts' })
  await press(page, shortcuts)
  await reach(page, single)
  await keyboard.press('Space')
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await focusOn(page, 'button', 'Keyboard shortcuts')
  await keyboard.press('g')
  await keyboard.press('h')
  await focusOn(page, 'h1', 'Home')
})

test('dead deliveries are selected and retried together by keys alone', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using receiver = await startReceiver(() => 204)
  await made(hub, '/api/v1/integrations', {
    name: 'shop',
    integration_type: 'webhook',
    config: { verification: { kind: 'token', header: 'x-token' } },
    credential: { secret: 'a-long-enough-secret' },
  })
  await made(hub, '/api/v1/endpoints', { url: `${receiver.url}/in`, types: ['webhook.shop'] })
  for (const order of [1, 2, 3]) {
    const headers = { 'content-type': 'application/json', 'x-token': 'a-long-enough-secret' }
    await fetch(`${hub.address}/api/v1/webhooks/shop`, { method: 'POST', headers, body: JSON.stringify({ order }) })
  }
  const delivered = async (): Promise<number> =>
    ((await hub.person.call('GET', '/api/v1/deliveries?status=delivered')).json()['items'] as unknown[]).length
  const page = await hub.open('/endpoints/deliveries?status=dead')
  page.setDefaultTimeout(10_000)
  while ((await delivered()) < 3) await page.waitForTimeout(100)
  await hub.hub.db.sql.updateTable('deliveries').set({ status: 'dead' }).execute()
  await page.reload()

  const { keyboard } = page
  const row = page.getByRole('row', { name: 'webhook.shop, dead' })
  await row.nth(2).waitFor()
  for (const key of ['j', 'x', 'j', 'x']) await keyboard.press(key)
  const bar = page.getByRole('group', { name: 'Selected rows' })
  await bar.getByText('2 deliveries selected').waitFor()
  await keyboard.press('Shift+Tab')
  await press(page, bar.getByRole('button', { name: 'Retry' }))
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Retry 2 deliveries' }))
  await page.getByText('2 went well.').waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The button that opened the window is gone with what was selected.
  await focusOn(page, 'h1', 'Deliveries')
  await row.nth(1).waitFor({ state: 'detached' })
  assert.equal(await delivered(), 2)
})

test('the palette offers what the buttons of each page do, and no more than the person may', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using api = await startReceiver(() => ({ status: 422, body: '{"why": "not now"}' }))
  const run = await failedRun(hub, api.url)
  const rules = [{ tools: ['probe_set_text'], decision: 'ask', reason: 'Changes need a person.' }]
  assert.equal((await hub.person.call('PUT', '/api/v1/policies', { rules })).status, 200)
  const asked = await fetch(`${hub.address}/api/v1/tools/probe_set_text/invoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input: { id: '1', text: 'one' } }),
  })
  const { approval_id: approval } = (await asked.json()) as { approval_id: string }
  const page = await hub.open('/home')
  page.setDefaultTimeout(10_000)
  const { keyboard } = page
  const options = page.getByRole('listbox', { name: 'Results' }).getByRole('option')

  for (const [path, ...labels] of [
    ['/home', 'Start the demo systems'],
    ['/flows', 'New flow'],
    ['/flows/ghost', 'Check', 'Dry run', 'Run', 'Save as v2'],
    [`/runs/${run}`, 'Retry from failure'],
    ['/tools/probe_create_thing', 'Preview', 'Call: writes'],
    ['/integrations', 'Connect'],
    ['/integrations/probe', 'Connect', 'Test', 'Disable'],
    ['/endpoints', 'Add an endpoint'],
    ['/admin/tokens', 'Create a token'],
    ['/admin/credentials', 'Store a credential'],
    ['/admin/people', 'Invite somebody'],
    [`/approvals/${approval}`, 'Reject', 'Approve'],
  ] as const) {
    await page.goto(`${hub.address}/w/default${path}`)
    for (const name of labels)
      await page
        .locator('main')
        .getByRole('button', { name: new RegExp(`^${name}`) })
        .first()
        .waitFor()
    await keyboard.press('Control+k')
    await options.first().waitFor()
    const offered = await options.locator('span:first-child').allTextContents()
    assert.deepEqual(offered.slice(0, labels.length).toSorted(), [...labels].toSorted(), path)
    assert.equal(offered[labels.length], 'Home', `${path}: pages come after what the page can do`)
    await keyboard.press('Escape')
    await options.first().waitFor({ state: 'detached' })
  }

  for (const [path, ...menus] of [
    ['/flows/ghost', 'More'],
    [`/runs/${run}`, 'Replay', 'Copy'],
    ['/tools/probe_create_thing', 'Copy as'],
    ['/integrations/probe', 'More'],
  ] as const) {
    await page.goto(`${hub.address}/w/default${path}`)
    for (const name of menus) {
      await page.locator('main').getByRole('button', { name, exact: true }).and(page.locator('[aria-haspopup="menu"]')).click()
      await page.getByRole('menuitem').first().waitFor()
      const items = await page.getByRole('menuitem').allTextContents()
      assert.ok(items.length > 1, `${path} ${name}`)
      await keyboard.press('Escape')
      await page.getByRole('menuitem').first().waitFor({ state: 'detached' })
      await keyboard.press('Control+k')
      await keyboard.type(`${name}: `)
      await options.filter({ hasText: items.at(-1)! }).waitFor()
      // Tools that fit the text come behind.
      const offered = (await options.locator('span:first-child').allTextContents()).slice(0, items.length)
      assert.deepEqual(
        offered,
        items.map((item) => `${name}: ${item}`),
      )
      await keyboard.press('Escape')
      await options.first().waitFor({ state: 'detached' })
    }
  }
  await page.goto(`${hub.address}/w/default/integrations/probe`)
  await page.getByRole('button', { name: 'More', exact: true }).waitFor()
  await keyboard.press('Control+k')
  await keyboard.type('more: ren')
  await page.getByRole('option', { name: /^More: Rename/, selected: true }).waitFor()
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: /Rename/ }).waitFor()
  await page.goto(`${hub.address}/w/default/approvals/${approval}`)
  await page.getByRole('button', { name: /^Approve/ }).waitFor()

  // What sleeps at first sleeps in the palette too.
  await page.waitForTimeout(700)
  await keyboard.press('Control+k')
  await keyboard.type('approve')
  await page.getByRole('option', { name: 'Approve action', selected: true }).waitFor()
  await keyboard.press('Enter')
  await page.getByText('Approved.').waitFor()
  assert.equal((await hub.person.call('GET', `/api/v1/approvals/${approval}`)).json()['status'], 'approved')

  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const other = await hub.open(`/runs/${run}`, { as: viewer })
  await other.getByRole('button', { name: /^Retry from failure/ }).waitFor()
  await other.keyboard.press('Control+k')
  const refused = other.getByRole('option', { name: 'Retry from failure You lack the scope flows:run' })
  await refused.waitFor()
  assert.equal(await refused.getAttribute('aria-disabled'), 'true')
  await other.keyboard.press('Enter')
  await refused.waitFor()
  await other.keyboard.type('replay: with the same')
  await other.getByRole('option', { name: 'Replay: With the same version You lack the scope flows:run' }).waitFor()
  assert.equal(await statusOf(hub, run), 'failed')
})

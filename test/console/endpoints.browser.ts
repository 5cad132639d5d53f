import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage, startReceiver, testConsole, type TestConsole } from '#test'

const secret = 'a-long-enough-secret'

/** A webhook whose deliveries are events of the type `webhook.shop`. */
async function shop(hub: TestConsole): Promise<(order: number) => Promise<void>> {
  const config = { verification: { kind: 'token', header: 'x-token' } }
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'shop',
    integration_type: 'webhook',
    config,
    credential: { secret },
  })
  assert.equal(made.status, 201, made.text)
  return async (order) => {
    const { status } = await fetch(`${hub.address}/api/v1/webhooks/shop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-token': secret },
      body: JSON.stringify({ order }),
    })
    assert.equal(status, 202)
  }
}

test('an endpoint is added, its dead deliveries are read and retried in bulk, and it is changed and deleted', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await using receiver = await startReceiver(() => ({ status: 400, body: '{"why":"\u202Egnp.exe"}' }))
  const send = await shop(hub)
  const page = await hub.open('/endpoints')
  await page.getByText('No events are sent anywhere yet.').waitFor()
  await checkPage(page, 'endpoints-empty')
  await page.getByRole('button', { name: 'Add an endpoint' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^URL/).fill('no address')
  await dialog.getByRole('button', { name: 'Add an endpoint' }).click()
  await dialog.getByRole('alert').waitFor()
  await checkPage(page, 'endpoints-create')
  await dialog.getByLabel(/^URL/).fill(`${receiver.url}/in`)
  await dialog.getByLabel(/^Types/).fill('webhook.shop')
  await dialog.getByRole('button', { name: 'Add an endpoint' }).click()
  await page.getByRole('heading', { name: 'The secret of the endpoint' }).waitFor()
  await checkPage(page, 'endpoints-secret')
  const made = await dialog.locator('code').textContent()
  assert.match(made!, /^whsec_/)
  await dialog.getByText('Close').last().click()
  await page.waitForURL('**/endpoints/end_*')
  assert.equal((await page.textContent('body'))!.includes(made!), false)
  const id = new URL(page.url()).pathname.split('/').at(-1)!
  await page.getByText('Nothing was sent to it yet.').waitFor()

  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByText('The test was not accepted.').waitFor()
  for (const order of [1, 2, 3]) await send(order)
  const attempted = async (): Promise<number> => {
    const { items } = (await hub.person.call('GET', `/api/v1/deliveries?endpoint=${id}`)).json() as {
      items: { attempts: number; last_error: unknown }[]
    }
    return items.filter(({ attempts, last_error: error }) => attempts > 0 && error !== null).length
  }
  while ((await attempted()) < 3) await page.waitForTimeout(100)
  // The next attempt is the last one of the schedule, which takes 28 hours otherwise.
  const last = { attempts: 7, nextAt: new Date(), leasedUntil: null }
  await hub.hub.db.sql.updateTable('deliveries').set(last).where('endpointId', '=', id).execute()

  await page.getByRole('button', { name: 'Retry 3 dead' }).waitFor()
  await checkPage(page, 'endpoints-dead')
  await page.goto(`${hub.address}/w/default/endpoints/deliveries?endpoint=${id}&status=dead`)
  await page.getByRole('row', { name: 'webhook.shop, dead' }).first().click()
  await page.waitForURL('**/endpoints/deliveries/del_*')
  await page.getByText('⟨U+202E⟩gnp.exe').first().waitFor()
  await checkPage(page, 'deliveries-dead')
  await page.keyboard.press('Escape')
  receiver.answer = 204
  await page.getByRole('button', { name: 'Retry all of these' }).click()
  await page.getByRole('heading', { name: 'Retry 3 deliveries?' }).waitFor()
  await page.getByRole('button', { name: 'Retry 3 deliveries' }).click()
  await page.getByText('3 went well.').waitFor()
  await page.getByRole('dialog').getByText('Close').last().click()
  await page.goto(`${hub.address}/w/default/endpoints/deliveries?endpoint=${id}`)
  await page.getByRole('row', { name: 'webhook.shop, delivered' }).nth(2).waitFor()
  await checkPage(page, 'deliveries-delivered')
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 4, 'a retry has the id of its delivery')

  await page.goto(`${hub.address}/w/default/endpoints/${id}`)
  const choose = async (item: string): Promise<void> => {
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await choose('Change')
  await page
    .getByRole('dialog')
    .getByLabel(/^Description/)
    .fill('The shop')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The endpoint was changed.').waitFor()
  await choose('Make another secret')
  await page.getByRole('dialog').getByRole('button', { name: 'Make another secret' }).click()
  await page
    .getByRole('dialog')
    .locator('code')
    .filter({ hasText: /^whsec_/ })
    .waitFor()
  await page.getByRole('dialog').getByText('Close').last().click()
  await choose('Send stored events again')
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
  await page.getByText('3 events are sent again.').waitFor()
  await checkPage(page, 'endpoints-replayed')
  await page.getByRole('dialog').getByText('Close').last().click()
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText(/The endpoint is disabled/).waitFor()
  const kept = (await hub.person.call('GET', `/api/v1/endpoints/${id}`)).json()
  assert.deepEqual([kept['description'], kept['enabled']], ['The shop', false])
  await choose('Delete')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No events are sent anywhere yet.').waitFor()
})

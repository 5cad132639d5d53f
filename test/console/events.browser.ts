import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage, testConsole } from '#test'

test('an event that arrives appears in the list, opens with its content, and is replayed', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/events')
  await page.getByText('Nothing has come yet.').waitFor()
  await checkPage(page, 'events-empty')
  const secret = 'a-long-enough-secret'
  const config = { verification: { kind: 'token', header: 'x-token' } }
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'shop',
    integration_type: 'webhook',
    config,
    credential: { secret },
  })
  assert.equal(made.status, 201, made.text)
  const sent = await fetch(`${hub.address}/api/v1/webhooks/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-token': secret },
    body: JSON.stringify({ order: 7, note: '<img src=x onerror=alert(1)> \u202Egnp.exe' }),
  })
  assert.ok(sent.ok, await sent.text())

  await page.getByRole('row', { name: /shop/ }).click()
  await page.getByText('⟨U+202E⟩gnp.exe').waitFor()
  await page.getByText('Nothing was set off').waitFor()
  await checkPage(page, 'events')
  await page.getByLabel('Integration', { exact: true }).focus()
  await page.keyboard.press('Escape')
  await page.getByText('Nothing was set off').waitFor()
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByText('The event is dispatched again.').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL('**/events')
})

test('all events that match a filter are replayed in bulk, with the number confirmed and what failed listed', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const secret = 'a-long-enough-secret'
  const config = { verification: { kind: 'token', header: 'x-token' } }
  const input = { name: 'shop', integration_type: 'webhook', config, credential: { secret } }
  assert.equal((await hub.person.call('POST', '/api/v1/integrations', input)).status, 201)
  const send = (order: number): Promise<Response> =>
    fetch(`${hub.address}/api/v1/webhooks/shop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-token': secret },
      body: JSON.stringify({ order }),
    })
  for (const order of [1, 2, 3]) assert.ok((await send(order)).ok)

  const page = await hub.open('/events')
  const rows = page.getByRole('row', { name: /shop/ })
  await rows.nth(2).waitFor()
  await rows.first().getByRole('checkbox').click()
  await page.getByText('1 event selected').waitFor()
  await rows
    .last()
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] })
  await page.getByText('3 events selected').waitFor()
  assert.equal(await page.getByRole('button', { name: /Select all that match/ }).getAttribute('aria-disabled'), 'true')
  await page.getByLabel('Integration').fill('shop')
  await page.waitForURL('**/events?integration=shop')
  await rows.nth(2).waitFor()
  assert.equal(await page.getByText('events selected').count(), 0, 'another list has nothing selected')
  await rows.first().getByRole('checkbox').click()
  await page.getByRole('button', { name: /Select all that match/ }).click()
  await page.getByText('All events that match are selected').waitFor()
  await checkPage(page, 'events-selected')
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByRole('heading', { name: 'Replay 3 events?' }).waitFor()
  await checkPage(page, 'events-bulk-question')
  await page.getByRole('button', { name: 'Replay 3 events' }).click()
  await page.getByText('3 went well.').waitFor()
  assert.match(page.url(), /[?&]bulk=blk_/)
  await checkPage(page, 'events-bulk-finished')
  await page.reload()
  await page.getByText('3 went well.').waitFor()
  await page.getByRole('dialog').getByText('Close').last().click()
  await page.waitForURL('**/events?integration=shop')
  const { items } = (await hub.person.call('GET', '/api/v1/events?integration=shop')).json() as { items: { id: string }[] }
  for (const { id } of items) assert.equal((await hub.person.call('GET', `/api/v1/events/${id}`)).json()['replays'], 1)
})

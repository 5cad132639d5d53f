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
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByText('The event is dispatched again.').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL('**/events')
})

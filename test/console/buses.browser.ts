import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage, testConsole } from '#test'

test('the buses show their state, answer a ping, and take a message', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/admin/buses')
  await page.getByRole('heading', { name: 'Inside the hub' }).waitFor()
  await page.getByText('No message has come or gone').waitFor()
  await checkPage(page, 'admin-buses-empty')
  await page.getByRole('button', { name: 'Ping' }).click()
  await page.getByText(/The broker answered in .* ms/).waitFor()

  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Topic').fill('a topic')
  await dialog.getByLabel('Content').fill('{"id": ')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await dialog.getByText(/This is no JSON/).waitFor()
  await dialog.getByLabel('Content').fill('{"id": 7}')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await dialog
    .getByText(/letters, digits/)
    .first()
    .waitFor()
  await checkPage(page, 'admin-buses-publish')
  await dialog.getByLabel('Topic').fill('orders')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await page.getByRole('cell', { name: 'orders' }).waitFor()
  await page.getByText('The broker has confirmed the message.').waitFor()
  // The refusal goes by itself.
  await page.getByText('The input is not valid.').waitFor({ state: 'detached' })
  await checkPage(page, 'admin-buses')
  assert.equal(await page.getByRole('cell', { name: 'sent' }).count(), 1)
})

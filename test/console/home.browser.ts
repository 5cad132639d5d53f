import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage, invited, testConsole } from '#test'

test('the first steps tick themselves, and the demo systems lead to a green run without an account', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/home')
  await page.getByText('Nothing needs you now.').waitFor()
  await page.getByRole('heading', { name: 'First steps 1/6' }).waitFor()
  await checkPage(page, 'home-new')

  await page.getByRole('button', { name: 'Start the demo systems' }).click()
  await page.getByText('The demo systems run.').waitFor()
  await page.getByRole('button', { name: 'Send the sample webhook' }).click()
  await page.getByText('Its flow runs now.').waitFor()
  await page.getByRole('heading', { name: 'First steps 5/6' }).waitFor()
  await checkPage(page, 'home')
  await page.getByRole('link', { name: 'See the runs' }).click()
  await page.getByRole('row', { name: /demo-hello completed/ }).click()
  await page.getByRole('treeitem', { name: /^event github/ }).waitFor()
  await checkPage(page, 'run-demo')
  await page.keyboard.press('g')
  await page.keyboard.press('h')
  await page.getByRole('button', { name: 'Remove them' }).click()
  await page.getByText('are removed.').waitFor()
  const left = (await hub.person.call('GET', '/api/v1/demo')).json()
  assert.deepEqual([left['running'], left['integrations']], [false, []])
})

test('who may only look sees no more than that, and why', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const page = await hub.open('/home', { as: viewer })
  await page.getByText('Nothing needs you now.').waitFor()
  const start = page.getByRole('button', { name: /Start the demo systems/ })
  assert.match((await start.getAttribute('title')) ?? '', /You lack the scope hub:admin/)
  await start.click({ force: true })
  assert.equal((await hub.person.call('GET', '/api/v1/demo')).json()['running'], false)
  await checkPage(page, 'home-viewer')
})

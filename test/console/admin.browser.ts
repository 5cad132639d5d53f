import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage, invited, press, reach, testConsole } from '#test'

test('a token is made by keys alone, used, shown once and revoked', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/admin/tokens')
  await page.getByRole('table', { name: 'Tokens' }).waitFor()
  await press(page, page.getByRole('button', { name: 'Create a token' }))
  await reach(page, page.getByRole('dialog').getByLabel('Name'))
  await page.keyboard.type('my agent')
  await reach(page, page.getByRole('dialog').getByLabel('flows:read'))
  await page.keyboard.press('Space')
  await checkPage(page, 'admin-new-token')
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Create a token' }))
  await page.getByText('Copy the token now.').waitFor()
  const token = (await page.getByRole('dialog').locator('code').textContent())!
  const asked = (path: string) => fetch(`${hub.address}${path}`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await asked('/api/v1/runs')).status, 200)
  assert.equal((await asked('/api/v1/audit')).status, 403)
  await press(page, page.getByRole('button', { name: 'Done' }))
  await page.getByRole('cell', { name: 'my agent', exact: true }).waitFor()
  assert.equal((await page.content()).includes(token), false)
  await checkPage(page, 'admin-tokens')
  await press(page, page.getByRole('button', { name: 'Revoke my agent' }))
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Revoke' }))
  await page.getByText('The token is revoked.').waitFor()
  await page.waitForTimeout(600)
  assert.equal((await asked('/api/v1/runs')).status, 401)
})

test('people are invited and get roles, policies are checked, and every tab passes in both themes', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/admin/people')
  await page.getByRole('button', { name: 'Invite somebody' }).click()
  await page.getByLabel('E-mail address').fill('mia@example.com')
  await page.getByRole('button', { name: 'Make the link' }).click()
  await page.getByText('Give this link to the person.').waitFor()
  const link = await page.getByRole('dialog').locator('code').textContent()
  assert.match(link!, /token=/)
  // What is shown once goes away by its buttons only.
  await page.keyboard.press('Escape')
  await page.mouse.click(4, 4)
  await page.waitForTimeout(400)
  assert.equal(await page.getByRole('dialog').locator('code').textContent(), link)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('cell', { name: 'mia@example.com' }).waitFor()
  const vera = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  await page.getByLabel('Role of Vera').selectOption('member')
  await page.getByText('The role applies within a second.').waitFor()
  await checkPage(page, 'admin-people')

  await page.getByRole('tab', { name: 'Policies' }).click()
  await page.getByRole('textbox', { name: 'Policies' }).fill('{"rules": [{"tools": ["x_*"], "decision": "perhaps"}]}')
  await page.getByRole('button', { name: 'Save' }).click()
  await page
    .getByText(/rules\[0\]\.decision|rules\.0\.decision/)
    .first()
    .waitFor()
  await page.reload()
  await page.getByText('They are kept in this browser.').waitFor()
  await page.getByRole('textbox', { name: 'Policies' }).fill('{"rules": [{"tools": ["x_*"], "decision": "deny", "reason": "no"}]}')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The policies apply within a second.').waitFor()
  const { rules } = (await hub.person.call('GET', '/api/v1/policies')).json() as { rules: { decision: string }[] }
  assert.equal(rules[0]!.decision, 'deny')
  await checkPage(page, 'admin-policies')

  const field = page.getByRole('textbox', { name: 'Policies' })
  await field.fill('{"rules": [')
  await page.getByText('This is no JSON').first().waitFor()
  assert.equal(await page.getByRole('button', { name: /^Save/ }).getAttribute('aria-disabled'), 'true')
  await field.fill('{"rules": []}')
  const theirs = { rules: [{ tools: ['y_*'], decision: 'deny', reason: 'theirs' }] }
  assert.equal((await hub.person.call('PUT', '/api/v1/policies', theirs)).status, 200)
  await page.getByText('Somebody else changed the policies after you began.').waitFor()
  assert.equal(await field.inputValue(), '{"rules": []}', 'what is being written stays')
  await checkPage(page, 'admin-policies-outdated')
  await page.getByRole('button', { name: 'Throw the changes away' }).click()
  assert.match(await field.inputValue(), /theirs/)

  await page.getByRole('tab', { name: 'Credentials' }).click()
  await page.getByRole('button', { name: 'Store a credential' }).click()
  await page.getByLabel('Name').fill('spare')
  await page.getByLabel('Field 1').fill('token')
  await page.getByLabel('Value 1').fill('a-secret-value-of-somebody')
  await page.getByRole('button', { name: 'Store', exact: true }).click()
  await page.getByRole('cell', { name: 'spare', exact: true }).waitFor()
  assert.equal((await page.content()).includes('a-secret-value-of-somebody'), false)
  for (const [tab, name] of [
    ['Credentials', 'admin-credentials'],
    ['Apps', 'admin-apps'],
    ['Audit', 'admin-audit'],
    ['Retention', 'admin-retention'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('heading', { name: tab }).waitFor()
    await checkPage(page, name)
  }
  await page.getByLabel('Days of runs').fill('30')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Stored. What is older').waitFor()
  assert.equal((await hub.person.call('GET', '/api/v1/retention')).json()['runs_days'], 30)

  const limited = await hub.open('/admin/people', { as: vera })
  const invite = limited.getByRole('button', { name: /Invite somebody/ })
  assert.match((await invite.getAttribute('title')) ?? '', /people:write/)
  await checkPage(limited, 'admin-no-permission')
})

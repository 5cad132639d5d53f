import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream, type RecordedRequest, type Scripted } from '#kit/testing'
import { checkPage, invited, testConsole, type TestConsole } from '#test'

interface Bench extends AsyncDisposable {
  readonly hub: TestConsole
  readonly requests: readonly RecordedRequest[]
  writes(): readonly RecordedRequest[]
}

/** A console with one or more integrations of the probe connector, whose outside system gives these answers. */
async function bench(
  t: Parameters<typeof testConsole>[0],
  answer: (request: RecordedRequest) => Scripted,
  names = ['probe'],
): Promise<Bench | undefined> {
  await using stack = new AsyncDisposableStack()
  const hub = await testConsole(t, { MAX_RETRY_ATTEMPTS: '0' })
  if (!hub) return undefined
  stack.use(hub)
  const api = stack.use(await upstream(answer))
  for (const name of names) {
    const made = await hub.person.call('POST', '/api/v1/integrations', {
      name,
      integration_type: 'probe',
      access_token: 'probe-secret-token',
      config: { base_url: api.url },
    })
    assert.equal(made.status, 201, made.text)
  }
  const owned = stack.move()
  return {
    hub,
    requests: api.requests,
    writes: () => api.requests.filter(({ method }) => method !== 'GET'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('a tool is found by intent, previewed and called, and a double click acts once', async (t) => {
  await using made = await bench(t, () => ({ body: { id: '7' } }))
  if (!made) return
  const { hub, writes } = made
  const page = await hub.open('/tools')
  await page.getByRole('grid', { name: 'Tools' }).waitFor()
  await checkPage(page, 'tools-list')
  await page.getByRole('searchbox', { name: 'What you want to do' }).fill('probe add text')
  await page.waitForURL(/q=probe/)
  await page.getByRole('combobox', { name: 'Effect' }).selectOption('write')
  await page.getByRole('row', { name: /probe_add_text/ }).click()
  await page.waitForURL(/\/tools\/probe_add_text\?.*q=probe/)

  // Bad arguments show at their field, and nothing is sent.
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await page.locator('p[id$="-error"]').waitFor()
  const field = page.getByRole('textbox', { name: 'Text required' })
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
  assert.equal(writes().length, 0)

  await field.fill('<b>hello</b> \u202Etxt')
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  const preview = page.getByRole('region', { name: 'Preview' })
  await preview.getByText('The policy allows this call.').waitFor()
  await preview.getByText('/texts').first().waitFor()
  await preview.getByText('⟨U+202E⟩').waitFor()
  assert.equal(writes().length, 0, 'a preview writes nothing')
  await checkPage(page, 'tools-preview')

  await page.getByRole('button', { name: 'Call: writes' }).dblclick()
  const result = page.getByRole('region', { name: 'Result', exact: true })
  await result.getByText('completed').waitFor()
  await page.getByRole('button', { name: 'Call: writes' }).click()
  await result.getByText('This call had been made already.').waitFor()
  assert.equal(writes().length, 1, 'one form acts once')
  await checkPage(page, 'tools-result')
  await page.getByRole('button', { name: 'Prepare another call' }).click()
  await page.getByRole('button', { name: 'Call: writes' }).click()
  await result.getByText('completed').waitFor()
  assert.equal(writes().length, 2)
  await result.getByRole('link', { name: 'Open the call' }).waitFor()
})

test('the form and JSON are one text, which stays after a reload', async (t) => {
  await using made = await bench(t, () => ({ body: { ok: 1 } }), ['one', 'two'])
  if (!made) return
  const page = await made.hub.open('/tools/probe_set_text')
  await page.getByRole('textbox', { name: 'Id required' }).fill('42')
  await page.getByRole('button', { name: 'JSON', exact: true }).click()
  const json = page.getByRole('textbox', { name: 'Arguments as JSON' })
  assert.deepEqual(JSON.parse(await json.inputValue()), { id: '42' })
  await json.fill('{"id": "42", "text": "half')
  await page.getByText('This is no JSON object').first().waitFor()
  // The form cannot show it, so the text stays.
  await page.getByRole('button', { name: /^Form/ }).click({ force: true })
  assert.equal(await json.inputValue(), '{"id": "42", "text": "half')
  await page.reload()
  assert.equal(await page.getByRole('textbox', { name: 'Arguments as JSON' }).inputValue(), '{"id": "42", "text": "half')
  await json.fill('{"id": "42", "text": "whole"}')
  await page.getByRole('button', { name: 'Form', exact: true }).click()
  assert.equal(await page.getByRole('textbox', { name: 'Text required' }).inputValue(), 'whole')
  await page.getByRole('combobox', { name: 'Integration' }).selectOption('two')
  await page.waitForURL(/use=two/)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const copied = async (name: string): Promise<string> => {
    await page.getByRole('button', { name: 'Copy as' }).click()
    await page.getByRole('menuitem', { name }).click()
    await page.getByText('Copied').first().waitFor()
    const text = await page.evaluate('navigator.clipboard.readText()')
    await page.getByRole('button', { name: 'Dismiss' }).first().click()
    return String(text)
  }
  assert.match(await copied('curl'), /invoke' \\\n.*HUB_TOKEN"[^]*"integration":"two"/)
  assert.match(await copied('Command'), /^hub tool call probe_set_text --integration 'two' --input '\{"id":"42","text":"whole"\}'$/)
  assert.match(await copied('Step of a flow'), /uses: probe_set_text\n {2}integration: two\n {2}with:\n {4}id: "42"/)
})

test('a list is also a table, and what was cut off is read on request', async (t) => {
  const items = Array.from({ length: 3000 }, (_, id) => ({ id, text: `row ${id} ${'x'.repeat(80)}` }))
  await using made = await bench(t, () => ({ body: { items } }))
  if (!made) return
  const page = await made.hub.open('/tools/probe_list_things')
  await page.getByRole('button', { name: 'Call: reads' }).click()
  const result = page.getByRole('region', { name: 'Result', exact: true })
  await result.getByText('The result is larger than what is shown.').waitFor()
  await result.getByRole('tab', { name: 'Table' }).click()
  await result.getByRole('columnheader', { name: 'text' }).waitFor()
  await checkPage(page, 'tools-table')
  await result.getByRole('button', { name: /Read the rest of items/ }).click()
  await result.getByRole('tree', { name: /Rest of items, part 1/ }).waitFor()
})

test('a call that needs a person leads to the approval, and is made when it is approved; destroying asks first', async (t) => {
  await using made = await bench(t, () => ({ body: {} }))
  if (!made) return
  const { hub, writes } = made
  const rules = [{ tools: ['probe_delete_text'], decision: 'ask', reason: 'Deleting needs a person.' }]
  assert.equal((await hub.person.call('PUT', '/api/v1/policies', { rules })).status, 200)
  assert.equal((await hub.person.call('PUT', '/api/v1/approval-settings', { involved_may_decide: true })).status, 200)
  const page = await hub.open('/tools/probe_delete_text')
  await page.getByRole('textbox', { name: 'Id required' }).fill('9')
  await page.getByRole('button', { name: 'Preview', exact: true }).click()
  await page.getByText('A person has to approve this call. Deleting needs a person.').waitFor()
  await page.getByRole('button', { name: 'Call: destroys' }).click()
  const dialog = page.getByRole('dialog', { name: 'Destroy it?' })
  await dialog.waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.equal(writes().length, 0)
  await page.getByRole('button', { name: 'Call: destroys' }).click()
  await dialog.getByRole('button', { name: 'Call: destroys' }).click()
  await page.getByText('A person has to approve this call first.').waitFor()
  assert.equal(writes().length, 0)
  const address = await page.getByRole('link', { name: 'Open the approval' }).getAttribute('href')
  const id = address!.split('/').at(-1)!
  assert.equal((await hub.person.call('POST', `/api/v1/approvals/${id}`, { decision: 'approve' })).status, 200)
  await page.getByText('It was approved.').waitFor()
  await page.getByRole('button', { name: 'Call again' }).click()
  await page.getByRole('region', { name: 'Result', exact: true }).getByText('completed').waitFor()
  assert.equal(writes().length, 1)
})

test('what cannot be used says why', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/tools?q=probe+text')
  await page.getByRole('row', { name: /probe_add_text/ }).click()
  await page.getByText('Nothing is connected to probe yet').first().waitFor()
  await page.getByRole('combobox', { name: 'Connector' }).selectOption('smtp')
  await page.getByRole('combobox', { name: 'Effect' }).selectOption('destroy')
  await page.getByText('No tool matches.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await page.waitForURL((url) => !url.search.includes('q='))
})

test('whoever may not call a tool reads it, and sees which scope is missing', async (t) => {
  await using made = await bench(t, () => ({ body: { id: '7' } }))
  if (!made) return
  const { hub, requests } = made
  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const page = await hub.open('/tools/probe_add_text', { as: viewer })
  await page.getByRole('textbox', { name: 'Text required' }).fill('x')
  const call = page.getByRole('button', { name: /^Call: writes/ })
  assert.equal(await call.getAttribute('title'), 'You lack the scope tools:call')
  await call.click({ force: true })
  await page.getByRole('tab', { name: 'Arguments' }).click()
  await page.getByText('required').waitFor()
  assert.equal(requests.filter(({ method }) => method !== 'GET').length, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream, type RecordedRequest, type Scripted } from '#kit/testing'
import { checkPage, testConsole, type TestConsole } from '#test'

async function connect(hub: TestConsole, url: string): Promise<void> {
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    integration_type: 'probe',
    access_token: 'probe-secret-token',
    config: { base_url: url },
  })
  assert.equal(made.status, 201, made.text)
}

async function call(
  hub: TestConsole,
  tool: string,
  { key, ...body }: { key?: string; [field: string]: unknown },
): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
  return (await hub.person.with({ headers }).call('POST', `/api/v1/tools/${tool}/invoke`, body)).json()
}

test('calls are listed live, filtered by several states, and opened with what was sent for them', async (t) => {
  const answer = ({ path }: RecordedRequest): Scripted =>
    path === '/refused'
      ? { status: 403, body: { message: '<img src=x onerror=alert(1)> refused \u202Eexe' }, headers: { 'x-request-id': 'vendor-1' } }
      : { body: { ok: 1 } }
  await using api = await upstream(answer)
  await using hub = await testConsole(t, { MAX_RETRY_ATTEMPTS: '0' })
  if (!hub) return
  const page = await hub.open('/calls')
  await page.getByText('No tool has been called yet.').waitFor()
  await checkPage(page, 'calls-empty')
  await connect(hub, api.url)
  await call(hub, 'probe_create_thing', { input: { at: '/fine' } })
  await page.getByRole('row', { name: 'probe_create_thing completed' }).waitFor()
  await call(hub, 'probe_get_thing', { input: { at: '/refused' } })
  await page.getByRole('row', { name: 'probe_get_thing failed' }).waitFor()

  await page.getByRole('button', { name: 'failed', exact: true }).click()
  await page.getByRole('row', { name: 'probe_create_thing completed' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'outcome unknown', exact: true }).click()
  await page.waitForURL(/status=failed,outcome_unknown/)
  await page.getByRole('row', { name: 'probe_get_thing failed' }).click()
  await page.waitForURL(/\/calls\/inv_/)
  const detail = page.getByRole('article')
  await detail.getByText('⟨U+202E⟩').first().waitFor()
  await detail.getByRole('tab', { name: 'Requests 1' }).click()
  await detail.getByText('/refused').waitFor()
  await detail.getByText('403').first().waitFor()
  await checkPage(page, 'calls-failed')
  await detail.getByRole('tab', { name: 'Arguments' }).click()
  await detail.getByRole('tree', { name: 'Arguments' }).waitFor()
  await page.reload()
  await detail.getByRole('tree', { name: 'Arguments' }).waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL(/\/calls\?/)
  await page.getByRole('button', { name: 'More filters' }).click()
  const by = page.getByRole('combobox', { name: 'Made by' })
  await by.selectOption({ label: 'flow send-summary-email' })
  await page.waitForURL(/actor=system%3Aflow%3A/)
  await page.getByText('No call matches.').waitFor()
  await by.selectOption({ label: 'Ada' })
  await page.getByRole('row', { name: 'probe_get_thing failed' }).click()
  await detail.getByRole('link', { name: 'Ada' }).waitFor()
  assert.match((await detail.getByRole('link', { name: 'Ada' }).getAttribute('title')) ?? '', /^user:usr_/)
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Error' }).fill('no_such_code')
  await page.getByText('No call matches.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).last().click()
  await page.getByRole('row', { name: 'probe_create_thing completed' }).waitFor()
})

test('a call is undone after its undoing was shown, and one that cannot be undone says why', async (t) => {
  const texts = new Map<string, string>([['1', 'before']])
  const answer = ({ method, path, json }: RecordedRequest): Scripted => {
    const id = path.split('/').at(-1)!
    if (method === 'PUT') texts.set(id, (json as { text: string }).text)
    return { body: { text: texts.get(id) } }
  }
  await using api = await upstream(answer)
  await using hub = await testConsole(t)
  if (!hub) return
  await connect(hub, api.url)
  const changed = await call(hub, 'probe_set_text', { input: { id: '1', text: 'after' } })
  assert.equal(texts.get('1'), 'after')
  const page = await hub.open(`/calls/${String(changed['invocation_id'])}`)
  await page.getByRole('button', { name: 'Undo …' }).click()
  const dialog = page.getByRole('dialog', { name: 'Undo this call' })
  await dialog.getByText('/texts/1').waitFor()
  assert.equal(texts.get('1'), 'after', 'looking changes nothing')
  await checkPage(page, 'calls-undo')
  await dialog.getByRole('button', { name: 'Undo it' }).click()
  await page.getByText('The call was undone.').waitFor()
  assert.equal(texts.get('1'), 'before')
  await page.getByText('Undone by').waitFor()
  await page.getByRole('button', { name: 'Undo …' }).waitFor({ state: 'detached' })

  const deleted = await call(hub, 'probe_delete_text', { input: { id: '1' } })
  await page.goto(`${hub.address}/w/default/calls/${String(deleted['invocation_id'])}`)
  await page.getByRole('button', { name: 'Undo …' }).click()
  await dialog.getByText('a deleted text is not kept').waitFor()
})

test('a result of 6 MB is offered as a download', async (t) => {
  const items = Array.from({ length: 6000 }, (_, id) => ({ id, text: 'x'.repeat(1000) }))
  await using api = await upstream(() => ({ body: { items } }))
  await using hub = await testConsole(t)
  if (!hub) return
  await connect(hub, api.url)
  const made = await call(hub, 'probe_list_things', { input: {}, key: 'large' })
  const page = await hub.open(`/calls/${String(made['invocation_id'])}`)
  await page.getByText(/which is too large to show/).waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
  assert.equal(download.suggestedFilename(), `${String(made['invocation_id'])}.json`)
})

test('a call that runs in the background is cancelled', async (t) => {
  await using api = await upstream(({ path }) => (path === '/slow' ? { fault: 'hang' } : { body: { ok: 1 } }))
  await using hub = await testConsole(t)
  if (!hub) return
  await connect(hub, api.url)
  await call(hub, 'probe_slow_thing', { input: { at: '/slow' }, mode: 'async' })
  const page = await hub.open('/calls')
  await page.getByRole('row', { name: /probe_slow_thing (queued|running)/ }).click()
  await page.getByRole('button', { name: 'Cancel the call' }).click()
  await page.getByRole('article').getByText('cancelled').first().waitFor()
  await page.getByRole('row', { name: 'probe_slow_thing failed' }).waitFor()
})

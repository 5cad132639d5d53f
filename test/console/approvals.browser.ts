import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { upstream, type RecordedRequest } from '#kit/testing'
import { adminToken, checkPage, invited, testConsole, type TestConsole } from '#test'

interface Bench extends AsyncDisposable {
  readonly hub: TestConsole
  /** What the outside system has: texts by id. */
  readonly texts: Map<string, string>
  /** Makes a call as an agent, which a person has to approve; returns the approval. */
  ask(tool: string, input: object): Promise<string>
  statusOf(id: string): Promise<unknown>
}

async function bench(t: TestContext, rule: object = {}): Promise<Bench | undefined> {
  await using stack = new AsyncDisposableStack()
  const texts = new Map([['1', 'first line\nsecond line']])
  const answer = ({ path }: RecordedRequest) => ({ body: { text: texts.get(path.split('/').at(-1)!) ?? '' } })
  const api = stack.use(await upstream(answer))
  const hub = await testConsole(t)
  if (!hub) return undefined
  stack.use(hub)
  const config = { base_url: api.url }
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'notes',
    integration_type: 'probe',
    access_token: 'probe-secret-token',
    config,
  })
  assert.equal(made.status, 201, made.text)
  const rules = [{ effects: ['write', 'destroy'], decision: 'ask', reason: 'Changes need a person.', ...rule }]
  assert.equal((await hub.person.call('PUT', '/api/v1/policies', { rules })).status, 200)
  const owned = stack.move()
  return {
    hub,
    texts,
    async ask(tool, input) {
      const reply = await fetch(`${hub.address}/api/v1/tools/${tool}/invoke`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ input }),
      })
      const { approval_id: id } = (await reply.json()) as { approval_id?: string }
      assert.ok(id, 'the call waits for a person')
      return id
    },
    statusOf: async (id) => (await hub.person.call('GET', `/api/v1/approvals/${id}`)).json()['status'],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const phone = { viewport: { width: 360, height: 740 } }
const wakeMs = 700

test('the oldest one is open, with a sentence, what would change, the request and why', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask } = made
  const page = await hub.open('/approvals')
  await page.getByText('Nothing waits for a decision.').waitFor()
  await checkPage(page, 'approvals-empty')
  const hostile = 'first line\n<img src=x onerror=alert(1)> \u202Egnp.exe'
  const first = await ask('probe_set_text', { id: '1', text: hostile })
  await ask('probe_delete_text', { id: 'archive' })
  await page.waitForURL(`**/approvals/${first}`)
  const article = page.getByRole('article')
  await article.getByRole('heading', { name: 'Set text: 1' }).waitFor()
  await article.getByText('writes').waitFor()
  await article.getByText('Changes need a person.').waitFor()
  await article.getByText('notes · probe').waitFor()
  await article.locator('del', { hasText: 'second line' }).waitFor()
  await article.locator('ins', { hasText: '<img src=x onerror=alert(1)> ⟨U+202E⟩gnp.exe' }).waitFor()
  await article.getByText('PUT').waitFor()
  assert.equal(await article.locator('img').count(), 0)
  assert.match(String(await page.evaluate('document.activeElement.tagName')), /^(H1|H2|BODY)$/, 'nothing that decides has focus')
  await page.getByRole('row', { name: /Delete text archive/ }).waitFor()
  await checkPage(page, 'approvals-open')
  await page.reload()
  await article.getByRole('heading', { name: 'Set text: 1' }).waitFor()
})

test('keys alone decide in a window of a phone, not at once after the next one opened', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask, statusOf } = made
  const [first, second] = [await ask('probe_set_text', { id: '1', text: 'one' }), await ask('probe_set_text', { id: '2', text: 'two' })]
  const page = await hub.open('/approvals', phone)
  await page
    .getByRole('row', { name: /Set text/ })
    .first()
    .waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/approvals/${first}`)
  await page.getByRole('button', { name: /^Approve/ }).waitFor()
  await page.keyboard.press('a')
  assert.equal(await statusOf(first), 'pending', 'the keys sleep at first')
  await page.waitForTimeout(wakeMs)
  await checkPage(page, 'approvals-phone')
  await page.waitForTimeout(wakeMs)
  await page.keyboard.press('a')
  // The next one opens by itself.
  await page.waitForURL(`**/approvals/${second}`)
  await page.getByRole('heading', { name: 'Set text: 2' }).waitFor()
  await page.keyboard.press('a')
  assert.equal(await statusOf(first), 'approved')
  assert.equal(await statusOf(second), 'pending')
  await page.waitForTimeout(wakeMs)
  await page.keyboard.press('r')
  await page.getByText('Nothing waits for a decision.').waitFor()
  assert.equal(await statusOf(second), 'rejected')
  await page.getByRole('button', { name: 'rejected', exact: true }).click()
  await page.getByRole('row', { name: /Set text 2 rejected/ }).waitFor()
})

test('a touch decides, with a comment', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask, statusOf } = made
  const id = await ask('probe_set_text', { id: '1', text: 'one' })
  const page = await hub.open(`/approvals/${id}`, { ...phone, hasTouch: true, isMobile: true })
  await page.getByRole('textbox', { name: 'Comment' }).fill('Not today.')
  await page.waitForTimeout(wakeMs)
  await page.getByRole('button', { name: /^Reject/ }).tap()
  await page.getByText('Rejected.').waitFor()
  assert.equal(await statusOf(id), 'rejected')
  const stored = (await hub.person.call('GET', `/api/v1/approvals/${id}`)).json()
  assert.equal(stored['comment'], 'Not today.')
})

test('a yes to what has changed since is refused, and the change shown', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask, statusOf, texts } = made
  const id = await ask('probe_set_text', { id: '1', text: 'one' })
  const page = await hub.open(`/approvals/${id}`)
  const approve = page.getByRole('button', { name: /^Approve/ })
  await page.waitForTimeout(wakeMs)
  await approve.waitFor()
  texts.set('1', 'somebody else wrote this')
  const comment = page.getByRole('textbox', { name: 'Comment' })
  await comment.fill('It is as agreed.')
  await approve.click()
  const change = page.getByRole('alert').filter({ hasText: 'This changed after it was shown to you.' })
  await change.locator('ins', { hasText: 'somebody else wrote this' }).waitFor()
  assert.equal(await statusOf(id), 'pending')
  await checkPage(page, 'approvals-changed')
  assert.equal(await comment.inputValue(), 'It is as agreed.')
  await page.waitForTimeout(wakeMs)
  await approve.click()
  await page.getByText('Approved.').waitFor()
  assert.equal(await statusOf(id), 'approved')
})

test('what destroys is approved by typing its name', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask, statusOf } = made
  const id = await ask('probe_delete_text', { id: 'archive' })
  const page = await hub.open(`/approvals/${id}`)
  const name = page.getByRole('textbox', { name: 'Type archive to approve' })
  await name.waitFor()
  await checkPage(page, 'approvals-destroy')
  await page.waitForTimeout(wakeMs)
  await page.keyboard.press('a')
  assert.equal(await name.evaluate((field) => field === field.ownerDocument.activeElement), true, 'the key leads to the field')
  await name.fill('archiv')
  await page.keyboard.press('Enter')
  assert.equal(await statusOf(id), 'pending')
  await name.fill('archive')
  await page.keyboard.press('Enter')
  await page.getByText('Approved.').waitFor()
  assert.equal(await statusOf(id), 'approved')
})

test('whoever may not decide sees who may', async (t) => {
  await using made = await bench(t, { approvers: ['release-team'] })
  if (!made) return
  const { hub, ask, statusOf } = made
  const id = await ask('probe_set_text', { id: '1', text: 'one' })
  const page = await hub.open(`/approvals/${id}`)
  await page.getByText('You cannot decide on this.').waitFor()
  await page.getByText('Who may: release-team').waitFor()
  await checkPage(page, 'approvals-may-not')
  await page.waitForTimeout(wakeMs)
  await page.keyboard.press('a')
  assert.equal(await page.getByRole('button', { name: /^Approve/ }).count(), 0)
  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const other = await hub.open(`/approvals/${id}`, { as: viewer })
  await other.getByText('You cannot decide on this.').waitFor()
  assert.equal(await statusOf(id), 'pending')
})

test('several calls of one tool are approved together', async (t) => {
  await using made = await bench(t)
  if (!made) return
  const { hub, ask, statusOf } = made
  const ids = [await ask('probe_set_text', { id: '1', text: 'one' }), await ask('probe_set_text', { id: '2', text: 'two' })]
  await ask('probe_delete_text', { id: 'archive' })
  const page = await hub.open('/approvals')
  await page.getByRole('checkbox', { name: /Select Set text 1/ }).click()
  await page.getByRole('checkbox', { name: /Select Delete text/ }).click()
  const bar = page.getByRole('group', { name: 'Selected rows' })
  assert.match((await bar.getByRole('button', { name: /^Approve/ }).textContent())!, /only approvals of calls of one tool/i)
  await page.getByRole('checkbox', { name: /Select Delete text/ }).click()
  await page.getByRole('checkbox', { name: /Select Set text 2/ }).click()
  await bar.getByRole('button', { name: 'Approve' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /^Approve/ }).click()
  await dialog.getByText('2 went well.').waitFor()
  for (const id of ids) assert.equal(await statusOf(id), 'approved')
})

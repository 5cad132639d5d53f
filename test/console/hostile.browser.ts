import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import pg from 'pg'
import { sleep } from '#lib/clock'
import { checkPage, testConsole, type TestConsole } from '#test'

const secret = 'a-long-enough-secret'

async function receive(hub: TestConsole): Promise<(data: unknown) => Promise<void>> {
  const config = { verification: { kind: 'token', header: 'x-token' } }
  const input = { name: 'shop', integration_type: 'webhook', config, credential: { secret } }
  const made = await hub.person.call('POST', '/api/v1/integrations', input)
  assert.equal(made.status, 201, made.text)
  return async (data) => {
    const headers = { 'content-type': 'application/json', 'x-token': secret }
    const sent = await fetch(`${hub.address}/api/v1/webhooks/shop`, { method: 'POST', headers, body: JSON.stringify(data) })
    assert.ok(sent.ok, await sent.text())
  }
}

test('what others send is text: nothing of it runs, nothing of it is hidden, and nothing overflows', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const send = await receive(hub)
  const script = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"><svg onload="window.hacked = 1">'
  const long = 'w'.repeat(5000)
  await send({ script, long, hidden: '\u202Egnp.exe', [`${script}${long}`]: [script], link: 'javascript:window.hacked=1' })
  const flow = { id: 'odd', name: `${script} \u202Etac ${'n'.repeat(60)}`, description: script, steps: [{ id: 'one', transform: 1 }] }
  const saved = await hub.person.call('POST', '/api/v1/flows', { source: JSON.stringify(flow) })
  assert.ok(saved.status < 300, saved.text)

  const page = await hub.open('/events')
  page.setDefaultTimeout(15_000)
  await page.getByRole('row', { name: /shop/ }).click()
  await page.getByText('⟨U+202E⟩gnp.exe').first().waitFor()
  await checkPage(page, 'hostile-event')
  await page.getByRole('tab', { name: 'Body as it came' }).click()
  await page.getByText('window.hacked = 1').first().waitFor()
  await checkPage(page, 'hostile-body')
  await page.goto(`${hub.address}/w/default/flows`)
  await page
    .getByText(/⟨U\+202E⟩tac/)
    .first()
    .waitFor()
  await checkPage(page, 'hostile-flow')
  await page.goto(`${hub.address}/w/default/flows/odd`)
  await page
    .getByText(/⟨U\+202E⟩tac/)
    .first()
    .waitFor()
  assert.equal(await page.evaluate('window.hacked'), undefined)
  assert.equal(await page.locator('main a[href^="javascript:"], main script, main img').count(), 0)
})

test('an event of 5 MB opens at once and is offered as a file', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const send = await receive(hub)
  const data = { items: Array.from({ length: 26_000 }, (_, index) => ({ index, text: 'x'.repeat(170) })) }
  await send(data)
  const page = await hub.open('/events')
  page.setDefaultTimeout(15_000)
  await page.getByRole('row', { name: /shop/ }).click()
  await page.getByText(/which is too large to show/).waitFor()
  const began = performance.now()
  await page.getByRole('tab', { name: 'Headers' }).click()
  await page.getByRole('tree', { name: 'Headers' }).waitFor()
  const took = performance.now() - began
  assert.ok(took < 1000, `the page answered after ${took.toFixed(0)} ms`)
  await page.getByRole('tab', { name: 'Data' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
  assert.deepEqual(JSON.parse(await readFile(await download.path(), 'utf8')), data)
  await checkPage(page, 'hostile-huge')
})

test('a list of 100,000 events opens, and End loads a thousand of them with few rows in the page', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const database = new pg.Client({ connectionString: hub.databaseUrl })
  await database.connect()
  await database.query(`
    insert into hub.events (id, workspace_id, type, connector, dedupe_key, dedupe, delivery_id, verified, headers, body, received_at)
    select 'evt_' || gen_random_uuid(), w.id, 'github.issues', 'github', n::text, decode(md5(n::text), 'hex'), n::text, true,
           '{}', '{}', now() - n * interval '1 second'
      from generate_series(1, 100000) as n, (select id from hub.workspaces where name = 'default') as w`)
  await database.end()
  const page = await hub.open('/events')
  page.setDefaultTimeout(20_000)
  const grid = page.getByRole('grid', { name: 'Events' })
  await grid
    .getByRole('row', { name: /github\.issues/ })
    .first()
    .waitFor()
  await grid.focus()
  // Each End goes to the last row that is loaded, and the next page is loaded there.
  const lastIndex = `Math.max(...[...document.querySelectorAll('[role="grid"] [role="row"]')].map((row) => Number(row.ariaRowIndex)))`
  for (let reached = 0; reached < 1000;) {
    await page.keyboard.press('End')
    let last = reached
    for (let tries = 0; last <= reached && tries < 200; tries++) {
      await sleep(50)
      last = await page.evaluate<number>(lastIndex)
    }
    assert.ok(last > reached, `nothing is loaded after row ${reached}`)
    reached = last
    assert.ok((await grid.locator('[role="row"]').count()) < 60)
  }
  await page.keyboard.press('Home')
  await grid.locator('[role="row"]').nth(1).waitFor()
})

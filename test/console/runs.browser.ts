import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { checkPage, testConsole, type TestConsole } from '#test'

async function saveFlow(hub: TestConsole, yaml: string): Promise<void> {
  const response = await hub.person.call('POST', '/api/v1/flows', { source: yaml })
  assert.ok(response.status < 300, response.text)
}

async function start(hub: TestConsole, flow: string): Promise<string> {
  const answer = await hub.person.call('POST', `/api/v1/flows/${flow}/trigger?wait=20`, { parameters: {} })
  return String(answer.json()['run_id'])
}

test('a failed run opens at its failure with the request that failed; it is retried from there, and any id leads to its line', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  let isBroken = true
  const outside = createServer((request, response) => {
    const status = request.url === '/broken' && isBroken ? 422 : 200
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok": true}')
  })
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
  t.after(() => outside.close())
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
  const made = await hub.person.call('POST', '/api/v1/integrations', {
    name: 'probe',
    integration_type: 'probe',
    credential: { token: 'probe-token-value' },
    config: { base_url: url },
  })
  assert.equal(made.status, 201, made.text)
  const page = await hub.open('/runs')
  await page.getByText('No flow has run yet.').waitFor()
  await checkPage(page, 'runs-empty')
  await saveFlow(
    hub,
    `id: review
steps:
  - id: each
    for_each: { in: [1, 2, 3], steps: [{ id: thing, uses: probe_create_thing, with: { at: "/item-\${{ item }}" } }] }
  - id: pause
    wait: 1s
  - id: broken
    uses: probe_create_thing
    with: { at: /broken }
`,
  )
  await start(hub, 'review')
  await page.getByRole('row', { name: /review failed/ }).waitFor()
  await checkPage(page, 'runs')
  await page.getByRole('row', { name: /review failed/ }).click()

  const failed = page.getByRole('treeitem', { name: /^call probe_create_thing .*failed/ })
  await failed.waitFor()
  assert.equal(await failed.getAttribute('aria-selected'), 'true')
  await page.getByRole('treeitem', { name: /^request POST \/broken/ }).waitFor()
  await page
    .getByText('vendor_refused')
    .first()
    .waitFor()
    .catch(() => undefined)
  await checkPage(page, 'run')
  const link = page.url()

  // By keys alone: up to the step, close it, and the next failure.
  await page.getByRole('tree', { name: 'Timeline' }).focus()
  await page.keyboard.press('ArrowUp')
  await page.getByRole('heading', { name: 'broken' }).waitFor()
  await page.keyboard.press('ArrowLeft')
  assert.equal(await page.getByRole('treeitem', { name: /^step broken/ }).getAttribute('aria-expanded'), 'false')
  await page.keyboard.press('f')

  await page.getByRole('tab', { name: 'Graph' }).click()
  await page.locator('[data-step="broken"][data-tone="failed"]').waitFor()
  await checkPage(page, 'run-graph')
  await page.locator('[data-step="pause"][data-tone="ok"]').click()
  await page.getByRole('heading', { name: 'pause' }).waitFor()
  assert.match(new URL(page.url()).searchParams.get('step') ?? '', /\/pause$/)
  const unsaved = await hub.person.call('POST', '/api/v1/flows/dry-run', {
    source: 'id: draft\nsteps: [{ id: no, transform: "${{ $error(1) }}" }]\n',
  })
  await page.goto(`${hub.address}/w/default/runs/${String(unsaved.json()['id'])}?tab=graph`)
  await page.locator('[data-step="no"]').waitFor()
  await page.getByText('not saved').waitFor()
  for (const name of ['Retry from failure', 'Replay']) assert.equal(await page.getByRole('button', { name }).count(), 0, name)
  assert.equal(await page.getByRole('link', { name: 'Show in the flow' }).count(), 0)
  await page.goto(link)

  isBroken = false
  await page.getByRole('button', { name: 'Retry from failure' }).click()
  await page.getByText('The run goes on from the step that failed.').waitFor()
  await page.getByRole('treeitem', { name: /^run review .*completed/ }).waitFor()

  await page.getByRole('tab', { name: 'List' }).click()
  await page.getByRole('cell', { name: /request POST \/item-3/ }).waitFor()
  await checkPage(page, 'run-list')
  await page.goto(link)
  const { items } = (await hub.person.call('GET', '/api/v1/invocations?tool=probe_create_thing&limit=1')).json() as {
    items: { id: string }[]
  }
  await page.goto(`${hub.address}/w/default/runs/${items[0]!.id}`)
  const own = page.getByRole('treeitem', { name: /^call probe_create_thing/, selected: true })
  await own.waitFor()
})

test('a run that is open is read again when it changes, and not when another does', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  await saveFlow(hub, 'id: long\nsteps: [{ id: pause, wait: 1h }, { id: end, transform: 1 }]')
  await saveFlow(hub, 'id: short\nsteps: [{ id: list, uses: hub_list_flows }]')
  const { run_id: id } = (await hub.person.call('POST', '/api/v1/flows/long/trigger', { parameters: {} })).json()
  const list = await hub.open('/runs')
  await list.getByRole('row', { name: /long waiting/ }).waitFor()
  const page = await list.context().newPage()
  await page.goto(`${hub.address}/w/default/runs/${String(id)}`)
  await page.getByRole('treeitem', { name: /^step pause .*waiting/ }).waitFor()
  // The part about what is selected.
  await page.getByRole('treeitem', { name: /^run long/ }).click()
  await page.getByText('With the rights of').waitFor()
  await page.waitForLoadState('networkidle')

  const reads: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/trpc/')) reads.push(pathname)
  })
  await start(hub, 'short')
  await list.getByRole('row', { name: /short completed/ }).waitFor()
  // Hints are acted on at most once a second.
  await page.waitForTimeout(1200)
  assert.equal(reads.length, 0, reads.join())

  const cancelled = await hub.person.call('POST', `/api/v1/runs/${String(id)}/cancel`)
  assert.equal(cancelled.status, 200, cancelled.text)
  await page.getByRole('treeitem', { name: /^run long .*cancelled/ }).waitFor()
  assert.ok(reads.some((path) => path.includes('traces.get')))
})

test('a run of an unknown id, and one that a person may not see, say so', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/runs/run_0197f3d2-0000-7000-8000-000000000000')
  await page.getByText('there is no run_0197f3d2').waitFor()
  await checkPage(page, 'run-error')
})

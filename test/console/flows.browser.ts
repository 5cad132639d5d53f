import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { checkPage, invited, reach, testConsole, testPassword, type TestConsole } from '#test'

const greet = `id: greet
name: Greet
# Why there is a greeting.
parameters:
  type: object
  properties:
    name: { type: string, description: Who is greeted. }
  required: [name]
tool: true
on:
  - schedule: 0 6 * * *
    parameters: { name: Ada }
steps:
  - id: text # the words
    transform: Hello \${{ parameters.name }}
  - id: each
    for_each:
      in: [1, 2]
      steps:
        - id: number
          transform: \${{ item }}
`

async function saved(hub: TestConsole, source: string): Promise<void> {
  const answer = await hub.person.call('POST', '/api/v1/flows', { source })
  assert.ok(answer.status === 201 || answer.status === 200, answer.text)
}

interface RunOfFlow {
  readonly status: string
  readonly dry_run: boolean
}

async function runsOf(hub: TestConsole, flow: string): Promise<readonly RunOfFlow[]> {
  return (await hub.person.call('GET', `/api/v1/runs?flow=${flow}`)).json()['items'] as readonly RunOfFlow[]
}

async function flowOf(hub: TestConsole, id: string): Promise<any> {
  return (await hub.person.call('GET', `/api/v1/flows/${id}`)).json()
}

const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Definition of the flow' })

const hasFocus = async (page: Page): Promise<boolean> => (await page.locator('.cm-content:focus').count()) > 0

/** Puts another text into the editor, as somebody who pastes it. */
async function write(page: Page, text: string): Promise<void> {
  const editor = editorOf(page)
  await editor.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

suite('the pages of flows', () => {
  test('a flow is listed, switched off, adopted, found by a filter, and deleted', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows')
    await page.getByRole('row', { name: 'Greet, on' }).waitFor()
    await checkPage(page, 'flows')
    await page.getByLabel('Name').fill('nothing like it')
    await page.getByText('No flow matches.').waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).first().click()
    await page.getByLabel('Name').fill('gree')
    await page.waitForURL('**/flows?name=gree')
    await page.getByRole('row', { name: 'Greet, on' }).click()
    await page.getByRole('heading', { name: 'Greet' }).waitFor()

    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Turn off' }).click()
    await page.getByText('The flow is off').first().waitFor()
    assert.equal((await flowOf(hub, 'greet')).enabled, false)
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: /^Adopt/ }).click()
    await page.getByText('The flow runs with your rights').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Delete …' }).click()
    await page.getByRole('button', { name: 'Delete greet' }).click()
    await page.waitForURL('**/flows')
    assert.equal((await hub.person.call('GET', '/api/v1/flows/greet')).status, 404)
  })

  test('a new flow is written, a wrong tool is fixed, saved, run, and its run seen in the steps', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    const page = await hub.open('/flows')
    await page.getByRole('button', { name: 'New flow' }).click()
    await page.getByRole('button', { name: /^Empty flow/ }).waitFor()
    await checkPage(page, 'flow-new')
    await page.getByRole('button', { name: /^Empty flow/ }).click()
    await page.waitForURL('**/flows?new=empty')
    await write(page, 'id: first\nsteps:\n  - id: list\n    uses: hub_list_flwos\n    with: {}\n')
    const problem = page.getByRole('list', { name: 'Problems' }).getByRole('listitem')
    await problem.getByText('there is no tool `hub_list_flwos`').waitFor()
    await problem.getByText('steps[0].uses').waitFor()
    await checkPage(page, 'flow-problem')
    await problem.getByRole('button', { name: /^Fix/ }).click()
    await page.getByText('No problem found.').waitFor()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL('**/flows/first')
    assert.match((await flowOf(hub, 'first')).source, /uses: hub_list_flows/)

    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/run=run_/)
    await page.locator('main [data-state="completed"]').first().waitFor()
    const [run] = await runsOf(hub, 'first')
    assert.equal(run?.status, 'completed')
    await page.locator('[data-step="list"][data-tone="ok"]').waitFor()
    await page.getByRole('tab', { name: 'Runs' }).click()
    await page.getByRole('region', { name: 'Runs' }).getByText('completed').waitFor()
    await checkPage(page, 'flow-runs')
    const states = page.getByRole('group', { name: 'State' })
    await states.getByRole('button', { name: 'failed' }).click()
    await page.getByText('No run matches.').waitFor()
    await states.getByRole('button', { name: 'completed' }).click()
    await page.waitForURL(/status=failed,completed/)
    await page.getByRole('region', { name: 'Runs' }).getByText('completed').waitFor()
  })

  test('a run starts with parameters from the form, filled from the last run, and a dry run says that it is one', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows/greet')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Run', exact: true }).click()
    await dialog.getByRole('textbox', { name: /^Name/ }).and(page.locator('[aria-invalid]')).waitFor()
    await checkPage(page, 'flow-run-refused')
    await dialog.getByRole('textbox', { name: /^Name/ }).fill('Grace')
    await dialog.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/run=run_/)
    await page.getByRole('button', { name: 'Dry run' }).click()
    await dialog.getByLabel('Fill from').selectOption({ index: 1 })
    await assert.doesNotReject(dialog.locator('input[value="Grace"]').waitFor())
    await dialog.getByRole('button', { name: 'Start the dry run' }).click()
    await page.getByText('The dry run has started').waitFor()
    const runs = await runsOf(hub, 'greet')
    assert.deepEqual(
      runs.map(({ dry_run: isDry }) => isDry),
      [true, false],
    )
  })

  test('a dry run of the text that is not saved is filled from the last run, shows its steps, and saves nothing', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    await hub.person.call('POST', '/api/v1/flows/greet/trigger', { parameters: { name: 'Grace' } })
    const page = await hub.open('/flows/greet')
    await page.getByRole('button', { name: 'Dry run' }).waitFor()
    await write(page, greet.replace('Hello', 'Unsaved'))
    await page
      .getByRole('button', { name: /^Save as v/ })
      .and(page.locator(':enabled'))
      .waitFor()
    await page.getByRole('button', { name: 'Dry run' }).click()
    const dialog = page.getByRole('dialog', { name: 'Dry run of the text in the editor' })
    await dialog.getByLabel('Fill from').selectOption({ index: 1 })
    await dialog.locator('input[value="Grace"]').waitFor()
    await dialog.getByRole('button', { name: 'Start the dry run' }).click()
    const result = dialog.getByRole('region', { name: 'Result of the dry run' })
    await result
      .getByText(/Unsaved/)
      .first()
      .waitFor()
    await checkPage(page, 'flow-dry-run-unsaved')
    assert.equal((await hub.person.call('GET', '/api/v1/flows/greet')).json()['version'], 1)
  })

  test('somebody else’s newer version is shown as a difference before it is replaced', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows/greet')
    await write(page, greet.replace('Hello', 'Mine'))
    await saved(hub, greet.replace('Hello', 'Theirs'))
    await page.getByRole('button', { name: /^Save as v/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Version 2 was saved meanwhile' })
    await dialog.locator('.cm-deletedChunk', { hasText: 'Theirs' }).waitFor()
    await dialog.locator('.cm-line', { hasText: 'Mine' }).waitFor()
    await checkPage(page, 'flow-conflict')
    assert.match((await flowOf(hub, 'greet')).source, /Theirs/)
    await dialog.getByRole('button', { name: 'Save mine as v3' }).click()
    await page.getByText(/^Saved as v3/).waitFor()
    const { version, source } = await flowOf(hub, 'greet')
    assert.deepEqual([version, source], [3, greet.replace('Hello', 'Mine')])

    await page.getByRole('tab', { name: 'Versions' }).click()
    await page.locator('.cm-deletedChunk', { hasText: 'Theirs' }).waitFor()
    await checkPage(page, 'flow-versions')
    await page.getByRole('button', { name: 'Restore v1' }).click()
    await page.getByRole('button', { name: 'Save it as v4' }).click()
    await page.getByText(/^Saved as v4/).waitFor()
    assert.equal((await flowOf(hub, 'greet')).source, greet)
  })

  test('a draft survives the end of the session, signing in again, and a reload', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows/greet')
    await write(page, greet.replace('Hello', 'Kept'))
    await page.getByText('draft kept').waitFor()
    assert.equal((await hub.person.call('POST', '/auth/sign-out', {})).status, 200)
    await page.getByRole('button', { name: /^Save as v2/ }).click()
    await page.getByText('You are signed out.').waitFor()
    await page.reload()
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Password').fill(testPassword)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(/\/w\/default\/flows\/greet/)
    await editorOf(page).getByText('Kept').waitFor()
    await page.reload()
    await editorOf(page).getByText('Kept').waitFor()
    await page.getByRole('button', { name: 'Save as v2' }).click()
    await page.getByText(/^Saved as v2/).waitFor()
    await page.getByText('draft kept').waitFor({ state: 'detached' })
    await hub.person.call('POST', '/auth/sign-in/email', { email: 'ada@example.com', password: testPassword })
    assert.match((await flowOf(hub, 'greet')).source, /# Why there is a greeting[^]*Kept/)
  })

  test('a flow is edited and saved by keys alone', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, 'id: keys\nsteps:\n  - id: a\n    transform: 1\n')
    const page = await hub.open('/flows/keys')
    await reach(page, editorOf(page))
    await page.keyboard.press('Control+End')
    await page.keyboard.type('  - id: b\n')
    await page.keyboard.press('Control+End')
    await page.keyboard.type('tra')
    await page.locator('.cm-tooltip-autocomplete [aria-selected]', { hasText: 'transform' }).waitFor()
    // CodeMirror ignores Enter for a moment after its list appears.
    await page.waitForTimeout(200)
    await page.keyboard.press('Enter')
    await page.keyboard.type('${{ steps.')
    await page.locator('.cm-tooltip-autocomplete', { hasText: 'a' }).waitFor()
    await page.waitForTimeout(200)
    await page.keyboard.press('Enter')
    await page.keyboard.type('.output')
    await page.getByText('No problem found.').waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText(/^Saved as v2/).waitFor()
    const { definition } = await flowOf(hub, 'keys')
    assert.deepEqual(definition.steps[1], { id: 'b', transform: '${{ steps.a.output}}' })
    // Tab leaves the editor.
    await page.keyboard.press('Tab')
    assert.equal(await hasFocus(page), false)
  })

  test('the graph and the text select one another, and small changes from the graph keep comments', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows/greet?view=graph')
    await page.locator('[data-step="number"]').waitFor()
    await checkPage(page, 'flow-graph')
    await page.locator('[data-step="text"]').click()
    await page.waitForURL(/step=text/)
    await editorOf(page).getByText('number').first().click()
    await page.waitForURL(/step=number/)
    await page.locator('[data-step="text"]').click()
    await page.getByRole('button', { name: 'Wrap the step in try' }).click()
    await page.locator('[data-step="try_text"]').waitFor()
    await page.locator('[data-step="number"]').click()
    await page.getByRole('button', { name: 'Duplicate the step' }).click()
    await page.locator('[data-step="number_2"]').waitFor()
    await page.getByRole('button', { name: 'Insert a step after it' }).click()
    await page.locator('[data-step="step_2"]').waitFor()
    await page.getByRole('button', { name: 'Delete the step' }).click()
    await page.locator('[data-step="step_2"]').waitFor({ state: 'detached' })
    await page.getByText('No problem found.').waitFor()
    await page.getByRole('button', { name: 'Save as v2' }).click()
    await page.getByText(/^Saved as v2/).waitFor()
    const { source, definition } = await flowOf(hub, 'greet')
    assert.match(source, /# Why there is a greeting/)
    assert.match(source, /- id: text # the words/)
    assert.deepEqual(
      definition.steps.map(({ id }: { id: string }) => id),
      ['try_text', 'each'],
    )
    assert.deepEqual(
      definition.steps[1].for_each.steps.map(({ id }: { id: string }) => id),
      ['number', 'number_2'],
    )

    await write(page, 'id: greet\nsteps: [')
    await page.getByText('This is the flow as it was before.').waitFor()
    await page.locator('[data-step="number_2"]').waitFor()
    await page.getByRole('button', { name: 'List', exact: true }).click()
    await page.getByRole('button', { name: /^number_2/ }).waitFor()
    await checkPage(page, 'flow-list')
  })

  test('whoever may only read sees which scope each action lacks, and changes nothing', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
    const page = await hub.open('/flows/greet', { as: viewer })
    await editorOf(page).waitFor()
    await page.getByRole('button', { name: /^Save as v2.*You lack the scope flows:write/ }).waitFor()
    await page.getByRole('button', { name: /^Run.*You lack the scope flows:run/ }).click({ force: true })
    assert.equal(await page.getByRole('dialog').count(), 0)
    await write(page, greet.replace('Hello', 'Not mine'))
    await page.keyboard.press('Control+s')
    await page.getByText('scope flows:write').first().waitFor()
    assert.equal((await flowOf(hub, 'greet')).version, 1)
    await page.goto(`${hub.address}/w/default/flows/nowhere`)
    await page.getByText('there is no flow "nowhere"').waitFor()
    await page.goto(`${hub.address}/w/default/flows`)
    await page.getByRole('button', { name: /^New flow.*You lack the scope/ }).waitFor()
  })

  test('the page of starts says when a schedule comes next, and how the flow is called', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    await saved(hub, greet)
    const page = await hub.open('/flows/greet?tab=starts')
    await page.getByText('0 6 * * *').waitFor()
    const { next_starts: next } = await flowOf(hub, 'greet')
    await page.locator(`time[datetime="${next[0].at}"]`).waitFor()
    await page.getByText('hub flow trigger greet').waitFor()
    await page.getByText('flow_greet {').waitFor()
    await checkPage(page, 'flow-starts')
  })

  test('a flow of a thousand steps opens and is written in without freezing', async (t) => {
    await using hub = await testConsole(t)
    if (!hub) return
    const steps = Array.from({ length: 1000 }, (_, index) => `  - id: s${index}\n    transform: ${index}\n`).join('')
    await saved(hub, `id: long\nsteps:\n${steps}`)
    const page = await hub.open('/flows/long')
    await page.locator('[data-step="s0"]').waitFor()
    assert.ok((await page.locator('[data-step]').count()) < 200, 'only the steps that are seen are drawn')
    await page.evaluate(`new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest ?? 0, duration)
    }).observe({ type: 'longtask', buffered: false })`)
    await editorOf(page).click()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('# many steps\n')
    await page.getByText('No problem found.').waitFor()
    const longest = await page.evaluate<number>('window.longest ?? 0')
    t.diagnostic(`the longest pause took ${longest.toFixed(0)} ms`)
    assert.ok(longest < 4000, `a pause of ${longest} ms`)
  })
})

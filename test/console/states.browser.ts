import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Route } from 'playwright-core'
import { upstream } from '#kit/testing'
import { checkPage, invited, startReceiver, testConsole, type TestConsole } from '#test'

/** Why a state cannot occur at a page. */
interface Never {
  readonly never: string
}

/** The page is refused, or this button is disabled, or a note says what is missing: each names the scope. */
type Denied = { readonly refused: string } | { readonly button: string; readonly scope: string } | { readonly note: string }

interface Place {
  /** As in the router of the console. */
  readonly route: string
  /** A word with a colon stands for the id of such a thing. */
  readonly path: string
  /** In pictures, where the path says too much. */
  readonly name?: string
  /** Seen once the page is complete. */
  readonly shows: string
  /** What it says in a workspace that has nothing. */
  readonly empty: string | Never
  /** Filters that nothing matches, and what the page says then. */
  readonly filtered: { readonly search: string; readonly says: string } | Never
  /** What a viewer finds. */
  readonly denied: Denied | Never
}

const noFilter: Never = { never: 'The page has no filter.' }
const oneThing: Never = { never: 'It is about one thing, which exists.' }
const withRows: Never = { never: 'Every role may read it, and what can be done is offered for rows that are selected or open.' }

/**
 * Every page and its states. Each of them can load, fail and be offline; these three are checked everywhere. The lists are checked in a workspace with
 * little in it, the others in one where everything happened once.
 */
// prettier-ignore
const lists: readonly Place[] = [
  { route: '/home', path: '/home', shows: 'Nothing needs you now.', empty: 'Nothing needs you now.', filtered: noFilter,
    denied: { never: 'It shows only what the person may read.' } },
  { route: '/approvals/{-$id}', path: '/approvals', shows: 'Nothing waits for a decision.', empty: 'Nothing waits for a decision.',
    filtered: { search: '?status=rejected&tool=none', says: 'No approval matches.' }, denied: withRows },
  { route: '/flows/{-$id}', path: '/flows', shows: 'Sort the list', empty: { never: 'Flows that come with the hub are in every workspace, and cannot be deleted.' },
    filtered: { search: '?name=none-of-them', says: 'No flow matches.' }, denied: { button: 'New flow', scope: 'flows:write' } },
  { route: '/runs/{-$id}', path: '/runs', shows: 'No flow has run yet.', empty: 'No flow has run yet.',
    filtered: { search: '?flow=none-of-them&from=-24h', says: 'No run matches.' }, denied: withRows },
  { route: '/events/{-$id}', path: '/events', shows: 'Nothing has come yet.', empty: 'Nothing has come yet.',
    filtered: { search: '?type=none&status=failed', says: 'No event matches.' }, denied: withRows },
  { route: '/tools/{-$id}', path: '/tools', shows: 'Can be used', empty: { never: 'The tools of the hub itself and of its connectors are in every workspace.' },
    filtered: { search: '?connector=none-of-them', says: 'No tool matches.' }, denied: withRows },
  { route: '/calls/{-$id}', path: '/calls', shows: 'No tool has been called yet.', empty: 'No tool has been called yet.',
    filtered: { search: '?tool=none&status=failed', says: 'No call matches.' }, denied: withRows },
  { route: '/integrations/{-$id}', path: '/integrations', shows: 'our-site', empty: 'Nothing is connected yet.',
    filtered: { search: '?name=none-of-them', says: 'No integration matches.' }, denied: { button: 'Connect', scope: 'integrations:write' } },
  { route: '/endpoints/{-$id}', path: '/endpoints', shows: 'No events are sent anywhere yet.', empty: 'No events are sent anywhere yet.', filtered: noFilter,
    denied: { button: 'Add an endpoint', scope: 'events:write' } },
  { route: '/endpoints/deliveries/{-$id}', path: '/endpoints/deliveries', shows: 'Nothing was sent yet.', empty: 'Nothing was sent yet.',
    filtered: { search: '?type=none', says: 'No delivery matches.' }, denied: withRows },
  { route: '/admin/{-$id}', path: '/admin/tokens', shows: 'token-of-the-test', empty: 'There is no token yet.', filtered: noFilter,
    denied: { refused: 'tokens:read' } },
]
// prettier-ignore
const things: readonly Place[] = [
  { route: '/flows/{-$id}', path: '/flows/own', shows: 'Check', empty: oneThing, filtered: noFilter, denied: { button: 'Run', scope: 'flows:run' } },
  { route: '/tools/{-$id}', path: '/tools/probe_add_text', shows: 'Try it', empty: oneThing, filtered: noFilter, denied: { button: 'Preview', scope: 'tools:call' } },
  { route: '/integrations/{-$id}', path: '/integrations/our-site', shows: 'Signs in by', empty: oneThing, filtered: noFilter,
    denied: { button: 'Test', scope: 'integrations:write' } },
  { route: '/runs/{-$id}', path: '/runs/:run', name: 'run', shows: 'Timeline', empty: oneThing, filtered: noFilter,
    denied: { never: 'Every role may read it, and a run that completed offers a menu only, whose items name the scope.' } },
  { route: '/events/{-$id}', path: '/events/:event', name: 'event', shows: 'Body as it came', empty: oneThing, filtered: noFilter,
    denied: { button: 'Replay', scope: 'events:write' } },
  { route: '/calls/{-$id}', path: '/calls/:call', name: 'call', shows: 'Came by', empty: oneThing, filtered: noFilter,
    denied: { button: 'Undo …', scope: 'tools:call' } },
  { route: '/approvals/{-$id}', path: '/approvals/:approval', name: 'approval', shows: 'Asked by', empty: oneThing, filtered: noFilter,
    denied: { note: 'everybody with the scope approvals:write' } },
  { route: '/endpoints/{-$id}', path: '/endpoints/:endpoint', name: 'endpoint', shows: 'In the last 7 days', empty: oneThing, filtered: noFilter,
    denied: { button: 'Send a test', scope: 'events:write' } },
  { route: '/endpoints/deliveries/{-$id}', path: '/endpoints/deliveries/:delivery', name: 'delivery', shows: 'Id for the receiver', empty: oneThing,
    filtered: noFilter, denied: { button: 'Retry', scope: 'events:write' } },
  { route: '/admin/{-$id}', path: '/admin/credentials', shows: 'Replace', empty: 'There is no credential yet.', filtered: noFilter,
    denied: { refused: 'credentials:read' } },
  { route: '/admin/{-$id}', path: '/admin/policies', shows: 'Those who caused a call may decide',
    empty: { never: 'Without rules it shows the settings that apply then.' }, filtered: noFilter, denied: { refused: 'admin' } },
  { route: '/admin/{-$id}', path: '/admin/people', shows: 'ada@example.com', empty: 'Nobody is a member yet.',
    filtered: noFilter, denied: { button: 'Invite somebody', scope: 'people:write' } },
  { route: '/admin/{-$id}', path: '/admin/apps', shows: 'Nobody has allowed an app anything.', empty: 'Nobody has allowed an app anything.',
    filtered: noFilter, denied: { never: 'Who may not see those of all sees the own.' } },
  { route: '/admin/{-$id}', path: '/admin/audit', shows: 'flow.saved', empty: { never: 'Making the workspace is its first entry.' }, filtered: noFilter,
    denied: { refused: 'audit:read' } },
  { route: '/admin/{-$id}', path: '/admin/buses', shows: 'Inside the hub', empty: 'No message has come or gone since this process started.',
    filtered: noFilter, denied: { button: 'Publish', scope: 'events:write' } },
  { route: '/admin/{-$id}', path: '/admin/retention', shows: 'Days of runs', empty: { never: 'An empty field means the default of the hub.' },
    filtered: noFilter, denied: { button: 'Save', scope: 'events:write' } },
]

/** Routes that read nothing. */
const withoutStates: Readonly<Record<string, Never>> = {
  '/': { never: 'It leads to Home at once.' },
  '/go/$id': { never: 'It leads to the page of the id at once.' },
}

const places = [...lists, ...things]

const nameOf = ({ path, name }: Place): string => name ?? path.slice(1).replace('/', '-')

/** The pages are read again and again within a minute. */
const manyRequests = { RATE_LIMIT_PER_MINUTE: '1000000' }

/** Everything that a page reads, without who reads it, for which the whole frame waits. */
const reads = (url: URL): boolean => url.pathname.startsWith('/trpc/') && !url.pathname.includes('users.me')

/** Checks what each place says while it loads, when it fails, when the hub is away, and when nothing matches. */
async function checkStates(t: TestContext, hub: TestConsole, some: readonly Place[]): Promise<void> {
  const page = await hub.open('/home')
  page.setDefaultTimeout(10_000)

  const shown = (text: string): Promise<void> => page.locator('main').getByText(text).first().waitFor()
  const open = (path: string): Promise<unknown> => page.goto(`${hub.address}/w/default${path}`)

  for (const place of some) {
    const name = nameOf(place)

    await t.test(`${name} shows grey bars while it loads, and then what came`, async () => {
      const held: Route[] = []
      let isHeld = true
      const hold = (route: Route): Promise<void> | void => (isHeld ? void held.push(route) : route.continue())
      await page.route(reads, hold)
      await open(place.path)
      // There are grey bars while the page's script is loaded too, before its heading.
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.locator('main [aria-busy="true"][data-shown]').first().waitFor()
      assert.equal(await page.locator('main').getByText(place.shows).count(), 0)
      await checkPage(page, `${name}-loading`)
      isHeld = false
      await Promise.all(held.map((route) => route.continue()))
      await shown(place.shows)
      await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached' })
      await page.unroute(reads, hold)
    })

    await t.test(`${name} says why it could not be read, and reads it when asked again`, async () => {
      await page.route(reads, refuse)
      await open(place.path)
      const note = page.locator('main').getByRole('alert').first()
      for (const text of [problem.code, problem.detail, problem.hint, problem.request_id]) await note.getByText(new RegExp(text)).waitFor()
      await checkPage(page, `${name}-error`)
      await page.unroute(reads, refuse)
      // A list and what is open beside it are read again each by itself.
      const retries = page.locator('main').getByRole('button', { name: 'Try again' })
      for (let left = await retries.count(); left > 0; left--) {
        await retries.first().click()
        await retries.nth(left - 1).waitFor({ state: 'detached' })
      }
      await shown(place.shows)
      assert.equal(await note.count(), 0)
    })

    await t.test(`${name} keeps what it shows when the hub cannot be reached, and says since when`, async () => {
      await open(place.path)
      await shown(place.shows)
      await page.context().setOffline(true)
      try {
        await page.getByText(/^Not live since \d/).waitFor()
        await shown(place.shows)
        // The note is the same everywhere.
        if (place.path === '/home') await checkPage(page, `${name}-offline`)
      } finally {
        await page.context().setOffline(false)
      }
      await page.getByText(/^Not live since/).waitFor({ state: 'detached', timeout: 20_000 })
    })

    const { filtered } = place
    if ('never' in filtered) continue
    await t.test(`${name} offers to clear filters that nothing matches`, async () => {
      await open(place.path + filtered.search)
      await shown(filtered.says)
      await checkPage(page, `${name}-filtered`)
      await page.getByText(filtered.says, { exact: true }).locator('..').getByRole('button', { name: 'Clear filters' }).click()
      await shown(place.shows)
      assert.equal(new URL(page.url()).search, '')
    })
  }
}

/** Checks what each place says where there is nothing. */
async function checkEmpty(t: TestContext, hub: TestConsole): Promise<void> {
  assert.equal((await hub.person.call('POST', '/api/v1/workspaces', { name: 'empty' })).status, 201)
  const page = await hub.open('/home')
  page.setDefaultTimeout(10_000)
  for (const place of places) {
    const { empty, path } = place
    if (typeof empty !== 'string') continue
    await t.test(`${nameOf(place)} says that there is nothing`, async () => {
      await page.goto(`${hub.address}/w/empty${path}`)
      await page.locator('main').getByText(empty, { exact: true }).waitFor()
      assert.equal(await page.locator('main').getByRole('button', { name: 'Clear filters' }).count(), 0)
      await checkPage(page, `${nameOf(place)}-empty`)
    })
  }
  await page.context().close()
}

/** Checks that a viewer is told which scope is missing, and sees the rest. */
async function checkDenied(t: TestContext, hub: TestConsole, some: readonly Place[]): Promise<void> {
  const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
  const page = await hub.open('/home', { as: viewer })
  page.setDefaultTimeout(10_000)
  const main = page.locator('main')
  for (const place of some) {
    const { denied, shows } = place
    if ('never' in denied) continue
    await t.test(`${nameOf(place)} names the scope that a viewer lacks`, async () => {
      await page.goto(`${hub.address}/w/default${place.path}`)
      if ('refused' in denied) {
        const note = main.getByRole('alert').filter({ hasText: 'scope_missing' }).first()
        await note.getByText(`needed: ${denied.refused}`).waitFor()
      } else if ('note' in denied) {
        await main.getByText(shows).first().waitFor()
        await main.getByText(denied.note).waitFor()
      } else {
        await main.getByText(shows).first().waitFor()
        const button = main.getByRole('button', { name: new RegExp(`^${denied.button}.*\\. You lack the scope ${denied.scope}$`) }).first()
        assert.equal(await button.getAttribute('aria-disabled'), 'true')
        assert.equal(await button.getAttribute('title'), `You lack the scope ${denied.scope}`)
      }
      await checkPage(page, `${nameOf(place)}-viewer`)
    })
  }
  await page.context().close()
}

test('every route of the console, and every part of the administration, is in the table of states', () => {
  const source = (path: string): string => readFileSync(join(import.meta.dirname, '../../console/src', path), 'utf8')
  const found = (text: string, pattern: RegExp): string[] =>
    [...new Set(Array.from(text.matchAll(pattern), ([, one = '']) => one))].toSorted()
  const known = (all: readonly string[]): string[] => [...new Set(all)].toSorted()
  const routes = found(source('app/router.tsx'), /(?:\bpage\(|\bpath: )'([^']+)'/g)
  assert.deepEqual(routes, known([...places.map(({ route }) => route), ...Object.keys(withoutStates)]))
  // A page with an optional id is a list and one thing.
  for (const route of routes.filter((one) => one.endsWith('/{-$id}') && !one.startsWith('/admin/'))) {
    const list = route.replace('/{-$id}', '')
    const own = places.filter((place) => place.route === route).map(({ path }) => path)
    assert.equal(own.includes(list), true, `${route} has its list`)
    assert.equal(
      own.some((path) => path.startsWith(`${list}/`)),
      true,
      `${route} has one thing`,
    )
  }
  const tabs = found(source('pages/admin/admin-page.tsx'), /\{ id: '([^']+)', label/g)
  assert.deepEqual(known(places.filter(({ path }) => path.startsWith('/admin/')).map(({ path }) => path.slice('/admin/'.length))), tabs)
})

test('every list of the console says what state it is in', async (t) => {
  await using hub = await testConsole(t, manyRequests)
  if (!hub) return
  const flow = { source: 'id: own\nname: Sort the list\nsteps: [{id: one, transform: 1}]\n' }
  const site = { name: 'our-site', integration_type: 'http', config: { base_url: 'http://127.0.0.1:9' } }
  for (const [path, body] of [
    ['/api/v1/flows', flow],
    ['/api/v1/integrations', site],
    ['/api/v1/tokens', { name: 'token-of-the-test', scopes: ['tools:read'] }],
  ] as const) {
    const made = await hub.person.call('POST', path, body)
    assert.ok(made.status < 300, made.text)
  }
  await checkStates(t, hub, lists)

  await checkEmpty(t, hub)
  await checkDenied(t, hub, lists)

  await t.test('pages that a person may not read are disabled in the bar and name the scope', async () => {
    const own = await hub.open('/home')
    // Somebody with one scope only, which no role has.
    await own.route('**/trpc/users.me*', async (route) => {
      const response = await route.fetch()
      const [answer] = (await response.json()) as [{ result: { data: object } }]
      await route.fulfill({ response, json: [{ result: { data: { ...answer.result.data, scopes: ['jobs:read'] } } }] })
    })
    await own.goto(`${hub.address}/w/default/home`)
    const bar = own.getByRole('navigation')
    await bar.getByText('Approvals').waitFor()
    for (const [title, scope] of [
      ['Approvals', 'approvals:read'],
      ['Flows', 'flows:read'],
      ['Runs', 'flows:read'],
      ['Events', 'events:read'],
      ['Tools', 'tools:read'],
      ['Calls', 'invocations:read'],
      ['Integrations', 'integrations:read'],
      ['Endpoints', 'events:read'],
    ] as const) {
      const entry = bar.getByRole('listitem').filter({ hasText: new RegExp(`^${title}`) })
      assert.match((await entry.textContent()) ?? '', new RegExp(`you lack the scope ${scope}`), title)
      assert.equal(await entry.getByRole('link').count(), 0, title)
    }
    await checkPage(own, 'home-narrow')
    await own.context().close()
  })
})

test('one thing, and each part of the administration, says what state it is in', async (t) => {
  await using api = await upstream(() => ({ body: { ok: 1 } }))
  await using receiver = await startReceiver()
  await using hub = await testConsole(t, manyRequests)
  if (!hub) return
  const { person } = hub
  const make = async (path: string, body: object): Promise<void> => {
    const made = await person.call('POST', path, body)
    assert.ok(made.status < 300, made.text)
  }
  const secret = 'a-long-enough-secret'
  const verification = { kind: 'token', header: 'x-token' }
  await make('/api/v1/flows', { source: 'id: own\nname: Sort the list\nsteps: [{id: one, transform: 1}]\n' })
  await make('/api/v1/integrations', { name: 'our-site', integration_type: 'http', config: { base_url: 'http://127.0.0.1:9' } })
  await make('/api/v1/integrations', { integration_type: 'probe', access_token: 'probe-secret-token', config: { base_url: api.url } })
  await make('/api/v1/integrations', { name: 'shop', integration_type: 'webhook', config: { verification }, credential: { secret } })
  await make('/api/v1/endpoints', { url: `${receiver.url}/in`, types: ['webhook.shop'] })
  await make('/api/v1/flows/own/trigger?wait=20', { parameters: {} })
  await make('/api/v1/tools/probe_create_thing/invoke', { input: { at: '/thing' } })
  const rules = [{ effects: ['destroy'], decision: 'ask', reason: 'Changes need a person.' }]
  assert.equal((await person.call('PUT', '/api/v1/policies', { rules })).status, 200)
  const asked = await person.call('POST', '/api/v1/tools/probe_delete_text/invoke', { input: { id: '1' } })
  assert.equal(asked.json()['code'], 'approval_required')
  const { status } = await fetch(`${hub.address}/api/v1/webhooks/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-token': secret },
    body: JSON.stringify({ order: 7 }),
  })
  assert.equal(status, 202)

  /** The first of a list, which has one soon. */
  const first = async (list: string): Promise<string> => {
    for (;;) {
      const { items } = (await person.call('GET', `/api/v1/${list}`)).json() as { items: { id: string }[] }
      if (items[0]) return items[0].id
      await delay(50)
    }
  }
  const ids: Readonly<Record<string, string>> = {
    ':run': await first('runs?flow=own'),
    ':event': await first('events?type=webhook.shop'),
    ':call': await first('invocations?tool=probe_create_thing'),
    ':approval': await first('approvals'),
    ':endpoint': await first('endpoints'),
    ':delivery': await first('deliveries?status=delivered'),
  }
  const made = things.map((place) => ({ ...place, path: place.path.replace(/:[a-z]+$/, (word) => ids[word]!) }))
  await checkStates(t, hub, made)
  await checkDenied(t, hub, made)
})

const problem = {
  type: 'about:blank',
  title: 'Internal error',
  status: 500,
  code: 'internal',
  detail: 'the storage of this answer is broken',
  hint: 'look at the log for this request',
  retryable: false,
  request_id: 'req-of-the-test',
}

/** Answers every call of a batch as the hub does when it fails. */
async function refuse(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url())
  const json = pathname
    .slice('/trpc/'.length)
    .split(',')
    .map((path) => ({
      error: { message: problem.detail, code: -32_603, data: { code: 'INTERNAL_SERVER_ERROR', httpStatus: 500, path, problem } },
    }))
  await route.fulfill({ status: 500, json })
}

test('while only the stream of hints is down, the note that nothing is live stays, whatever can be read meanwhile', async (t) => {
  await using hub = await testConsole(t)
  if (!hub) return
  const page = await hub.open('/home')
  const isHints = (url: URL): boolean => url.pathname === '/api/v1/hints'
  await page.route(isHints, (route) => route.abort())
  await page.reload()
  const note = page.getByText(/^Not live since \d/)
  await note.waitFor()
  // Home has answers that worked by now, and so has this page.
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
  await page.getByText('No flow has run yet.').waitFor()
  assert.equal(await note.isVisible(), true)
  await page.unroute(isHints)
  await note.waitFor({ state: 'detached', timeout: 30_000 })
})

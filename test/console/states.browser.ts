import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Route } from 'playwright-core'
import { upstream } from '#kit/testing'
import { checkPage, invited, startReceiver, testConsole, type TestConsole } from '#test'

interface Place {
  readonly path: string
  /** In pictures, where the path says too much. */
  readonly name?: string
  /** Filters that nothing matches, and what the page says then. */
  readonly filters?: string
  readonly nothing?: string
  /** Seen once the page is complete. */
  readonly shows: string
}

const lists: readonly Place[] = [
  { path: '/home', shows: 'Nothing needs you now.' },
  { path: '/approvals', filters: '?status=rejected&tool=none', nothing: 'No approval matches.', shows: 'Nothing waits for a decision.' },
  { path: '/flows', filters: '?name=none-of-them', nothing: 'No flow matches.', shows: 'Sort the list' },
  { path: '/runs', filters: '?flow=none-of-them&from=-24h', nothing: 'No run matches.', shows: 'No flow has run yet.' },
  { path: '/events', filters: '?type=none&status=failed', nothing: 'No event matches.', shows: 'Nothing has come yet.' },
  { path: '/tools', filters: '?connector=none-of-them', nothing: 'No tool matches.', shows: 'Can be used' },
  { path: '/calls', filters: '?tool=none&status=failed', nothing: 'No call matches.', shows: 'No tool has been called yet.' },
  { path: '/integrations', filters: '?name=none-of-them', nothing: 'No integration matches.', shows: 'our-site' },
  { path: '/endpoints', shows: 'No events are sent anywhere yet.' },
  { path: '/endpoints/deliveries', filters: '?type=none', nothing: 'No delivery matches.', shows: 'Nothing was sent yet.' },
  { path: '/admin/tokens', shows: 'token-of-the-test' },
]

/** They have no filters and are never empty, because each is about what exists, or says in a sentence that nothing does. */
const details: readonly Place[] = [
  { path: '/flows/own', shows: 'Check' },
  { path: '/tools/probe_add_text', shows: 'Try it' },
  { path: '/integrations/our-site', shows: 'Signs in by' },
  { path: '/admin/credentials', shows: 'Replace' },
  { path: '/admin/policies', shows: 'Those who caused a call may decide' },
  { path: '/admin/people', shows: 'ada@example.com' },
  { path: '/admin/apps', shows: 'Nobody has allowed an app anything.' },
  { path: '/admin/audit', shows: 'flow.saved' },
  { path: '/admin/buses', shows: 'Inside the hub' },
  { path: '/admin/retention', shows: 'Days of runs' },
]

const nameOf = ({ path, name }: Place): string => name ?? path.slice(1).replace('/', '-')

/** The pages are read again and again within a minute. */
const manyRequests = { RATE_LIMIT_PER_MINUTE: '1000000' }

/** Everything that a page reads, without who reads it, for which the whole frame waits. */
const reads = (url: URL): boolean => url.pathname.startsWith('/trpc/') && !url.pathname.includes('users.me')

/** Checks what each place says while it loads, when it fails, when the hub is away, and when nothing matches. */
async function checkStates(t: TestContext, hub: TestConsole, places: readonly Place[]): Promise<void> {
  const page = await hub.open('/home')
  page.setDefaultTimeout(10_000)

  const shown = (text: string): Promise<void> => page.locator('main').getByText(text).first().waitFor()
  const open = (path: string): Promise<unknown> => page.goto(`${hub.address}/w/default${path}`)

  for (const place of places) {
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

    const { filters, nothing } = place
    if (filters === undefined || nothing === undefined) continue
    await t.test(`${name} offers to clear filters that nothing matches`, async () => {
      await open(place.path + filters)
      await shown(nothing)
      await checkPage(page, `${name}-filtered`)
      await page.getByText(nothing, { exact: true }).locator('..').getByRole('button', { name: 'Clear filters' }).click()
      await shown(place.shows)
      assert.equal(new URL(page.url()).search, '')
    })
  }
}

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

  await t.test('pages that a person may not read are disabled and name the scope, and the hub refuses them too', async () => {
    const viewer = await invited(hub.person, hub.address, { name: 'Vera', role: 'viewer' })
    const own = await hub.open('/admin/tokens', { as: viewer })
    const note = own.locator('main').getByRole('alert')
    await note.getByText('scope_missing').waitFor()
    const create = own.getByRole('button', { name: 'Create a token' })
    assert.equal(await create.getAttribute('aria-disabled'), 'true')
    await checkPage(own, 'admin-tokens-viewer')

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
  await checkStates(t, hub, [
    ...details,
    { path: `/runs/${await first('runs?flow=own')}`, name: 'run', shows: 'Timeline' },
    { path: `/events/${await first('events?type=webhook.shop')}`, name: 'event', shows: 'Body as it came' },
    { path: `/calls/${await first('invocations?tool=probe_create_thing')}`, name: 'call', shows: 'Came by' },
    { path: `/approvals/${await first('approvals')}`, name: 'approval', shows: 'Asked by' },
    { path: `/endpoints/${await first('endpoints')}`, name: 'endpoint', shows: 'In the last 7 days' },
    { path: `/endpoints/deliveries/${await first('deliveries?status=delivered')}`, name: 'delivery', shows: 'Id for the receiver' },
  ])
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

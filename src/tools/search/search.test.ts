// cspell:ignore aprove reqest creat chanel xqzv wkrp
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { connectors } from '#connectors'
import { defineConnector } from '#kit'
import { hubTools, operations } from '#operations'
import { seededRandom, toolBench } from '#test'
import { createRegistry } from '../registry.ts'
import { toolsOf, type Tool } from '../tool.ts'
import { createSearch } from './index.ts'
import { stemOf } from '#lib/stem'
import { wordsOf } from './words.ts'

const { all } = createRegistry(connectors, hubTools(operations))
const search = createSearch(all)
const everything = (): boolean => true
const found = (query: string, usable: readonly string[] = connectors.map(({ name }) => name)): string[] =>
  search.rank(all, query, ({ name, builtIn }) => builtIn === true || usable.includes(name)).map(({ name }) => name)

const finds = (query: string, ...wanted: string[]): void => {
  const first = found(query).slice(0, 5)
  assert.ok(
    wanted.some((name) => first.includes(name)),
    `"${query}" gives ${first.join(', ')}`,
  )
}

suite('words', () => {
  test('the forms of a word have one stem', () => {
    for (const [a, b] of [
      ['closing', 'close'],
      ['closed', 'close'],
      ['issues', 'issue'],
      ['repositories', 'repository'],
      ['summarize', 'summarise'],
      ['merged', 'merging'],
      ['branches', 'branch'],
      ['reviewer', 'reviews'],
      ['café', 'cafe'],
    ] as const)
      assert.equal(stemOf(a), stemOf(b), `${a} and ${b}`)
    assert.notEqual(stemOf('user'), stemOf('use'))
  })

  test('apostrophes and the hyphen of e-mail do not make words', () => {
    assert.deepEqual(
      wordsOf('What’s in Anna’s e-mail?').map(({ stem }) => stem),
      ['what', 'in', 'anna', 'email'],
    )
  })
})

suite('finding tools', () => {
  test('everyday words find what is meant, although the descriptions say it otherwise', () => {
    finds('shut that ticket', 'github_close_issue', 'jira_transition_issue')
    finds('did CI pass', 'github_list_check_runs')
    finds('have Anna look over PR 88', 'github_request_reviewers')
    finds('tell Peter in private', 'slack_notify_user', 'zulip_send_direct_message')
  })

  test('a wrong letter does no harm', () => {
    finds('aprove the pull reqest', 'github_create_review')
    finds('creat a chanel', 'slack_create_channel')
  })

  test('an id brings up the actions that take it, and its own letters count as no words', () => {
    finds('OPS-44 is done', 'jira_transition_issue')
    assert.match(found('MERGE-12')[0]!, /^jira_/)
    assert.match(found('anna@example.com')[0]!, /^smtp_/)
    assert.match(found('https://api.example.com/v1/orders')[0]!, /^http_/)
    assert.match(found('#ops')[0]!, /^(slack|zulip)_/)
    assert.match(found('octo/web')[0]!, /^github_/)
    assert.equal(found('A-1 and B-2')[0]!.startsWith('jira'), false)
    assert.equal(found('UTF-8')[0]!.startsWith('jira'), false)
    assert.equal(found('OPS-1 and OPS-2')[0], 'jira_link_issues')
  })

  test('a pair of ordinary words is no repository', () => {
    assert.deepEqual(found('issue/comment'), found('issue comment'))
  })

  test('a connector that is named comes first, and with it what the hub knows of its connection', () => {
    assert.match(found('zulip message')[0]!, /^zulip_/)
    assert.match(found('slack message')[0]!, /^slack_/)
    finds('jira keeps timing out', 'hub_get_integration_health')
  })

  test('of two that fit alike, the one that can be used now comes first', () => {
    assert.match(found('tell the team', ['slack'])[0]!, /^slack_/)
    assert.match(found('tell the team', ['zulip'])[0]!, /^zulip_/)
    assert.match(found('create a github branch', [])[0]!, /^github_/)
  })

  test('every query gives all tools, in the same order each time and whatever order they came in', () => {
    const random = seededRandom(7)
    const letters = Array.from('abcdefghijklmnopqrstuvwxyz0123456789 -#@/:.*+?()[]{}|\\^$éß漢字жع💥')
    const backwards = all.toReversed()
    for (let round = 0; round < 100; round++) {
      const query = Array.from({ length: 1 + random.below(200) }, () => random.oneOf(letters)).join('')
      const order = found(query)
      assert.equal(order.length, all.length)
      assert.deepEqual(
        search.rank(backwards, query, everything).map(({ name }) => name),
        order,
      )
    }
  })

  test('hostile queries are as fast as others', () => {
    const hostile = [
      '(a+)+$'.repeat(34),
      'a'.repeat(200),
      'a-'.repeat(100),
      'a/'.repeat(100),
      '@a.'.repeat(67),
      '#'.repeat(200),
      '💥'.repeat(100),
    ]
    const long = [
      'ж'.repeat(200),
      'pr '.repeat(66),
      'issue no. '.repeat(20),
      'a@b.'.repeat(50),
      'https://github.com/'.repeat(10),
      '1'.repeat(200),
    ]
    for (const query of [...hostile, ...long, 'x'.repeat(1_000_000)]) {
      const start = performance.now()
      assert.equal(search.rank(all, query, everything).length, all.length)
      const took = performance.now() - start
      assert.ok(took < 500, `${query.slice(0, 20)} took ${took} ms`)
    }
  })

  test('tools that nobody knew before are found by their own words', () => {
    const shop = defineConnector({
      name: 'shop',
      title: 'Shop',
      description: 'A shop.',
      connect: 'Nothing.',
      builtIn: true,
      config: z.object({}),
      auth: [],
    })
    const tools = toolsOf(
      shop.withActions({
        get_invoice: shop.action({
          title: 'Get an invoice',
          description: 'Gets the zebra invoice of an order. Returns its amount.',
          effect: 'read',
          input: z.strictObject({ warehouse: z.string().describe('Where it lies.') }),
          output: z.unknown(),
          example: { warehouse: 'north' },
          run: async () => null,
        }),
      }),
    )
    const names = (query: string): string => search.rank([...all, ...tools], query, everything)[0]!.name
    assert.equal(names('zebra'), 'shop_get_invoice')
    assert.equal(names('zebras in the warehouse'), 'shop_get_invoice')
  })
})

test('the words that an action declares are no part of its description or digest', () => {
  const registry = createRegistry(connectors, [])
  const tool = registry.find('github_close_issue')
  const changed: Tool = { ...tool, action: { ...tool.action, words: 'something else' } }
  assert.equal(registry.describe(changed).digest, registry.describe(tool).digest)
  assert.equal('words' in registry.describe(tool), false)
})

test('over the API a caller finds only what it may call, connected systems first, and never nothing', async () => {
  await using b = await toolBench()
  const names = async (query: string, token?: string): Promise<string[]> => {
    const hub = token === undefined ? b.hub : b.hub.with({ token })
    const { items } = (await hub.call('GET', `/api/v1/tools?limit=200&query=${encodeURIComponent(query)}`)).json<{
      items: { name: string }[]
    }>()
    return items.map(({ name }) => name)
  }
  const tokenWith = async (scopes: readonly string[], more: object = {}): Promise<string> =>
    (await b.hub.call('POST', '/api/v1/tokens', { name: scopes.join(), scopes, ...more })).json<{ token: string }>().token

  assert.ok((await names('xqzv wkrp')).length > 100)
  const jira = await tokenWith(['tools:read', 'tools:call:jira'])
  const found = await names('merge the pull request', jira)
  assert.ok(found.length > 10 && found.every((name) => name.startsWith('jira_')))
  const reader = await tokenWith(['tools:read', 'tools:call:jira'], { read_only: true })
  assert.ok((await names('close the ticket', reader)).every((name) => !name.includes('transition_issue') && !name.includes('delete')))

  // A change of this process applies at once.
  assert.match((await names('tell the team'))[0]!, /^slack_/)
  const zulip = {
    integration_type: 'zulip',
    credential: { email: 'bot@example.com', api_key: 'a-key-of-the-bot' },
    config: { site: 'https://127.0.0.1' },
  }
  const created = await b.hub.call('POST', '/api/v1/integrations', zulip)
  assert.equal(created.statusCode, 201, created.body)
  assert.match((await names('tell the team'))[0]!, /^zulip_/)
})

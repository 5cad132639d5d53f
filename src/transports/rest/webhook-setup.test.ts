import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { upstream, type Scripted } from '#kit/testing'
import { testHub, type TestHub } from '#test'
import { until } from '#test/faults'
import { githubStandIn, type GitHubStandIn } from '../../../test/standins/github.ts'

const secret = 'the-secret-of-octo-0123456789'
const place = { owner: 'octocat', repo: 'hello-world' }

async function connect(hub: TestHub, body: object): Promise<void> {
  const reply = await hub.call('POST', '/api/v1/integrations', body)
  assert.equal(reply.statusCode, 201, reply.body)
}

const setUp = (hub: Pick<TestHub, 'call'>, name: string, body: object = { input: place }) =>
  hub.call('POST', `/api/v1/integrations/${name}/webhook`, body)

suite('the webhook of an integration is set up at GitHub', () => {
  let github: GitHubStandIn
  let hub: TestHub
  before(async () => {
    github = await githubStandIn()
    hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
    await connect(hub, { name: 'octo', integration_type: 'github', access_token: github.token, config: { api_url: github.url } })
  })
  after(async () => {
    await hub[Symbol.asyncDispose]()
    await github[Symbol.asyncDispose]()
  })

  const hooksOf = async (path: string): Promise<{ config: { url: string; content_type: string } }[]> => {
    const reply = await fetch(`${github.url}${path}/hooks`, { headers: { authorization: `Bearer ${github.token}` } })
    return (await reply.json()) as { config: { url: string; content_type: string } }[]
  }

  test('once, however often it is asked for, with a secret that is made, and what GitHub sends then is accepted', async () => {
    const url = `${await hub.address()}/api/v1/webhooks/octo`
    const first = await setUp(hub, 'octo', { input: { ...place, events: ['issues'] }, url })
    assert.equal(first.statusCode, 200, first.body)
    assert.deepEqual([first.json().status, first.json().url, first.json().events], ['created', url, ['issues']])
    const again = (await setUp(hub, 'octo', { input: { ...place, events: ['issues', 'push'] }, url })).json()
    assert.deepEqual([again.status, again.hook_id, again.events], ['updated', first.json().hook_id, ['issues', 'push']])
    const hooks = await hooksOf('/repos/octocat/hello-world')
    assert.deepEqual(
      hooks.map(({ config }) => [config.url, config.content_type]),
      [[url, 'json']],
    )

    const made = await hub.call('POST', '/api/v1/tools/github_create_issue/invoke', { input: { ...place, title: 'It works' } })
    assert.equal(made.json().status, 'completed', made.body)
    const received = async (): Promise<any[]> => (await hub.call('GET', '/api/v1/events?type=github.issues')).json().items
    await until('what GitHub sent is there', async () => (await received()).length > 0)
    assert.equal((await received())[0].verified, true)
  })

  test('in the journal, as a call that writes, and without its secret anywhere', async () => {
    assert.equal((await hub.call('PATCH', '/api/v1/integrations/octo', { config: { webhook_secret: secret } })).statusCode, 200)
    const reply = await setUp(hub, 'octo')
    const entry = await hub.call('GET', `/api/v1/invocations/${reply.json().invocation_id}`)
    assert.deepEqual([entry.json().tool, entry.json().effect, entry.json().status], ['github_set_up_webhook', 'write', 'completed'])
    assert.doesNotMatch(entry.body + reply.body, new RegExp(secret))
    assert.deepEqual(reply.json().events.includes('organization'), false)
  })

  test('for an organisation', async () => {
    const reply = await setUp(hub, 'octo', { input: { organization: 'strangers' } })
    assert.equal(reply.json().status, 'created', reply.body)
    assert.equal((await setUp(hub, 'octo', { input: { organization: 'strangers' } })).json().status, 'updated')
    assert.equal((await hooksOf('/orgs/strangers')).length, 1)
    const neither = await setUp(hub, 'octo', { input: {} })
    assert.equal(neither.statusCode, 400, neither.body)
  })

  test('or the error says which right the token lacks', async () => {
    for (const status of [403, 404]) {
      github.fault = { status, body: { message: 'Not for you' } }
      const refused = await setUp(hub, 'octo')
      assert.match(refused.json().code, /^vendor_(?:forbidden|not_found)$/, refused.body)
      assert.match(refused.json().hint, /admin:repo_hook/)
    }
    github.fault = { status: 404, body: { message: 'Not Found' } }
    assert.match((await setUp(hub, 'octo', { input: { organization: 'strangers' } })).json().hint, /admin:org_hook/)
  })

  test('not without integrations:write and tools:call, not against a policy, and not from another workspace', async () => {
    for (const scopes of [
      ['integrations:read', 'tools:call'],
      ['integrations:read', 'integrations:write'],
    ]) {
      const { token } = (await hub.call('POST', '/api/v1/tokens', { name: scopes.join(), scopes })).json<{ token: string }>()
      const refused = await setUp(hub.with({ token }), 'octo')
      assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'], refused.body)
    }
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })).statusCode, 201)
    const elsewhere = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    assert.equal((await setUp(elsewhere, 'octo')).statusCode, 404)
    const { id } = (await hub.call('GET', '/api/v1/integrations/octo')).json<{ id: string }>()
    assert.equal((await setUp(elsewhere, id)).statusCode, 404)
    const rules = [{ tools: ['github_set_up_webhook'], decision: 'deny', reason: 'by hand only' }]
    assert.equal((await hub.call('PUT', '/api/v1/policies', { rules })).statusCode, 200)
    const denied = await setUp(hub, 'octo')
    assert.deepEqual([denied.statusCode, denied.json().code], [403, 'policy_denied'], denied.body)
    await hub.call('PUT', '/api/v1/policies', { rules: [] })
  })

  test('with an approval that shows the request and the address, and covers no other address', async () => {
    const url = `${await hub.address()}/api/v1/webhooks/octo`
    await hub.call('PUT', '/api/v1/policies', { rules: [{ tools: ['github_set_up_webhook'], decision: 'ask' }] })
    const asked = await setUp(hub, 'octo', { input: { ...place, events: ['push'] }, url })
    assert.equal(asked.json().code, 'approval_required', asked.body)
    const approval = asked.json().approval_id as string
    const shown = await hub.call('GET', `/api/v1/approvals/${approval}`)
    const { preview, call } = shown.json()
    assert.match(preview.request.path ?? preview.request.url, /\/repos\/octocat\/hello-world\/hooks/, shown.body)
    assert.ok(JSON.stringify(preview.request).includes(url), shown.body)
    assert.equal(call.input.url, url)
    assert.doesNotMatch(shown.body, new RegExp(secret))
    await hub.call('PUT', '/api/v1/approval-settings', { involved_may_decide: true })
    assert.equal((await hub.call('POST', `/api/v1/approvals/${approval}`, { decision: 'approve' })).statusCode, 200)
    const headers = { 'hub-approval': approval }
    const other = await setUp(hub.with({ headers }), 'octo', { input: { ...place, events: ['push'] }, url: `${url}?other` })
    assert.equal(other.json().code, 'approval_mismatch', other.body)
    const done = await setUp(hub.with({ headers }), 'octo', { input: { ...place, events: ['push'] }, url })
    assert.equal(done.statusCode, 200, done.body)
    await hub.call('PUT', '/api/v1/policies', { rules: [] })
  })

  test('only by its operation: the tool is in no list, and cannot be called', async () => {
    const listed = (await hub.call('GET', '/api/v1/tools?query=set%20up%20webhook&limit=200')).json().items
    assert.deepEqual(
      listed.filter(({ name }: { name: string }) => name === 'github_set_up_webhook'),
      [],
    )
    const called = await hub.call('POST', '/api/v1/tools/github_set_up_webhook/invoke', { input: place })
    assert.equal(called.json().code, 'invalid_input')
    assert.match(called.json().hint, /\/webhook/)
  })

  test('where the outside system has an API for that', async () => {
    await connect(hub, { name: 'slack', integration_type: 'slack', access_token: 'xoxb-0' })
    await connect(hub, { name: 'site', integration_type: 'http', config: { base_url: 'http://127.0.0.1:9' } })
    assert.match((await setUp(hub, 'slack', {})).json().detail, /has no API/)
    assert.match((await setUp(hub, 'site', {})).json().detail, /sends no webhooks/)
    const setup = async (name: string) => (await hub.call('GET', `/api/v1/integrations/${name}/setup`)).json().webhook.setup_schema
    assert.equal(await setup('slack'), null)
    assert.deepEqual(Object.keys((await setup('octo')).properties), ['owner', 'repo', 'organization', 'events'])
  })

  test('at an address that GitHub can reach', async () => {
    await connect(hub, { name: 'public', integration_type: 'github', access_token: 'a-token-of-github' })
    const refused = await setUp(hub, 'public')
    assert.equal(refused.statusCode, 400, refused.body)
    assert.match(refused.json().hint, /HUB_PUBLIC_URL/)
    assert.equal((await setUp(hub, 'public', { input: place, url: 'http://localhost:3000/hook' })).statusCode, 400)
  })
})

test('a webhook whose creation got no answer is found by its URL and not created again', async () => {
  const hooks: { id: number; events: string[]; config: { url: string; secret: string } }[] = []
  let fault: Scripted | undefined
  await using api = await upstream(({ method, json }): Scripted => {
    if (method === 'GET') return { body: hooks }
    const wanted = json as (typeof hooks)[number]
    if (method === 'PATCH') return { body: Object.assign(hooks[0]!, wanted) }
    hooks.push({ ...wanted, id: 7 })
    return fault ?? { status: 201, body: hooks[0] }
  })
  await using hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', HUB_PUBLIC_URL: 'https://hub.example.com', INTEGRATION_TIMEOUT: '1' })
  await connect(hub, {
    name: 'octo',
    integration_type: 'github',
    access_token: 'a-token-of-github',
    config: { api_url: api.url, webhook_secret: secret },
  })
  for (fault of [{ fault: 'cut' }, { fault: 'hang' }] as const) {
    hooks.length = 0
    const unknown = await setUp(hub, 'octo')
    assert.equal(unknown.json().code, 'outcome_unknown', unknown.body)
    assert.doesNotMatch(unknown.body, new RegExp(secret))
    const found = await setUp(hub, 'octo')
    assert.equal(found.json().status, 'updated', found.body)
    assert.equal(hooks.length, 1)
  }
  assert.deepEqual(hooks[0]!.config, {
    url: 'https://hub.example.com/api/v1/webhooks/octo',
    content_type: 'json',
    secret,
    insecure_ssl: '0',
  })
})

test('a webhook that somebody else creates meanwhile is updated', async () => {
  let isThere = false
  await using api = await upstream(({ method, json }): Scripted => {
    const config = { url: 'https://hub.example.com/api/v1/webhooks/octo' }
    if (method === 'GET') return { body: isThere ? [{ id: 7, events: [], config }] : [] }
    if (method === 'PATCH') return { body: { id: 7, ...(json as object) } }
    isThere = true
    return { status: 422, body: { message: 'Validation Failed', errors: [{ message: 'Hook already exists on this repository' }] } }
  })
  await using hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', HUB_PUBLIC_URL: 'https://hub.example.com' })
  await connect(hub, { name: 'octo', integration_type: 'github', access_token: 'a-token', config: { api_url: api.url } })
  const reply = await setUp(hub, 'octo')
  assert.deepEqual([reply.json().status, reply.json().hook_id], ['updated', '7'], reply.body)
})

test('two set-ups at the same moment make one webhook', async () => {
  const hooks: { self: string; url: string }[] = []
  await using api = await upstream(async ({ method, json }): Promise<Scripted> => {
    if (method === 'GET') {
      const body = [...hooks]
      // Both would have asked by now.
      await sleep(200)
      return { body }
    }
    hooks.push({ ...(json as { url: string }), self: `${api.url}/rest/webhooks/1.0/webhook/7${hooks.length}` })
    return { status: 201, body: hooks.at(-1) }
  })
  await using hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', HUB_PUBLIC_URL: 'https://hub.example.com' })
  const credential = { username: 'a@example.com', api_token: 'a-token-of-jira' }
  await connect(hub, { name: 'jira', integration_type: 'jira', credential, config: { base_url: api.url } })
  const replies = await Promise.all([setUp(hub, 'jira', {}), setUp(hub, 'jira', {})])
  const codes = replies.map((reply) => (reply.statusCode === 200 ? reply.json().status : reply.json().code)).toSorted()
  assert.deepEqual(codes, ['created', 'in_use'])
  assert.equal(hooks.length, 1)
})

test('the webhook of Jira is set up as an administrator has it, once, and with its secret', async () => {
  const hooks: { self: string; name: string; url: string; secret: string; events: string[] }[] = []
  let status = 200
  await using api = await upstream(({ method, path, json }): Scripted => {
    if (status !== 200) return { status, body: { errorMessages: ['no'] } }
    assert.match(path, /^\/rest\/webhooks\/1\.0\/webhook(?:\/72)?$/)
    if (method === 'GET') return { body: hooks }
    if (method === 'PUT') return { body: Object.assign(hooks[0]!, json) }
    hooks.push({ ...(json as (typeof hooks)[number]), self: `${api.url}/rest/webhooks/1.0/webhook/72` })
    return { status: 201, body: hooks[0] }
  })
  await using hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', HUB_PUBLIC_URL: 'https://hub.example.com' })
  const jira = { integration_type: 'jira', credential: { username: 'a@example.com', api_token: 'a-token-of-jira' } }
  await connect(hub, { ...jira, name: 'jira', config: { base_url: api.url, webhook_secret: secret } })
  const first = await setUp(hub, 'jira', { input: { events: ['issue_created', 'comment_created'], jql: 'project = OPS' } })
  assert.deepEqual([first.json().status, first.json().hook_id], ['created', '72'], first.body)
  assert.deepEqual([hooks[0]!.events, hooks[0]!.secret], [['jira:issue_created', 'comment_created'], secret])
  assert.equal((await setUp(hub, 'jira', {})).json().status, 'updated')
  assert.equal(hooks.length, 1)
  for (status of [403, 404]) assert.match((await setUp(hub, 'jira', {})).json().hint, /Administer Jira/)

  await connect(hub, { ...jira, name: 'cloud', config: { base_url: api.url, cloud_id: '11223344' } })
  assert.match((await setUp(hub, 'cloud', {})).json().hint, /API token of a Jira administrator/)
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { connectByLink, expireGrant, nothingGranted, storedGrant, testHub, type ConnectEnd, type TestHub } from '#test'
import { atlassianStandIn, type AtlassianStandIn } from '../standins/atlassian.ts'

interface Setup extends AsyncDisposable {
  readonly hub: TestHub
  readonly atlassian: AtlassianStandIn
  readonly address: string
}

async function setup(sites: 1 | 2): Promise<Setup> {
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' }))
  const address = await hub.address()
  const atlassian = stack.use(await atlassianStandIn({ redirectUris: [`${address}/oauth/callback`], sites }))
  const { clientId: client_id, clientSecret: client_secret } = atlassian.oauth
  assert.equal((await hub.call('PUT', '/api/v1/credentials/jira-oauth-app', { data: { client_id, client_secret } })).statusCode, 200)
  const made = await hub.call('POST', '/api/v1/integrations', {
    name: 'jira',
    integration_type: 'jira',
    auth_type: 'oauth2',
    config: { auth_url: atlassian.url, gateway_url: atlassian.url },
  })
  assert.equal(made.statusCode, 201, made.body)
  const owned = stack.move()
  return { hub, atlassian, address, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const connect = ({ hub, address }: Setup): Promise<ConnectEnd> => connectByLink(hub, { address, integration: 'jira' })

const tool = ({ hub }: Setup, name: string, input: object) => hub.call('POST', `/api/v1/tools/jira_${name}/invoke`, { input })

const configOf = async ({ hub }: Setup) =>
  (await hub.call('GET', '/api/v1/integrations/jira')).json<{ config: Record<string, unknown>; connection: { account: string } }>()

async function choose({ browser }: ConnectEnd, attempt: string, choice: string): Promise<{ status: number; text: string }> {
  const answer = await browser.post('/oauth/choice', { attempt, choice })
  return { status: answer.status, text: await answer.text() }
}

const attemptOf = ({ text }: ConnectEnd): string => /name="attempt" value="([^"]+)"/.exec(text)![1]!

suite('Jira Cloud is connected', () => {
  test('at the site that the person chooses, whose issues are read and written, with tokens that rotate', async () => {
    await using given = await setup(2)
    const { hub, atlassian } = given
    const end = await connect(given)
    assert.match(end.text, /Which one\?/)
    for (const { name } of atlassian.sites) assert.ok(end.text.includes(name))
    const state = (await hub.call('GET', `/api/v1/connections/${end.link}`)).json<{ status: string }>()
    assert.equal(state.status, 'choosing')
    await nothingGranted(hub, 'jira', ['jira-oauth-app'])

    assert.equal((await choose(end, attemptOf(end), 'somebody-else’s')).status, 400)
    const labs = atlassian.sites[1]!
    const chosen = await choose(end, attemptOf(end), labs.id)
    assert.match(chosen.text, /Connected as labs/)
    const { config } = await configOf(given)
    assert.deepEqual([config['base_url'], config['cloud_id']], [labs.url, labs.id])

    const made = await tool(given, 'create_issue', { project_key: 'PROJ', summary: 'From the hub' })
    assert.equal(made.statusCode, 200, made.body)
    const { key } = made.json<{ output: { key: string } }>().output
    const first = await storedGrant(hub, 'jira')
    const at = async (id: string) =>
      (
        await fetch(`${atlassian.url}/ex/jira/${id}/rest/api/3/issue/${key}`, {
          headers: { authorization: `Bearer ${String(first.data['access_token'])}` },
        })
      ).status
    assert.deepEqual([await at(atlassian.sites[0]!.id), await at(labs.id)], [404, 200])

    atlassian.expireAccess()
    assert.equal((await tool(given, 'get_issue', { issue_key: key })).statusCode, 200)
    const second = await storedGrant(hub, 'jira')
    assert.notEqual(second.data['refresh_token'], first.data['refresh_token'])
  })

  test('without a question when the person has one site', async () => {
    await using given = await setup(1)
    const end = await connect(given)
    assert.match(end.text, /Connected as acme/)
    assert.equal((await configOf(given)).config['cloud_id'], given.atlassian.sites[0]!.id)
    assert.equal((await tool(given, 'list_projects', {})).statusCode, 200)
  })

  test('until Atlassian does not know its refresh token any more, which asks for a person', async () => {
    await using given = await setup(1)
    await connect(given)
    const grant = await storedGrant(given.hub, 'jira')
    await expireGrant(given.hub, { ...grant, data: { ...grant.data, refresh_token: 'ended-after-90-days' } })
    const failed = await tool(given, 'list_projects', {})
    assert.deepEqual([failed.statusCode, failed.json<{ code: string }>().code], [409, 'reconnect_needed'])
  })
})

suite('the choice of a site', () => {
  test('is made once, in the browser in which it began', async () => {
    await using given = await setup(2)
    const [end, other] = [await connect(given), await connect(given)]
    const [acme, labs] = given.atlassian.sites
    assert.equal((await choose(other, attemptOf(end), labs!.id)).status, 404)
    await nothingGranted(given.hub, 'jira', ['jira-oauth-app'])
    assert.match((await choose(end, attemptOf(end), acme!.id)).text, /Connected as acme/)
    assert.match((await choose(end, attemptOf(end), labs!.id)).text, /Connected as acme/)
    assert.equal((await configOf(given)).config['cloud_id'], acme!.id)
  })
})

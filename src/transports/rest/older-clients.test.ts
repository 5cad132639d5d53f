import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { upstream, type Upstream } from '#kit/testing'
import { composeHub } from '#serve'
import { freshDatabase, testHub, type TestHub } from '#test'

interface Shown {
  readonly id: string
  readonly number: number
  readonly project_id: number
  readonly name: string
  readonly integration_type: string
  readonly credential: string
}

const graphql = {
  data: {
    repository: {
      projectsV2: {
        nodes: [{ id: 'P1', number: 7, title: 'Plan', closed: false, url: 'https://github.example/p/7' }],
        pageInfo: { hasNextPage: false, endCursor: null },
      },
    },
  },
}

suite('clients of earlier integration services', () => {
  let hub: TestHub
  let github: Upstream
  before(async () => {
    github = await upstream(({ path }) => ({ body: path === '/graphql' ? graphql : { login: 'octocat' } }))
    hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
  })
  after(async () => {
    await hub[Symbol.asyncDispose]()
    await github[Symbol.asyncDispose]()
  })

  const create = async (name: string, more: object = {}): Promise<Shown> => {
    const config = { api_url: github.url, webhook_secret: 'a-webhook-secret' }
    const body = { name, integration_type: 'GitHub', auth_type: 'token', access_token: 'ghp_a-token', config, ...more }
    const reply = await hub.call('POST', '/api/v1/integrations', body)
    assert.equal(reply.statusCode, 201, reply.payload)
    return reply.json()
  }
  const get = async (path: string): Promise<any> => {
    const reply = await hub.call('GET', `/api/v1/integrations${path}`)
    assert.equal(reply.statusCode, 200, `${path}: ${reply.payload}`)
    return reply.json()
  }

  test('find the number of the workspace in every answer about an integration', async () => {
    const { id, project_id: project } = await create('GitHub: my-org')
    assert.equal(project, (await hub.call('GET', '/api/v1/workspaces')).json().items[0].number)
    const [listed] = (await get(`?project_id=${project}`)).items
    const changed = (await hub.call('PATCH', `/api/v1/integrations/${id}`, { enabled: true })).json()
    const configured = (await hub.call('POST', '/api/integrations/GitHub: my-org/configure', { enabled: true })).json()
    for (const shown of [listed, await get(`/${id}`), await get(`/${id}/health`), changed, configured])
      assert.equal(shown.project_id, project)
  })

  test('name an integration by its number, which is not given again', async () => {
    const first = await create('numbered-a')
    const second = await create('numbered-b')
    assert.equal(second.number, first.number + 1)
    assert.equal((await get(`/${first.number}`)).id, first.id)
    assert.equal((await get(`/${second.number}/health`)).id, second.id)
    assert.equal((await hub.call('POST', `/api/v1/integrations/${second.number}/test`)).json().ok, true)
    const patched = await hub.call('PATCH', `/api/v1/integrations/${second.number}`, { access_token: 'ghp_a-new-token' })
    assert.equal(patched.json().id, second.id)
    assert.equal((await hub.call('DELETE', `/api/v1/integrations/${second.number}`)).statusCode, 204)
    assert.equal((await hub.call('GET', `/api/v1/integrations/${second.number}`)).statusCode, 404)
    const refused = await hub.call('POST', '/api/v1/integrations', {
      name: 'numbered-a',
      integration_type: 'github',
      access_token: 'ghp_a-token',
    })
    assert.equal(refused.statusCode, 409)
    assert.equal((await create('numbered-c')).number, second.number + 1)
  })

  test('reach nothing of another workspace by a number, and no name can look like one', async () => {
    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const there = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    const here = await create('far-number')
    assert.equal((await there.call('GET', `/api/v1/integrations/${here.number}`)).statusCode, 404)
    const body = { name: 'own', integration_type: 'github', access_token: 'ghp_a-token' }
    assert.equal((await there.call('POST', '/api/v1/integrations', body)).json().number, 1)
    for (const reply of [
      await there.call('POST', '/api/v1/integrations', { ...body, name: '2' }),
      await there.call('PATCH', '/api/v1/integrations/own', { name: '2' }),
      await there.call('POST', '/api/integrations/2/configure', { integration_type: 'github', credential: { token: 'ghp_a-token' } }),
    ])
      assert.deepEqual([reply.statusCode, reply.json().errors[0].path], [400, 'name'])
  })

  test('write the name of a provider in any case', async () => {
    const configured = await hub.call('POST', '/api/integrations/GitHub/configure', { credential: { token: 'ghp_a-token' } })
    assert.deepEqual([configured.json().name, configured.json().integration_type], ['github', 'github'])
    assert.equal((await get('/GitHub')).id, configured.json().id)
    assert.ok((await get('?connector=GitHub')).items.some(({ name }: Shown) => name === 'github'))
    assert.equal((await hub.call('GET', '/api/v1/connectors/GitHub')).json().name, 'github')
    // Not 404: the hook exists, and the delivery is not signed.
    assert.equal((await hub.call('POST', '/api/v1/webhooks/GitHub', {})).statusCode, 401)
  })

  test('send their token as GitHub’s clients do', async () => {
    const ask = (authorization: string) => hub.with({ token: null, headers: { authorization } }).call('GET', '/api/v1/integrations')
    assert.equal((await ask('token test-administrator-token')).statusCode, 200)
    assert.equal((await ask('token wrong')).statusCode, 401)
    assert.equal((await ask('Basic test-administrator-token')).statusCode, 401)
  })

  test('configure an integration with the fields of its connector in the body itself', async () => {
    const configure = async (name: string, body: object) => hub.call('POST', `/api/integrations/${name}/configure`, body)
    const jira = { base_url: 'https://jira.example', username: 'ann@example.com', api_token: 'a-jira-token' }
    const operator = await hub.hub.access.operator('tester')
    for (const [name, body, config, values] of [
      ['jira', jira, { base_url: 'https://jira.example', api_version: '3' }, { username: jira.username, api_token: jira.api_token }],
      ['slack', { bot_token: 'xoxb-a-token' }, { api_url: 'https://slack.com/api' }, { token: 'xoxb-a-token' }],
      ['flat', { integration_type: 'github', access_token: 'ghp_a', api_url: github.url }, { api_url: github.url }, { token: 'ghp_a' }],
      ['flat', { token: 'ghp_b', webhook_secret: 'a-webhook-secret' }, { api_url: github.url }, { token: 'ghp_b' }],
    ] as const) {
      const reply = await configure(name, body)
      assert.equal(reply.statusCode, 200, reply.payload)
      const shown = reply.json()
      assert.deepEqual(shown.config, config)
      assert.deepEqual(await hub.hub.credentials.read(operator.workspaceId, shown.credential), values)
      for (const secret of Object.values(values)) if (secret !== jira.username) assert.ok(!reply.payload.includes(secret))
    }
    for (const [body, path] of [
      [{ token: 'ghp_c', credential: 'github-pat' }, 'token'],
      [{ api_url: github.url, config: { api_url: github.url } }, 'api_url'],
      [{ tokens: 'ghp_c' }, 'tokens'],
      [{ token: { value: 'ghp_c' } }, 'token'],
      [{ constructor: 'x' }, 'constructor'],
    ] as const) {
      const refused = await configure('flat', body)
      assert.deepEqual([refused.statusCode, refused.json().errors[0].path], [400, path])
    }
  })

  test('are refused where they contradict themselves about the integration or its connector', async () => {
    await create('contradicted')
    for (const [integration, status] of [
      ['another', 400],
      ['contradicted', 200],
    ] as const) {
      const reply = await hub.call(
        'GET',
        `/api/v1/integrations/contradicted/github/projects?owner=org&repo=repo&integration=${integration}`,
      )
      assert.equal(reply.statusCode, status, reply.payload)
      if (status === 400) assert.equal(reply.json().errors[0].path, 'integration')
    }
    for (const [type, status] of [
      ['jira', 400],
      ['GitHub', 200],
    ] as const) {
      const reply = await hub.call('POST', '/api/integrations/contradicted/configure', { integration_type: type, enabled: true })
      assert.equal(reply.statusCode, status, reply.payload)
      if (status === 400) assert.equal(reply.json().errors[0].path, 'integration_type')
    }
  })

  test('send a stored token nowhere else by a setting in the body itself', async () => {
    await create('kept-place')
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'agent', scopes: ['integrations:write'] })).json()
    const moved = { api_url: 'https://elsewhere.example' }
    const refused = await hub.with({ token }).call('POST', '/api/integrations/kept-place/configure', moved)
    assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'])
  })

  test('write the fields of a query as they did', async () => {
    await create('query-github')
    const config = { base_url: github.url }
    const credential = { username: 'ann@example.com', api_token: 'a-jira-token' }
    await hub.call('POST', '/api/v1/integrations', { name: 'query-jira', integration_type: 'jira', credential, config })
    const ask = async (path: string, integration: string) => {
      await hub.call('GET', `/api/integrations/${path}&integration=${integration}`)
      return github.requests.at(-1)!
    }
    assert.equal((await ask('github/repos?q=hello', 'query-github')).query.get('q'), 'hello')
    assert.equal((await ask('github/repos?query=hi', 'query-github')).query.get('q'), 'hi')
    assert.equal((await ask('github/commits?owner=o&repo=r&branch=next', 'query-github')).query.get('sha'), 'next')
    const jqlOf = async (path: string) => ((await ask(path, 'query-jira')).json as { jql: string }).jql
    assert.equal(await jqlOf('jira/issues?jql=project%20%3D%20PROJ'), 'project = PROJ')
    assert.equal(
      await jqlOf('jira/issues?project_key=PROJ&type=Bug&status=Done&priority=High'),
      'project = "PROJ" AND status = "Done" AND issuetype = "Bug" AND priority = "High" ORDER BY updated DESC',
    )
    const both = await hub.call('GET', '/api/integrations/github/repos?q=a&query=b&integration=query-github')
    assert.deepEqual([both.statusCode, both.json().errors[0].path], [400, 'input.q'])
  })

  test('list the projects of a repository through an integration that the path names', async () => {
    const { number, id } = await create('projects')
    for (const ref of [number, id, 'projects']) {
      const shown = await get(`/${ref}/github/projects?owner=org&repo=repo`)
      assert.deepEqual(shown.items, graphql.data.repository.projectsV2.nodes)
    }
    const { json } = github.requests.findLast(({ path }) => path === '/graphql')!
    assert.deepEqual((json as { variables: object }).variables, { owner: 'org', repo: 'repo', first: 20, after: null })
    const other = await hub.call('GET', '/api/v1/integrations/nothing/github/projects?owner=org')
    assert.deepEqual([other.statusCode, other.json().code], [404, 'integration_unknown'])
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['integrations:read'] })).json()
    const refused = await hub.with({ token }).call('GET', `/api/v1/integrations/${number}/github/projects?owner=org`)
    assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'])
  })

  test('delete with an integration the secrets that were made for it', async () => {
    const made = await create('secrets')
    const names = async (): Promise<string[]> =>
      (await hub.call('GET', '/api/v1/credentials')).json().items.map(({ name }: { name: string }) => name)
    const own = [made.credential, `webhook-${made.id}`]
    assert.deepEqual(
      own.filter((name) => !name.includes(made.id)),
      [],
    )
    const before = await names()
    assert.ok(own.every((name) => before.includes(name)))
    await hub.call('DELETE', `/api/v1/integrations/${made.number}`)
    const rest = await names()
    assert.deepEqual(
      own.filter((name) => rest.includes(name)),
      [],
    )
  })
})

test('the secrets that the environment gave an integration are deleted with it, or with their variables', async () => {
  const names = async (hub: TestHub): Promise<string[]> =>
    (await hub.call('GET', '/api/v1/credentials')).json().items.map(({ name }: { name: string }) => name)
  await using database = await freshDatabase()
  const env = { DATABASE_URL: database.url }
  {
    await using hub = await testHub({ ...env, GITHUB_TOKEN: 'ghp_a-token', SLACK_BOT_TOKEN: 'xoxb-a-token' })
    assert.deepEqual(await names(hub), ['environment-github', 'environment-slack'])
    assert.equal((await hub.call('DELETE', '/api/v1/integrations/github')).statusCode, 204)
    assert.deepEqual(await names(hub), ['environment-slack'])
    // A command may run without the variables of the hub that serves.
    await using _ = await composeHub({ ...hub.hub.config, others: {} })
    assert.deepEqual(await names(hub), ['environment-slack'])
  }
  await using hub = await testHub(env)
  assert.deepEqual(await names(hub), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream } from '#kit/testing'
import { github } from './index.ts'

const credential = { personal_access_token: 'ghp_0123456789abcdef0123456789abcdef0123' }
const repository = {
  id: 1,
  full_name: 'octocat/hello-world',
  description: null,
  private: false,
  fork: false,
  html_url: 'https://github.com/octocat/hello-world',
}

test('search_repositories encodes the query and returns the next page', async () => {
  await using api = await upstream(({ path }) => ({
    body: { total_count: 40, incomplete_results: false, items: [{ ...repository, score: 1 }] },
    headers: { link: `<https://api.github.com${path}?q=x&page=2>; rel="next"` },
  }))
  const found = await runAction(github, 'search_repositories', { input: { query: 'a&b=c #d' }, config: { api_url: api.url }, credential })
  assert.deepEqual(found, { items: [repository], total_count: 40, next_page: 2, next_cursor: null })
  assert.equal(api.requests[0]!.query.get('q'), 'a&b=c #d')
  assert.equal(api.requests[0]!.headers.authorization, `Bearer ${credential.personal_access_token}`)
})

test('get_repository does not accept values that change the path', async () => {
  await using api = await upstream(() => ({ body: repository }))
  await runAction(github, 'get_repository', {
    input: { owner: 'octocat/../../user', repo: 'x?y#z' },
    config: { api_url: api.url },
    credential,
  })
  assert.equal(api.requests[0]!.path, '/repos/octocat%2F..%2F..%2Fuser/x%3Fy%23z')
  await assert.rejects(
    runAction(github, 'get_repository', { input: { owner: '..', repo: 'user' }, config: { api_url: api.url }, credential }),
    { code: 'invalid_input' },
  )
})

test('list_repositories lists those of a user or of the credential', async () => {
  await using api = await upstream(() => ({ body: [repository] }))
  const options = { config: { api_url: api.url }, credential }
  await runAction(github, 'list_repositories', { ...options, input: { owner: 'octocat' } })
  assert.deepEqual(await runAction(github, 'list_repositories', { ...options, input: {} }), {
    items: [repository],
    next_page: null,
    next_cursor: null,
  })
  assert.deepEqual(
    api.requests.map(({ path }) => path),
    ['/users/octocat/repos', '/user/repos'],
  )
})

test('create_repository can create it in an organisation', async () => {
  await using api = await upstream(() => ({ status: 201, body: repository }))
  await runAction(github, 'create_repository', { input: { name: 'n', organization: 'o' }, config: { api_url: api.url }, credential })
  assert.equal(api.requests[0]!.path, '/orgs/o/repos')
  assert.deepEqual(api.requests[0]!.json, { name: 'n', private: true, auto_init: false })
})

test('the connection test returns the account of the token', async () => {
  await using api = await upstream(() => ({ body: { login: 'octocat' } }))
  assert.deepEqual(await testConnection(github, { config: { api_url: api.url }, credential }), { account: 'octocat' })
})

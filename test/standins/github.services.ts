import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAction, testConnection } from '#kit/testing'
import { testHub } from '#test'
import { github } from '../../src/connectors/github/index.ts'
import { githubStandIn } from './github.ts'

const place = { owner: 'octocat', repo: 'hello-world' }

test('an agent’s day on GitHub: branch, file, pull request, diff, review, comment, label, merge, release', async () => {
  await using hub = await githubStandIn()
  const options = { credential: { personal_access_token: hub.token }, config: { api_url: hub.url } }
  const call = async (verb: string, input: object): Promise<any> => runAction(github, verb, { ...options, input: { ...place, ...input } })
  const bare = async (verb: string, input: object): Promise<any> => runAction(github, verb, { ...options, input })

  assert.deepEqual(await testConnection(github, options), { account: 'octocat' })
  assert.equal((await call('get_repository', {})).full_name, 'octocat/hello-world')
  assert.ok((await bare('search_repositories', { query: 'hello' })).items.length > 0)
  assert.ok((await bare('list_repositories', {})).items.length > 0)
  assert.equal((await bare('create_repository', { name: 'second', private: true, auto_init: true })).full_name, 'octocat/second')

  const main = await call('get_branch', { branch: 'main' })
  await call('create_branch', { branch: 'feature', sha: main.commit.sha })
  const readme = await call('get_contents', { path: 'README.md', ref: 'feature' })
  assert.equal(readme.type, 'file')
  await call('put_contents', { path: 'README.md', content: `${readme.text}More\n`, message: 'More', branch: 'feature', sha: readme.sha })
  await call('put_contents', { path: 'docs/new.txt', content: 'new\n', message: 'New', branch: 'feature' })
  assert.ok((await call('list_branches', {})).items.some(({ name }: { name: string }) => name === 'feature'))
  assert.equal((await call('list_commits', { sha: 'feature' })).items[0].commit.message, 'New')
  assert.equal((await call('compare_commits', { base: 'main', head: 'feature' })).ahead_by, 2)

  const pull = await call('create_pull_request', { title: 'Change', head: 'feature', base: 'main', body: 'why' })
  const { diff } = await call('get_pull_request_diff', { number: pull.number })
  const folder = mkdtempSync(join(tmpdir(), 'hub-diff-'))
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' })
    git('init', '-q')
    writeFileSync(join(folder, 'README.md'), readme.text.endsWith('\n') ? readme.text : `${readme.text}\n`)
    writeFileSync(join(folder, 'change.diff'), diff)
    git('apply', '--check', 'change.diff')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const files = await call('list_pull_request_files', { number: pull.number })
  assert.deepEqual(files.items.map(({ filename }: { filename: string }) => filename).toSorted(), ['README.md', 'docs/new.txt'])
  assert.equal((await call('list_pull_requests', {})).items.length, 1)
  await call('create_review', { number: pull.number, event: 'COMMENT', body: 'Looks fine' })
  assert.equal((await call('list_reviews', { number: pull.number })).items.length, 1)
  const comment = await call('create_issue_comment', { number: pull.number, body: 'Reviewed' })
  assert.equal((await call('update_issue_comment', { comment_id: comment.id, body: 'Reviewed again' })).body, 'Reviewed again')
  assert.equal((await call('list_issue_comments', { number: pull.number })).items.length, 1)
  assert.equal((await call('update_pull_request', { number: pull.number, title: 'Better' })).title, 'Better')
  assert.equal((await call('merge_pull_request', { number: pull.number, method: 'squash' })).merged, true)
  assert.equal((await call('get_pull_request', { number: pull.number })).merged, true)

  const issue = await call('create_issue', { title: 'Bug', body: 'It breaks' })
  assert.deepEqual((await call('label_issue', { number: issue.number, add: ['bug'] })).labels, ['bug'])
  assert.equal((await call('update_issue', { number: issue.number, title: 'Bug!' })).title, 'Bug!')
  assert.equal((await call('close_issue', { number: issue.number, reason: 'not_planned' })).state, 'closed')
  assert.equal((await call('get_issue', { number: issue.number })).title, 'Bug!')
  assert.ok((await call('list_issues', { state: 'all' })).items.some(({ number }: { number: number }) => number === issue.number))
  assert.equal((await call('create_release', { tag_name: 'v1', name: 'One' })).tag_name, 'v1')
  assert.equal((await call('get_release', { tag: 'v1' })).name, 'One')
  assert.equal((await call('list_releases', {})).items.length, 1)
  assert.equal((await bare('get_user', {})).login, 'octocat')
  assert.ok((await bare('get_rate_limit', {})).resources.core.limit > 0)
})

test('through the hub: a wrong token is counted and disables, an unchanged read costs a 304, a 429 is waited for', async () => {
  await using api = await githubStandIn()
  await using hub = await testHub({ GITHUB_TOKEN: api.token, GITHUB_API_URL: api.url, MAX_RETRY_ATTEMPTS: '1' })
  const call = async (tool: string, body: object) => (await hub.call('POST', `/api/v1/tools/${tool}/invoke`, body)).json()
  await call('github_get_repository', { input: place })
  assert.equal((await call('github_get_repository', { input: place })).output.full_name, 'octocat/hello-world')
  assert.deepEqual(
    api.seen.map(({ status }) => status),
    [200, 304],
  )
  api.fault = { status: 429, headers: { 'retry-after': '1' }, body: { message: 'slow down' } }
  assert.equal((await call('github_get_repository', { input: place })).status, 'completed')
  // The seeds' spelling of the same.
  assert.equal((await hub.call('GET', '/api/integrations/github/repos/octocat/hello-world')).json().full_name, 'octocat/hello-world')
  assert.equal((await hub.call('POST', '/api/integrations/github/issues', { ...place, title: 'From a seed' })).json().title, 'From a seed')
  assert.equal(
    (await hub.call('GET', '/api/integrations/github/pullrequests?owner=octocat&repo=hello-world&per_page=5')).json().items.length,
    0,
  )

  await hub.call('POST', '/api/v1/integrations', {
    integration_type: 'github',
    name: 'stale',
    access_token: 'ghp_wrong000000000000000',
    config: { api_url: api.url },
  })
  for (let attempt = 0; attempt < 5; attempt++)
    assert.equal((await call('github_get_user', { input: {}, integration: 'stale' })).code, 'vendor_unauthorized')
  assert.equal((await call('github_get_user', { input: {}, integration: 'stale' })).code, 'integration_disabled')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, upstream, type Scripted } from '#kit/testing'
import { github } from './index.ts'

const credential = { token: 'ghp_0123456789abcdef0123456789abcdef0123' }
const place = { owner: 'octocat', repo: 'hello-world' }
const user = { login: 'ada', id: 1, type: 'User' }
const sha = 'aa218f56b14c9653891f9e74264a383fa43fefbd'
const times = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' }

const issue = {
  number: 1,
  title: 'T',
  state: 'open',
  body: 'B',
  user,
  labels: ['old', { name: 'bug' }],
  assignees: [user],
  html_url: 'u',
  ...times,
}
const comment = { id: 5, body: 'hi', user, html_url: 'u', ...times }
const pull = {
  number: 2,
  title: 'P',
  state: 'open',
  user,
  head: { ref: 'f', sha, repo: { full_name: 'o/r', fork: false } },
  base: { ref: 'main', sha },
  html_url: 'u',
  ...times,
}
const commit = {
  sha,
  html_url: 'u',
  commit: { message: 'm', author: { name: 'Ada', date: 'd' }, committer: null },
  author: user,
  parents: [{ sha }],
}
const file = { filename: 'a.ts', status: 'modified', additions: 1, deletions: 0, changes: 1, patch: '@@' }
const review = { id: 7, state: 'APPROVED', body: '', user, submitted_at: 'd' }
const check = { id: 8, name: 'ci', status: 'completed', conclusion: 'success', head_sha: sha, output: { title: null, summary: null } }
const run = {
  id: 9,
  name: 'CI',
  status: 'completed',
  conclusion: 'success',
  event: 'push',
  head_branch: 'main',
  head_sha: sha,
  run_number: 3,
  html_url: 'u',
  created_at: 'd',
}
const release = { id: 10, tag_name: 'v1', name: 'One', draft: false, prerelease: false, html_url: 'u', created_at: 'd' }
const account = { ...user, html_url: 'u' }
const branch = { name: 'main', commit: { sha }, protected: true }

interface Case {
  readonly verb: string
  readonly input: object
  readonly answer: Scripted | readonly Scripted[]
  /** The last request: method, path, and the relevant parts of query and body. */
  readonly request: string
  readonly query?: Record<string, string>
  readonly json?: unknown
  readonly output?: object
}

const base = '/repos/octocat/hello-world'

const cases: readonly Case[] = [
  {
    verb: 'list_issues',
    input: { ...place, labels: ['a', 'b'] },
    answer: { body: [issue, { ...issue, number: 3, pull_request: {} }] },
    request: `GET ${base}/issues`,
    query: { labels: 'a,b', state: 'open', page: '1' },
    output: { next_page: null },
  },
  {
    verb: 'get_issue',
    input: { ...place, number: 1 },
    answer: { body: issue },
    request: `GET ${base}/issues/1`,
    output: { number: 1, labels: ['old', 'bug'] },
  },
  {
    verb: 'create_issue',
    input: { ...place, title: 'T', labels: ['x'] },
    answer: { status: 201, body: issue },
    request: `POST ${base}/issues`,
    json: { title: 'T', labels: ['x', 'hub'] },
  },
  {
    verb: 'update_issue',
    input: { ...place, number: 1, state: 'closed', milestone: null },
    answer: { body: issue },
    request: `PATCH ${base}/issues/1`,
    json: { state: 'closed', milestone: null },
  },
  {
    verb: 'close_issue',
    input: { ...place, number: 1 },
    answer: { body: issue },
    request: `PATCH ${base}/issues/1`,
    json: { state: 'closed', state_reason: 'completed' },
  },
  {
    verb: 'label_issue',
    input: { ...place, number: 1, add: ['bug'], remove: ['a/b'] },
    answer: [{ status: 404, body: {} }, { body: [{ name: 'bug' }] }],
    request: `POST ${base}/issues/1/labels`,
    json: { labels: ['bug'] },
    output: { labels: ['bug'] },
  },
  {
    verb: 'list_labels',
    input: { ...place, per_page: 100 },
    answer: { body: [{ id: 1, name: 'bug', description: null, color: 'f29513' }] },
    request: `GET ${base}/labels`,
    query: { per_page: '100', page: '1' },
    output: { items: [{ name: 'bug', description: null, color: 'f29513' }] },
  },
  {
    verb: 'create_issue_comment',
    input: { ...place, number: 1, body: 'hi' },
    answer: { status: 201, body: comment },
    request: `POST ${base}/issues/1/comments`,
    json: { body: 'hi' },
    output: { id: 5 },
  },
  { verb: 'list_issue_comments', input: { ...place, number: 1 }, answer: { body: [comment] }, request: `GET ${base}/issues/1/comments` },
  {
    verb: 'update_issue_comment',
    input: { ...place, comment_id: 5, body: 'x' },
    answer: { body: comment },
    request: `PATCH ${base}/issues/comments/5`,
    json: { body: 'x' },
  },
  {
    verb: 'list_pull_requests',
    input: { ...place, head: 'octocat:f' },
    answer: { body: [pull] },
    request: `GET ${base}/pulls`,
    query: { head: 'octocat:f', direction: 'desc' },
  },
  {
    verb: 'get_pull_request',
    input: { ...place, number: 2 },
    answer: { body: pull },
    request: `GET ${base}/pulls/2`,
    output: { number: 2 },
  },
  {
    verb: 'create_pull_request',
    input: { ...place, title: 'P', head: 'f', base: 'main' },
    answer: { status: 201, body: pull },
    request: `POST ${base}/pulls`,
    json: { title: 'P', head: 'f', base: 'main', draft: false, maintainer_can_modify: true },
  },
  {
    verb: 'update_pull_request',
    input: { ...place, number: 2, state: 'closed' },
    answer: { body: pull },
    request: `PATCH ${base}/pulls/2`,
    json: { state: 'closed' },
  },
  {
    verb: 'get_pull_request_diff',
    input: { ...place, number: 2 },
    answer: { body: 'diff --git a/a b/a\n', headers: { 'content-type': 'application/vnd.github.diff; charset=utf-8' } },
    request: `GET ${base}/pulls/2`,
    output: { diff: 'diff --git a/a b/a\n' },
  },
  { verb: 'list_pull_request_files', input: { ...place, number: 2 }, answer: { body: [file] }, request: `GET ${base}/pulls/2/files` },
  {
    verb: 'merge_pull_request',
    input: { ...place, number: 2, method: 'squash', expected_head: sha },
    answer: { body: { merged: true, sha, message: 'ok' } },
    request: `PUT ${base}/pulls/2/merge`,
    json: { merge_method: 'squash', sha },
  },
  { verb: 'list_reviews', input: { ...place, number: 2 }, answer: { body: [review] }, request: `GET ${base}/pulls/2/reviews` },
  {
    verb: 'create_review',
    input: { ...place, number: 2, event: 'COMMENT', body: 'b', comments: [{ path: 'a.ts', line: 3, body: 'hm' }] },
    answer: { body: review },
    request: `POST ${base}/pulls/2/reviews`,
    json: { event: 'COMMENT', body: 'b', comments: [{ path: 'a.ts', line: 3, side: 'RIGHT', body: 'hm' }] },
  },
  {
    verb: 'list_review_comments',
    input: { ...place, number: 2 },
    answer: { body: [{ id: 1, path: 'a', line: 2, body: 'b', user, html_url: 'u', created_at: 'd' }] },
    request: `GET ${base}/pulls/2/comments`,
  },
  {
    verb: 'request_reviewers',
    input: { ...place, number: 2, reviewers: ['ada'] },
    answer: { status: 201, body: { requested_reviewers: [user], requested_teams: [] } },
    request: `POST ${base}/pulls/2/requested_reviewers`,
    json: { reviewers: ['ada'], team_reviewers: [] },
  },
  {
    verb: 'get_contents',
    input: { ...place, path: 'src/a b.ts', ref: 'dev' },
    answer: {
      body: {
        type: 'file',
        name: 'a b.ts',
        path: 'src/a b.ts',
        sha,
        size: 2,
        encoding: 'base64',
        content: Buffer.from('hi').toString('base64'),
        html_url: 'u',
      },
    },
    request: `GET ${base}/contents/src/a%20b.ts`,
    query: { ref: 'dev' },
    output: { type: 'file', text: 'hi', base64: null },
  },
  {
    verb: 'delete_contents',
    input: { ...place, path: 'a b/c.txt', message: 'Remove', sha, branch: 'dev' },
    answer: { body: { content: null, commit: { sha } } },
    request: `DELETE ${base}/contents/a%20b/c.txt`,
    json: { message: 'Remove', sha, branch: 'dev' },
    output: { commit: { sha } },
  },
  {
    verb: 'delete_issue_comment',
    input: { ...place, comment_id: 5 },
    answer: { status: 204, body: '' },
    request: `DELETE ${base}/issues/comments/5`,
    output: { comment_id: 5, done: true },
  },
  {
    verb: 'put_contents',
    input: { ...place, path: 'n.txt', content: 'héllo', message: 'm', sha },
    answer: { body: { content: { path: 'n.txt', sha }, commit: { sha } } },
    request: `PUT ${base}/contents/n.txt`,
    json: { message: 'm', sha, content: Buffer.from('héllo').toString('base64') },
  },
  {
    verb: 'search_code',
    input: { query: 'addClass repo:o/r' },
    answer: { body: { total_count: 1, items: [{ path: 'a', sha, html_url: 'u', repository: { full_name: 'o/r' } }] } },
    request: 'GET /search/code',
    query: { q: 'addClass repo:o/r' },
  },
  {
    verb: 'list_commits',
    input: { ...place, path: 'a', author: 'ada' },
    answer: { body: [commit] },
    request: `GET ${base}/commits`,
    query: { path: 'a', author: 'ada' },
  },
  {
    verb: 'get_commit',
    input: { ...place, ref: 'feature/x' },
    answer: { body: { ...commit, files: [file] } },
    request: `GET ${base}/commits/feature%2Fx`,
  },
  {
    verb: 'compare_commits',
    input: { ...place, base: 'main', head: 'o:f/x' },
    answer: { body: { status: 'ahead', ahead_by: 1, behind_by: 0, total_commits: 1, html_url: 'u', commits: [commit] } },
    request: `GET ${base}/compare/main...o%3Af%2Fx`,
  },
  { verb: 'list_branches', input: place, answer: { body: [branch] }, request: `GET ${base}/branches` },
  { verb: 'get_branch', input: { ...place, branch: 'main' }, answer: { body: branch }, request: `GET ${base}/branches/main` },
  {
    verb: 'create_branch',
    input: { ...place, branch: 'f', sha },
    answer: { status: 201, body: { object: { sha } } },
    request: `POST ${base}/git/refs`,
    json: { ref: 'refs/heads/f', sha },
    output: { branch: 'f', sha },
  },
  {
    verb: 'list_check_runs',
    input: { ...place, ref: 'main' },
    answer: { body: { total_count: 1, check_runs: [check] } },
    request: `GET ${base}/commits/main/check-runs`,
  },
  {
    verb: 'create_check_run',
    input: { ...place, name: 'r', head_sha: sha, conclusion: 'success' },
    answer: { status: 201, body: check },
    request: `POST ${base}/check-runs`,
    json: { name: 'r', head_sha: sha, conclusion: 'success' },
  },
  {
    verb: 'list_workflow_runs',
    input: { ...place, workflow: 'ci.yml', branch: 'main' },
    answer: { body: { workflow_runs: [run] } },
    request: `GET ${base}/actions/workflows/ci.yml/runs`,
    query: { branch: 'main' },
  },
  {
    verb: 'dispatch_workflow',
    input: { ...place, workflow: 'd.yml', ref: 'main', inputs: { a: 'b' } },
    answer: { status: 204 },
    request: `POST ${base}/actions/workflows/d.yml/dispatches`,
    json: { ref: 'main', inputs: { a: 'b' } },
    output: { started: true },
  },
  { verb: 'list_releases', input: place, answer: { body: [release] }, request: `GET ${base}/releases` },
  { verb: 'get_release', input: { ...place, tag: 'v1' }, answer: { body: release }, request: `GET ${base}/releases/tags/v1` },
  {
    verb: 'create_release',
    input: { ...place, tag_name: 'v1', draft: true },
    answer: { status: 201, body: release },
    request: `POST ${base}/releases`,
    json: { tag_name: 'v1', draft: true, prerelease: false, generate_release_notes: false },
  },
  { verb: 'get_user', input: {}, answer: { body: account }, request: 'GET /user', output: { login: 'ada' } },
  {
    verb: 'get_rate_limit',
    input: {},
    answer: { body: { resources: { core: { limit: 5000, remaining: 1, reset: 2, used: 1 } } } },
    request: 'GET /rate_limit',
  },
]

for (const { verb, input, answer, request, query = {}, json, output = {} } of cases) {
  test(`${verb} asks ${request}`, async () => {
    const answers = [answer].flat()
    await using api = await upstream(() => answers.shift() ?? { status: 500 })
    const got = await runAction(github, verb, { input, credential, config: { api_url: api.url, default_labels: ['hub'] } })
    const last = api.requests.at(-1)!
    assert.equal(`${last.method} ${last.path}`, request)
    for (const [name, value] of Object.entries(query)) assert.equal(last.query.get(name), value, name)
    if (json !== undefined) assert.deepEqual(last.json, json)
    assert.equal(last.headers.authorization, `Bearer ${credential.token}`)
    assert.equal(last.headers['x-github-api-version'], '2022-11-28')
    for (const [name, value] of Object.entries(output)) assert.deepEqual((got as Record<string, unknown>)[name], value, name)
    const { items } = got as { items?: unknown[] }
    if (items) assert.equal(items.length, 1)
  })
}

test('get_contents lists a folder, and returns binary files in base64', async () => {
  const entry = { type: 'dir', name: 'src', path: 'src', sha, size: 0, html_url: 'u' }
  const bytes = Buffer.from([0, 1, 2])
  const answers: Scripted[] = [
    { body: [entry] },
    { body: { ...entry, type: 'file', encoding: 'base64', content: bytes.toString('base64') } },
  ]
  await using api = await upstream(() => answers.shift()!)
  const get = (path: string) =>
    runAction(github, 'get_contents', { input: { ...place, path }, credential, config: { api_url: api.url } }) as Promise<
      Record<string, unknown>
    >
  assert.deepEqual((await get(''))['entries'], [{ name: 'src', path: 'src', type: 'dir', size: 0 }])
  const binary = await get('x.bin')
  assert.deepEqual([binary['text'], binary['base64']], [null, bytes.toString('base64')])
  await assert.rejects(get('../../user'), { code: 'invalid_input' })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HubError } from '#errors'
import { readCurrent, runAction, testConnection, upstream } from '#kit/testing'
import { gitlabStandIn, type GitLabStandIn } from '../../../test/standins/gitlab.ts'
import { gitlab } from './index.ts'
import { placeOf, nextOf } from './pages.ts'

const project = 'octo-group/hello-world'

function calling(standIn: GitLabStandIn) {
  const options = { credential: { token: standIn.token }, config: { base_url: `${standIn.url}/` } }
  return {
    options,
    call: (verb: string, input: object): Promise<any> => runAction(gitlab, verb, { ...options, input: { project, ...input } }),
  }
}

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HubError)
  assert.equal(error.code, code)
  assert.match(`${error.message} ${error.details.detail ?? ''}`, message)
  return true
}

suite('actions', () => {
  test('issues are opened, found, changed, closed and reopened, and commented on', async () => {
    await using standIn = await gitlabStandIn()
    const { options, call } = calling(standIn)
    assert.deepEqual(await testConnection(gitlab, options), { account: 'ada' })
    const made = await call('create_issue', { title: 'Bug', description: 'It breaks', labels: ['bug', 'login'], assignees: ['bob'] })
    assert.deepEqual([made.iid, made.labels, made.assignees[0].username], [1, ['bug', 'login'], 'bob'])
    await assert.rejects(call('create_issue', { title: 'Bug', assignees: ['nobody'] }), refused('vendor_not_found', /no user "nobody"/))
    await assert.rejects(call('create_issue', { title: ' ' }), refused('vendor_rejected', /title can't be blank/))
    const found = await call('list_issues', { labels: ['login'] })
    assert.deepEqual([found.items.length, found.next_cursor], [1, null])
    assert.equal((await call('list_issues', { state: 'closed' })).items.length, 0)
    const changed = await call('update_issue', { issue: 1, title: 'Better', labels: [], assignees: [] })
    assert.deepEqual([changed.title, changed.description, changed.labels, changed.assignees], ['Better', 'It breaks', [], []])
    assert.equal((await call('close_issue', { issue: 1 })).state, 'closed')
    assert.equal((await call('reopen_issue', { issue: 1 })).state, 'opened')
    assert.equal((await call('get_issue', { issue: 1 })).title, 'Better')
    const note = await call('create_note', { issue: 1, body: 'Hello' })
    assert.deepEqual(
      (await call('list_notes', { issue: 1 })).items.map(({ body }: any) => body),
      ['Hello'],
    )
    assert.deepEqual(await call('delete_note', { issue: 1, note_id: note.id }), { deleted: true })
    assert.deepEqual((await call('list_notes', { issue: 1 })).items, [])
    await assert.rejects(call('list_notes', { issue: 1, merge_request: 1 }), refused('invalid_input', /./))
    assert.equal((await call('search_gitlab', { scope: 'issues', search: 'better' })).items[0].iid, 1)
  })

  test('a branch, a file and a merge request lead to a merge, whose SHA is checked', async () => {
    await using standIn = await gitlabStandIn()
    const { call } = calling(standIn)
    const { sha } = { sha: (await call('get_commit', { ref: 'main' })).id }
    assert.equal((await call('create_branch', { branch: 'feature/x', ref: 'main' })).commit.id, sha)
    assert.deepEqual(
      (await call('list_branches', { search: 'feature' })).items.map(({ name }: any) => name),
      ['feature/x'],
    )
    const file = { path: 'docs/new page.md', branch: 'feature/x', message: 'Write' }
    const first = await call('put_file', { ...file, content: 'one' })
    const second = await call('put_file', { ...file, content: 'two', last_commit_id: first.last_commit_id })
    await assert.rejects(
      call('put_file', { ...file, content: 'x', last_commit_id: first.last_commit_id }),
      refused('vendor_rejected', /has changed/),
    )
    const read = await call('get_file', { path: file.path, ref: 'feature/x' })
    assert.deepEqual([read.text, read.base64, read.last_commit_id], ['two', null, second.last_commit_id])
    const listed = await call('list_files', { ref: 'feature/x', recursive: true, per_page: 2 })
    const rest = await call('list_files', { ref: 'feature/x', recursive: true, per_page: 2, cursor: listed.next_cursor })
    assert.deepEqual(
      [...listed.items, ...rest.items].map((entry: any) => entry.path),
      ['README.md', 'docs', 'docs/guide.md', 'docs/new page.md'],
    )
    const merge = await call('create_merge_request', { source_branch: 'feature/x', target_branch: 'main', title: 'Add' })
    const again = call('create_merge_request', { source_branch: 'feature/x', target_branch: 'main', title: 'Add' })
    await assert.rejects(again, refused('vendor_conflict', /already exists/))
    assert.equal((await call('list_merge_requests', {})).items[0].iid, merge.iid)
    assert.equal((await call('update_merge_request', { merge_request: 1, title: 'Add a page', reviewers: ['bob'] })).title, 'Add a page')
    assert.deepEqual(
      (await call('list_merge_request_changes', { merge_request: 1 })).items.map((one: any) => one.new_path),
      [file.path],
    )
    await call('create_note', { merge_request: 1, body: 'Fine' })
    await assert.rejects(
      call('merge_merge_request', { merge_request: 1, sha: 'aaaaaaa' }),
      refused('vendor_conflict', /SHA does not match/),
    )
    assert.equal((await call('merge_merge_request', { merge_request: 1, sha: merge.sha })).state, 'merged')
    assert.equal((await call('get_merge_request', { merge_request: 1 })).state, 'merged')
    assert.ok((await call('list_commits', {})).items[0].title.startsWith('Merge branch'))
    assert.deepEqual(await call('delete_file', { ...file, branch: 'main' }), { deleted: true })
    await assert.rejects(call('get_file', { path: file.path }), refused('vendor_not_found', /File/))
    assert.deepEqual(await call('delete_branch', { branch: 'feature/x' }), { deleted: true })
  })

  test('projects are listed and pipelines are followed, repeated and cancelled', async () => {
    await using standIn = await gitlabStandIn()
    const { options, call } = calling(standIn)
    const { items } = (await runAction(gitlab, 'list_projects', { ...options, input: { search: 'hello' } })) as { items: any[] }
    assert.equal(items[0].path_with_namespace, project)
    assert.equal((await call('get_project', {})).default_branch, 'main')
    assert.equal((await call('list_pipelines', { ref: 'main' })).items[0].status, 'failed')
    assert.equal((await call('retry_pipeline', { pipeline_id: 1 })).status, 'running')
    assert.equal((await call('cancel_pipeline', { pipeline_id: 1 })).status, 'canceled')
    assert.equal((await call('get_pipeline', { pipeline_id: 1 })).status, 'canceled')
  })

  test('a list goes on where its last page ended', async () => {
    await using standIn = await gitlabStandIn()
    const { call } = calling(standIn)
    for (let number = 0; number < 5; number++) await call('create_issue', { title: `Bug ${number}` })
    const seen: number[] = []
    for (let cursor: string | undefined, pages = 0; pages < 4; pages++) {
      const page = await call('list_issues', { per_page: 2, cursor })
      seen.push(...page.items.map(({ iid }: any) => iid))
      if (page.next_cursor === null) break
      cursor = page.next_cursor
    }
    assert.deepEqual(seen, [5, 4, 3, 2, 1])
    assert.deepEqual(placeOf('private_token=x'), {})
    assert.equal(nextOf({ 'x-next-page': '3' }), 'page=3')
    assert.equal(nextOf({ 'x-next-page': '' }), null)
  })

  test('the limit of the API is learned, and that of one path is not taken for it', async () => {
    const rules = gitlab.responseRules!
    const headers = { 'ratelimit-limit': '2000', 'ratelimit-remaining': '7', 'ratelimit-reset': '1900000000' }
    assert.deepEqual(rules.limit!(headers), { limit: 2000, remaining: 7, resetAt: new Date(1_900_000_000_000), isPartial: false })
    assert.equal(rules.limit!({ ...headers, 'ratelimit-name': 'throttle_authenticated_files_api' })!.isPartial, true)
    assert.equal(rules.limit!({}), undefined)
    await using api = await upstream(() => ({ status: 403, body: { error: 'insufficient_scope', error_description: 'needs api' } }))
    const call = runAction(gitlab, 'get_project', {
      input: { project },
      credential: { token: 'glpat-0123456789' },
      config: { base_url: api.url },
    })
    await assert.rejects(call, refused('vendor_forbidden', /needs api/))
    assert.equal(api.requests[0]!.headers['private-token'], 'glpat-0123456789')
    assert.equal(api.requests[0]!.path, '/api/v4/projects/octo-group%2Fhello-world')
  })

  for (const [verb, input, repeated] of [
    ['create_issue', { title: 'Bug' }, true],
    ['create_note', { issue: 1, body: 'Hello' }, true],
    ['create_branch', { branch: 'b', ref: 'main' }, true],
    ['put_file', { path: 'a.txt', branch: 'main', message: 'm', content: 'x' }, true],
  ] as const)
    test(`${verb} is found again after an answer was lost`, async () => {
      await using standIn = await gitlabStandIn()
      const { call } = calling(standIn)
      await call('create_issue', { title: 'Other' })
      const action = gitlab.actions[verb]!
      // Verification is read like what a call would change.
      const context = (): Promise<any> =>
        readCurrent({ ...gitlab, actions: { [verb]: { ...action, current: action.verify! } } }, verb, {
          ...calling(standIn).options,
          input: { project, ...input },
        })
      const before = await context()
      assert.ok(before === 'unknown' || before.happened === false)
      await call(verb, input)
      assert.equal((await context()).happened, repeated)
    })
})

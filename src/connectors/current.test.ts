import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCurrent, upstream } from '#kit/testing'
import { configFor, sampleCredential } from '#test'
import { connectors } from './index.ts'

/** What the outside systems answer, by a part of the path. */
const answers: readonly (readonly [part: string, body: unknown])[] = [
  ['/issues/comments/', { id: 1, body: 'before', user: null, html_url: 'x', created_at: 'x', updated_at: 'x' }],
  ['/repository/branches/', { name: 'before', commit: { id: 'a', title: 'before', author_name: 'A' } }],
  ['/repository/files/', { file_path: 'a', size: 6, content: btoa('before'), blob_id: 'b', last_commit_id: 'c' }],
  ['/notes/', { id: 1, body: 'before', created_at: 'x', updated_at: 'x' }],
  [
    '/merge_requests/',
    {
      iid: 1,
      project_id: 1,
      title: 'before',
      state: 'opened',
      source_branch: 'a',
      target_branch: 'b',
      web_url: 'x',
      created_at: 'x',
      updated_at: 'x',
    },
  ],
  [
    '/projects/octo-group%2Fhello-world/issues/',
    { iid: 1, project_id: 1, title: 'before', state: 'opened', labels: [], web_url: 'x', created_at: 'x', updated_at: 'x' },
  ],
  ['/issues/', { number: 1, title: 'before', state: 'open', user: null, labels: [], html_url: 'x', created_at: 'x', updated_at: 'x' }],
  [
    '/pulls/',
    {
      number: 1,
      title: 'before',
      state: 'open',
      user: null,
      head: { ref: 'a', sha: 'b' },
      base: { ref: 'a', sha: 'b' },
      html_url: 'x',
      created_at: 'x',
      updated_at: 'x',
    },
  ],
  ['/contents/', { type: 'file', name: 'a', path: 'a', sha: 'b', size: 6, encoding: 'base64', content: btoa('before'), html_url: null }],
  ['/comment/', { id: '1', body: 'before' }],
  ['/issue/', { id: '1', key: 'PROJ-1', fields: { summary: 'before' } }],
  ['/conversations.history', { ok: true, messages: [{ ts: '1531420618.000100', text: 'before', user: 'U1' }] }],
  [
    '/messages/',
    {
      result: 'success',
      message: {
        id: 1,
        sender_full_name: 'A',
        sender_email: 'a',
        content: 'before',
        type: 'x',
        subject: 't',
        timestamp: 1,
        display_recipient: 'x',
      },
    },
  ],
]

const expected = [
  'github_update_issue',
  'github_close_issue',
  'github_label_issue',
  'github_delete_issue_comment',
  'github_delete_contents',
  'github_update_issue_comment',
  'github_update_pull_request',
  'github_merge_pull_request',
  'github_put_contents',
  'gitlab_update_issue',
  'gitlab_close_issue',
  'gitlab_reopen_issue',
  'gitlab_delete_note',
  'gitlab_update_merge_request',
  'gitlab_merge_merge_request',
  'gitlab_delete_branch',
  'gitlab_put_file',
  'gitlab_delete_file',
  'jira_update_issue',
  'jira_delete_issue',
  'jira_assign_issue',
  'jira_delete_comment',
  'jira_transition_issue',
  'slack_update_message',
  'slack_delete_message',
  'zulip_update_message',
  'zulip_delete_message',
]

test('the actions that say what they would change read it, and send nothing that writes', async () => {
  const declaring = connectors.flatMap((connector) =>
    Object.entries(connector.actions).flatMap(([verb, action]) => (action.current ? [{ connector, verb, action }] : [])),
  )
  assert.deepEqual(declaring.map(({ connector, verb }) => `${connector.name}_${verb}`).toSorted(), expected.toSorted())
  for (const { connector, verb, action } of declaring) {
    const name = `${connector.name}_${verb}`
    await using api = await upstream(({ path }) => ({ body: answers.find(([part]) => path.includes(part))?.[1] ?? {} }))
    const credential = sampleCredential(connector)
    const current = await readCurrent(connector, verb, { input: action.example, credential, config: configFor(connector, api.url) })
    assert.match(JSON.stringify(current), /before/, name)
    assert.deepEqual([...new Set(api.requests.map(({ method }) => method))], ['GET'], name)
  }
})

test('everything that writes says who can read it, and what may be public is not taken for private', () => {
  const places = Object.fromEntries(connectors.map(({ name, sendsTo }) => [name, sendsTo ?? 'public']))
  for (const name of ['github', 'http', 'smtp']) assert.equal(places[name], 'public', name)
  for (const connector of connectors)
    if (Object.values(connector.actions).some(({ effect }) => effect !== 'read')) assert.ok(connector.sendsTo, connector.name)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runAction, testConnection, upstream, type Scripted, type RecordedRequest } from '#kit/testing'
import type { HubError } from '#errors'
import { fromAdf, toAdf } from './adf.ts'
import { jira } from './index.ts'
import { buildJql, quote } from './jql.ts'

const credential = { username: 'ada@example.com', api_token: 'jira-token-0123456789' }

const raw = {
  id: '10001',
  key: 'PROJ-1',
  fields: {
    summary: 'A bug',
    description: toAdf('It **breaks**'),
    status: { name: 'To Do' },
    issuetype: { name: 'Bug' },
    priority: null,
    project: { key: 'PROJ' },
    assignee: { accountId: 'a1', displayName: 'Ada', emailAddress: 'ada@example.com', active: true },
    reporter: null,
    labels: ['x'],
    created: '2026-01-01T00:00:00.000+0000',
    updated: '2026-01-02T00:00:00.000+0000',
    resolutiondate: null,
  },
}

/** Runs an action against scripted answers by method and path. Returns the output and the requests. */
const runWith = (config: object) => async (verb: string, input: object, answers: Record<string, Scripted>) => {
  await using api = await upstream(
    ({ method, path }) => answers[`${method} ${path}`] ?? { status: 404, body: { errorMessages: [`nothing at ${method} ${path}`] } },
  )
  const output = await runAction(jira, verb, { input, credential, config: { base_url: api.url, ...config } })
  return { output: output as Record<string, any>, requests: api.requests, url: api.url }
}
const run = runWith({})
const runOnServer = runWith({ api_version: '2' })

const last = (requests: RecordedRequest[]): RecordedRequest => requests.at(-1)!

test('list_projects requests pages from Jira Cloud and selects the page itself for Jira Server', async () => {
  const project = { id: '1', key: 'PROJ', name: 'Project', projectTypeKey: 'software', lead: { accountId: 'a', displayName: 'Ada' } }
  const cloud = await run(
    'list_projects',
    { query: 'pro', limit: 1 },
    { 'GET /rest/api/3/project/search': { body: { values: [project], isLast: false, startAt: 0, maxResults: 1 } } },
  )
  assert.deepEqual(cloud.output['items'][0], {
    id: '1',
    key: 'PROJ',
    name: 'Project',
    type: 'software',
    lead: { id: 'a', name: 'Ada', email: null, active: true },
    description: null,
  })
  assert.equal(cloud.output['next_start'], 1)
  assert.equal(
    last(cloud.requests).headers.authorization,
    `Basic ${Buffer.from('ada@example.com:jira-token-0123456789').toString('base64')}`,
  )
  const server = await runOnServer(
    'list_projects',
    { limit: 1, start_at: 1 },
    { 'GET /rest/api/2/project': { body: [project, { ...project, key: 'TWO' }, project] } },
  )
  assert.deepEqual([server.output['items'][0].key, server.output['next_start']], ['TWO', 2])
})

test('find_project ignores upper and lower case, and lists similar projects', async () => {
  const values = [
    { id: '1', key: 'PA', name: 'Project A' },
    { id: '2', key: 'PB', name: 'Project B' },
  ]
  const answers = { 'GET /rest/api/3/project/search': { body: { values, isLast: true, startAt: 0, maxResults: 50 } } }
  assert.equal((await run('find_project', { project_name: 'project b' }, answers)).output['key'], 'PB')
  await assert.rejects(run('find_project', { project_name: 'Project C' }, answers), {
    code: 'vendor_not_found',
    message: /Project A \(PA\)/,
  })
})

test('get_project, list_issue_types and list_statuses read the properties of a project', async () => {
  const body = { id: '1', key: 'PROJ', name: 'P', issueTypes: [{ id: '3', name: 'Bug', subtask: false }] }
  assert.equal((await run('get_project', { project_key: 'PROJ' }, { 'GET /rest/api/3/project/PROJ': { body } })).output['name'], 'P')
  const types = await run('list_issue_types', { project_key: 'PROJ' }, { 'GET /rest/api/3/project/PROJ': { body } })
  assert.deepEqual(types.output['items'], [{ id: '3', name: 'Bug', subtask: false }])
  const statuses = await run(
    'list_statuses',
    { project_key: 'PROJ' },
    { 'GET /rest/api/3/project/PROJ/statuses': { body: [{ name: 'Bug', statuses: [{ id: '1', name: 'To Do' }] }] } },
  )
  assert.deepEqual(statuses.output['items'], [{ issue_type: 'Bug', statuses: [{ id: '1', name: 'To Do' }] }])
})

test('search_users finds people in Jira Cloud and Jira Server', async () => {
  const cloud = await run(
    'search_users',
    { query: 'ada' },
    { 'GET /rest/api/3/user/search': { body: [{ accountId: 'a1', displayName: 'Ada' }] } },
  )
  assert.deepEqual(cloud.output['items'], [{ id: 'a1', name: 'Ada', email: null, active: true }])
  const server = await runOnServer('search_users', {}, { 'GET /rest/api/2/user/search': { body: [{ name: 'ada', displayName: 'Ada' }] } })
  assert.equal(last(server.requests).query.get('username'), '.')
})

test('search_issues builds its query from filters and returns the cursor', async () => {
  const found = await run(
    'search_issues',
    {
      project_key: 'PROJ',
      status: 'To Do',
      assignee: 'me',
      labels: ['a'],
      text: 'crash -foo "bar',
      updated_since: '2026-01-02T03:04:05Z',
      cursor: 't1',
    },
    { 'POST /rest/api/3/search/jql': { body: { issues: [raw], nextPageToken: 't2', isLast: false } } },
  )
  const body = last(found.requests).json as { jql: string; nextPageToken: string }
  assert.equal(
    body.jql,
    'project = "PROJ" AND status = "To Do" AND assignee = currentUser() AND labels = "a" AND text ~ "crash foo bar" AND updated >= "2026-01-02 03:04" ORDER BY updated DESC',
  )
  assert.equal(body.nextPageToken, 't1')
  assert.equal(found.output['next_cursor'], 't2')
  assert.deepEqual(
    [found.output['items'][0].key, found.output['items'][0].description, found.output['items'][0].url],
    ['PROJ-1', 'It **breaks**', `${found.url}/browse/PROJ-1`],
  )
  const server = await runOnServer('search_issues', { limit: 1 }, { 'POST /rest/api/2/search': { body: { issues: [raw], total: 3 } } })
  assert.equal(server.output['next_cursor'], '1')
})

test('search_issues sends a query of the caller as it is, and refuses filters beside it', async () => {
  const jql = 'project = PROJ AND type = Bug ORDER BY rank'
  const answers = { 'POST /rest/api/3/search/jql': { body: { issues: [raw], isLast: true } } }
  const found = await run('search_issues', { jql, limit: 5 }, answers)
  assert.equal((last(found.requests).json as { jql: string }).jql, jql)
  await assert.rejects(run('search_issues', { jql, project_key: 'PROJ', status: 'Done' }, answers), (error: HubError) => {
    assert.deepEqual(
      error.details.errors?.map(({ path }) => path),
      ['input.project_key', 'input.status'],
    )
    return true
  })
  // A rule about a project cannot tell what such a query finds.
  assert.deepEqual(jira.targets!.project!.values({ jql }), [undefined])
})

test('an attempt to break out of a filter stays a string', () => {
  assert.equal(buildJql({ project: 'X" OR project = "SECRET' }), 'project = "X\\" OR project = \\"SECRET" ORDER BY updated DESC')
  assert.equal(quote('a\\" OR 1=1'), '"a\\\\\\" OR 1=1"')
  assert.throws(() => quote('a\u0000b'), { code: 'invalid_input' })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      let quoted: string
      try {
        quoted = quote(value)
      } catch {
        return
      }
      // The value is one string token that ends only at its last character.
      assert.match(quoted, /^"(?:[^"\\\n\r]|\\["\\])*"$/)
    }),
  )
})

test('get_issue returns the description as Markdown, and refuses an invalid key', async () => {
  const { output, requests } = await run('get_issue', { issue_key: 'PROJ-1' }, { 'GET /rest/api/3/issue/PROJ-1': { body: raw } })
  assert.equal(output['assignee'].name, 'Ada')
  assert.match(last(requests).query.get('fields')!, /summary/)
  await assert.rejects(run('get_issue', { issue_key: 'PROJ-1/../2' }, {}), { code: 'invalid_input' })
})

test('create_issue sends the fields in the formats of Jira Cloud and Jira Server', async () => {
  const input = {
    project_key: 'PROJ',
    summary: 'S',
    description: '# Hi',
    type: 'Bug',
    priority: 'High',
    labels: ['a'],
    assignee: 'ada@example.com',
    parent_key: 'PROJ-9',
    fields: { customfield_1: 3 },
  }
  const cloud = await run('create_issue', input, {
    'GET /rest/api/3/user/search': { body: [{ accountId: 'a1', emailAddress: 'Ada@example.com' }] },
    'POST /rest/api/3/issue': { status: 201, body: { id: '1', key: 'PROJ-7' } },
  })
  assert.deepEqual(cloud.output, { id: '1', key: 'PROJ-7', url: `${cloud.url}/browse/PROJ-7` })
  assert.deepEqual((last(cloud.requests).json as { fields: unknown }).fields, {
    customfield_1: 3,
    summary: 'S',
    description: toAdf('# Hi'),
    priority: { name: 'High' },
    labels: ['a'],
    project: { key: 'PROJ' },
    issuetype: { name: 'Bug' },
    assignee: { accountId: 'a1' },
    parent: { key: 'PROJ-9' },
  })
  const server = await runOnServer(
    'create_issue',
    { project_key: '10', summary: 'S', description: 'h1. Hi', assignee: 'ada' },
    { 'POST /rest/api/2/issue': { status: 201, body: { id: '1', key: 'P-1' } } },
  )
  assert.deepEqual((last(server.requests).json as { fields: unknown }).fields, {
    summary: 'S',
    description: 'h1. Hi',
    project: { id: '10' },
    issuetype: { name: 'Task' },
    assignee: { name: 'ada' },
  })
})

test('update_issue and delete_issue confirm; an update without changes is refused', async () => {
  const updated = await run('update_issue', { issue_key: 'PROJ-1', summary: 'T' }, { 'PUT /rest/api/3/issue/PROJ-1': { status: 204 } })
  assert.deepEqual([updated.output, last(updated.requests).json], [{ key: 'PROJ-1', done: true }, { fields: { summary: 'T' } }])
  await assert.rejects(run('update_issue', { issue_key: 'PROJ-1' }, {}), { code: 'invalid_input' })
  const deleted = await run(
    'delete_issue',
    { issue_key: 'PROJ-1', delete_subtasks: true },
    { 'DELETE /rest/api/3/issue/PROJ-1': { status: 204 } },
  )
  assert.equal(last(deleted.requests).query.get('deleteSubtasks'), 'true')
})

test('assign_issue assigns a person or removes the assignee', async () => {
  const answers = { 'PUT /rest/api/3/issue/PROJ-1/assignee': { status: 204 } }
  assert.deepEqual(last((await run('assign_issue', { issue_key: 'PROJ-1', assignee: 'a1' }, answers)).requests).json, { accountId: 'a1' })
  assert.deepEqual(last((await run('assign_issue', { issue_key: 'PROJ-1', assignee: null }, answers)).requests).json, { accountId: null })
  await assert.rejects(
    run('assign_issue', { issue_key: 'PROJ-1', assignee: 'no@example.com' }, { 'GET /rest/api/3/user/search': { body: [] } }),
    { code: 'vendor_not_found' },
  )
})

test('add_comment and link_issues send the given values', async () => {
  const comment = await run(
    'add_comment',
    { issue_key: 'PROJ-1', body: '*hi*' },
    { 'POST /rest/api/3/issue/PROJ-1/comment': { status: 201, body: { id: '5', body: toAdf('*hi*'), created: '2026' } } },
  )
  assert.deepEqual([comment.output['id'], comment.output['body'], last(comment.requests).json], ['5', '*hi*', { body: toAdf('*hi*') }])
  const link = await run(
    'link_issues',
    { issue_key: 'PROJ-1', other_key: 'PROJ-2', type: 'Blocks' },
    { 'POST /rest/api/3/issueLink': { status: 201 } },
  )
  assert.deepEqual(last(link.requests).json, { type: { name: 'Blocks' }, inwardIssue: { key: 'PROJ-1' }, outwardIssue: { key: 'PROJ-2' } })
})

test('transition_issue accepts the name of a transition or status, and its error lists the possible ones', async () => {
  const answers = {
    'GET /rest/api/3/issue/PROJ-1/transitions': {
      body: {
        transitions: [
          { id: '11', name: 'Start', to: { name: 'In Progress' } },
          { id: '21', name: 'Finish', to: { name: 'Done' } },
        ],
      },
    },
    'POST /rest/api/3/issue/PROJ-1/transitions': { status: 204 },
  }
  assert.equal((await run('list_transitions', { issue_key: 'PROJ-1' }, answers)).output['items'].length, 2)
  const moved = await run('transition_issue', { issue_key: 'PROJ-1', to: 'done', comment: 'ready' }, answers)
  assert.deepEqual(
    [moved.output, (last(moved.requests).json as { transition: unknown }).transition],
    [{ key: 'PROJ-1', status: 'Done' }, { id: '21' }],
  )
  await assert.rejects(
    run('transition_issue', { issue_key: 'PROJ-1', to: 'Nowhere' }, answers),
    (error: { code: string; details: { hint: string } }) => error.code === 'vendor_rejected' && /Start/.test(error.details.hint),
  )
})

test('the vendor’s message about an invalid field is shown', async () => {
  const answers = { 'POST /rest/api/3/issue': { status: 400, body: { errorMessages: [], errors: { summary: 'is required' } } } }
  await assert.rejects(run('create_issue', { project_key: 'P', summary: 'S' }, answers), {
    code: 'vendor_rejected',
    message: /summary: is required/,
  })
})

test('the connection test returns the account', async () => {
  await using api = await upstream(() => ({ body: { displayName: 'Ada' } }))
  assert.deepEqual(await testConnection(jira, { credential, config: { base_url: api.url } }), { account: 'Ada' })
})

test('Markdown is unchanged after conversion to Atlassian’s format and back', () => {
  const texts = [
    'Plain text',
    '# Head\n\ntext',
    'a **b** *c* `d` ~~e~~ [f](https://g.example/h)',
    '- one\n- two\n  - three\n- four',
    '3. three\n4. four',
    '```ts\nconst a = 1\n\n# no heading\n```',
    '> quoted\n> more',
    'one\ntwo',
    '---',
  ]
  for (const text of texts) assert.equal(fromAdf(toAdf(text)), text)
})

test('of nodes without a Markdown form the text is kept', () => {
  const cell = (text: string) => ({ type: 'tableCell', content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] })
  const document = {
    type: 'doc',
    version: 1,
    content: [
      {
        type: 'panel',
        content: [
          {
            type: 'paragraph',
            content: [
              { type: 'mention', attrs: { id: '1', text: '@Ada' } },
              { type: 'text', text: ' ' },
              { type: 'emoji', attrs: { shortName: ':tada:' } },
            ],
          },
        ],
      },
      {
        type: 'table',
        content: [
          { type: 'tableRow', content: [cell('a'), cell('b|c')] },
          { type: 'tableRow', content: [cell('1'), cell('2')] },
        ],
      },
      { type: 'taskList', content: [{ type: 'taskItem', attrs: { state: 'DONE' }, content: [{ type: 'text', text: 'did it' }] }] },
    ],
  }
  assert.equal(fromAdf(document), '@Ada :tada:\n\n| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\n- [x] did it')
})

test('any text is converted without loss of text and quickly', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const letters = (value: string) => value.replaceAll(/[^a-zA-Z0-9]/g, '')
      assert.equal(letters(fromAdf(toAdf(text.replaceAll(/[()[\]]/g, '')))), letters(text))
    }),
  )
  const began = Date.now()
  toAdf('*_`['.repeat(5000))
  toAdf('**a '.repeat(5000))
  assert.ok(Date.now() - began < 5000)
})

test('free fields cannot set what has a field or a tool of its own', async () => {
  for (const fields of [{ project: { key: 'SECRET' } }, { Project: {} }, { assignee: null }, { labels: [] }]) {
    for (const [verb, input] of [
      ['create_issue', { project_key: 'PROJ', summary: 'x' }],
      ['update_issue', { issue_key: 'PROJ-1' }],
    ] as const)
      await assert.rejects(run(verb, { ...input, fields }, {}), { code: 'invalid_input' }, `${verb} ${JSON.stringify(fields)}`)
  }
})

test('delete_comment deletes the comment under its issue', async () => {
  const { output } = await run(
    'delete_comment',
    { issue_key: 'proj-1', comment_id: '10' },
    { 'DELETE /rest/api/3/issue/PROJ-1/comment/10': { status: 204, body: '' } },
  )
  assert.deepEqual(output, { key: 'PROJ-1', done: true })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCloudClient } from 'jira.js'
import { runAction, testConnection } from '#kit/testing'
import { jira } from '../../src/connectors/jira/index.ts'
import { jiraStandIn } from './jira.ts'

test('an agent’s day in Jira: find the project, create, search, comment, assign, move, link, delete', async () => {
  await using standIn = await jiraStandIn()
  const options = { credential: standIn.login, config: { base_url: standIn.url } }
  const call = (verb: string, input: object): Promise<any> => runAction(jira, verb, { ...options, input })

  assert.deepEqual(await testConnection(jira, options), { account: 'Ada Lovelace' })
  assert.equal((await call('find_project', { project_name: 'project' })).key, 'PROJ')
  assert.equal((await call('list_issue_types', { project_key: 'PROJ' })).items.length, 2)
  assert.equal((await call('list_statuses', { project_key: 'PROJ' })).items[0].statuses.length, 3)
  const one = await call('create_issue', {
    project_key: 'PROJ',
    summary: 'First',
    description: '# Why\n\n- a\n- b',
    type: 'Bug',
    assignee: 'ada@example.com',
  })
  const two = await call('create_issue', { project_key: 'PROJ', summary: 'Second' })
  assert.equal((await call('get_issue', { issue_key: one.key })).description, '# Why\n\n- a\n- b')
  await call('update_issue', { issue_key: one.key, summary: 'First!', labels: ['x'] })
  await call('add_comment', { issue_key: one.key, body: 'Looking **now**' })
  await call('assign_issue', { issue_key: one.key, assignee: null })
  assert.equal((await call('transition_issue', { issue_key: one.key, to: 'in progress' })).status, 'In Progress')
  await call('link_issues', { issue_key: one.key, other_key: two.key, type: 'Blocks' })
  const found = await call('search_issues', { status: 'In Progress' })
  assert.deepEqual(
    found.items.map(({ key, summary, labels }: Record<string, unknown>) => [key, summary, labels]),
    [[one.key, 'First!', ['x']]],
  )
  const first = await call('search_issues', { limit: 1 })
  assert.equal((await call('search_issues', { limit: 1, cursor: first.next_cursor })).items[0].key, two.key)
  await call('delete_issue', { issue_key: two.key })
  await assert.rejects(call('get_issue', { issue_key: two.key }), { code: 'vendor_not_found' })
  await assert.rejects(call('create_issue', { project_key: 'NOPE', summary: 'x' }), { code: 'vendor_rejected', message: /valid project/ })
  await call('search_issues', { project_key: 'PROJ" OR project = "SECRET' })
  assert.match(standIn.searches.at(-1)!, /^project = "PROJ\\" OR PROJECT = \\"SECRET" ORDER BY/)
  await assert.rejects(
    runAction(jira, 'list_projects', { ...options, credential: { username: 'a', api_token: 'wrong-token-00' }, input: {} }),
    { code: 'vendor_unauthorized' },
  )
})

test('a client that we did not write, and which checks every reply, works on the stand-in', async () => {
  await using standIn = await jiraStandIn()
  const faults: unknown[] = []
  const { username: email, api_token: apiToken } = standIn.login
  const client = createCloudClient({
    host: standIn.url,
    auth: { type: 'basic', email, apiToken },
    onSchemaMismatch: (mismatch: unknown) => void faults.push(mismatch),
  } as never)
  assert.equal((await client.myself.getCurrentUser()).displayName, 'Ada Lovelace')
  const made = await client.issues.createIssue({
    fields: { project: { key: 'PROJ' }, summary: 'From jira.js', issuetype: { name: 'Task' } },
  })
  assert.equal((await client.issues.getIssue({ issueIdOrKey: made.key })).fields?.['summary'], 'From jira.js')
  const transitions = await client.issues.getTransitions({ issueIdOrKey: made.key })
  await client.issues.doTransition({ issueIdOrKey: made.key, transition: { id: transitions.transitions![0]!.id! } })
  assert.equal((await client.projects.searchProjects()).values[0]?.key, 'PROJ')
  await client.issues.deleteIssue({ issueIdOrKey: made.key })
  assert.deepEqual(faults, [])
})

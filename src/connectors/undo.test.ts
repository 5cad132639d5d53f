import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testHub, type TestHub } from '#test'
import { githubStandIn } from '../../test/standins/github.ts'
import { gitlabStandIn } from '../../test/standins/gitlab.ts'
import { jiraStandIn } from '../../test/standins/jira.ts'
import { slackStandIn } from '../../test/standins/slack.ts'
import { zulipStandIn } from '../../test/standins/zulip.ts'
import { connectors } from './index.ts'

const stack = new AsyncDisposableStack()
let hub: TestHub

/** Every tool whose calls were undone by these tests, or were refused with a reason. */
const tried = new Set<string>()

interface Made {
  readonly id: string
  readonly output: Record<string, any>
}

async function call(name: string, input: object): Promise<Made> {
  const reply = await hub.call('POST', `/api/v1/tools/${name}/invoke`, { input })
  const body = reply.json<Record<string, any>>()
  assert.equal(body['status'], 'completed', `${name}: ${JSON.stringify(body)}`)
  return { id: body['invocation_id'], output: body['output'] }
}

const read = async (name: string, input: object): Promise<Record<string, any>> => (await call(name, input)).output

/** Undoes a call and expects the tool that does it. */
async function undo({ id }: Made, by: string, body: object = {}): Promise<Made> {
  const made = await hub.call('POST', `/api/v1/invocations/${id}/undo`, body)
  assert.equal(made.statusCode, 200, made.body)
  const entry = async (one: string) => (await hub.call('GET', `/api/v1/invocations/${one}`)).json<Record<string, any>>()
  const undoing = await entry(made.json().invocation_id)
  assert.equal(undoing['tool'], by)
  tried.add((await entry(id))['tool'])
  return { id: undoing['id'], output: undoing['output'] }
}

async function refuse({ id }: Made, code: string, detail: RegExp): Promise<void> {
  const refused = await hub.call('POST', `/api/v1/invocations/${id}/undo`, {})
  assert.deepEqual([refused.statusCode, refused.json().code], [409, code], refused.body)
  assert.match(refused.json().detail, detail)
  if (code === 'undo_impossible') tried.add((await hub.call('GET', `/api/v1/invocations/${id}`)).json().tool)
}

/** The stand-ins do not have what these need; `plan` alone is tried. */
const planned = {
  slack_schedule_message: { channel: 'C1', scheduled_message_id: 'Q1', post_at: 1 },
  slack_cancel_scheduled_message: { done: true },
  smtp_send: {},
}

suite('what undoes the calls of each connector', () => {
  before(async () => {
    const [github, gitlab, jira, slack, zulip] = [
      stack.use(await githubStandIn()),
      stack.use(await gitlabStandIn()),
      stack.use(await jiraStandIn()),
      stack.use(await slackStandIn()),
      stack.use(await zulipStandIn()),
    ]
    hub = stack.use(await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', MAX_RETRY_ATTEMPTS: '0', RATE_LIMIT_PER_MINUTE: '100000' }))
    const connect = async (type: string, secret: object, config: object): Promise<void> => {
      const name = `${type}-login`
      const stored = await hub.call('POST', '/api/v1/credentials', { name, data: secret })
      assert.equal(stored.statusCode, 201, stored.body)
      const made = await hub.call('POST', '/api/v1/integrations', { name: type, integration_type: type, credential: name, config })
      assert.equal(made.statusCode, 201, made.body)
    }
    await connect('github', { token: github.token }, { api_url: github.url })
    await connect('gitlab', { token: gitlab.token }, { base_url: gitlab.url })
    await connect('jira', jira.login, { base_url: jira.url })
    await connect('slack', { bot_token: slack.token }, { api_url: slack.url })
    await connect('zulip', zulip.login, { site: zulip.url })
  })
  after(() => stack.disposeAsync())

  suite('GitHub', () => {
    const place = { owner: 'octocat', repo: 'hello-world' }
    const newIssue = () => call('github_create_issue', { ...place, title: 'Bug', body: 'It breaks', labels: ['bug'] })
    const issue = (number: number) => read('github_get_issue', { ...place, number })

    test('a created issue is closed, and a closed one is reopened', async () => {
      const made = await newIssue()
      const { number } = made.output
      const closing = await undo(made, 'github_close_issue')
      assert.equal((await issue(number))['state'], 'closed')
      await undo(closing, 'github_update_issue')
      assert.equal((await issue(number))['state'], 'open')
      const again = await call('github_close_issue', { ...place, number })
      await refuse(await call('github_close_issue', { ...place, number }), 'undo_impossible', /closed before/)
      await undo(again, 'github_update_issue')
      assert.equal((await issue(number))['state'], 'open')
    })

    test('a changed issue gets back what was changed, and only that', async () => {
      const { number } = (await newIssue()).output
      const changed = await call('github_update_issue', { ...place, number, title: 'Better', labels: ['later'] })
      await call('github_update_issue', { ...place, number, body: 'By somebody else' })
      await undo(changed, 'github_update_issue')
      const { title, labels, body } = await issue(number)
      assert.deepEqual([title, labels, body], ['Bug', ['bug'], 'By somebody else'])
      const second = await call('github_update_issue', { ...place, number, title: 'Second' })
      await call('github_update_issue', { ...place, number, title: 'By somebody else' })
      await refuse(second, 'undo_conflict', /title/)
      assert.equal((await issue(number))['title'], 'By somebody else')
    })

    test('labels that were added are removed, and those that were removed come back', async () => {
      const { number } = (await newIssue()).output
      const labelled = await call('github_label_issue', { ...place, number, add: ['bug', 'urgent'], remove: ['absent'] })
      await undo(labelled, 'github_label_issue')
      assert.deepEqual((await issue(number))['labels'], ['bug'])
      await undo(await call('github_label_issue', { ...place, number, remove: ['bug'] }), 'github_label_issue')
      assert.deepEqual((await issue(number))['labels'], ['bug'])
      await refuse(await call('github_label_issue', { ...place, number, add: ['bug'] }), 'undo_impossible', /changed nothing/)
    })

    test('a comment is deleted, and an edited one gets its text back', async () => {
      const { number } = (await newIssue()).output
      const comment = await call('github_create_issue_comment', { ...place, number, body: 'First' })
      const edited = await call('github_update_issue_comment', { ...place, comment_id: comment.output['id'], body: 'Second' })
      await refuse(comment, 'undo_conflict', /body/)
      await undo(edited, 'github_update_issue_comment')
      const deleting = await undo(comment, 'github_delete_issue_comment')
      assert.deepEqual((await read('github_list_issue_comments', { ...place, number }))['items'], [])
      await refuse(deleting, 'undo_impossible', /does not keep/)
    })

    test('a new file is deleted, a replaced one gets its text back, and a deleted one is written again', async () => {
      const file = { ...place, path: 'notes/a.txt' }
      const text = async () => (await read('github_get_contents', file))['text'] as string
      const made = await call('github_put_contents', { ...file, content: 'one', message: 'Add' })
      const changed = await call('github_put_contents', { ...file, content: 'two', message: 'Change', sha: made.output['content'].sha })
      await refuse(made, 'undo_conflict', /sha/)
      await undo(changed, 'github_put_contents')
      assert.equal(await text(), 'one')
      const deleting = await undo(made, 'github_delete_contents')
      assert.equal((await hub.call('POST', '/api/v1/tools/github_get_contents/invoke', { input: file })).statusCode, 404)
      await undo(deleting, 'github_put_contents')
      assert.equal(await text(), 'one')
    })

    test('a pull request is closed, a changed one is put back, and a merge or a review stays', async () => {
      const { sha } = (await read('github_get_branch', { ...place, branch: 'main' }))['commit']
      await call('github_create_branch', { ...place, branch: 'feature', sha })
      await call('github_put_contents', { ...place, path: 'b.txt', content: 'x', message: 'm', branch: 'feature' })
      const made = await call('github_create_pull_request', { ...place, title: 'P', head: 'feature', base: 'main' })
      const { number } = made.output
      const changed = await call('github_update_pull_request', { ...place, number, title: 'Q', body: 'new' })
      await undo(changed, 'github_update_pull_request')
      assert.equal((await read('github_get_pull_request', { ...place, number }))['title'], 'P')
      const closing = await undo(made, 'github_update_pull_request')
      await undo(closing, 'github_update_pull_request')
      await refuse(await call('github_create_review', { ...place, number, event: 'COMMENT', body: 'Fine' }), 'undo_impossible', /dismissed/)
      await refuse(await call('github_merge_pull_request', { ...place, number }), 'undo_impossible', /revert/)
    })
  })

  suite('GitLab', () => {
    const place = { project: 'octo-group/hello-world' }
    const newIssue = () => call('gitlab_create_issue', { ...place, title: 'Bug', description: 'It breaks', labels: ['bug'] })

    test('a created issue is closed, a closed one reopened, and a changed one gets back what was changed', async () => {
      const made = await newIssue()
      const one = { ...place, issue: made.output['iid'] }
      const closing = await undo(made, 'gitlab_close_issue')
      const opening = await undo(closing, 'gitlab_reopen_issue')
      await undo(opening, 'gitlab_close_issue')
      await refuse(await call('gitlab_close_issue', one), 'undo_impossible', /closed before/)
      const changed = await call('gitlab_update_issue', {
        ...one,
        title: 'Better',
        labels: ['later'],
        assignees: ['bob'],
        due_date: '2026-12-01',
      })
      await call('gitlab_update_issue', { ...one, description: 'By somebody else' })
      await undo(changed, 'gitlab_update_issue')
      const { title, labels, description, assignees, due_date } = await read('gitlab_get_issue', one)
      assert.deepEqual([title, labels, description, assignees, due_date], ['Bug', ['bug'], 'By somebody else', [], null])
    })

    test('a comment is deleted, for good', async () => {
      const { iid } = (await newIssue()).output
      const note = await call('gitlab_create_note', { ...place, issue: iid, body: 'Hello' })
      await refuse(await undo(note, 'gitlab_delete_note'), 'undo_impossible', /does not keep/)
    })

    test('a branch, a file and a merge request are taken back, and a merge stays', async () => {
      const branch = await call('gitlab_create_branch', { ...place, branch: 'feature', ref: 'main' })
      const deleting = await undo(branch, 'gitlab_delete_branch')
      await undo(deleting, 'gitlab_create_branch')
      const file = { ...place, path: 'a.txt', branch: 'feature', message: 'm' }
      const made = await call('gitlab_put_file', { ...file, content: 'one' })
      const changed = await call('gitlab_put_file', { ...file, content: 'two' })
      await refuse(made, 'undo_conflict', /last_commit_id/)
      await undo(changed, 'gitlab_put_file')
      const removed = await call('gitlab_delete_file', file)
      await undo(removed, 'gitlab_put_file')
      assert.equal((await read('gitlab_get_file', { ...place, path: 'a.txt', ref: 'feature' }))['text'], 'one')
      const merge = await call('gitlab_create_merge_request', { ...place, source_branch: 'feature', target_branch: 'main', title: 'P' })
      const one = { ...place, merge_request: merge.output['iid'] }
      await undo(await call('gitlab_update_merge_request', { ...one, title: 'Q' }), 'gitlab_update_merge_request')
      assert.equal((await read('gitlab_get_merge_request', one))['title'], 'P')
      await undo(await undo(merge, 'gitlab_update_merge_request'), 'gitlab_update_merge_request')
      await refuse(await call('gitlab_merge_merge_request', one), 'undo_impossible', /revert/)
    })
  })

  suite('Jira', () => {
    const newIssue = () => call('jira_create_issue', { project_key: 'PROJ', summary: 'Bug', description: 'It breaks', labels: ['x'] })
    const issue = (key: string) => read('jira_get_issue', { issue_key: key })

    test('a created issue is deleted, unless somebody has commented on it', async () => {
      const made = await newIssue()
      const comment = await call('jira_add_comment', { issue_key: made.output['key'], body: 'Hello' })
      await refuse(made, 'undo_conflict', /comments/)
      const deleted = await undo(comment, 'jira_delete_comment')
      await refuse(deleted, 'undo_impossible', /does not keep/)
      await refuse(await undo(made, 'jira_delete_issue'), 'undo_impossible', /does not keep/)
      const gone = await hub.call('POST', '/api/v1/tools/jira_get_issue/invoke', { input: { issue_key: made.output['key'] } })
      assert.equal(gone.statusCode, 404)
    })

    test('a changed issue gets back what was changed', async () => {
      const { key } = (await newIssue()).output
      const changed = await call('jira_update_issue', { issue_key: key, summary: 'Better', description: '**New**', labels: ['y'] })
      await undo(changed, 'jira_update_issue')
      const { summary, description, labels } = await issue(key)
      assert.deepEqual([summary, description, labels], ['Bug', 'It breaks', ['x']])
      await refuse(await call('jira_update_issue', { issue_key: key, priority: 'High' }), 'undo_impossible', /no priority/)
      await refuse(await call('jira_update_issue', { issue_key: key, fields: { customfield_1: 1 } }), 'undo_impossible', /other|fields/)
    })

    test('an assigned issue goes back to whoever had it, and a moved one to its status', async () => {
      const { key } = (await newIssue()).output
      const assigned = await call('jira_assign_issue', { issue_key: key, assignee: 'ada@example.com' })
      const removing = await undo(assigned, 'jira_assign_issue')
      assert.equal((await issue(key))['assignee'], null)
      await undo(removing, 'jira_assign_issue')
      assert.equal((await issue(key))['assignee'].email, 'ada@example.com')
      const moved = await call('jira_transition_issue', { issue_key: key, to: 'Done' })
      await undo(moved, 'jira_transition_issue')
      assert.equal((await issue(key))['status'], 'To Do')
    })
  })

  suite('Slack', () => {
    const history = async (channel: string) =>
      (await read('slack_get_channel_history', { channel }))['items'] as { text: string; ts: string }[]

    test('a sent message is deleted, and an edited one gets its text back', async () => {
      const sent = await call('slack_send_message', { channel: '#general', text: 'First' })
      const { channel, ts } = sent.output as { channel: string; ts: string }
      const edited = await call('slack_update_message', { channel, ts, text: 'Second' })
      await undo(edited, 'slack_update_message')
      assert.equal((await history(channel)).find((one) => one.ts === ts)?.text, 'First')
      const deleting = await undo(sent, 'slack_delete_message')
      assert.equal(
        (await history(channel)).some((one) => one.ts === ts),
        false,
      )
      await refuse(deleting, 'undo_impossible', /does not keep/)
      await undo(await call('slack_notify_user', { user: 'ada', text: 'Hi' }), 'slack_delete_message')
    })

    test('a reaction is removed, and a removed one added; one that was there before stays', async () => {
      const { channel, ts } = (await call('slack_send_message', { channel: '#general', text: 'x' })).output
      const reaction = { channel, ts, name: 'eyes' }
      const added = await call('slack_add_reaction', reaction)
      await refuse(await call('slack_add_reaction', reaction), 'undo_impossible', /changed nothing/)
      const removing = await undo(added, 'slack_remove_reaction')
      await undo(removing, 'slack_add_reaction')
      await undo(await call('slack_remove_reaction', reaction), 'slack_add_reaction')
    })

    test('a new channel is archived, which stays', async () => {
      const archiving = await undo(await call('slack_create_channel', { name: 'incident-1' }), 'slack_archive_channel')
      await refuse(archiving, 'undo_impossible', /no bot/)
    })
  })

  suite('Zulip', () => {
    const newMessage = () => call('zulip_send_message', { stream: 'general', topic: 'greetings', content: 'Hello' })
    const messages = async () => (await read('zulip_list_messages', { stream: 'general' }))['items'] as Record<string, any>[]

    test('a sent message is deleted, and an edited or moved one is put back', async () => {
      const sent = await newMessage()
      const edited = await call('zulip_update_message', { message_id: sent.output['id'], content: 'Bye', topic: 'other' })
      await undo(edited, 'zulip_update_message')
      const [message] = await messages()
      assert.deepEqual([message!['content'], message!['subject']], ['Hello', 'greetings'])
      const all = await call('zulip_update_message', { message_id: sent.output['id'], topic: 'all', propagate_mode: 'change_all' })
      await refuse(all, 'undo_impossible', /other messages/)
      await refuse(await undo(sent, 'zulip_delete_message'), 'undo_impossible', /deleted messages/)
      assert.deepEqual(await messages(), [])
      await undo(await call('zulip_send_direct_message', { to: ['ada@example.com'], content: 'Hi' }), 'zulip_delete_message')
    })

    test('a reaction is removed, and a removed one added', async () => {
      const reaction = { message_id: (await newMessage()).output['id'], emoji_name: 'eyes' }
      const added = await call('zulip_add_reaction', reaction)
      await refuse(await call('zulip_add_reaction', reaction), 'undo_impossible', /changed nothing/)
      await undo(await undo(added, 'zulip_remove_reaction'), 'zulip_add_reaction')
      await refuse(await call('zulip_add_reaction', reaction), 'undo_impossible', /changed nothing/)
    })

    test('who was subscribed is unsubscribed', async () => {
      const leaving = await undo(await call('zulip_subscribe_to_stream', { stream: 'incidents' }), 'zulip_unsubscribe_from_stream')
      assert.deepEqual(leaving.output['removed'], ['incidents'])
      await undo(leaving, 'zulip_subscribe_to_stream')
      const known = await call('zulip_subscribe_to_stream', { stream: 'general' })
      await refuse(known, 'undo_impossible', /before/)
    })
  })

  test('every undo that an action declares is tried', () => {
    const declaring = connectors.flatMap(({ name, actions }) =>
      Object.entries(actions).flatMap(([verb, action]) => (action.undo ? [{ tool: `${name}_${verb}`, action, actions }] : [])),
    )
    for (const { tool, action, actions } of declaring.filter((one) => one.tool in planned)) {
      const output = planned[tool as keyof typeof planned]
      const plan = action.undo!.plan({ input: action.example, output, before: undefined, config: {} })
      if ('action' in plan) assert.ok(actions[plan.action]!.input.safeParse(plan.input).success, tool)
      else assert.match(plan.impossible, /\w{3}/)
      tried.add(tool)
    }
    assert.deepEqual(
      declaring.map(({ tool }) => tool).filter((tool) => !tried.has(tool)),
      [],
    )
    assert.ok(declaring.length >= 25, String(declaring.length))
  })
})

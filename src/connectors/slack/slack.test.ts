import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { runAction, testConnection, upstream, type Scripted, type RecordedRequest } from '#kit/testing'
import { slack } from './index.ts'

const credential = { bot_token: 'xoxb-0123456789-abcdef' }
const ts = '1531420618.000100'
const general = { id: 'C0GENERAL', name: 'general', is_member: true, num_members: 3 }
const ada = { id: 'U0ADA001', name: 'ada', real_name: 'Ada L', profile: { email: 'ada@example.com' } }

const usual: Record<string, object> = {
  'chat.postMessage': { channel: 'C0GENERAL', ts },
  'chat.update': { channel: 'C0GENERAL', ts },
  'chat.delete': { channel: 'C0GENERAL', ts },
  'chat.scheduleMessage': { channel: 'C0GENERAL', scheduled_message_id: 'Q1', post_at: 1 },
  'chat.getPermalink': { permalink: 'https://x.slack.com/p1' },
  'conversations.list': { channels: [general], response_metadata: { next_cursor: '' } },
  'conversations.create': { channel: { id: 'C0NEW001', name: 'new' } },
  'conversations.open': { channel: { id: 'D0DIRECT' } },
  'conversations.history': { messages: [{ ts, text: 'hi', user: 'U0ADA001' }], response_metadata: { next_cursor: 'n2' } },
  'conversations.replies': { messages: [{ ts, text: 'answer', thread_ts: ts }] },
  'users.list': { members: [ada, { id: 'U0GONE01', name: 'gone', deleted: true }] },
  'users.info': { user: ada },
  'users.lookupByEmail': { user: ada },
  'files.completeUploadExternal': { files: [{ id: 'F1', title: 'report.txt', permalink: 'https://x' }] },
  'views.open': { view: { id: 'V1', hash: 'h' } },
  'views.update': { view: { id: 'V1', hash: 'h2' } },
  'views.publish': { view: { id: 'V2' } },
}

interface Ran {
  readonly output: Record<string, any>
  readonly requests: RecordedRequest[]
  readonly last: RecordedRequest
}

/** Runs one action against Slack's usual answers, some of them replaced. */
async function run(
  verb: string,
  input: object,
  more: { answers?: Record<string, Scripted>; key?: string; config?: object } = {},
): Promise<Ran> {
  const host = { url: '' }
  await using api = await upstream(({ path }) => {
    const method = path.slice(1)
    if (method === 'files.getUploadURLExternal') return { body: { ok: true, upload_url: `${host.url}/upload`, file_id: 'F1' } }
    if (method === 'upload') return { body: 'OK' }
    return more.answers?.[method] ?? { body: { ok: true, ...usual[method] } }
  })
  host.url = api.url
  const options = { input, credential, config: { api_url: api.url, ...more.config }, ...(more.key ? { idempotencyKey: more.key } : {}) }
  const output = (await runAction(slack, verb, options)) as Record<string, any>
  return { output, requests: api.requests, last: api.requests.at(-1)! }
}

test('send_message posts text and blocks, with the key in its metadata', async () => {
  const { output, last } = await run(
    'send_message',
    { channel: '#general', text: 'Hi', thread_ts: ts, blocks: [{ type: 'divider' }] },
    { key: 'k-1' },
  )
  assert.deepEqual(output, { channel: 'C0GENERAL', ts })
  assert.deepEqual(last.json, {
    channel: '#general',
    text: 'Hi',
    thread_ts: ts,
    blocks: [{ type: 'divider' }],
    metadata: { event_type: 'integration_hub_call', event_payload: { key: 'k-1' } },
  })
  assert.equal(last.headers.authorization, `Bearer ${credential.bot_token}`)
  assert.equal((await run('send_message', { text: 'x' }, { config: { default_channel: '#ops' } })).last.path, '/chat.postMessage')
  await assert.rejects(run('send_message', { text: 'x' }), { code: 'invalid_input' })
  await assert.rejects(run('send_message', { channel: 'c' }), { code: 'invalid_input' })
})

test('a message without an answer is found only by its key', async () => {
  const action = slack.actions['send_message']!
  for (const [key, happened] of [
    ['k-1', true],
    ['k-2', false],
  ] as const) {
    await using api = await upstream(({ path }) => ({
      body:
        path === '/conversations.history'
          ? { ok: true, messages: [{ ts, metadata: { event_type: 'integration_hub_call', event_payload: { key: 'k-1' } } }] }
          : { ok: true, ...usual[path.slice(1)] },
    }))
    const probe = {
      ...slack,
      actions: {
        look_up: { ...action, effect: 'read' as const, output: z.unknown(), run: action.verify as never },
      },
    }
    const verdict = (await runAction(probe, 'look_up', {
      input: { channel: '#general', text: 'x' },
      credential,
      config: { api_url: api.url },
      idempotencyKey: key,
    })) as { happened: boolean }
    assert.equal(verdict.happened, happened)
  }
})

test('notify_user finds the person by e-mail and sends a direct message', async () => {
  const { requests, last } = await run('notify_user', { user: 'ada@example.com', text: 'Hi' })
  assert.deepEqual(
    requests.map(({ path }) => path),
    ['/users.lookupByEmail', '/conversations.open', '/chat.postMessage'],
  )
  assert.equal(requests[0]!.query.get('email'), 'ada@example.com')
  assert.equal((last.json as { channel: string }).channel, 'D0DIRECT')
})

test('update_message, delete_message, schedule_message and get_permalink accept a channel name', async () => {
  assert.deepEqual((await run('update_message', { channel: 'general', ts, text: 'x' })).last.json, { channel: 'C0GENERAL', ts, text: 'x' })
  assert.deepEqual((await run('delete_message', { channel: '#general', ts })).last.json, { channel: 'C0GENERAL', ts })
  const scheduled = await run('schedule_message', { channel: '#general', text: 'x', post_at: '2030-01-01T00:00:00Z' })
  assert.equal((scheduled.last.json as { post_at: number }).post_at, 1_893_456_000)
  assert.equal((await run('get_permalink', { channel: 'C0GENERAL', ts })).last.query.get('message_ts'), ts)
})

test('cancel_scheduled_message names the message by its id', async () => {
  const { output, last } = await run('cancel_scheduled_message', { channel: '#general', scheduled_message_id: 'Q1' })
  assert.deepEqual([last.path, last.json], ['/chat.deleteScheduledMessage', { channel: 'C0GENERAL', scheduled_message_id: 'Q1' }])
  assert.deepEqual(output, { done: true })
})

test('add_reaction and remove_reaction succeed also if nothing has to change', async () => {
  const again: Scripted = { body: { ok: false, error: 'already_reacted' } }
  assert.deepEqual(
    (await run('add_reaction', { channel: 'C0GENERAL', ts, name: ':eyes:' }, { answers: { 'reactions.add': again } })).output,
    { done: true, changed: false },
  )
  assert.deepEqual(
    (
      await run(
        'remove_reaction',
        { channel: 'C0GENERAL', ts, name: 'eyes' },
        { answers: { 'reactions.remove': { body: { ok: false, error: 'no_reaction' } } } },
      )
    ).output,
    { done: true, changed: false },
  )
  await assert.rejects(
    run(
      'add_reaction',
      { channel: 'C0GENERAL', ts, name: 'x' },
      { answers: { 'reactions.add': { body: { ok: false, error: 'invalid_name' } } } },
    ),
    { code: 'vendor_rejected' },
  )
})

test('list_channels, create_channel, invite_to_channel and archive_channel', async () => {
  const listed = await run('list_channels', { cursor: 'c1', limit: 5 })
  assert.deepEqual([listed.output['items'], listed.output['next_cursor']], [[general], null])
  assert.deepEqual([listed.last.query.get('types'), listed.last.query.get('cursor')], ['public_channel,private_channel', 'c1'])
  assert.deepEqual((await run('create_channel', { name: 'new', is_private: true })).last.json, { name: 'new', is_private: true })
  const invited = await run(
    'invite_to_channel',
    { channel: 'general', users: ['ada@example.com', '@ada'] },
    { answers: { 'conversations.invite': { body: { ok: false, error: 'already_in_channel' } } } },
  )
  assert.deepEqual(invited.output, { channel: 'C0GENERAL', invited: ['U0ADA001', 'U0ADA001'] })
  assert.deepEqual((await run('archive_channel', { channel: 'C0GENERAL' })).output, { channel: 'C0GENERAL' })
})

test('get_channel_history reads a channel, or a thread', async () => {
  const channel = await run('get_channel_history', { channel: 'general', oldest: '2026-01-01T00:00:00Z' })
  assert.deepEqual(
    [channel.output['items'][0].text, channel.output['next_cursor'], channel.last.query.get('oldest')],
    ['hi', 'n2', '1767225600.000000'],
  )
  const thread = await run('get_channel_history', { channel: 'C0GENERAL', thread_ts: ts })
  assert.deepEqual([thread.last.path, thread.output['items'][0].text], ['/conversations.replies', 'answer'])
})

test('list_users, get_user and find_user_by_email', async () => {
  assert.equal((await run('list_users', {})).output['items'].length, 1)
  for (const [ref, path] of [
    ['U0ADA001', '/users.info'],
    ['ada@example.com', '/users.lookupByEmail'],
    ['@ada', '/users.list'],
  ] as const) {
    const { output, last } = await run('get_user', { user: ref })
    assert.deepEqual([output['id'], last.path], ['U0ADA001', path])
  }
  assert.equal((await run('find_user_by_email', { email: 'ada@example.com' })).output['name'], 'ada')
  await assert.rejects(run('get_user', { user: 'nobody' }), { code: 'vendor_not_found' })
})

test('upload_file gets an upload URL, sends the bytes there without the token, and posts the file', async () => {
  const { output, requests } = await run('upload_file', {
    filename: 'report.txt',
    content: 'All is well',
    channel: '#general',
    comment: 'here',
  })
  assert.equal(output['id'], 'F1')
  const upload = requests.find(({ path }) => path === '/upload')!
  assert.deepEqual([upload.body, upload.headers.authorization], ['All is well', undefined])
  assert.deepEqual(requests.at(-1)!.json, { files: [{ id: 'F1', title: 'report.txt' }], channel_id: 'C0GENERAL', initial_comment: 'here' })
  await assert.rejects(run('upload_file', { filename: 'x' }), { code: 'invalid_input' })
})

test('open_view, update_view and publish_view', async () => {
  const view = { type: 'modal' }
  assert.deepEqual((await run('open_view', { trigger_id: 't', view })).last.json, { trigger_id: 't', view })
  assert.equal((await run('update_view', { view_id: 'V1', hash: 'h', view })).output['view'].hash, 'h2')
  assert.deepEqual((await run('publish_view', { user: 'ada@example.com', view })).last.json, { user_id: 'U0ADA001', view })
})

test('an error in a reply with status 200 is reported', async () => {
  const cases = {
    invalid_auth: 'vendor_unauthorized',
    missing_scope: 'vendor_forbidden',
    channel_not_found: 'vendor_not_found',
    ratelimited: 'vendor_rate_limited',
    name_taken: 'vendor_conflict',
    internal_error: 'vendor_failed',
    no_text: 'vendor_rejected',
  }
  for (const [error, code] of Object.entries(cases)) {
    await assert.rejects(
      run('list_channels', {}, { answers: { 'conversations.list': { body: { ok: false, error, needed: 'channels:read' } } } }),
      { code, message: new RegExp(error) },
    )
  }
})

test('the connection test returns user and team', async () => {
  await using api = await upstream(() => ({ body: { ok: true, user: 'bot', team: 'Acme' } }))
  assert.deepEqual(await testConnection(slack, { credential, config: { api_url: api.url } }), { account: 'bot in Acme' })
})

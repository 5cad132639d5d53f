import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream, type Scripted } from '#kit/testing'
import { zulip } from './index.ts'

const credential = { email: 'bot@example.com', api_key: 'zulip-key-0123456789' }
const ok = { result: 'success', msg: '' }
const message = {
  id: 9,
  sender_full_name: 'Ada',
  sender_email: 'ada@example.com',
  content: 'hi',
  type: 'stream',
  display_recipient: 'general',
  subject: 'greetings',
  timestamp: 1,
}
const user = { user_id: 3, email: 'ada@example.com', full_name: 'Ada', is_bot: false, is_active: true }

async function run(verb: string, input: object, answer: Scripted = { body: ok }) {
  await using api = await upstream(() => answer)
  const output = (await runAction(zulip, verb, { input, credential, config: { site: api.url } })) as Record<string, any>
  const last = api.requests.at(-1)!
  return { output, last, form: Object.fromEntries(new URLSearchParams(last.body)) }
}

test('send_message and send_direct_message post forms, names and addresses as JSON inside', async () => {
  const stream = await run('send_message', { stream: 'gen"eral&x=1', topic: 'greetings', content: 'Hi & bye' }, { body: { ...ok, id: 9 } })
  assert.deepEqual(
    [`${stream.last.method} ${stream.last.path}`, stream.output, stream.form],
    ['POST /api/v1/messages', { id: 9 }, { type: 'stream', to: '"gen\\"eral&x=1"', topic: 'greetings', content: 'Hi & bye' }],
  )
  assert.equal(stream.last.headers.authorization, `Basic ${Buffer.from('bot@example.com:zulip-key-0123456789').toString('base64')}`)
  const direct = await run('send_direct_message', { to: ['ada@example.com'], content: 'x' }, { body: { ...ok, id: 10 } })
  assert.deepEqual(direct.form, { type: 'direct', to: '["ada@example.com"]', content: 'x' })
})

test('update_message and delete_message address the message by id', async () => {
  const updated = await run('update_message', { message_id: 9, topic: 'other', propagate_mode: 'change_all' })
  assert.deepEqual(
    [`${updated.last.method} ${updated.last.path}`, updated.form],
    ['PATCH /api/v1/messages/9', { topic: 'other', propagate_mode: 'change_all' }],
  )
  const deleted = await run('delete_message', { message_id: 9 })
  assert.deepEqual([`${deleted.last.method} ${deleted.last.path}`, deleted.output], ['DELETE /api/v1/messages/9', { done: true }])
})

test('list_messages filters by stream and topic, and returns the position of the next page', async () => {
  const { last, output } = await run(
    'list_messages',
    { stream: 'general', topic: 'greetings', before: 20, limit: 1 },
    { body: { ...ok, messages: [message], found_oldest: false } },
  )
  assert.deepEqual(JSON.parse(last.query.get('narrow')!), [
    { operator: 'channel', operand: 'general' },
    { operator: 'topic', operand: 'greetings' },
  ])
  assert.deepEqual([last.query.get('anchor'), last.query.get('include_anchor'), output['next_cursor']], ['20', 'false', 9])
})

test('add_reaction and remove_reaction succeed also if nothing has to change', async () => {
  const there = { status: 400, body: { result: 'error', code: 'REACTION_ALREADY_EXISTS', msg: 'Reaction already exists.' } }
  assert.deepEqual((await run('add_reaction', { message_id: 9, emoji_name: ':eyes:' }, there)).output, { done: true, changed: false })
  const removed = await run('remove_reaction', { message_id: 9, emoji_name: 'eyes' })
  assert.deepEqual(
    [`${removed.last.method} ${removed.last.path}`, removed.last.query.get('emoji_name')],
    ['DELETE /api/v1/messages/9/reactions', 'eyes'],
  )
})

test('upload_file sends the bytes and returns a link', async () => {
  const { output, last } = await run(
    'upload_file',
    { filename: 'a[1].txt', content: 'inside' },
    { body: { ...ok, url: '/user_uploads/1/a.txt' } },
  )
  assert.deepEqual(output, { url: '/user_uploads/1/a.txt', markdown: '[a1.txt](/user_uploads/1/a.txt)' })
  assert.match(last.body, /filename="a\[1\]\.txt"[\s\S]*inside/)
})

test('list_streams, subscribe_to_stream, list_users and get_user', async () => {
  const streams = await run(
    'list_streams',
    { subscribed_only: true },
    { body: { ...ok, streams: [{ stream_id: 1, name: 'general', description: '' }] } },
  )
  assert.deepEqual([streams.output['items'].length, streams.last.query.get('include_public')], [1, 'false'])
  const subscribed = await run(
    'subscribe_to_stream',
    { stream: 'new', description: 'd', principals: ['ada@example.com'] },
    { body: { ...ok, subscribed: { '3': ['new'] }, already_subscribed: {} } },
  )
  assert.deepEqual(subscribed.form, { subscriptions: '[{"name":"new","description":"d"}]', principals: '["ada@example.com"]' })
  const users = await run('list_users', {}, { body: { ...ok, members: [user, { ...user, user_id: 4, is_active: false }] } })
  assert.equal(users.output['items'].length, 1)
  assert.equal((await run('get_user', { user: 'ada@example.com' }, { body: { ...ok, user } })).last.path, '/api/v1/users/ada%40example.com')
})

test('errors of Zulip with status 400 are distinguished by code', async () => {
  const cases = [
    [{ code: 'STREAM_DOES_NOT_EXIST', msg: "Channel 'x' does not exist" }, 'vendor_not_found'],
    [{ code: 'BAD_REQUEST', msg: 'Invalid message(s)' }, 'vendor_not_found'],
    [{ code: 'BAD_REQUEST', msg: "You don't have permission to delete this message" }, 'vendor_forbidden'],
    [{ code: 'BAD_REQUEST', msg: 'Topic must be present' }, 'vendor_rejected'],
    [{ code: 'INVALID_API_KEY', msg: 'Invalid API key' }, 'vendor_unauthorized'],
  ] as const
  for (const [body, code] of cases) {
    await assert.rejects(run('delete_message', { message_id: 9 }, { status: 400, body: { result: 'error', ...body } }), { code }, body.msg)
  }
  const limited = {
    status: 429,
    body: { result: 'error', code: 'RATE_LIMIT_HIT', msg: 'API usage exceeded rate limit', 'retry-after': 28.7 },
  }
  await assert.rejects(
    run('list_users', {}, limited),
    (error: { code: string; details: { retryAfter: number } }) => error.code === 'vendor_rate_limited' && error.details.retryAfter === 29,
  )
})

test('the connection test returns the bot’s name', async () => {
  await using api = await upstream(() => ({ body: { ...ok, full_name: 'Hub Bot' } }))
  assert.deepEqual(await testConnection(zulip, { credential, config: { site: `${api.url}/` } }), { account: 'Hub Bot' })
})

test('unsubscribe_from_stream names the stream and the people as JSON', async () => {
  const answer = { body: { ...ok, removed: ['general'], not_removed: [] } }
  const { last, output } = await run('unsubscribe_from_stream', { stream: 'general', principals: ['ada@example.com'] }, answer)
  assert.deepEqual(
    [`${last.method} ${last.path}`, last.query.get('subscriptions'), last.query.get('principals')],
    ['DELETE /api/v1/users/me/subscriptions', '["general"]', '["ada@example.com"]'],
  )
  assert.deepEqual(output, { removed: ['general'], not_removed: [] })
})

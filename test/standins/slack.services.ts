import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection } from '#kit/testing'
import { slack } from '../../src/connectors/slack/index.ts'
import { slackStandIn } from './slack.ts'

test('a team’s day on Slack: post, thread, edit, react, read, invite, delete; a wrong token and a limit', async () => {
  await using standIn = await slackStandIn()
  const options = { credential: { token: standIn.token }, config: { api_url: standIn.url } }
  const call = (verb: string, input: object): Promise<any> => runAction(slack, verb, { ...options, input, maxRetries: 1, timeoutMs: 5000 })

  assert.match((await testConnection(slack, options)).account, /in Acme/)
  const { items: channels } = await call('list_channels', {})
  const ops = channels.find(({ name }: { name: string }) => name === 'ops')
  assert.ok(ops)
  const { items: users } = await call('list_users', {})
  const ada = users.find(({ name }: { name: string }) => name === 'ada')
  assert.equal((await call('find_user_by_email', { email: 'ada@example.com' })).id, ada.id)
  assert.equal((await call('get_user', { user: '@ada' })).id, ada.id)

  const sent = await call('send_message', { channel: ops.id, text: 'Deploy?' })
  const answer = await call('send_message', { channel: ops.id, text: 'Yes', thread_ts: sent.ts })
  await call('update_message', { channel: 'ops', ts: sent.ts, text: 'Deploy now?' })
  await call('add_reaction', { channel: 'ops', ts: sent.ts, name: 'eyes' })
  await call('add_reaction', { channel: 'ops', ts: sent.ts, name: 'eyes' })
  await call('remove_reaction', { channel: 'ops', ts: sent.ts, name: 'eyes' })
  const history = await call('get_channel_history', { channel: '#ops' })
  assert.ok(history.items.some(({ text }: { text: string }) => text === 'Deploy now?'))
  const thread = await call('get_channel_history', { channel: 'ops', thread_ts: sent.ts })
  assert.ok(thread.items.some(({ ts }: { ts: string }) => ts === answer.ts))
  assert.match((await call('get_permalink', { channel: 'ops', ts: sent.ts })).permalink, /^https?:/)
  await call('delete_message', { channel: 'ops', ts: answer.ts })

  const made = await call('create_channel', { name: 'incident-42' })
  assert.equal((await call('invite_to_channel', { channel: made.id, users: ['ada@example.com'] })).invited[0], ada.id)
  await call('archive_channel', { channel: made.id })

  standIn.limited = 1
  assert.ok((await call('list_channels', {})).items.length > 0)
  await assert.rejects(call('send_message', { channel: 'C0NOSUCH1', text: 'x' }), { code: 'vendor_not_found' })
  await assert.rejects(runAction(slack, 'list_channels', { ...options, credential: { token: 'xoxb-wrong-000000' }, input: {} }), {
    code: 'vendor_unauthorized',
  })
})

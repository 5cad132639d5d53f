import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream, withSource, type Scripted } from '#kit/testing'
import { slack } from '../index.ts'

const id = 'C0123456'
const users = [
  { id: 'U00001', name: 'ada', profile: { display_name: 'Ada', email: 'Ada@example.com' } },
  { id: 'U00002', name: 'grace', profile: { real_name: 'Grace' } },
  { id: 'U00003', name: 'guest', is_restricted: true },
  { id: 'U00004', name: 'bot', is_bot: true },
]

async function withSlack(
  { messages, replies = {}, isPrivate = false }: { messages: object[]; replies?: Record<string, object[]>; isPrivate?: boolean },
  work: (run: <T>(use: Parameters<typeof withSource<T>>[2]) => Promise<T>, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = []
  await using api = await upstream(({ path, query }): Scripted => {
    asked.push(path)
    const ok = (body: object): Scripted => ({ body: { ok: true, ...body } })
    if (path.endsWith('/conversations.history')) return ok({ messages })
    if (path.endsWith('/conversations.replies')) {
      const found = replies[query.get('ts')!]
      return found ? ok({ messages: found }) : { body: { ok: false, error: 'thread_not_found' } }
    }
    if (path.endsWith('/conversations.info')) return ok({ channel: { is_private: isPrivate } })
    if (path.endsWith('/conversations.members')) return ok({ members: ['U00002'] })
    if (path.endsWith('/users.list')) return ok({ members: users })
    return ok({ user: users.find((user) => user.id === query.get('user')) })
  })
  const run = <T>(use: Parameters<typeof withSource<T>>[2]): Promise<T> =>
    withSource(slack, { kind: 'channel', input: { channel: id }, config: { api_url: api.url }, credential: { bot_token: 'xoxb-1' } }, use)
  await work(run, asked)
}

const root = {
  ts: '1700000000.000100',
  user: 'U00001',
  text: 'Who knows <@U00002>? See <https://example.com|the page>',
  reply_count: 1,
  latest_reply: '1700000060.000200',
}
const reply = { ts: '1700000060.000200', thread_ts: root.ts, user: 'U00002', text: 'I do &amp; you' }

test('a thread is one document, notices are none, and what has not changed is not read again', () =>
  withSlack(
    { messages: [{ ts: '1700000100.000100', subtype: 'channel_join', user: 'U00003' }, root], replies: { [root.ts]: [root, reply] } },
    async (run, asked) => {
      const page = await run((source, context) => source.pull(context, undefined))
      assert.equal(page.isLast, true)
      assert.deepEqual(
        page.documents.map(({ id: ts, title, author, url }) => [ts, title, author, url]),
        [
          [
            root.ts,
            'Who knows @Grace? See [the page](https://example.com)',
            'Ada',
            `https://app.slack.com/archives/${id}/p1700000000000100`,
          ],
        ],
      )
      assert.match(String(page.documents[0]!.content), /## Ada, 2023-11-14T22:13:20\.000Z\n\n[\s\S]*## Grace, .*\n\nI do & you$/)
      asked.length = 0
      const again = await run((source, context) => source.pull(context, page.cursor))
      assert.deepEqual([again.documents.length, asked.filter((path) => path.endsWith('.replies')).length], [0, 0])
    },
  ))

test('an event names the thread; one that is gone is missing', () =>
  withSlack({ messages: [], replies: { [root.ts]: [root, reply] } }, async (run) => {
    const changed = slack.sources['channel']!.changedBy!
    const by = (event: object) => changed({ type: 'slack.message', data: { event } }, { channel: id })
    assert.deepEqual(by({ channel: id, ts: reply.ts, thread_ts: root.ts }), [root.ts])
    assert.deepEqual(by({ channel: id, subtype: 'message_deleted', deleted_ts: root.ts, previous_message: { ts: root.ts } }), [root.ts])
    assert.deepEqual(by({ channel: 'C0999999', ts: root.ts }), [])
    const read = await run((source, context) => source.fetch!(context, [root.ts, '1.1']))
    assert.deepEqual(
      read.documents.map(({ id: ts }) => ts),
      [root.ts],
    )
  }))

test('a public channel is read by everybody but guests, a private one by its members', async () => {
  const readers = async (isPrivate: boolean): Promise<unknown> => {
    let found: unknown
    await withSlack({ messages: [], isPrivate }, async (run) => {
      found = await run((source, context) => source.readers(context, 'channel'))
    })
    return found
  }
  assert.deepEqual(await readers(false), ['user:u00001', 'email:ada@example.com', 'user:u00002'])
  assert.deepEqual(await readers(true), ['user:u00002'])
})

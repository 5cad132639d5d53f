import { z } from 'zod'
import { hubError, type Http, type HubError, type Undo } from '#kit'
import { slack } from '../declaration.ts'
import { findChannel, findUser } from '../lookup.ts'
import { blocks, channel, sentShape, text, ts } from '../shapes.ts'

interface Message {
  ts: string
  text?: string
  user?: string
  bot_id?: string
  thread_ts?: string
  blocks?: { type?: string }[]
  metadata?: { event_type?: string; event_payload?: { key?: string } }
}

// Slack accepts no idempotency key, but it stores metadata with a message. The key in the metadata shows later whether a message was sent.
const keyEvent = 'integration_hub_call'

function withKey(body: Record<string, unknown>, key: string): Record<string, unknown> {
  return { ...body, metadata: { event_type: keyEvent, event_payload: { key } } }
}

const content = {
  text: text.optional().describe('Text in Slack’s mrkdwn.'),
  blocks: blocks.optional(),
}

function assertContent({ text: messageText, blocks: messageBlocks }: { text?: string | undefined; blocks?: unknown[] | undefined }): void {
  if (!messageText && !messageBlocks?.length)
    throw hubError('invalid_input', { errors: [{ path: 'input.text', message: 'text or blocks is required' }] })
}

/** A message that was sent is deleted; people may have read it. */
const deleteSent: Undo<unknown, z.output<typeof sentShape>> = {
  plan: ({ output: { channel: to, ts: at } }) => ({ action: 'delete_message', input: { channel: to, ts: at } }),
}

const sendMessage = slack.action({
  title: 'Send a message',
  description:
    'Posts a message to a channel, as plain text, with blocks, or as an answer in a thread. Use it to inform a team; for one person use slack_notify_user. Returns channel and ts, which identify the message for threads, edits and reactions.',
  words:
    'post a message, send a message, message the channel, write in the channel, tell the team, let the team know, inform everyone, announce, announcement, post in slack, ping the channel, notify the channel, notify the team, say in chat, share with the team, reply in a thread, answer in the thread, heads up, broadcast, shout out, drop a note in the channel, give the team an update, chat message, give the channel a heads-up, say hello, post the results, post the summary, post the link, tell everyone, tell the channel, let everybody know, let the channel know, congratulate the team, thank the team, welcome the new colleague in the channel, ask the team, ask in the channel, put it in the channel, share in slack, share the news, respond in the thread, answer him in the channel, warn everyone, warn the team, alert the team, write to the channel, drop it in the channel, update the channel, poll the team, report to the channel, inform colleagues, spread the word, make a post, all hands message, inform the on-call channel',
  effect: 'write',
  example: { channel: '#general', text: 'Hello' },
  input: z.strictObject({
    channel: channel.optional(),
    ...content,
    thread_ts: ts.optional().describe('ts of the message to answer.'),
    reply_broadcast: z.boolean().optional().describe('Also show the answer in the channel.'),
    unfurl_links: z.boolean().optional().describe('Show previews of links.'),
  }),
  output: sentShape,
  labels: () => ({ author: 'trusted' }),
  run: ({ input, http, config, idempotencyKey }) => {
    assertContent(input)
    const to = input.channel ?? config.default_channel
    if (!to)
      throw hubError('invalid_input', {
        errors: [{ path: 'input.channel', message: 'is required because the integration has no default_channel' }],
      })
    return http.post('/chat.postMessage', withKey({ ...input, channel: to }, idempotencyKey))
  },
  verify: async ({ input, http, config, idempotencyKey }) => {
    const to = input.channel ?? config.default_channel
    if (to === undefined) return 'unknown'
    const id = await findChannel(http, to)
    const query = { channel: id, limit: 100, include_all_metadata: true }
    const { messages } = await http.get<{ messages: Message[] }>(input.thread_ts ? '/conversations.replies' : '/conversations.history', {
      query: input.thread_ts ? { ...query, ts: input.thread_ts } : query,
    })
    const same = messages.find(({ metadata }) => metadata?.event_type === keyEvent && metadata.event_payload?.key === idempotencyKey)
    return same ? { happened: true, output: { channel: id, ts: same.ts } } : { happened: false }
  },
  undo: deleteSent,
})

const notifyUser = slack.action({
  title: 'Notify a user directly',
  description:
    'Sends a direct message to one person, found by e-mail address, name or id. Use it for a message that only this person should read. Returns channel and ts of the message.',
  words:
    'dm, direct message, private message, message a person, message someone, tell someone, ping someone, let someone know, write to a colleague, notify a person, poke, remind a person, privately, im, slack someone, contact a person, chat with, ask someone in chat, whisper, write to someone, send a note to someone, in private, just for him, just for her, drop someone a line, slack my boss, message my manager, ask a colleague, tell him, tell her, let him know, let her know, remind her, remind him, ping him, ping her, one on one, contact someone, reach out to someone, warn someone, alert the on-call person, get hold of someone, send him a message, text someone, thank a person, personal message, privately inform, congratulate someone',
  effect: 'write',
  example: { user: 'ada@example.com', text: 'Your review is asked for' },
  input: z.strictObject({ user: z.string().min(1).max(200).describe('E-mail address, name or id.'), ...content }),
  output: sentShape,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input: { user, ...message }, http, idempotencyKey }) => {
    assertContent(message)
    const { id } = await findUser(http, user)
    const opened = await http.post<{ channel: { id: string } }>('/conversations.open', { users: id }, { repeatable: 'state' })
    return http.post('/chat.postMessage', withKey({ ...message, channel: opened.channel.id }, idempotencyKey))
  },
  undo: deleteSent,
})

/** The message as it is, for whoever decides on a change. */
async function currentMessage({ input, http }: { input: { channel: string; ts: string }; http: Http }): Promise<unknown> {
  const { messages } = await http.get<{ messages: Message[] }>('/conversations.history', {
    query: { channel: await findChannel(http, input.channel), latest: input.ts, oldest: input.ts, inclusive: true, limit: 1 },
  })
  const found = messages.find(({ ts: at }) => at === input.ts)
  if (!found) return null
  const { ts: at, text: shown = null, user = found.bot_id ?? null, blocks: all = [] } = found
  // Slack makes blocks of its own for each plain text.
  const own = all.filter(({ type }) => type !== 'rich_text')
  return { ts: at, text: shown, user, ...(own.length > 0 ? { blocks: all } : {}) }
}

const updateMessage = slack.action({
  title: 'Update a message',
  description:
    'Replaces the text or blocks of a message that this bot sent. Use it to keep one message up to date instead of posting another. Returns channel and ts.',
  words:
    'edit a message, change a message, correct a message, fix a typo in a message, fix what I posted, update my post, reword the message, edit the post, I spelled it wrong, correct it in the channel, my post has a mistake, replace the message, the message is out of date, keep the message up to date, change the text, rewrite my message, edit what I wrote, fix the announcement, amend my post, message has a wrong number',
  effect: 'write',
  idempotent: true,
  example: { channel: 'C0123456', ts: '1531420618.000100', text: 'Done' },
  input: z.strictObject({ channel, ts, ...content }),
  output: sentShape.extend({ text: z.string().optional() }),
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http }) => {
    assertContent(input)
    return http.post('/chat.update', { ...input, channel: await findChannel(http, input.channel) }, { repeatable: 'state' })
  },
  current: currentMessage,
  undo: {
    needsBefore: true,
    plan: ({ output, before }) => {
      const old = before as { text: string | null; blocks?: unknown[] } | null
      if (old === null) return { impossible: 'the message as it was could not be found in its channel, as with answers in threads' }
      if (!old.text && !old.blocks) return { impossible: 'the message had no text' }
      return {
        action: 'update_message',
        input: { channel: output.channel, ts: output.ts, text: old.text ?? undefined, blocks: old.blocks },
        left: output.text === undefined ? {} : { text: output.text },
      }
    },
  },
})

const deleteMessage = slack.action({
  title: 'Delete a message',
  description:
    'Deletes a message that this bot sent. Use it only when a message should not have been sent: it cannot be restored. Returns channel and ts.',
  words:
    'delete a message, remove a message, unsend, take down a post, take back a message, retract, remove my post, remove the announcement, wrong channel remove it, erase a message, get rid of my post, the bot posted nonsense remove it, that was posted by mistake, pull the message, clean up the message, nobody should see that message, delete what I posted, delete my post, kill the message, undo the post',
  effect: 'destroy',
  idempotent: true,
  example: { channel: 'C0123456', ts: '1531420618.000100' },
  input: z.strictObject({ channel, ts }),
  output: sentShape,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http }) => http.post('/chat.delete', { channel: await findChannel(http, input.channel), ts: input.ts }),
  current: currentMessage,
  verify: async ({ input, http }) => {
    const id = await findChannel(http, input.channel)
    const { messages } = await http.get<{ messages: Message[] }>('/conversations.history', {
      query: { channel: id, latest: input.ts, oldest: input.ts, inclusive: true, limit: 1 },
    })
    return messages.some((message) => message.ts === input.ts)
      ? { happened: false }
      : { happened: true, output: { channel: id, ts: input.ts } }
  },
  undo: { plan: () => ({ impossible: 'Slack does not keep deleted messages' }) },
})

const scheduleMessage = slack.action({
  title: 'Schedule a message',
  description:
    'Schedules a message to a channel for a later time, up to 120 days ahead. Use it for reminders; it cannot be edited afterwards. Returns channel, time and the id of the scheduled message.',
  words:
    'schedule a message, send later, post later, post tomorrow, post at a time, delayed message, reminder, remind the channel, remind the team tomorrow, message on monday morning, send at 9, future message, queue a post for later, timed message, queue this for friday, post it next week, in two hours, at noon, at 5pm, tonight, every morning later, remind everybody on friday, message for tomorrow, set a reminder, hold the message until, send it on monday, delay the post, plan a message, later today, time the announcement',
  effect: 'write',
  example: { channel: 'C0123456', text: 'Stand-up!', post_at: '2030-01-01T09:00:00Z' },
  input: z.strictObject({
    channel,
    ...content,
    post_at: z.iso.datetime().describe('When, in UTC.'),
    thread_ts: ts.optional().describe('ts of the message to answer.'),
  }),
  labels: () => ({ author: 'trusted' }),
  output: z.object({ channel: z.string(), scheduled_message_id: z.string(), post_at: z.union([z.number(), z.string()]) }),
  run: async ({ input: { post_at: at, ...message }, http }) => {
    assertContent(message)
    return http.post('/chat.scheduleMessage', {
      ...message,
      channel: await findChannel(http, message.channel),
      post_at: Math.floor(Date.parse(at) / 1000),
    })
  },
  undo: {
    plan: ({ output: { channel: to, scheduled_message_id } }) => ({
      action: 'cancel_scheduled_message',
      input: { channel: to, scheduled_message_id },
    }),
  },
})

const cancelScheduledMessage = slack.action({
  title: 'Cancel a scheduled message',
  description:
    'Cancels a message that was scheduled and is not sent yet. Use it when the message should not be sent; one that is due within a minute cannot be cancelled. Returns a confirmation.',
  words:
    'cancel a scheduled message, do not send it later, remove the reminder, unschedule, stop the scheduled post, delete the scheduled message, the message for tomorrow is not needed, drop the planned message',
  effect: 'write',
  example: { channel: 'C0123456', scheduled_message_id: 'Q1298393284' },
  input: z.strictObject({
    channel,
    scheduled_message_id: z.string().min(1).max(100).describe('Its id, as slack_schedule_message returned it.'),
  }),
  output: z.object({ done: z.literal(true) }),
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http }) => {
    await http.post('/chat.deleteScheduledMessage', {
      channel: await findChannel(http, input.channel),
      scheduled_message_id: input.scheduled_message_id,
    })
    return { done: true as const }
  },
  undo: { plan: () => ({ impossible: 'Slack does not keep cancelled messages' }) },
})

const getPermalink = slack.action({
  title: 'Get the link to a message',
  description: 'Gets the permanent URL of a message. Use it to refer to a message from an issue or e-mail. Returns the address.',
  words:
    'link to a message, permalink, url of a message, copy the link, share a link to the message, message link, reference a message, give me a url for that post, link for the message, where is that message, url of the post, link to the thread, point to the message, deep link, address of a message, message url, refer to the message',
  effect: 'read',
  example: { channel: 'C0123456', ts: '1531420618.000100' },
  input: z.strictObject({ channel, ts }),
  labels: () => ({ author: 'trusted' }),
  output: z.object({ permalink: z.string() }),
  run: async ({ input, http }) =>
    http.get('/chat.getPermalink', { query: { channel: await findChannel(http, input.channel), message_ts: input.ts } }),
})

const reaction = {
  channel,
  ts,
  name: z
    .string()
    .min(1)
    .max(100)
    .transform((name) => name.replaceAll(':', ''))
    .describe('Emoji by name, e.g. thumbsup.'),
}

/** Where nothing changed, because the emoji was there or missing already, there is nothing to undo. */
const reacted = z.object({ done: z.literal(true), changed: z.boolean().optional() })

function inverse(action: string): Undo<Readonly<Record<string, unknown>>, z.output<typeof reacted>> {
  return { plan: ({ input, output }) => (output.changed === false ? { impossible: 'it changed nothing' } : { action, input }) }
}

const addReaction = slack.action({
  title: 'Add a reaction',
  description:
    'Adds an emoji to a message. Use it to acknowledge without a message; adding the same emoji again has no effect. Returns a confirmation.',
  words:
    'react, add an emoji, reaction, thumbs up, like a message, heart, check mark, acknowledge a message, emoji on a message, thumbsup, +1, put a smiley, heart that message, give a thumbs up, emoji reply, celebrate with an emoji, eyes emoji, put a check mark on, tick the message, react with, clap, put a party emoji, smile at, mark the message as seen, show that I saw it, add a tick, applaud, respond with an emoji',
  effect: 'write',
  idempotent: true,
  example: { channel: 'C0123456', ts: '1531420618.000100', name: 'eyes' },
  input: z.strictObject(reaction),
  output: reacted,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http }) => {
    return http
      .post(
        '/reactions.add',
        { channel: await findChannel(http, input.channel), timestamp: input.ts, name: input.name },
        { repeatable: 'state' },
      )
      .then(
        () => ({ done: true as const, changed: true }),
        (error: HubError) => {
          if (error.code !== 'vendor_conflict') throw error
          return { done: true as const, changed: false }
        },
      )
  },
  undo: inverse('remove_reaction'),
})

const removeReaction = slack.action({
  title: 'Remove a reaction',
  description:
    'Removes an emoji of this bot from a message. Use it to undo a reaction; if the message does not have it, nothing changes. Returns a confirmation.',
  words:
    'remove a reaction, remove an emoji, take back my emoji, undo the thumbs up, unlike, withdraw a reaction, take off the emoji, take my thumbs up away, remove the check mark, delete my reaction, undo my reaction, remove my heart, clear the emoji',
  effect: 'write',
  idempotent: true,
  example: { channel: 'C0123456', ts: '1531420618.000100', name: 'eyes' },
  input: z.strictObject(reaction),
  output: reacted,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http }) => {
    return http
      .post(
        '/reactions.remove',
        { channel: await findChannel(http, input.channel), timestamp: input.ts, name: input.name },
        { repeatable: 'state' },
      )
      .then(
        () => ({ done: true as const, changed: true }),
        (error: Error) => {
          if (!error.message.includes('no_reaction')) throw error
          return { done: true as const, changed: false }
        },
      )
  },
  undo: inverse('add_reaction'),
})

export const messageActions = {
  send_message: sendMessage,
  notify_user: notifyUser,
  update_message: updateMessage,
  delete_message: deleteMessage,
  schedule_message: scheduleMessage,
  cancel_scheduled_message: cancelScheduledMessage,
  get_permalink: getPermalink,
  add_reaction: addReaction,
  remove_reaction: removeReaction,
}

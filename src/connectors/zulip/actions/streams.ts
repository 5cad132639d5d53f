import { z } from 'zod'
import { path } from '#kit'
import { zulip } from '../declaration.ts'

const streamShape = z.object({ stream_id: z.number(), name: z.string(), description: z.string(), invite_only: z.boolean().optional() })
const userShape = z.object({
  user_id: z.number(),
  email: z.string(),
  delivery_email: z.string().nullish(),
  full_name: z.string(),
  is_bot: z.boolean(),
  is_active: z.boolean().optional(),
  timezone: z.string().optional(),
})

const listStreams = zulip.action({
  title: 'List streams',
  description:
    'Lists the streams (channels) that the bot can see. Use it to find where to post, or a stream’s exact name. Returns id, name and description of each.',
  words:
    'which streams exist, list streams, all streams, channels, list channels, rooms, find a stream, find a channel, chat rooms, what am i subscribed to, what streams do we have, is there a stream for, where should I post, which stream, find the right stream, stream list, name of the stream',
  effect: 'read',
  lookup: { arguments: ['stream'], input: () => ({}), values: ({ items }) => items.map(({ name }) => name) },
  example: {},
  input: z.strictObject({ subscribed_only: z.boolean().default(false).describe('Only those the bot is subscribed to.') }),
  output: z.object({ items: z.array(streamShape) }),
  run: async ({ input, http }) => {
    const query = input.subscribed_only ? { include_public: false, include_subscribed: true } : {}
    return { items: (await http.get<{ streams: z.input<typeof streamShape>[] }>('/streams', { query })).streams }
  },
})

const subscribeToStream = zulip.action({
  title: 'Subscribe to a stream',
  description:
    'Subscribes the bot, or people by e-mail address, to a stream, which is created if it does not exist. Use it before posting to a new stream. Returns who was subscribed now and who was before.',
  words:
    'join a stream, subscribe, create a stream, new stream, add someone to a stream, add people to a channel, new channel, join a channel, bring someone into a stream, follow a channel, make a stream, invite to a stream, follow the stream, let me hear about, get into the stream, listen to the stream, start a room, we need a stream, subscribe someone, add the new hire, put them in the stream, have them join, start following, sign up for a stream',
  effect: 'write',
  idempotent: true,
  example: { stream: 'incidents' },
  input: z.strictObject({
    stream: z.string().min(1).max(60).describe('Stream by name.'),
    description: z.string().max(1024).optional().describe('Description, if it is new.'),
    principals: z.array(z.email()).max(100).optional().describe('E-mail addresses; the bot itself when left out.'),
  }),
  output: z.object({
    subscribed: z.record(z.string(), z.array(z.string())),
    already_subscribed: z.record(z.string(), z.array(z.string())),
  }),
  run: ({ input, http }) =>
    http.post('/users/me/subscriptions', undefined, {
      form: {
        subscriptions: JSON.stringify([
          { name: input.stream, ...(input.description === undefined ? {} : { description: input.description }) },
        ]),
        ...(input.principals === undefined ? {} : { principals: JSON.stringify(input.principals) }),
      },
      repeatable: 'state',
    }),
  undo: {
    plan: ({ input: { stream, principals }, output: { subscribed } }) => {
      const added = Object.keys(subscribed)
      if (added.length === 0) return { impossible: 'everybody had been subscribed before' }
      if (principals === undefined) return { action: 'unsubscribe_from_stream', input: { stream } }
      // Newer servers name people by their ids.
      const people = added.map((person) => (/^\d+$/.test(person) ? Number(person) : person))
      return { action: 'unsubscribe_from_stream', input: { stream, principals: people } }
    },
  },
})

const unsubscribeFromStream = zulip.action({
  title: 'Unsubscribe from a stream',
  description:
    'Removes the bot, or people by e-mail address, from a stream; the stream and its messages stay. Use it when somebody should not get its messages any more. Returns who was removed and who was not subscribed.',
  words:
    'leave a stream, unsubscribe, remove someone from a stream, leave a channel, take someone out of the channel, stop following, quit the stream, kick from the stream, get out of the stream, no more messages from the stream',
  effect: 'write',
  idempotent: true,
  example: { stream: 'incidents' },
  input: z.strictObject({
    stream: z.string().min(1).max(60).describe('Stream by name.'),
    principals: z
      .array(z.union([z.email(), z.number().int()]))
      .max(100)
      .optional()
      .describe('E-mail addresses or user ids, not mixed; the bot itself when left out.'),
  }),
  output: z.object({ removed: z.array(z.string()), not_removed: z.array(z.string()) }),
  run: ({ input, http }) =>
    http.delete('/users/me/subscriptions', {
      query: {
        subscriptions: JSON.stringify([input.stream]),
        ...(input.principals === undefined ? {} : { principals: JSON.stringify(input.principals) }),
      },
      repeatable: 'state',
    }),
  labels: () => ({ author: 'trusted' }),
  undo: {
    plan: ({ input, output: { removed } }) =>
      removed.length === 0
        ? { impossible: 'nobody was removed' }
        : input.principals === undefined || input.principals.length === 1
          ? { action: 'subscribe_to_stream', input: { ...input } }
          : { impossible: 'Zulip does not say which of several people it removed' },
  },
})

const listUsers = zulip.action({
  title: 'List users',
  description:
    'Lists the people and bots of the organisation. Use it to find a person’s e-mail address or id for a direct message. Returns id, name and e-mail address of each.',
  words:
    'all users, members of the organisation, everybody in zulip, list people, team members, list colleagues, employees, user directory, staff, who works here, all bots, who is on zulip, everyone in the organisation, list of members, how many people, zulip members, people directory, find a person by name, all accounts, roster',
  effect: 'read',
  example: {},
  input: z.strictObject({ include_inactive: z.boolean().default(false).describe('Include deactivated users.') }),
  output: z.object({ items: z.array(userShape) }),
  run: async ({ input, http }) => {
    const { members } = await http.get<{ members: z.input<typeof userShape>[] }>('/users')
    return { items: members.filter(({ is_active: active }) => input.include_inactive || active !== false) }
  },
})

const getUser = zulip.action({
  title: 'Get a user',
  description:
    'Gets one person or bot by e-mail address or id. Use it to learn who wrote something. Returns id, name, e-mail address and time zone.',
  words:
    "zulip user, zulip profile, who is this user, user details, time zone of a person, timezone, what time is it for a person, who wrote it, look up a person, email of a person, user id, contact details, what's the email of, email address of a colleague, who is this id, who is the person, which time zone, profile of, real name of, who posted this, who sent this message, his time, her time",
  effect: 'read',
  example: { user: 'ada@example.com' },
  input: z.strictObject({ user: z.union([z.email(), z.number().int().min(1)]).describe('E-mail address or id.') }),
  output: userShape,
  run: async ({ input, http }) => (await http.get<{ user: z.input<typeof userShape> }>(path`/users/${input.user}`)).user,
})

export const streamActions = {
  list_streams: listStreams,
  subscribe_to_stream: subscribeToStream,
  unsubscribe_from_stream: unsubscribeFromStream,
  list_users: listUsers,
  get_user: getUser,
}

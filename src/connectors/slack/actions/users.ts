import { z } from 'zod'
import { slack } from '../declaration.ts'
import { findUser, type User } from '../lookup.ts'
import { cursorInput, listOf, nextCursor, userShape, type Metadata } from '../shapes.ts'

const listUsers = slack.action({
  title: 'List users',
  description:
    'Lists the people and bots of the workspace. Use it to find a person; with an e-mail address use slack_find_user_by_email. Returns id, names and e-mail address of each.',
  words:
    'all users, members of the workspace, everybody in slack, list people, who is in the workspace, team members, list colleagues, employees, user directory, staff, who works here, all bots, who is on slack, everyone in the company, list of members, how many people, slack members, people directory, find a person by name, all accounts, complete list of users, who do we have, roster',
  effect: 'read',
  example: {},
  input: z.strictObject({ include_deleted: z.boolean().default(false).describe('Include deactivated users.'), ...cursorInput }),
  output: listOf(userShape),
  run: async ({ input, http }) => {
    const reply = await http.get<Metadata & { members: User[] }>('/users.list', { query: { limit: input.limit, cursor: input.cursor } })
    return { items: reply.members.filter(({ deleted }) => input.include_deleted || !deleted), next_cursor: nextCursor(reply) }
  },
})

const getUser = slack.action({
  title: 'Get a user',
  description:
    'Gets one person or bot by id, name or e-mail address. Use it to learn who wrote something, or to get the time zone of a person. Returns id, names, e-mail address and time zone.',
  words:
    "slack user, slack profile, who is this user, user details, time zone of a person, timezone, what time is it for a person, local time of a colleague, who wrote it, look up a person, email of a person, user id, name of a person, contact details, what's the email of, email address of a colleague, who is this id, who is the person, where is he based, which time zone, is it night for, profile of, title of a person, real name of, display name, who posted this, phone number of, who sent this message, his time, her time",
  effect: 'read',
  example: { user: 'U0123456' },
  input: z.strictObject({ user: z.string().min(1).max(200).describe('Id, name or e-mail address.') }),
  output: userShape,
  run: ({ input, http }) => findUser(http, input.user),
})

const findUserByEmail = slack.action({
  title: 'Find a user by e-mail',
  description:
    'Finds the person who has an e-mail address. Use it to go from another system’s user to Slack’s. Returns id, names and time zone.',
  words:
    'find a user by email, user with this address, slack id for an email, who has this email, match an email to a slack user, look up by email address, slack account of an address, which slack user has the address, find the person behind the email, slack handle for an address, who belongs to this address, convert an email into a slack id, is this address on slack, find someone with their email, user for this mail address',
  effect: 'read',
  example: { email: 'ada@example.com' },
  input: z.strictObject({ email: z.email().describe('The address.') }),
  output: userShape,
  run: async ({ input, http }) => (await http.get<{ user: User }>('/users.lookupByEmail', { query: { email: input.email } })).user,
})

export const userActions = { list_users: listUsers, get_user: getUser, find_user_by_email: findUserByEmail }

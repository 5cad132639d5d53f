import { hubError, pagesByCursor, type Http } from '#kit'

/** People and agents use names, but most of Slack's methods need ids. */
const channelId = /^[CGD][A-Z0-9]{5,}$/
const userId = /^[UW][A-Z0-9]{5,}$/

export interface Channel {
  id: string
  name?: string
  is_private?: boolean
  is_archived?: boolean
  is_member?: boolean
  num_members?: number
  topic?: { value: string }
  purpose?: { value: string }
}

export interface User {
  id: string
  name: string
  real_name?: string
  deleted?: boolean
  is_bot?: boolean
  tz?: string
  profile?: { email?: string; display_name?: string; real_name?: string; title?: string }
}

interface Listed {
  response_metadata?: { next_cursor?: string }
}

const cursorOf = ({ response_metadata: metadata }: Listed): string | undefined => metadata?.next_cursor

export async function findChannel(http: Http, ref: string): Promise<string> {
  if (channelId.test(ref)) return ref
  const name = ref.replace(/^#/, '').toLowerCase()
  const options = { query: { limit: 200, exclude_archived: true, types: 'public_channel,private_channel' } }
  for await (const { channels } of pagesByCursor<Listed & { channels: Channel[] }>(http, '/conversations.list', {
    parameter: 'cursor',
    cursorOf,
    options,
  })) {
    const found = channels.find((channel) => channel.name === name)
    if (found) return found.id
  }
  throw hubError('vendor_not_found', {
    detail: `Slack has no channel #${name} that this token can see`,
    hint: 'list the visible channels with slack_list_channels; a private channel is visible after the bot was invited',
  })
}

/** `ref` is an id, an e-mail address, or a name with or without @. */
export async function findUser(http: Http, ref: string): Promise<User> {
  if (userId.test(ref)) return (await http.get<{ user: User }>('/users.info', { query: { user: ref } })).user
  if (ref.includes('@') && !ref.startsWith('@'))
    return (await http.get<{ user: User }>('/users.lookupByEmail', { query: { email: ref } })).user
  const name = ref.replace(/^@/, '').toLowerCase()
  for await (const { members } of pagesByCursor<Listed & { members: User[] }>(http, '/users.list', {
    parameter: 'cursor',
    cursorOf,
    options: { query: { limit: 200 } },
  })) {
    const found = members.find((user) =>
      [user.name, user.profile?.display_name, user.real_name].some((known) => known?.toLowerCase() === name),
    )
    if (found) return found
  }
  throw hubError('vendor_not_found', { detail: `Slack has no user "${name}"` })
}

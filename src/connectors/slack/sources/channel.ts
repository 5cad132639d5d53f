import { z } from 'zod'
import { ifThere, type Http, type Member, type SourceDocument } from '#kit'
import { slack } from '../declaration.ts'
import { nextCursor, type Metadata } from '../shapes.ts'

interface Message {
  readonly ts: string
  readonly thread_ts?: string
  readonly subtype?: string
  readonly user?: string
  readonly username?: string
  readonly text?: string
  readonly reply_count?: number
  readonly latest_reply?: string
  readonly edited?: { readonly ts?: string }
}

interface User {
  readonly id: string
  readonly name?: string
  readonly deleted?: boolean
  readonly is_bot?: boolean
  readonly is_restricted?: boolean
  readonly profile?: { readonly email?: string; readonly display_name?: string; readonly real_name?: string }
}

interface Cursor {
  /** Messages before this were read before. */
  readonly oldest?: string
  /** Of the sync that runs: where its next page begins, and from when on the next sync reads. */
  readonly next?: string
  readonly began?: string
  /** How the roots of recent threads were when they were read. */
  readonly seen: Readonly<Record<string, string>>
}

const perPage = 50
/** A reply to an older thread is found by its event, or by the next look at everything. */
const activeSeconds = 3 * 86_400
const mostSeen = 500
const mostReplyPages = 10
const mostUserPages = 50
const longestTitle = 100
const audience = 'channel'

/** What people did not write, such as that somebody joined. */
const notices = new Set(['channel_join', 'channel_leave', 'channel_topic', 'channel_purpose', 'channel_name', 'channel_archive', 'bot_add'])

export const channel = slack.source({
  title: 'Channel',
  description: 'The messages of one channel: each thread is one document.',
  types: ['thread'],
  options: z.strictObject({
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]{5,20}$/, 'must be the id of a channel, such as C0123456')
      .describe('Id of the channel; slack_list_channels has it.'),
  }),
  example: { channel: 'C0123456' },
  named: ({ channel: id }) => `channel ${id}`,
  events: ['slack.message'],
  changedBy: ({ data }, { channel: id }) => {
    const event = (data as { event?: Record<string, unknown> } | null)?.event ?? {}
    if (event['channel'] !== id) return []
    const before = event['previous_message'] as Partial<Message> | undefined
    const now = event['message'] as Partial<Message> | undefined
    const root = event['thread_ts'] ?? now?.thread_ts ?? before?.thread_ts ?? now?.ts ?? event['deleted_ts'] ?? event['ts']
    return typeof root === 'string' && isTs(root) ? [root] : 'all'
  },

  readers: async ({ http, input }) => {
    const { channel: info } = await http.get<{ channel: { is_private?: boolean; is_ext_shared?: boolean } }>('/conversations.info', {
      query: { channel: input.channel },
    })
    if (info.is_private !== false) return membersOf(http, input.channel)
    // Guests see the channels that they were invited to, and nothing else.
    return (await usersOf(http)).filter((user) => !user.is_restricted).flatMap(asMembers)
  },

  pull: async ({ http, input }, given) => {
    const { oldest, next, began = String(Date.now() / 1000), seen } = (given as Cursor | undefined) ?? { seen: {} }
    const page = await historyOf(http, input.channel, { oldest, cursor: next })
    const roots = page.messages.filter(isRoot)
    const fresh = roots.filter((root) => seen[root.ts] !== stateOf(root))
    const names = namesIn(http)
    const documents: SourceDocument[] = []
    for (const root of fresh)
      documents.push(await documentOf(input.channel, { messages: await threadOf(http, input.channel, root), names }))
    const recent = Object.entries({ ...seen, ...Object.fromEntries(roots.map((root) => [root.ts, stateOf(root)])) })
    const kept = Object.fromEntries(recent.toSorted(([a], [b]) => Number(b) - Number(a)).slice(0, mostSeen))
    const after = nextCursor(page)
    const cursor: Cursor =
      after === null
        ? { oldest: String(Number(began) - activeSeconds), seen: kept }
        : { ...(oldest === undefined ? {} : { oldest }), next: after, began, seen: kept }
    return { documents, cursor, isLast: after === null }
  },

  list: async ({ http, input }, given) => {
    const page = await historyOf(http, input.channel, { cursor: given as string | undefined })
    return { ids: page.messages.filter(isRoot).map(({ ts }) => ts), next: nextCursor(page) ?? undefined }
  },

  fetch: async ({ http, input }, ids) => {
    const names = namesIn(http)
    const documents: SourceDocument[] = []
    for (const id of ids) {
      const messages = await ifThere(repliesOf(http, input.channel, id))
      if (messages?.[0]?.ts === id && isRoot(messages[0])) documents.push(await documentOf(input.channel, { messages, names }))
    }
    return { documents }
  },
})

const isTs = (text: string): boolean => /^\d{1,12}\.\d{1,9}$/.test(text)

/** Neither a reply nor a notice. */
function isRoot({ ts, thread_ts: thread, subtype = '' }: Message): boolean {
  return isTs(ts) && (thread === undefined || thread === ts) && !notices.has(subtype)
}

const stateOf = ({ latest_reply: reply = '', reply_count: count = 0, edited }: Message): string => `${count} ${reply} ${edited?.ts ?? ''}`

function historyOf(
  http: Http,
  id: string,
  { oldest, cursor }: { readonly oldest?: string | undefined; readonly cursor?: string | undefined },
): Promise<Metadata & { messages: Message[] }> {
  return http.get('/conversations.history', { query: { channel: id, oldest, cursor, limit: perPage } })
}

async function threadOf(http: Http, id: string, root: Message): Promise<Message[]> {
  return (root.reply_count ?? 0) > 0 ? repliesOf(http, id, root.ts) : [root]
}

/** The root and its replies. */
async function repliesOf(http: Http, id: string, ts: string): Promise<Message[]> {
  const messages: Message[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostReplyPages; page++) {
    const reply: Metadata & { messages: Message[] } = await http.get('/conversations.replies', {
      query: { channel: id, ts, cursor, limit: 200 },
    })
    messages.push(...reply.messages)
    cursor = nextCursor(reply) ?? undefined
    if (cursor === undefined) break
  }
  return messages
}

type Names = (user: string) => Promise<string>

/** The names of people, each asked for once. */
function namesIn(http: Http): Names {
  const known = new Map<string, Promise<string>>()
  const ask = async (id: string): Promise<string> => {
    const { user } = await http.get<{ user: User }>('/users.info', { query: { user: id } })
    return user.profile?.display_name || user.profile?.real_name || user.name || id
  }
  return (id) => {
    const found = known.get(id) ?? ask(id).catch(() => id)
    known.set(id, found)
    return found
  }
}

async function documentOf(
  id: string,
  { messages, names }: { readonly messages: readonly Message[]; readonly names: Names },
): Promise<SourceDocument> {
  const root = messages[0]!
  const parts: string[] = []
  for (const message of messages) {
    const author = message.user === undefined ? (message.username ?? 'somebody') : await names(message.user)
    parts.push(`## ${author}, ${timeOf(message.ts)}\n\n${await readable(message.text ?? '', names)}`)
  }
  const last = messages.at(-1)!
  const first = (await readable(root.text ?? '', names)).split('\n', 1)[0]!
  return {
    id: root.ts,
    type: 'thread',
    title: first.slice(0, longestTitle) || `Thread of ${timeOf(root.ts)}`,
    url: `https://app.slack.com/archives/${id}/p${root.ts.replace('.', '')}`,
    author: root.user === undefined ? root.username : await names(root.user),
    createdAt: timeOf(root.ts),
    updatedAt: timeOf(last.edited?.ts ?? last.ts),
    content: parts.join('\n\n'),
    truncated: messages.length >= mostReplyPages * 200 ? `only the first ${mostReplyPages * 200} messages are indexed` : undefined,
    audience,
  }
}

const timeOf = (ts: string): string => new Date(Number(ts) * 1000).toISOString()

/** Slack's marks for people, channels and links as what people see. */
async function readable(text: string, names: Names): Promise<string> {
  const people = new Map<string, string>()
  for (const [, user] of text.matchAll(/<@([UW][A-Z0-9]{5,20})(?:\|[^>]{0,100})?>/g)) people.set(user!, await names(user!))
  return text
    .replaceAll(/<@([UW][A-Z0-9]{5,20})(?:\|[^>]{0,100})?>/g, (_, user: string) => `@${people.get(user)!}`)
    .replaceAll(/<#[CG][A-Z0-9]{5,20}\|([^>]{1,100})>/g, '#$1')
    .replaceAll(/<(https?:[^|>]{1,2000})\|([^>]{1,500})>/g, '[$2]($1)')
    .replaceAll(/<(https?:[^|>]{1,2000})>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

async function usersOf(http: Http): Promise<User[]> {
  const users: User[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostUserPages; page++) {
    const reply: Metadata & { members: User[] } = await http.get('/users.list', { query: { cursor, limit: 200 } })
    users.push(...reply.members.filter(({ deleted, is_bot: isBot }) => deleted !== true && isBot !== true))
    cursor = nextCursor(reply) ?? undefined
    if (cursor === undefined) break
  }
  return users
}

/** By the id, and by the address where the app may see it. */
function asMembers({ id, profile }: User): Member[] {
  const email = profile?.email
  return [`user:${id.toLowerCase()}`, ...(email === undefined ? [] : [`email:${email.toLowerCase()}` as const])]
}

async function membersOf(http: Http, id: string): Promise<Member[]> {
  const inside = new Set<string>()
  let cursor: string | undefined
  for (let page = 0; page < mostUserPages; page++) {
    const reply: Metadata & { members: string[] } = await http.get('/conversations.members', { query: { channel: id, cursor, limit: 200 } })
    for (const member of reply.members) inside.add(member)
    cursor = nextCursor(reply) ?? undefined
    if (cursor === undefined) break
  }
  return (await usersOf(http)).filter((user) => inside.has(user.id)).flatMap(asMembers)
}

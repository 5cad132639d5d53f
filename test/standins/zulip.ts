import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A small Zulip of our own, as there is none to be had: what the connector uses, with state. It counts only because its replies are held to
 * the official description, and because a client that we did not write works on it.
 */
export interface ZulipStandIn extends AsyncDisposable {
  readonly url: string
  readonly login: { readonly email: string; readonly api_key: string }
  /** Every reply that was given, for the check against the description. */
  readonly replies: { method: string; path: string; status: number; body: Record<string, unknown> }[]
  limited: boolean
}

interface Message {
  id: number
  sender: (typeof people)[number]
  type: 'stream' | 'private'
  stream: string
  topic: string
  content: string
  timestamp: number
  reactions: { emoji_name: string; user_id: number }[]
}

const people = [
  { user_id: 7, email: 'hub-bot@example.com', full_name: 'Hub Bot', is_bot: true },
  { user_id: 8, email: 'ada@example.com', full_name: 'Ada Lovelace', is_bot: false },
]

class Refusal extends Error {
  readonly status: number
  readonly body: Record<string, unknown>
  constructor(status: number, problem: { code: string; msg: string; [more: string]: unknown }) {
    super(problem.msg)
    this.status = status
    this.body = { result: 'error', ...problem }
  }
}

type Form = Record<string, string>

export async function zulipStandIn(): Promise<ZulipStandIn> {
  const login = { email: 'hub-bot@example.com', api_key: 'zulip-standin-key-0123' }
  const streams = [{ stream_id: 1, name: 'general', description: 'Everything' }]
  const messages: Message[] = []
  const standIn = { limited: false, replies: [] as ZulipStandIn['replies'] }

  const user = (person: (typeof people)[number]) => ({
    user_id: person.user_id,
    email: person.email,
    delivery_email: person.email,
    full_name: person.full_name,
    is_bot: person.is_bot,
    is_active: true,
    is_admin: false,
    is_owner: false,
    is_guest: false,
    role: 400,
    timezone: '',
    avatar_url: '',
    avatar_version: 1,
    date_joined: '2026-01-01T00:00:00+00:00',
    ...(person.is_bot ? { bot_type: 1, bot_owner_id: 8 } : {}),
  })
  const find = (id: number): Message => {
    const found = messages.find((message) => message.id === id)
    if (!found) throw new Refusal(400, { code: 'BAD_REQUEST', msg: 'Invalid message(s)' })
    return found
  }
  const shown = (message: Message) => ({
    id: message.id,
    sender_id: message.sender.user_id,
    sender_full_name: message.sender.full_name,
    sender_email: message.sender.email,
    sender_realm_str: '',
    avatar_url: null,
    client: 'hub',
    content: message.content,
    content_type: 'text/x-markdown',
    display_recipient: message.stream,
    stream_id: 1,
    recipient_id: 20,
    is_me_message: false,
    subject: message.topic,
    topic_links: [],
    submessages: [],
    flags: [],
    timestamp: message.timestamp,
    type: message.type,
    reactions: message.reactions.map((reaction) => ({ ...reaction, emoji_code: '1f440', reaction_type: 'unicode_emoji' })),
  })

  const shownStream = (stream: (typeof streams)[number]) => ({
    ...stream,
    is_archived: false,
    date_created: 1_767_225_600,
    creator_id: null,
    rendered_description: stream.description,
    invite_only: false,
    is_web_public: false,
    stream_post_policy: 1,
    message_retention_days: null,
    history_public_to_subscribers: true,
    first_message_id: null,
    is_announcement_only: false,
    is_recently_active: true,
    stream_weekly_traffic: null,
    can_add_subscribers_group: 1,
    can_administer_channel_group: 1,
    can_remove_subscribers_group: 1,
    can_send_message_group: 1,
    can_subscribe_group: 1,
  })

  const send = ({ type = '', to = '', topic, subject, content = '' }: Form): Record<string, unknown> => {
    const direct = type === 'direct' || type === 'private'
    const target = direct ? '' : unquoted(to)
    if (!direct && !streams.some(({ name }) => name === target))
      throw new Refusal(400, { code: 'STREAM_DOES_NOT_EXIST', msg: `Channel '${target}' does not exist`, stream: target })
    const id = messages.length + 1
    messages.push({
      id,
      sender: people[0]!,
      type: direct ? 'private' : 'stream',
      stream: target,
      topic: topic ?? subject ?? '',
      content,
      timestamp: Math.floor(Date.now() / 1000),
      reactions: [],
    })
    return { id }
  }
  const list = (query: Form): Record<string, unknown> => {
    const narrow = JSON.parse(query['narrow'] ?? '[]') as { operator: string; operand: string }[]
    const operand = (...names: string[]) => narrow.find(({ operator }) => names.includes(operator))?.operand
    const anchor = query['anchor'] === 'newest' ? Number.POSITIVE_INFINITY : Number(query['anchor'])
    const stream = operand('channel', 'stream')
    const topic = operand('topic')
    const fitting = messages.filter(
      (m) =>
        (stream === undefined || m.stream === stream) &&
        (topic === undefined || m.topic === topic) &&
        (m.id < anchor || (m.id === anchor && query['include_anchor'] !== 'false')),
    )
    const count = Number(query['num_before'] ?? 0)
    return {
      messages: fitting.slice(-count).map(shown),
      anchor: Number.isFinite(anchor) ? anchor : 10_000_000_000_000_000,
      found_anchor: false,
      found_newest: true,
      found_oldest: fitting.length <= count,
      history_limited: false,
    }
  }
  const react = (method: string, id: number, name: string): Record<string, unknown> => {
    const message = find(id)
    const there = message.reactions.findIndex(({ emoji_name }) => emoji_name === name)
    if (method === 'POST') {
      if (there >= 0) throw new Refusal(400, { code: 'REACTION_ALREADY_EXISTS', msg: 'Reaction already exists.' })
      message.reactions.push({ emoji_name: name, user_id: 7 })
    } else {
      if (there < 0) throw new Refusal(400, { code: 'REACTION_DOES_NOT_EXIST', msg: "Reaction doesn't exist." })
      message.reactions.splice(there, 1)
    }
    return {}
  }
  const subscribe = (form: Form): Record<string, unknown> => {
    const wanted = JSON.parse(form['subscriptions'] ?? '[]') as { name: string; description?: string }[]
    const added = wanted.filter(({ name }) => !streams.some((stream) => stream.name === name))
    for (const { name, description = '' } of added) streams.push({ stream_id: streams.length + 1, name, description })
    const names = (some: typeof wanted) => (some.length > 0 ? { '7': some.map(({ name }) => name) } : {})
    return { subscribed: names(added), already_subscribed: names(wanted.filter((one) => !added.includes(one))) }
  }

  const answer = (method: string, path: string, form: Form): Record<string, unknown> => {
    const [, id = '', reactions] = /^\/messages\/(\d+)(\/reactions)?$/.exec(path) ?? []
    if (method === 'POST' && path === '/messages') return send(form)
    if (method === 'GET' && path === '/messages') return list(form)
    if (id !== '' && reactions) return react(method, Number(id), form['emoji_name'] ?? '')
    if (method === 'GET' && id !== '') return { message: shown(find(Number(id))), raw_content: find(Number(id)).content }
    if (method === 'PATCH' && id !== '') {
      const message = find(Number(id))
      if (form['content'] !== undefined) message.content = form['content']
      if (form['topic'] !== undefined) message.topic = form['topic']
      return { detached_uploads: [] }
    }
    if (method === 'DELETE' && id !== '') {
      messages.splice(messages.indexOf(find(Number(id))), 1)
      return {}
    }
    if (path === '/streams') return { streams: streams.map(shownStream) }
    if (method === 'POST' && path === '/users/me/subscriptions') return subscribe(form)
    if (method === 'DELETE' && path === '/users/me/subscriptions')
      return { removed: JSON.parse(form['subscriptions'] ?? '[]') as string[], not_removed: [] }
    if (path === '/users/me') {
      const { bot_type: _type, bot_owner_id: _owner, ...own } = user(people[0]!)
      return { ...own, max_message_id: messages.length, profile_data: {} }
    }
    if (path === '/users') return { members: people.map(user) }
    const [, ref = ''] = /^\/users\/(.+)$/.exec(path) ?? []
    const person = people.find(({ email, user_id: number }) => email === decodeURIComponent(ref) || String(number) === ref)
    if (person) return { user: user(person) }
    if (ref !== '') throw new Refusal(400, { code: 'BAD_REQUEST', msg: 'No such user' })
    if (method === 'POST' && path === '/user_uploads')
      return { uri: '/user_uploads/1/ab/file.txt', url: '/user_uploads/1/ab/file.txt', filename: 'file.txt' }
    throw new Refusal(404, { code: 'BAD_REQUEST', msg: 'Not found' })
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      void (async () => {
        const url = new URL(request.url ?? '/', 'http://zulip')
        const method = request.method ?? 'GET'
        const reply = (status: number, body: Record<string, unknown>): void => {
          standIn.replies.push({ method, path: url.pathname, status, body })
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
        }
        try {
          const basic = `Basic ${Buffer.from(`${login.email}:${login.api_key}`).toString('base64')}`
          if (request.headers.authorization !== basic) throw new Refusal(401, { code: 'INVALID_API_KEY', msg: 'Invalid API key' })
          if (standIn.limited) {
            standIn.limited = false
            throw new Refusal(429, { code: 'RATE_LIMIT_HIT', msg: 'API usage exceeded rate limit', 'retry-after': 0.2 })
          }
          const form = { ...Object.fromEntries(url.searchParams), ...(await formOf(Buffer.concat(parts), request.headers['content-type'])) }
          reply(200, { result: 'success', msg: '', ...answer(method, url.pathname.replace(/^\/api\/v1/, ''), form) })
        } catch (error) {
          const refusal = error instanceof Refusal ? error : new Refusal(500, { code: 'INTERNAL_ERROR', msg: String(error) })
          reply(refusal.status, refusal.body)
        }
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    login,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  })
}

/** Clients send forms, or multipart ones. */
async function formOf(body: Buffer, type: string | undefined): Promise<Form> {
  if (body.length === 0 || !type) return {}
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  return Object.fromEntries([...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]))
}

function unquoted(value: string): string {
  try {
    const parsed = JSON.parse(value) as unknown
    return Array.isArray(parsed) ? String(parsed[0]) : String(parsed)
  } catch {
    return value
  }
}

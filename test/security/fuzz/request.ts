import { createHmac } from 'node:crypto'
import type { Random } from '#test'
import type { Parameter, Route } from './routes.ts'
import { mcpMessage, type McpMessage } from './mcp.ts'
import { fitting, longAgo, mutated, oddTexts } from './values.ts'

/** What is sent, byte by byte. */
export interface FuzzRequest {
  readonly route: Route
  readonly method: string
  readonly path: string
  /** Name and value in turn: a name may come twice. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** What requests are made of, beside the routes. */
export interface Ingredients {
  readonly host: string
  readonly tokens: { readonly admin: string; readonly others: readonly string[] }
  /** Ids and names by subject, `integrations` for example: of this workspace and of another one. */
  readonly known: Readonly<Record<string, readonly string[]>>
  readonly definitions: readonly unknown[]
  readonly hookSecret: string
  /** Takes the place of `example.com`, so that nothing outside is asked. */
  readonly outside: string
  /** Takes the place of a time of long ago, so that a range that is sent again is not all that was ever stored. */
  readonly since: string
}

const latin1 = (text: string): string => text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '?')
const brokenParts = ['%zz', '%', '%c0%af', '%00', '%2e%2e%2f', '%ff', '//', '/..', ';a=b', '%E2%80%AE', '?', '%0d%0a', '~!@$&', 'é', '/%2F']

export function makeRequest(routes: ReadonlyMap<string, readonly Route[]>, given: Ingredients, random: Random): FuzzRequest {
  const route = random.oneOf(routes.get(random.oneOf([...routes.keys()]))!)
  const method = random.chance(0.95)
    ? route.method
    : random.oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'])
  const mcp = route.subject === 'MCP' ? mcpMessage(given.known, random) : undefined
  const content = mcp ? mcp.content : contentOf(route, given, random)
  const body = method === 'GET' && random.chance(0.97) ? Buffer.alloc(0) : bodyOf(content, given, random)
  const path = pathOf(route, given, random) + (mcp ? mcp.query : queryOf(route, given, random))
  return { route, method, path: path.slice(0, 60_000), body, headers: headersOf({ route, body, mcp }, given, random) }
}

function pathOf({ path, parameters }: Route, { known }: Ingredients, random: Random): string {
  const valueFor = (field: string, subject: string): string => {
    const ids = known[subject] ?? known[field]
    if (ids && ids.length > 0 && random.chance(0.8)) return encodeURIComponent(random.oneOf(ids))
    const schema = parameters.find(({ name }) => name === field)?.schema ?? { type: 'string' }
    if (random.chance(0.6)) return encodeURIComponent(String(fitting(schema, random)))
    return random.chance(0.6) ? encodeURIComponent(random.oneOf(oddTexts).toWellFormed()) : random.oneOf(brokenParts)
  }
  const segments = path.split('/')
  const filled = segments
    .map((segment, at) => (segment.startsWith('{') ? valueFor(segment.slice(1, -1), segments[at - 1]!) : segment))
    .join('/')
  if (random.chance(0.95)) return filled
  const at = random.below(filled.length) + 1
  return random.oneOf([
    () => filled.slice(0, at) + random.oneOf(brokenParts) + filled.slice(at),
    () => `${filled}/`,
    () => filled.toUpperCase(),
    () => `/${filled}`,
    () => `http://${random.oneOf(['127.0.0.1', 'example.com'])}${filled}`,
    () => `${filled}/${'a/'.repeat(random.below(3000))}`,
  ])()
}

function queryOf({ parameters }: Route, given: Ingredients, random: Random): string {
  const parts = parameters
    .filter((parameter) => parameter.in === 'query' && random.chance(0.3))
    .map((parameter) => `${parameter.name}=${encodeURIComponent(valueOf(parameter, given, random))}`)
  if (random.chance(0.1)) {
    const name = parameters.find((parameter) => parameter.in === 'query')?.name ?? 'limit'
    parts.push(
      random.oneOf([
        `${name}=1&${name}=2`,
        `${name}[]=1`,
        `${name}[__proto__]=1`,
        '__proto__=1',
        'constructor=1&toString=2',
        `${name}=%zz`,
        `${name}=%00`,
        `${name}=%F0%9F`,
        name,
        '=',
        '&&&=&',
        `${name}=${'9'.repeat(400)}`,
        `${name}=${'x'.repeat(10_000)}`,
        Array.from({ length: 1500 }, (_, at) => `q${at}=1`).join('&'),
        'wait=1&wait=-1',
      ]),
    )
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function valueOf({ name, schema }: Parameter, { known }: Ingredients, random: Random): string {
  if (random.chance(0.3)) return random.oneOf(oddTexts).toWellFormed()
  const ids = known[`${name}s`] ?? known[name]
  if (ids && ids.length > 0 && random.chance(0.5)) return random.oneOf(ids)
  return String(fitting(schema, random))
}

function bodyOf(content: unknown, given: Ingredients, random: Random): Buffer {
  const text = JSON.stringify(content) ?? ''
  const local = Buffer.from(text.replaceAll(/https?:\/\/[\w.-]*example\.com/g, given.outside).replaceAll(longAgo, given.since))
  if (random.chance(0.93)) return local
  return random.oneOf([
    () => local.subarray(0, random.below(local.length + 1)),
    () => Buffer.concat([local, local]),
    () => Buffer.alloc(0),
    () => Buffer.concat([Buffer.from('\ufeff'), local]),
    () => Buffer.from(local.toString(), 'utf16le'),
    () => Buffer.concat([local.subarray(0, 5), Buffer.from([0xff, 0xfe, 0x00, 0xc0]), local.subarray(5)]),
    () => Buffer.from(`{"a":1,${local.toString().slice(1)}`),
    () => Buffer.from(`{"__proto__":{"admin":true},${local.toString().slice(1)}`),
    () => Buffer.from('['.repeat(random.below(50_000))),
    () => Buffer.from(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`),
    () => Buffer.from(`{"a":${'9'.repeat(random.below(5000))}}`),
    () => Buffer.from(`id: x\nsteps: &a [*a]\n`),
    () => Buffer.from(`a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nsteps: [*c,*c]`),
    () => Buffer.concat([local, Buffer.alloc(1_100_000, ' ')]),
  ])()
}

/** Where a field takes a whole definition of a flow, a real one is a better start than the example. */
function contentOf({ path, body }: Route, { definitions, known }: Ingredients, random: Random): unknown {
  if (!body) return path.includes('ebhook') ? mutated(random.oneOf(webhookBodies), random) : random.oneOf([undefined, {}, { a: 1 }, []])
  let content = random.chance(0.6) ? (body.example ?? {}) : fitting(body.schema, random)
  if (path.startsWith('/api/v1/flows') && 'definition' in (body.schema.properties ?? {}) && random.chance(0.8)) {
    const definition = mutated(random.oneOf(definitions), random)
    content = random.chance(0.8) ? { definition } : { source: JSON.stringify(definition) }
  }
  if (random.chance(0.15)) content = { ...(content as object), ...anyReference(body.schema.properties ?? {}, known, random) }
  for (let times = random.oneOf([0, 0, 1, 1, 2]); times > 0; times--) content = mutated(content, random)
  return content
}

/** A field that names something, with the id of something else. */
function anyReference(properties: object, known: Ingredients['known'], random: Random): object {
  const names = Object.keys(properties)
  const all = Object.values(known).flat()
  return names.length === 0 || all.length === 0 ? {} : { [random.oneOf(names)]: random.oneOf(all) }
}

const webhookBodies: readonly unknown[] = [
  { zen: 'Keep it logically awesome.', hook_id: 1, repository: { full_name: 'octocat/hello-world' }, sender: { login: 'octocat' } },
  { ref: 'refs/heads/main', commits: [{ id: '1', message: 'm', added: ['a'] }], repository: { full_name: 'a/b' }, pusher: { name: 'a' } },
  { action: 'opened', issue: { number: 1, title: 't', labels: [{ name: 'bug' }] }, repository: { full_name: 'a/b' } },
  { type: 'event_callback', event_id: 'Ev1', event: { type: 'message', channel: 'C1', text: 'hi', user: 'U1' }, team_id: 'T1' },
  { type: 'url_verification', challenge: 'c', token: 't' },
  {
    webhookEvent: 'jira:issue_updated',
    timestamp: 1,
    issue: { key: 'A-1', fields: { summary: 's' } },
    changelog: { items: [{ field: 'status' }] },
  },
  { token: 't', trigger: 'mention', message: { id: 1, content: 'hi', display_recipient: 'general', subject: 's', sender_email: 'a@b.c' } },
  [1, 2],
  'text',
]

const eventNames = ['push', 'issues', 'ping', 'pull_request', 'check_run', '__proto__', 'constructor', '', 'x'.repeat(300)]
const types = [
  'text/plain',
  'application/xml',
  'multipart/form-data',
  'multipart/form-data; boundary=a',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  'application/json;;;',
  'application/jsonx',
  'APPLICATION/JSON',
  'application/merge-patch+json',
  'application/yaml',
  'text/yaml',
  ';',
  '/',
  '',
]

const oddHeaders: readonly (readonly string[])[] = [
  ['authorization', 'Basic YTpi'],
  ['authorization', 'Bearer '],
  ['authorization', 'Bearer ih_unknown'],
  ['authorization', `Bearer ${'x'.repeat(4000)}`],
  ['authorization', 'Bearer a b'],
  ['hub-workspace', 'nowhere'],
  ['hub-workspace', '__proto__'],
  ['hub-workspace', 'x'.repeat(5000)],
  ['hub-workspace', 'default', 'hub-workspace', 'default'],
  ['x-request-id', '../../a b'],
  ['x-request-id', 'x'.repeat(3000)],
  ['idempotency-key', ''],
  ['idempotency-key', 'x'.repeat(256)],
  ['idempotency-key', 'é\u0080'],
  ['idempotency-key', 'one', 'idempotency-key', 'two'],
  ['idempotency-key', 'same'],
  ['hub-approval', 'apr_none'],
  ['last-event-id', '-1'],
  ['last-event-id', '1e999'],
  ['accept', 'application/xml'],
  ['accept-encoding', 'gzip;q=9, *;q=-1'],
  ['content-encoding', 'gzip'],
  ['range', 'bytes=5-1'],
  ['if-none-match', '*'],
  ['expect', '100-continue'],
  ['expect', 'something-else'],
  // On a connection that stays open, Node would no longer report what is no request, and would answer it as one that never came.
  ['upgrade', 'websocket', 'connection', 'close, upgrade'],
  ['upgrade', 'h2c', 'connection', 'close, Upgrade, HTTP2-Settings', 'http2-settings', 'AAMAAABkAAQAAP__'],
  ['origin', 'null'],
  ['origin', 'http://127.0.0.1', 'access-control-request-method', 'POST'],
  ['x-forwarded-for', 'not an address'],
  ['x-forwarded-for', '::ffff:10.0.0.1, 1.2.3.4, '],
  ['x-forwarded-for', `1.2.3.4${', 1.2.3.4'.repeat(500)}`],
  ['x-forwarded-host', 'a"b'],
  ['x-http-method-override', 'DELETE'],
  ['cookie', 'a=b;;;=;'],
  ['traceparent', '00-zz-zz-zz'],
  ['x', 'y'.repeat(20_000)],
  Array.from({ length: 300 }, (_, at) => [`x-${at}`, '1']).flat(),
  ['content-length', '-1'],
  ['content-length', 'abc'],
  ['transfer-encoding', 'gzip'],
  ['connection', 'close'],
]

interface Sent {
  readonly route: Route
  readonly body: Buffer
  readonly mcp: McpMessage | undefined
}

function headersOf({ route, body, mcp }: Sent, given: Ingredients, random: Random): string[] {
  const { tokens, host } = given
  const odd = random.chance(0.12) ? [...random.oneOf(oddHeaders)] : []
  const has = (name: string): boolean => odd.includes(name)
  const headers = [
    'host',
    random.chance(0.99) ? host : random.oneOf(['', 'a b', 'x'.repeat(300)]),
    ...odd.map(latin1),
    ...(mcp && !has('accept') ? mcp.headers : []),
  ]
  if (!has('authorization') && !random.chance(0.02))
    headers.push('authorization', `Bearer ${random.chance(0.92) ? tokens.admin : random.oneOf(tokens.others)}`)
  // Failed attempts count by address, and one address would soon be refused whatever it asks.
  if (!has('x-forwarded-for')) headers.push('x-forwarded-for', `100.${random.below(256)}.${random.below(256)}.${random.below(256)}`)
  if (body.length > 0 && !random.chance(0.02)) headers.push('content-type', random.chance(0.95) ? 'application/json' : random.oneOf(types))
  if (body.length > 0 && !has('content-length') && !has('transfer-encoding')) headers.push('content-length', String(body.length))
  for (const { name } of route.parameters.filter((parameter) => parameter.in === 'header'))
    if (!has(name) && random.chance(0.15)) headers.push(name, latin1(random.oneOf([...oddTexts.filter((text) => text.length < 1000), 'a'])))
  return route.subject === 'Webhooks' ? [...headers, ...signature(body, given, random)] : headers
}

function signature(body: Buffer, { hookSecret }: Ingredients, random: Random): string[] {
  const hmac = createHmac('sha256', hookSecret).update(body).digest('hex')
  const signed = random.chance(0.7) ? hmac : random.oneOf(['', 'zz', hmac.slice(1), `${hmac},${hmac}`])
  return [
    'x-github-event',
    random.oneOf(eventNames),
    'x-hub-signature-256',
    `sha256=${signed}`,
    'x-github-delivery',
    String(random.below(10 ** 9)),
  ]
}

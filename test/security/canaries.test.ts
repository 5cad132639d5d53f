import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type pg from 'pg'
import { request } from 'undici'
import { isSecretSetting, settingNames, type Environment } from '#config'
import { connectors } from '#connectors'
import { declaredVariables } from '../../src/connector-variables.ts'
import { backup, findRunning } from '#db'
import { freshDatabase, serveProcess } from '#test'
import { startVault } from '../standins/vault/index.ts'
import { exerciseApps } from './canary/apps.ts'
import { dumpDatabase } from './canary/dump.ts'
import { connectorExercises } from './canary/connectors.ts'
import { readEverything, readRoutes } from './canary/every-get.ts'
import { mcpReads, readOverMcp } from './canary/every-mcp.ts'
import { filesOf } from './canary/files.ts'
import { oauthExercise } from './canary/oauth.ts'
import { peopleExercise } from './canary/people.ts'
import { exercises, type Asked, type Caller, type HubUnderTest } from './canary/exercises.ts'
import { createCanaries, type Canaries } from './canary/secrets.ts'

/**
 * Known secrets are put in wherever secrets can be put in, everything is exercised in a real process that logs all it can, and then
 * everything that comes out is looked through for them: log, answers, metrics, audit, database. What to exercise: `canary/exercises.ts`.
 */
interface Seen {
  readonly what: string
  readonly text: string
}

interface Listener extends AsyncDisposable {
  readonly url: string
}

/** An outside system that lets nobody in, and repeats the headers and address it was called with. */
function startOutside(): Promise<Listener> {
  return listen((incoming, outgoing) => {
    const status = Number(/\/status\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 401)
    outgoing.writeHead(status, { 'content-type': 'application/json' })
    // Of what fails, the message is shown.
    const message = `refused: ${incoming.url ?? ''} ${Object.values(incoming.headers).join(' ')}`
    const repeated = { error: 'refused', message, errors: ['refused'], url: incoming.url, headers: incoming.headers }
    outgoing.end(JSON.stringify(status < 300 ? { ok: true, ...repeated } : repeated))
  })
}

/** Where spans are sent. */
function startCollector(seen: Seen[]): Promise<Listener> {
  return listen((incoming, outgoing) => {
    void text(incoming).then((body) => {
      seen.push({ what: 'trace', text: JSON.stringify(incoming.headers) + body })
      outgoing.end('{}')
    })
  })
}

async function listen(answer: RequestListener): Promise<Listener> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Every setting that is a secret is set to one; those of outside systems lead to the one here. */
function environment(secrets: Canaries, outside: string, more: Environment): Environment {
  const key = randomBytes(32).toString('base64')
  secrets.add('HUB_SECRET_KEYS', key.replace(/=+$/, ''))
  const fitting: Environment = {
    HUB_SECRET_KEYS: `canary:${key}`,
    DATABASE_URL: undefined,
    // Here is no Redis; the services tests of attempts to connect have one.
    REDIS_URL: undefined,
    // Nobody listens there: the hub says so again and again, without the passwords.
    AMQP_URL: `amqp://hub:${secrets.mint('AMQP_URL password')}@127.0.0.1:9`,
    PULSAR_URL: `http://hub:${secrets.mint('PULSAR_URL password')}@127.0.0.1:9`,
    VAULT_TOKEN: undefined,
    VAULT_SECRET_ID: undefined,
    ...more,
  }
  const variables = Object.entries(declaredVariables(connectors))
  const secret = [...settingNames.filter(isSecretSetting), ...variables.filter(([, { secret: hidden }]) => hidden).map(([name]) => name)]
  const toOutside = variables.filter(([, { names }]) => names === 'url').map(([name]) => name)
  return {
    LOG_LEVEL: 'trace',
    MAX_RETRY_ATTEMPTS: '0',
    HUB_EGRESS_ALLOW: '127.0.0.1',
    JIRA_USERNAME: 'me@example.com',
    ZULIP_EMAIL: 'bot@example.com',
    HUB_OIDC_ISSUER: outside,
    HUB_OIDC_CLIENT_ID: 'the-hub',
    ...Object.fromEntries(toOutside.map((name) => [name, outside])),
    ...Object.fromEntries(secret.filter((name) => !(name in fitting)).map((name) => [name, secrets.mint(name)])),
    ...fitting,
  }
}

interface Serving {
  readonly url: string
  readonly adminToken: string
  readonly outside: string
  readonly dataDir: string
}

async function exercise({ url, adminToken, outside, dataDir }: Serving, secrets: Canaries, seen: Seen[]): Promise<void> {
  const caller = ({ token = adminToken, headers = {}, raw, givesToken, gives }: Asked): Caller => ({
    async call(method, path, body) {
      const payload = raw ?? (body === undefined ? null : JSON.stringify(body))
      const reply = await request(`${url}${path}`, {
        method: method as 'GET',
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(payload === null ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: payload,
      })
      const answer = await reply.body.text()
      const json = (answer.startsWith('{') ? JSON.parse(answer) : {}) as Record<string, unknown>
      const cookies = [reply.headers['set-cookie'] ?? []].flat()
      const location = reply.headers['location'] as string | undefined
      if (gives) for (const [where, value] of Object.entries(gives({ json, cookies, location }))) secrets.add(where, value)
      else if (givesToken === undefined)
        seen.push({ what: `answer of ${method} ${path}`, text: `${JSON.stringify(reply.headers)}\n${answer}` })
      else secrets.add(givesToken, ((json['token'] ?? json['secret']) as string).replace(/^whsec_/, ''))
      return { status: reply.statusCode, body: answer, json, cookies, location }
    },
  })
  const hub: HubUnderTest = { outside, url, ...caller({}), with: caller }
  for (const { run } of [...connectorExercises, ...exercises, peopleExercise, oauthExercise]) await run(hub, secrets)
  await exerciseApps({ url, dataDir }, secrets, (what, text) => seen.push({ what, text }))
  const answered = await readEverything(hub)
  assert.deepEqual(
    readRoutes.filter((route) => !answered.includes(route)),
    [],
  )
  const overMcp = await readOverMcp(hub)
  assert.deepEqual(mcpReads.filter((wanted) => !overMcp.some((read) => wanted.test(read))).map(String), [])
  for (const path of ['/metrics', '/api/v1/audit?limit=200', '/openapi.json', '/asyncapi.json', '/docs/errors', '/readyz'])
    await hub.call('GET', path)
}

function assertNowhere(secrets: Canaries, seen: readonly Seen[]): void {
  assert.ok(secrets.count >= 200, `only ${secrets.count} secrets were put in`)
  const found = seen.flatMap(({ what, text }) => secrets.findIn(text).map((where) => `${what.slice(0, 80)} shows: ${where}`))
  assert.deepEqual([...new Set(found)], [])
}

/** That the search would have found something: what is no secret is there. */
function assertLookedAt(seen: readonly Seen[], what: RegExp, marks: readonly string[]): void {
  const all = seen
    .filter((each) => what.test(each.what))
    .map((each) => each.text)
    .join('\n')
  for (const mark of marks) assert.ok(all.includes(mark), `${String(what)} does not have ${mark}`)
}

suite('secrets canary', { concurrency: true }, () => {
  test('with the database that comes with it, no secret leaves the place it was put in', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hub-canary-'))
    try {
      await using outside = await startOutside()
      const secrets = createCanaries()
      const seen: Seen[] = []
      const env = environment(secrets, outside.url, {
        HUB_DATA_DIR: dataDir,
        HUB_CREDENTIALS: 'database',
        VAULT_ROLE_ID: 'role',
        VAULT_SECRET_ID: secrets.mint('VAULT_SECRET_ID'),
      })
      {
        await using hub = await serveProcess(env)
        await exercise({ url: hub.url, adminToken: env['HUB_ADMIN_TOKEN']!, outside: outside.url, dataDir }, secrets, seen)
        const { address } = (await findRunning(dataDir))!
        const connection = { ...address, database: 'hub' }
        await backup(connection, join(dataDir, 'backup'))
        seen.push({ what: 'backup', text: gunzipSync(readFileSync(join(dataDir, 'backup'))).toString('latin1') })
        seen.push({ what: 'database', text: await dumpDatabase(connection) })
        hub.child.kill('SIGTERM')
        await hub.exited
        seen.push({ what: 'log', text: hub.output() })
        // A stop writes a checkpoint, so what only was in memory is in the files, beside rows that were deleted and the log of the database.
        rmSync(join(dataDir, 'backup'))
        seen.push(...filesOf(dataDir))
      }
      assertLookedAt(seen, /^database$/, [
        '== hub.credentials',
        '== hub.audit',
        '== hub.jobs',
        '== pg_catalog.pg_class',
        'github-pat',
        's1.canary.',
        'by-token',
      ])
      assertLookedAt(seen, /^answer of GET .api.v1.events/, ['webhook.by-zulip', 'webhook.by-gitlab_token', 'github.push'])
      assertLookedAt(seen, /^log$/, ['"level":"debug"', '"route":"/api/v1/credentials"', '"status":401', 'the hub is ready', 'stopped'])
      assertLookedAt(seen, /^answer/, [
        'bad_json',
        'token_invalid',
        'too_many_attempts',
        'body_too_large',
        'credential.set',
        'hub_http_request_duration_seconds',
      ])
      assertLookedAt(seen, /^answer of POST .mcp$/, ['by-token', '[redacted]', '"isError":true'])
      assertLookedAt(seen, /^backup$/, ['github-pat', 's1.canary.'])
      assertLookedAt(seen, /^file postgres.base/, ['github-pat', 's1.canary.'])
      assertLookedAt(seen, /^file postgres.pg_wal/, ['s1.canary.'])
      assertNowhere(secrets, seen)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  test('with a database of your own and Vault, no secret leaves the place it was put in', async () => {
    await using database = await freshDatabase()
    await using outside = await startOutside()
    await using vault = await startVault()
    const dataDir = mkdtempSync(join(tmpdir(), 'hub-canary-'))
    try {
      const secrets = createCanaries()
      const seen: Seen[] = []
      await using collector = await startCollector(seen)
      const token = vault.mint({ ttlSeconds: 3600 }, secrets.mint('VAULT_TOKEN'))
      const password = secrets.mint('DATABASE_URL password')
      const env = environment(secrets, outside.url, {
        HUB_DATA_DIR: dataDir,
        DATABASE_URL: database.url.replace('@', `:${password}@`),
        VAULT_ADDR: vault.url,
        VAULT_TOKEN: token,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      })
      {
        await using hub = await serveProcess(env)
        await exercise({ url: hub.url, adminToken: env['HUB_ADMIN_TOKEN']!, outside: outside.url, dataDir }, secrets, seen)
        const ask = async (method: 'GET' | 'PUT', body?: unknown): Promise<void> => {
          const url = `${hub.url}/api/v1/credentials${method === 'PUT' ? '/github-pat' : ''}`
          const headers = {
            authorization: `Bearer ${env['HUB_ADMIN_TOKEN']}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          }
          const reply = await request(url, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
          assert.ok(reply.statusCode >= 500)
          seen.push({ what: `answer in trouble`, text: await reply.body.text() })
        }
        const value = (): unknown => ({ data: { token: secrets.mint('credential value while Vault is in trouble') } })
        vault.seal()
        await ask('PUT', value())
        vault.unseal()
        for (const fault of [
          { status: 403 },
          { status: 500, errors: [`no ${token}`] },
          { cut: 'before' as const },
          { body: `<html>${token}</html>` },
        ]) {
          vault.faults(fault)
          await ask('GET')
          await ask('PUT', value())
        }
        vault.faults()
        hub.child.kill('SIGTERM')
        await hub.exited
        seen.push({ what: 'log', text: hub.output() })
      }
      const connection: pg.ClientConfig = { connectionString: database.url }
      seen.push({ what: 'database', text: await dumpDatabase(connection) })
      assert.match(JSON.stringify(vault.stored()), /Cnry[0-9a-f]{30}/)
      assertLookedAt(seen, /^database$/, ['== hub.credentials', '== hub.audit', 'by-token'])
      assertLookedAt(seen, /^log$/, ['"level":"debug"', 'vault_sealed', 'vault_unreachable'])
      assertLookedAt(seen, /^trace$/, ['resourceSpans', 'tool http_request'])
      assertLookedAt(seen, /^answer in trouble/, ['vault_sealed', 'vault_denied', 'vault_failed', 'vault_unreachable'])
      assertNowhere(secrets, seen)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  test('a secret would be found in every spelling that it may come out in', () => {
    const secrets = createCanaries()
    const value = secrets.mint('here')
    const bytes = Buffer.from(value)
    const basic = Buffer.from(`user:${value}`).toString('base64')
    const spellings = [
      value,
      bytes.toString('hex'),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      basic,
      `\\x${bytes.toString('hex')}`,
    ]
    for (const text of [...spellings, Buffer.from(`a:${value}x`).toString('base64'), Buffer.from(`ab:${value}xy`).toString('base64')]) {
      assert.ok(secrets.findIn(`before ${text} after`).length > 0, text)
    }
    assert.deepEqual(secrets.findIn(`before ${value.slice(1)} after`), [])
  })
})

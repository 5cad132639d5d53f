import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { within } from '#lib/clock'
import { until } from '#test/faults'
import { freePort } from './oauth/free-port.ts'

/** A real Keycloak from Maven Central, with a realm for the tests. It starts in half a minute to two minutes. */
export interface Keycloak extends AsyncDisposable {
  /** Of the realm. */
  readonly issuer: string
  readonly clients: typeof clients
  /** `ada` and `eve`, whose address is not verified. */
  readonly users: typeof users
  /** Ends everything that a user has allowed, as an administrator does. */
  logOut(username: string): Promise<void>
}

export const clients = {
  /** Connects integrations: confidential, and with a challenge (PKCE) or not at all. */
  api: { id: 'hub-integrations', secret: 'secret-of-the-integrations' },
  /** Gets device codes. */
  device: { id: 'hub-devices', secret: 'secret-of-the-devices' },
  /** Signs people in. */
  signIn: { id: 'hub-sign-in', secret: 'secret-of-the-sign-in' },
} as const

const users = {
  ada: { email: 'ada@example.com', emailVerified: true },
  eve: { email: 'eve@example.com', emailVerified: false },
} as const
const password = 'password'

const version = '26.7.3'
const checksum = '77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47'
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'
const folder = join(import.meta.dirname, `../../node_modules/.cache/keycloak-${version}`)

const run = promisify(execFile)
/** Enough for a realm; without a limit Java takes a quarter of the machine. */
const environment = {
  ...process.env,
  JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
  KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
  KC_BOOTSTRAP_ADMIN_PASSWORD: password,
}
const startMs = 300_000

/** Why Keycloak cannot run here. */
export async function missingKeycloak(): Promise<string | undefined> {
  const java = await run('java', ['-version']).then(
    ({ stderr }) => Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0),
    () => 0,
  )
  if (java < 17) return 'Java 17 or newer is missing (Debian: openjdk-17-jre-headless)'
  if (existsSync(join(folder, 'installed'))) return undefined
  return run('mvn', ['--version']).then(
    () => undefined,
    () => 'Maven is missing (Debian: maven)',
  )
}

async function install(): Promise<void> {
  if (existsSync(join(folder, 'installed'))) return
  const part = `${folder}.part`
  for (const path of [part, folder]) rmSync(path, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  const properties = { artifact: `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`, outputDirectory: part }
  await run('mvn', ['-q', `${plugin}:copy`, ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)], { cwd: part })
  const archive = join(part, `keycloak-quarkus-dist-${version}.tar.gz`)
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(archive)) hash.update(bytes as Buffer)
  if (hash.digest('hex') !== checksum) throw new Error('what Maven brought is not the Keycloak that these tests know')
  await run('tar', ['xzf', archive, '-C', part, '--strip-components', '1'])
  rmSync(archive)
  // Done once, so that a start does not have to.
  await run(join(part, 'bin/kc.sh'), ['build', '--db=dev-mem'], { env: environment })
  writeFileSync(join(part, 'installed'), '')
  renameSync(part, folder)
}

export interface KeycloakOptions {
  readonly redirectUris: readonly string[]
  /** Of the client that signs people in. */
  readonly signInRedirectUris: readonly string[]
}

export async function keycloak(options: KeycloakOptions): Promise<Keycloak> {
  await install()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const settings = ['--http-enabled=true', '--http-host=127.0.0.1', `--http-port=${port}`, `--hostname=${url}`, '--cache=local']
  const child = spawn(join(folder, 'bin/kc.sh'), ['start', '--optimized', ...settings], {
    env: environment,
    // The script starts Java, and both are ended together.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  let isOver = false
  const exited = new Promise<void>((resolve) =>
    child.once('close', () => {
      isOver = true
      resolve()
    }),
  )
  const end = (signal: NodeJS.Signals): void => {
    if (!isOver) process.kill(-child.pid!, signal)
  }
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    end('SIGTERM')
    if ((await within(20_000, exited, 'late')) !== 'late') return
    end('SIGKILL')
    await exited
  })
  await until(
    'Keycloak answers',
    async () => {
      if (isOver) throw new Error(`Keycloak ended before it was ready:\n${output}`)
      return fetch(`${url}/realms/master`).then(
        ({ ok }) => ok,
        () => false,
      )
    },
    startMs,
  )
  const admin = await administrator(url)
  await admin('POST', '/admin/realms', realm(options))
  const owned = stack.move()
  return {
    issuer: `${url}/realms/hub`,
    clients,
    users,
    async logOut(username) {
      const [user] = (await admin('GET', `/admin/realms/hub/users?exact=true&username=${username}`)) as { id: string }[]
      await admin('POST', `/admin/realms/hub/users/${user!.id}/logout`)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function realm({ redirectUris, signInRedirectUris }: KeycloakOptions): object {
  const clientOf = ({ id, secret }: { readonly id: string; readonly secret: string }, attributes: Readonly<Record<string, string>>) => ({
    clientId: id,
    secret,
    attributes,
    redirectUris,
    enabled: true,
    publicClient: false,
    directAccessGrantsEnabled: false,
    consentRequired: true,
  })
  return {
    realm: 'hub',
    enabled: true,
    sslRequired: 'none',
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    oauth2DevicePollingInterval: 1,
    users: Object.entries(users).map(([username, more]) => ({
      ...more,
      username,
      enabled: true,
      firstName: username,
      lastName: 'Example',
      credentials: [{ type: 'password', value: password }],
    })),
    clients: [
      clientOf(clients.api, { 'pkce.code.challenge.method': 'S256' }),
      clientOf(clients.device, { 'oauth2.device.authorization.grant.enabled': 'true' }),
      { ...clientOf(clients.signIn, {}), consentRequired: false, redirectUris: signInRedirectUris },
    ],
  }
}

type Administrator = (method: string, path: string, body?: object) => Promise<unknown>

async function administrator(url: string): Promise<Administrator> {
  const send = async (path: string, init: RequestInit): Promise<unknown> => {
    const answer = await fetch(url + path, init)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  // Its token lasts a minute, so each request asks for one.
  const token = async (): Promise<string> => {
    const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: 'admin', password })
    const answer = await send('/realms/master/protocol/openid-connect/token', { method: 'POST', body })
    return (answer as { access_token: string }).access_token
  }
  return async (method, path, body) =>
    send(path, {
      method,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}

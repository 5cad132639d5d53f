import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createHmac, randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256 } from '#lib/canonical'
import { sleep } from '#lib/clock'
import { freePort } from '../faults/wait.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'pulsar/pom.xml')
const cache = join(import.meta.dirname, '../../node_modules/.cache')
const startMs = 180_000
const flags = [
  '-Xmx384m',
  '-XX:MaxDirectMemorySize=400m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dio.netty.tryReflectionSetAccessible=true',
  ...['java.nio', 'jdk.internal.misc', 'sun.net', 'java.io', 'java.util', 'java.lang'].flatMap((name) => [
    '--add-opens',
    `java.base/${name}=ALL-UNNAMED`,
  ]),
  '--add-opens',
  'java.management/sun.management=ALL-UNNAMED',
]

/** Why there is no Pulsar on this machine, or undefined. */
export const pulsarMissing = ['java', 'mvn'].every(works)
  ? undefined
  : 'Java 17 or Maven is missing (Debian: openjdk-17-jre-headless, maven)'

function works(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface PulsarServer extends AsyncDisposable {
  /** The address of its HTTP and WebSocket API. */
  readonly url: string
  /** The address of its own protocol, for other clients. */
  readonly binaryUrl: string
  start(): Promise<void>
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>
  /** Ends it as its operator does. */
  stop(): Promise<void>
  admin(method: string, path: string, body?: unknown): Promise<Response>
}

/** A server that asks for a token and also serves TLS. */
export interface SecuredPulsar extends PulsarServer {
  /** The address over TLS. */
  readonly secureUrl: string
  readonly secureBinaryUrl: string
  /** The file of the authority that made its certificate. */
  readonly authority: string
  /** A token that it accepts, for any name. */
  tokenOf(role: string): string
}

const administrator = 'administrator'
/** The time after which a secured server closes a socket that is idle. */
export const idleMs = 3000

/** The folder with the jars of the standalone server, downloaded once for each content of the list. */
async function jars(): Promise<string> {
  const folder = join(cache, `pulsar-${sha256(readFileSync(pom, 'utf8')).slice(0, 12)}`)
  if (existsSync(folder)) return folder
  const part = `${folder}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true })
  await copyFile(pom, join(part, 'pom.xml'))
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies'
  await run('mvn', ['-q', '-B', goal, '-DincludeScope=runtime', `-DoutputDirectory=${part}`], { cwd: part, timeout: 600_000 })
  await rename(part, folder)
  return folder
}

/** Starts a Pulsar standalone of its own: own ports, own data. */
export async function startPulsar(): Promise<PulsarServer> {
  return startServer(await mkdtemp(join(tmpdir(), 'hub-pulsar-')), '', {})
}

export async function startSecuredPulsar(): Promise<SecuredPulsar> {
  const folder = await mkdtemp(join(tmpdir(), 'hub-pulsar-'))
  const [port, binaryPort] = [await freePort(), await freePort()]
  const [authority, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=pulsar -addext subjectAltName=IP:127.0.0.1'.split(' ')
  await run('openssl', [...request, '-keyout', key, '-out', authority])
  const secret = randomBytes(32)
  const tokenOf = (role: string): string => {
    const content = [{ alg: 'HS256' }, { sub: role }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
  }
  const token = tokenOf(administrator)
  const more = securedSettings({ port, binaryPort, authority, key, token, secret: secret.toString('base64') })
  const server = await startServer(folder, more, { authorization: `Bearer ${token}` })
  return {
    ...server,
    secureUrl: `https://127.0.0.1:${port}`,
    secureBinaryUrl: `pulsar+ssl://127.0.0.1:${binaryPort}`,
    authority,
    tokenOf,
  }
}

async function startServer(folder: string, more: string, headers: Record<string, string>): Promise<PulsarServer> {
  const library = await jars()
  const [port, binaryPort, bookiePort] = [await freePort(), await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'standalone.conf'), settings({ port, binaryPort }) + more)
  await writeFile(join(folder, 'log4j2.xml'), logging)
  let child: ChildProcess | undefined
  let said = ''

  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const running = child
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  const kill = (): Promise<void> => end('SIGKILL')
  const start = async (): Promise<void> => {
    const options = {
      config: join(folder, 'standalone.conf'),
      'bookkeeper-dir': join(folder, 'bookkeeper'),
      'bookkeeper-port': String(bookiePort),
      'metadata-dir': join(folder, 'metadata'),
      'metadata-url': `rocksdb:${join(folder, 'metadata')}`,
      'num-bookies': '1',
    }
    const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    const main = [
      '-cp',
      join(library, '*'),
      'org.apache.pulsar.PulsarStandaloneStarter',
      '--no-functions-worker',
      '--no-stream-storage',
      ...given,
    ]
    child = spawn('java', [...flags, `-Dlog4j2.configurationFile=${join(folder, 'log4j2.xml')}`, ...main], { cwd: folder })
    for (const output of [child.stdout!, child.stderr!]) output.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-4000)))
    for (const until = Date.now() + startMs; !(await isHealthy(url, headers)); await sleep(200)) {
      if (child.exitCode !== null) throw new Error(`Pulsar ended with status ${child.exitCode}: ${said}`)
      if (Date.now() > until) throw new Error(`Pulsar did not start: ${said}`)
    }
  }
  await start().catch(async (error: unknown) => {
    await kill()
    throw error
  })
  return {
    url,
    binaryUrl: `pulsar://127.0.0.1:${binaryPort}`,
    start,
    kill,
    stop: () => end('SIGTERM'),
    admin: (method, path, body) =>
      fetch(`${url}/admin/v2/${path}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function isHealthy(url: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const response = await fetch(`${url}/admin/v2/brokers/health`, { headers, signal: AbortSignal.timeout(5000) })
    return response.ok && (await response.text()) === 'ok'
  } catch {
    return false
  }
}

const settings = ({ port, binaryPort }: { port: number; binaryPort: number }): string => `clusterName=standalone
zookeeperServers=
configurationStoreServers=
brokerServicePort=${binaryPort}
webServicePort=${port}
bindAddress=127.0.0.1
advertisedAddress=127.0.0.1
webSocketServiceEnabled=true
managedLedgerDefaultEnsembleSize=1
managedLedgerDefaultWriteQuorum=1
managedLedgerDefaultAckQuorum=1
loadBalancerEnabled=false
allowAutoTopicCreationType=non-partitioned
defaultNumberOfNamespaceBundles=1
brokerDeleteInactiveTopicsEnabled=false
systemTopicEnabled=false
topicLevelPoliciesEnabled=false
transactionCoordinatorEnabled=false
numIOThreads=2
numHttpServerThreads=8
numOrderedExecutorThreads=1
numCacheExecutorThreadPoolSize=1
numExecutorThreadPoolSize=2
managedLedgerNumWorkerThreads=1
managedLedgerNumSchedulerThreads=1
managedLedgerCacheSizeMB=64
`

interface Secured {
  readonly port: number
  readonly binaryPort: number
  readonly authority: string
  readonly key: string
  readonly token: string
  /** The key that tokens are signed with, in base64. */
  readonly secret: string
}

const securedSettings = ({ port, binaryPort, authority, key, token, secret }: Secured): string => `
webServicePortTls=${port}
brokerServicePortTls=${binaryPort}
tlsCertificateFilePath=${authority}
tlsKeyFilePath=${key}
authenticationEnabled=true
authenticationProviders=org.apache.pulsar.broker.authentication.AuthenticationProviderToken
tokenSecretKey=data:;base64,${secret}
authorizationEnabled=true
superUserRoles=${administrator}
brokerClientAuthenticationPlugin=org.apache.pulsar.client.impl.auth.AuthenticationToken
brokerClientAuthenticationParameters=token:${token}
webSocketSessionIdleTimeoutMillis=${idleMs}
`

const logging = `<Configuration status="WARN"><Appenders><Console name="console" target="SYSTEM_OUT"/></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers></Configuration>
`

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../faults/wait.ts'

const run = promisify(execFile)
const server = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const ctl = '/usr/lib/rabbitmq/bin/rabbitmqctl'
const startMs = 60_000

/** Why there is no RabbitMQ on this machine, or undefined. */
export const rabbitMissing = existsSync(server) ? undefined : 'RabbitMQ is missing (Debian: rabbitmq-server)'

export interface RabbitServer extends AsyncDisposable {
  readonly url: string
  /** The address with other credentials. */
  urlAs(user: string, password: string): string
  start(): Promise<void>
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>
  /** Ends it as its operator does. */
  stop(): Promise<void>
  ctl(...parameters: string[]): Promise<string>
}

/** Starts a RabbitMQ of its own: own ports, own data, own Erlang port mapper. */
export async function startRabbit(): Promise<RabbitServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hub-rabbit-'))
  const port = await freePort()
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `hub${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(await freePort()),
    ERL_EPMD_PORT: String(await freePort()),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
  }
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    'vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\nloopback_users = none\n',
  )
  await writeFile(join(folder, 'plugins'), '[].')
  let child: ChildProcess | undefined

  const control = async (...parameters: string[]): Promise<string> => (await run(ctl, parameters, { env })).stdout
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const running = child
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    // The script starts Erlang in a process of its own, which writes its id.
    const pid = Number(await readFile(env.RABBITMQ_PID_FILE, 'utf8').catch(() => '0'))
    if (pid > 0) signalQuietly(pid, signal)
    if (pid === 0 || signal === 'SIGKILL') signalQuietly(running.pid!, signal)
    await ended
    while (await accepts(port)) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const kill = (): Promise<void> => end('SIGKILL')
  const start = async (): Promise<void> => {
    child = spawn(server, [], { env, stdio: 'ignore' })
    const until = Date.now() + startMs
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`RabbitMQ ended with status ${child.exitCode}: ${await logOf(folder)}`)
      if (Date.now() > until) throw new Error(`RabbitMQ did not start: ${await logOf(folder)}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await control('await_startup')
  }
  await start()
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    urlAs: (user, password) => `amqp://${user}:${password}@127.0.0.1:${port}`,
    start,
    kill,
    stop: () => end('SIGTERM'),
    ctl: control,
    async [Symbol.asyncDispose]() {
      await kill()
      await run('epmd', ['-port', env.ERL_EPMD_PORT, '-kill'], { env }).catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function signalQuietly(pid: number, signal: 'SIGKILL' | 'SIGTERM'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

async function logOf(folder: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', `tail -n 20 ${folder}/log/* 2>/dev/null`]).catch(() => ({ stdout: '' }))
  return stdout.slice(-2000)
}

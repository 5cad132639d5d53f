import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { hubError } from '#errors'
import { sleep, within } from '#lib/clock'
import type { Logger } from '#telemetry'
import type { Binaries } from './binaries.ts'
import { spawnGuarded, type Guarded } from './watchdog.ts'
import type { Identity } from './identity.ts'
import { giveTo, type Layout } from './layout.ts'

/** The only role and port of the embedded server. They need no protection, because its socket is private. */
export const superuser = 'hub'
export const socketPort = 5432

// For low memory use when idle: no I/O worker processes (io_method=sync), no JIT, small buffers because the kernel caches files too.
const parameters: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '64MB',
  io_method: 'sync',
  jit: 'off',
  max_wal_size: '512MB',
  wal_compression: 'on',
  autovacuum_naptime: '30s',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_line_prefix: '',
  logging_collector: 'off',
  lc_messages: 'C',
  password_encryption: 'scram-sha-256',
}

// After a crash it first replays at most max_wal_size of its log, which takes seconds.
const startTimeoutMs = 60_000

export interface ServerProcess {
  readonly exited: Promise<string>
  stop(): Promise<void>
}

/**
 * Creates a cluster under another name and renames it, so that a first start that is killed leaves no incomplete cluster. The name is new
 * each time, because processes of a killed start may still write for a moment.
 */
export async function ensureCluster(layout: Layout, binaries: Binaries, identity: Identity): Promise<boolean> {
  removeLeftovers(layout)
  if (existsSync(join(layout.cluster, 'PG_VERSION'))) {
    giveTo(layout.cluster, identity.owner)
    assertSameMajor(layout.cluster, binaries)
    return false
  }
  const fresh = mkdtempSync(`${layout.cluster}${unfinished}`)
  giveTo(fresh, identity.owner)
  const flags = ['-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const child = spawnGuarded(identity, [binaries.initdb, '-D', fresh, ...flags])
  const [failure, said] = await Promise.all([exitOf(child), text(child.stderr)])
  if (failure !== undefined) {
    throw hubError('internal', {
      detail: `PostgreSQL could not create its files in ${layout.dataDir}: ${said.trim().split('\n').at(-1) || failure}`,
      hint: 'check free disk space and the rights of the folder, and run `hub doctor`',
    })
  }
  renameSync(fresh, layout.cluster)
  return true
}

const unfinished = '.new-'

/** Removes what first starts left behind when they were killed. */
export function removeLeftovers({ dataDir, cluster }: Layout): void {
  const prefix = `${basename(cluster)}${unfinished}`
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(prefix))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true })
    } catch {
      // A process still writes to it. A later start removes it.
    }
  }
}

function assertSameMajor(cluster: string, { version }: Binaries): void {
  const had = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim()
  const [has] = version.split('.')
  if (has !== had) {
    throw hubError('internal', {
      detail: `the data folder was created by PostgreSQL ${had}, but this hub includes PostgreSQL ${has}`,
      hint: 'run `hub backup FILE` with the earlier hub version, then `hub restore FILE` with this one in a new data folder',
    })
  }
}

export interface ServerDeps {
  readonly layout: Layout
  readonly binaries: Binaries
  readonly identity: Identity
  readonly logger: Logger
}

/** Starts the server under its watchdog and waits until it accepts connections. */
export async function startServer({ layout, binaries, identity, logger }: ServerDeps): Promise<ServerProcess> {
  await endOrphan(layout)
  const settings = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawnGuarded(identity, [
    binaries.postgres,
    '-D',
    layout.cluster,
    '-k',
    layout.socketDir,
    '-p',
    String(socketPort),
    ...settings,
  ])
  let stopping = false
  const recent: string[] = []
  const exited = exitOf(child).then((failure) => {
    const words = recent.findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? recent.at(-1)
    return [failure ?? 'status 0', ...(words ? [words] : [])].join(': ')
  })
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('ready to accept connections')) resolve('ready')
      else if (!stopping && /\b(WARNING|ERROR|FATAL|PANIC):/.test(line)) logger.warn({ postgres: line }, 'embedded PostgreSQL reports')
      recent.push(line)
      if (recent.length > 20) recent.shift()
    })
  })

  const first = await within(startTimeoutMs, Promise.race([ready, exited]), `no answer for ${startTimeoutMs / 1000} s`)
  if (first !== 'ready') {
    await stopServer(child, exited)
    throw hubError('internal', { detail: `embedded PostgreSQL did not start: ${first}`, hint: 'run `hub doctor` to find the reason' })
  }
  const stop = (): Promise<void> => {
    stopping = true
    return stopServer(child, exited)
  }
  return { exited, stop }
}

/** Resolves to undefined for success, otherwise to the signal or status. */
function exitOf(child: Guarded): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `status ${code}`)))
  })
}

async function stopServer(child: Guarded, exited: Promise<string>): Promise<void> {
  child.stdin.end()
  const done = await within(
    15_000,
    exited.then(() => true),
    false,
  )
  if (done || child.pid === undefined) return
  // Kills the watchdog's process group. The server's children end when the server is gone.
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

/** Stops a server that a killed hub left behind. The caller holds the folder's lock, so the server belongs to no live hub. */
async function endOrphan({ cluster, socketDir }: Layout): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid')
  const orphan = pidIn(pidFile)
  const stillThere = (): boolean => pidIn(pidFile) === orphan && isServerOf(orphan, cluster)
  if (stillThere()) {
    signal(orphan, 'SIGINT')
    for (let waited = 0; waited < 10_000 && stillThere(); waited += 25) await sleep(25)
    if (stillThere()) {
      signal(orphan, 'SIGKILL')
      await sleep(200)
    }
  }
  // After a reboot or in a new container another process may have this id, and PostgreSQL would refuse to start because of it.
  for (const file of [pidFile, join(socketDir, `.s.PGSQL.${socketPort}.lock`)]) if (isRunning(pidIn(file))) rmSync(file)
}

/** Returns 0 if the file is missing or holds no process id. */
function pidIn(file: string): number {
  if (!existsSync(file)) return 0
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : 0
}

/** Process ids are reused, so the command line of the process has to name the cluster as well. */
function isServerOf(pid: number, cluster: string): boolean {
  if (!isRunning(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster)
  } catch {
    const listed = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    return listed.stdout?.includes(` -D ${cluster} `) ?? false
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function signal(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process ended meanwhile.
  }
}

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

/** The one role and port of the embedded server: names only, as its socket is private. */
export const superuser = 'hub'
export const socketPort = 5432

// Small at rest: no I/O worker processes (io_method=sync), no JIT, and buffers that the kernel's cache backs.
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

// After a crash it replays at most max_wal_size of its log first, which is seconds.
const startTimeoutMs = 60_000

export interface ServerProcess {
  readonly exited: Promise<string>
  stop(): Promise<void>
}

/**
 * Makes a cluster under another name and renames it: a first start that is killed half-way leaves nothing that looks whole. The name is new
 * each time, as what was killed may be writing for a moment still.
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
      detail: `PostgreSQL could not make its files in ${layout.dataDir}: ${said.trim().split('\n').at(-1) || failure}`,
      hint: 'check free disk space and the rights of the folder; `hub doctor` looks closer',
    })
  }
  renameSync(fresh, layout.cluster)
  return true
}

const unfinished = '.new-'

/** Of first starts that were killed. */
export function removeLeftovers({ dataDir, cluster }: Layout): void {
  const prefix = `${basename(cluster)}${unfinished}`
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(prefix))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true })
    } catch {
      // Still being written to: another time.
    }
  }
}

function assertSameMajor(cluster: string, { version }: Binaries): void {
  const had = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim()
  const [has] = version.split('.')
  if (has !== had) {
    throw hubError('internal', {
      detail: `the data folder was made by PostgreSQL ${had}, this hub brings PostgreSQL ${has}`,
      hint: 'run `hub backup FILE` with the hub version you had, then `hub restore FILE` here in a new data folder',
    })
  }
}

/** Starts the server under its watchdog and waits until it accepts connections. */
export async function startServer(layout: Layout, binaries: Binaries, identity: Identity, logger: Logger): Promise<ServerProcess> {
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
    throw hubError('internal', { detail: `embedded PostgreSQL did not start: ${first}`, hint: '`hub doctor` looks closer' })
  }
  const stop = (): Promise<void> => {
    stopping = true
    return stopServer(child, exited)
  }
  return { exited, stop }
}

/** Undefined for success; otherwise how it ended. */
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
  // The watchdog's process group; the server's own children end when they find it gone.
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

/** With the folder locked, a server still running on it belongs to a hub that was killed a moment ago. It is asked to stop, and waited for. */
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
  // After a reboot, or in a new container, the number may be another process's, and PostgreSQL would refuse to start beside it.
  for (const file of [pidFile, join(socketDir, `.s.PGSQL.${socketPort}.lock`)]) if (isRunning(pidIn(file))) rmSync(file)
}

/** 0 when there is none. */
function pidIn(file: string): number {
  if (!existsSync(file)) return 0
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : 0
}

/** A process id alone proves nothing, so its command line has to name the cluster. */
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
    // It ended in between.
  }
}

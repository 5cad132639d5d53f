import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fail } from '#kit'
import { sleep, within } from '#lib/clock'
import type { Logger } from '#telemetry'
import type { Binaries } from './binaries.ts'
import { guardianScript } from './guardian.ts'
import { runAs, serverEnvironment, type Identity } from './identity.ts'
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

export interface ServerProcess {
  readonly exited: Promise<string>
  stop(): Promise<void>
}

/** Makes a cluster under another name and renames it: a first start that is killed half-way leaves nothing that looks whole. */
export function ensureCluster(layout: Layout, binaries: Binaries, identity: Identity): boolean {
  if (existsSync(join(layout.cluster, 'PG_VERSION'))) {
    giveTo(layout.cluster, identity.owner)
    assertSameMajor(layout.cluster, binaries, identity)
    return false
  }
  const fresh = `${layout.cluster}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  giveTo(fresh, identity.owner)
  const flags = ['-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']

  const made = runAs(identity, [binaries.initdb, '-D', fresh, ...flags])
  if (made.status !== 0) {
    throw fail('internal', {
      detail: `PostgreSQL could not make its files in ${layout.dataDir}: ${lastLine(made.stderr) || made.error?.message || 'no message'}`,
      hint: 'check free disk space and the rights of the folder; `hub doctor` looks closer',
    })
  }
  renameSync(fresh, layout.cluster)
  return true
}

function assertSameMajor(cluster: string, binaries: Binaries, identity: Identity): void {
  const had = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim()
  const printed = runAs(identity, [binaries.postgres, '--version']).stdout
  const has = /(\d+)/.exec(printed ?? '')?.[1]
  if (has !== undefined && has !== had) {
    throw fail('internal', {
      detail: `the data folder was made by PostgreSQL ${had}, this hub brings PostgreSQL ${has}`,
      hint: 'run `hub backup FILE` with the hub version you had, then `hub restore FILE` here in a new data folder',
    })
  }
}

/** Starts the server under its guardian and waits until it accepts connections. */
export async function startServer(layout: Layout, binaries: Binaries, identity: Identity, logger: Logger): Promise<ServerProcess> {
  await endOrphan(layout)
  const settings = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = [binaries.postgres, '-D', layout.cluster, '-k', layout.socketDir, '-p', String(socketPort), ...settings]
  const { command, args, ...ids } = identity.wrap(['/bin/sh', '-c', guardianScript, 'guardian', ...server])
  // A session of its own: Ctrl-C in the terminal reaches the hub alone, which then stops the server last.
  const child = spawn(command, args, { ...ids, detached: true, stdio: ['pipe', 'ignore', 'pipe'], env: serverEnvironment(), cwd: '/' })
  child.stdin.on('error', () => undefined)

  const recent: string[] = []
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) =>
      resolve(
        `${signal ?? `status ${code}`}${recent.length ? `: ${recent.findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? recent.at(-1)}` : ''}`,
      ),
    )
  })
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('ready to accept connections')) resolve('ready')
      else if (/\b(WARNING|ERROR|FATAL|PANIC):/.test(line)) logger.warn({ postgres: line }, 'embedded PostgreSQL reports')
      recent.push(line)
      if (recent.length > 20) recent.shift()
    })
  })

  const first = await within(60_000, Promise.race([ready, exited]), 'no answer for 60 s')
  if (first !== 'ready') {
    child.stdin.end()
    throw new Error(`embedded PostgreSQL did not start: ${first}`)
  }
  return { exited, stop: () => stopServer(child, exited) }
}

async function stopServer(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.stdin?.end()
  const done = await within(
    15_000,
    exited.then(() => true),
    false,
  )
  if (done || child.pid === undefined) return
  // The whole session of the guardian: the server and its backends.
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

/** With the folder locked, a server still running on it belongs to a hub that was killed a moment ago. It is asked to stop, and waited for. */
async function endOrphan(layout: Layout): Promise<void> {
  const pid = orphanPid(layout.cluster)
  if (pid === undefined) return
  signal(pid, 'SIGINT')
  for (let waited = 0; waited < 10_000; waited += 25) {
    if (orphanPid(layout.cluster) !== pid) return
    await sleep(25)
  }
  signal(pid, 'SIGKILL')
  await sleep(200)
}

function orphanPid(cluster: string): number | undefined {
  const file = join(cluster, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 1 && isServerOf(pid, cluster) ? pid : undefined
}

/** A process id alone proves nothing: after a reboot it may be anybody's. */
function isServerOf(pid: number, cluster: string): boolean {
  try {
    process.kill(pid, 0)
    if (process.platform !== 'linux') return true
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster)
  } catch {
    return false
  }
}

function signal(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in between.
  }
}

function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) ?? ''
}

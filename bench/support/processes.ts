import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sleep } from '#lib/clock'

export const home = join(import.meta.dirname, '../..')

export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly url: string
  /** From the spawn to the first 200 of the path asked. */
  readonly readyMs: number
}

/** Starts a server and asks it again and again, until it answers 200. */
export async function startServer(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; port: number; ask: string; cwd?: string },
): Promise<Running> {
  const { env, port, ask, cwd = home } = options
  const spawning: SpawnOptions = { env: { PATH: process.env['PATH'], ...env }, cwd, stdio: ['ignore', 'ignore', 'pipe'] }
  const started = performance.now()
  const child = spawn(command, args, spawning)
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exited = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(`${url}${ask}`))) {
    if (child.exitCode !== null) throw new Error(`${command} ended before it was ready:\n${said}`)
    await sleep(5)
  }
  const readyMs = performance.now() - started
  return {
    child,
    url,
    readyMs,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export interface Share {
  readonly name: string
  readonly bytes: number
}

/**
 * Resident memory of a process and everything below it, as PSS: a page that several processes share is counted once, divided among
 * them. RSS summed over PostgreSQL's backends would count its shared buffers once for each. Linux only.
 */
export function memoryOfTree(root: number): Share[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = parentOf(Number(entry))
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const shares: Share[] = []
  const visit = (pid: number): void => {
    const bytes = pssOf(pid)
    if (bytes !== undefined) shares.push({ name: nameOf(pid), bytes })
    for (const child of children.get(pid) ?? []) visit(child)
  }
  visit(root)
  return shares
}

function parentOf(pid: number): number | undefined {
  const stat = read(pid, 'stat')
  // The name is in parentheses and may hold anything, spaces and parentheses too.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function pssOf(pid: number): number | undefined {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

function nameOf(pid: number): string {
  const [command = ''] = (read(pid, 'cmdline') ?? '').split('\0')
  if (/postgres(:|$)/.test(command)) return 'PostgreSQL'
  if (command.startsWith('npm')) return 'npm'
  return command.split('/').at(-1) ?? command
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

/** The memory of one process, without those that it started. */
export function residentMegabytes(pid: number): string {
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(read(pid, 'status') ?? '')?.[1])
  return (kilobytes / 1024).toFixed(0)
}

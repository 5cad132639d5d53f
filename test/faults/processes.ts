import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Faults of processes, always by process id. */
export function kill(pid: number): void {
  process.kill(pid, 'SIGKILL')
}

/** Stopped, it holds its connections and locks and does nothing. */
export function pause(pid: number): void {
  process.kill(pid, 'SIGSTOP')
}

export function resume(pid: number): void {
  process.kill(pid, 'SIGCONT')
}

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  /** False for one that has ended and only waits to be reaped. */
  readonly alive: boolean
  readonly command: string
}

/** What runs on this machine. A small Linux image has no `ps`, macOS no `/proc`. */
export function processes(): ProcessEntry[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs()
}

function fromProc(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state = '', parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim()
        return [{ pid: Number(name), parent: Number(parent), alive: state !== 'Z' && state !== 'X', command }]
      } catch {
        // It ended in between.
        return []
      }
    })
}

function fromPs(): ProcessEntry[] {
  const { stdout, error } = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
  if (error) throw error
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, state = '', ...command] = line.trim().split(/\s+/)
      return { pid: Number(pid), parent: Number(parent), alive: !state.startsWith('Z'), command: command.join(' ') }
    })
}

export function isAlive(pid: number): boolean {
  try {
    // One that has ended and was not reaped takes signals, but does nothing.
    return process.kill(pid, 0) && !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return !existsSync('/proc/self/stat') && fromPs().some((entry) => entry.pid === pid && entry.alive)
  }
}

/** Everything that a process started, and what those started. */
export function descendants(pid: number): ProcessEntry[] {
  const all = processes().filter(({ alive }) => alive)
  const found: ProcessEntry[] = []
  const parents = [pid]
  for (const parent of parents) {
    const children = all.filter((entry) => entry.parent === parent)
    found.push(...children)
    parents.push(...children.map((entry) => entry.pid))
  }
  return found
}

import { readFileSync } from 'node:fs'

/** On a busy machine a job may take this many times its limit by the clock, as long as it has not used that much processor time. */
export const maxStretch = 4

/** The unit of /proc/PID/stat, which is the same on every Linux. */
const tickMs = 10

/** The processor time that this process has used since its start. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The processor time that another process has used. Undefined where the system does not tell. */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in brackets, which may contain spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return undefined
  }
}

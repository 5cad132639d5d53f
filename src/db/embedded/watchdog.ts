import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { serverEnvironment, type Identity } from './identity.ts'

/**
 * PostgreSQL does not notice when its parent is killed, so a shell runs in between. Only the hub holds the other end of the shell's standard
 * input, and the kernel closes it when the hub is gone, even after SIGKILL. The shell then sends SIGINT, which makes the server stop quickly.
 * The shell exits with the server's status, so the hub notices a dead server.
 */
const script = `
exec 3<&0 0</dev/null
"$@" 3<&- &
server=$!
( while read -r line <&3; do :; done; kill -INT $server 2>/dev/null ) 2>/dev/null &
watcher=$!
wait $server
status=$?
kill $watcher 2>/dev/null
exit $status
`

export type Guarded = ChildProcessByStdio<Writable, null, Readable>

/** Runs `argv` under a watchdog until `argv` ends or the watchdog's standard input is closed. */
export function spawnGuarded(identity: Identity, argv: readonly string[]): Guarded {
  const { command, args, ...ids } = identity.wrap(['/bin/sh', '-c', script, 'watchdog', ...argv])
  // In its own session, so that Ctrl-C in the terminal reaches only the hub, which stops the server last.
  const child = spawn(command, args, { ...ids, detached: true, stdio: ['pipe', 'ignore', 'pipe'], env: serverEnvironment(), cwd: '/' })
  child.stdin.on('error', () => undefined)
  return child
}

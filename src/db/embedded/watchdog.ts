import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { serverEnvironment, type Identity } from './identity.ts'

/**
 * PostgreSQL does not notice when its parent is killed. So a shell stands between: its standard input is a pipe whose other end only the
 * hub holds, and which the kernel closes when the hub is gone, SIGKILL included. Then the server gets SIGINT, its fast shutdown. The shell's
 * exit status is the server's, so the hub learns of a dead server from its child's exit.
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

/** Runs `argv` under a watchdog until it ends, or until its standard input is closed. */
export function spawnGuarded(identity: Identity, argv: readonly string[]): Guarded {
  const { command, args, ...ids } = identity.wrap(['/bin/sh', '-c', script, 'watchdog', ...argv])
  // A session of its own: Ctrl-C in the terminal reaches the hub alone, which then stops the server last.
  const child = spawn(command, args, { ...ids, detached: true, stdio: ['pipe', 'ignore', 'pipe'], env: serverEnvironment(), cwd: '/' })
  child.stdin.on('error', () => undefined)
  return child
}

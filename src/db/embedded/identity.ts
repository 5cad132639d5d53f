import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hubError } from '#errors'

/**
 * PostgreSQL refuses to run as root. If the hub is root, its server runs as `nobody`. If `nobody` cannot enter the data folder, for example
 * below root's home, the server runs in a user namespace in which root's files belong to an unprivileged user.
 */
export interface Identity {
  readonly name: string
  /** The owner of the server's files as other processes see it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  /** The command, and for some identities the uid and gid, with which spawn runs `argv` as this identity. */
  wrap(argv: readonly string[]): { command: string; args: string[]; uid?: number; gid?: number }
}

const self: Identity = {
  name: 'the current user',
  owner: undefined,
  wrap: ([command = '', ...args]) => ({ command, args }),
}

export function chooseIdentity(folder: string): Identity {
  if (process.getuid?.() !== 0) return self
  const candidates = [nobody(), namespace()].filter((candidate) => candidate !== undefined)
  const able = candidates.find((candidate) => canEnter(candidate, folder))
  if (able) return able
  throw hubError('internal', {
    detail: `the hub runs as root and PostgreSQL must not: user "nobody" cannot enter ${folder}, and user namespaces are not allowed here`,
    hint: `run the hub as another user, or set HUB_DATA_DIR to a folder that other users may enter (chmod o+x)`,
  })
}

export function runAs(identity: Identity, argv: readonly string[]): SpawnSyncReturns<string> {
  const { command, args, ...ids } = identity.wrap(argv)
  return spawnSync(command, args, { ...ids, encoding: 'utf8', env: serverEnvironment(), cwd: '/' })
}

function canEnter(identity: Identity, folder: string): boolean {
  return runAs(identity, ['/bin/sh', '-c', 'cd "$1"', 'sh', folder]).status === 0
}

export function canRead(identity: Identity, file: string): boolean {
  return runAs(identity, ['/bin/sh', '-c', 'test -r "$1" && test -x "$1"', 'sh', file]).status === 0
}

/** The environment of the server. The hub's own is not passed on, because it holds secrets. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }
}

function nobody(): Identity | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m)
  if (!line) return undefined
  // macOS writes the id of nobody as -2, which is this number in 32 bits.
  const [uid, gid] = [Number(line[1]) >>> 0, Number(line[2]) >>> 0]
  return { name: 'nobody', owner: { uid, gid }, wrap: ([command = '', ...args]) => ({ command, args, uid, gid }) }
}

function namespace(): Identity | undefined {
  if (process.platform !== 'linux') return undefined
  const flags = ['--user', '--map-user=65534', '--map-group=65534', '--']
  return { name: 'a user namespace', owner: { uid: 0, gid: 0 }, wrap: (argv) => ({ command: 'unshare', args: [...flags, ...argv] }) }
}

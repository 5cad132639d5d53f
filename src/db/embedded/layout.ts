import { accessSync, chmodSync, chownSync, constants, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hubError } from '#errors'
import { sha256 } from '#lib/canonical'

/** Where things lie in the data folder. */
export interface Layout {
  readonly dataDir: string
  readonly cluster: string
  /** Holds the lock of the folder, and `socketDir`. */
  readonly runDir: string
  /** Holds the server's socket; only its user may enter. */
  readonly socketDir: string
}

// A Unix socket's path is at most 104 bytes on macOS, 108 on Linux.
const longestSocketPath = 100

export function layOut(dataDir: string): Layout {
  const run = join(dataDir, 'run')
  const fits = Buffer.byteLength(join(run, 'pg', '.s.PGSQL.5432.lock')) <= longestSocketPath
  const runDir = fits ? run : join(tmpdir(), `integration-hub-${process.getuid?.() ?? 0}-${sha256(dataDir).slice(0, 12)}`)
  return { dataDir, cluster: join(dataDir, 'postgres'), runDir, socketDir: join(runDir, 'pg') }
}

/** Makes the folder and says in one line when it can't be used. 0711: what lies in it is 0600 or 0700, and `nobody` must pass through. */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    accessSync(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error'
    throw hubError('internal', {
      detail: `the data folder ${dataDir} cannot be written (${code})`,
      hint: 'set HUB_DATA_DIR to a folder that this user owns',
      cause,
    })
  }
}

/** The folders for the lock and the socket, each with no more rights than it needs: `nobody` passes through the first. */
export function makeRunDirs({ runDir, socketDir }: Layout): void {
  mkdirSync(runDir, { recursive: true })
  // In a shared temporary folder somebody else could have made it first, with a transport for themselves.
  const found = lstatSync(runDir)
  const me = process.getuid?.()
  if (!found.isDirectory() || (me !== undefined && found.uid !== me)) {
    throw hubError('internal', {
      detail: `${runDir} belongs to another user`,
      hint: 'run the hub as the user who made the data folder, or remove this folder while no hub runs',
    })
  }
  chmodSync(runDir, 0o711)
  mkdirSync(socketDir, { recursive: true })
  chmodSync(socketDir, 0o700)
}

/** Gives a tree to the server's user; a hub that ran as another user before leaves one with the wrong owner. */
export function giveTo(path: string, owner: { uid: number; gid: number } | undefined): void {
  if (owner && lstatSync(path).uid !== owner.uid) chownTree(path, owner)
}

// From the leaves up: a top with the right owner means that the whole tree has it.
function chownTree(path: string, owner: { uid: number; gid: number }): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  if (entry.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner)
  chownSync(path, owner.uid, owner.gid)
}

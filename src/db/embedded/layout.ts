import { accessSync, chmodSync, chownSync, constants, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail } from '#kit'
import { sha256 } from '#lib/canonical'

/** Where things lie in the data folder. */
export interface Layout {
  readonly dataDir: string
  readonly cluster: string
  /** Holds the server's socket; only its user may enter. */
  readonly socketDir: string
  readonly lockPath: string
}

// A Unix socket's path is at most 104 bytes on macOS, 108 on Linux.
const longestSocketPath = 100

export function layOut(dataDir: string): Layout {
  const run = join(dataDir, 'run')
  const fits = Buffer.byteLength(join(run, 'pg', '.s.PGSQL.5432.lock')) <= longestSocketPath
  const base = fits ? run : join(tmpdir(), `integration-hub-${process.getuid?.() ?? 0}-${sha256(dataDir).slice(0, 12)}`)
  return { dataDir, cluster: join(dataDir, 'postgres'), socketDir: join(base, 'pg'), lockPath: join(base, 'hub.sock') }
}

/** Makes the folder and says in one line when it can't be used. 0711: what lies in it is 0600 or 0700, and `nobody` must pass through. */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    accessSync(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error'
    throw fail('internal', {
      detail: `the data folder ${dataDir} cannot be written (${code})`,
      hint: 'set HUB_DATA_DIR to a folder that this user owns',
      cause,
    })
  }
}

export function ensurePrivateDir(path: string, mode: number): void {
  mkdirSync(path, { recursive: true })
  const { uid } = lstatSync(path)
  const me = process.getuid?.()
  // In a shared temporary folder somebody else could have made it first.
  if (me !== undefined && me !== 0 && uid !== me) throw fail('internal', { detail: `${path} belongs to another user` })
  chmodSync(path, mode)
}

/** Gives a tree to the server's user; a hub that ran as another user before leaves one with the wrong owner. */
export function giveTo(path: string, owner: { uid: number; gid: number } | undefined): void {
  if (!owner) return
  const { uid } = lstatSync(path)
  if (uid === owner.uid) return
  chownTree(path, owner)
}

function chownTree(path: string, owner: { uid: number; gid: number }): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  chownSync(path, owner.uid, owner.gid)
  if (entry.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner)
}

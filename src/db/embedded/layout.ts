import { chmodSync, chownSync, constants, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hubError } from '#errors'
import { sha256 } from '#lib/canonical'

/** The paths below the data folder. */
export interface Layout {
  readonly dataDir: string
  readonly cluster: string
  /** Contains the lock of the data folder, and `socketDir`. */
  readonly runDir: string
  /** Contains the server's socket. Only the server's user may enter it. */
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

/** Creates the folder, or throws if it cannot be used. Mode 0711: its content is 0600 or 0700, and `nobody` must be able to pass. */
export async function ensureDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir)
    await access(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error'
    throw hubError('internal', {
      detail: `the data folder ${dataDir} cannot be written (${code})`,
      hint: 'set HUB_DATA_DIR to a folder that this user owns',
      cause,
    })
  }
}

/** Not by `recursive` of mkdir, which never returns where the system answers ENOENT below an existing folder, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const make = (): Promise<void> => mkdir(path, { mode: 0o711 })
  const accept = async (error: NodeJS.ErrnoException): Promise<void> => {
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
  try {
    await make()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || dirname(path) === path) return accept(error as NodeJS.ErrnoException)
    await makeFolder(dirname(path))
    await make().catch(accept)
  }
}

/** Creates the folders for the lock and the socket with minimal rights. `nobody` has to pass through the first. */
export function makeRunDirs({ runDir, socketDir }: Layout): void {
  mkdirSync(runDir, { recursive: true })
  // In a shared temporary folder another user could have created it first, in order to read what is in it.
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

/** Makes the server's user the owner of a folder and its content. They have another owner if the hub ran as another user before. */
export function giveTo(path: string, owner: { uid: number; gid: number } | undefined): void {
  if (owner && lstatSync(path).uid !== owner.uid) chownTree(path, owner)
}

// The top folder is changed last, so that its owner shows whether everything below has been changed.
function chownTree(path: string, owner: { uid: number; gid: number }): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  if (entry.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner)
  chownSync(path, owner.uid, owner.gid)
}

import { renameSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { fail } from '#kit'

/**
 * One hub per data folder. The lock is a listening socket: the kernel closes it with its process, so it can't outlive a kill -9, can't be
 * fooled by a reused process id, and holds between containers that share the folder. Who connects is told the owner's process id.
 */
export interface FolderLock extends AsyncDisposable {
  readonly path: string
}

export async function lockFolder(path: string): Promise<FolderLock> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const server = await tryListen(path)
    if (server) {
      return {
        path,
        [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
      }
    }
    const owner = await askOwner(path)
    if (owner !== undefined) throw ownedBy(owner)
    await removeStale(path)
  }
  throw ownedBy('?')
}

/** The process id of the hub that owns the folder, or undefined when none does. */
export function askOwner(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(path)
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('data', (chunk) => (said += chunk.toString()))
    socket.on('error', () => resolve(undefined))
    // Connected but silent: it is alive, only busy or stopped.
    socket.on('connect', () => socket.on('close', () => resolve(said || '?')))
  })
}

function ownedBy(pid: string): Error {
  return fail('in_use', {
    detail: `another hub (process ${pid}) is running on this data folder`,
    hint: 'stop it, or set HUB_DATA_DIR to another folder; to run several processes, give them one DATABASE_URL',
  })
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(String(process.pid))
    })
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen({ path }, () => {
      // The lock must never be what keeps a process alive.
      server.unref()
      resolve(server)
    })
  })
}

async function removeStale(path: string): Promise<void> {
  // Two starters may both find the socket stale. Renaming is atomic, so one wins; and if what was moved turns out to be the other's
  // fresh lock, it is put back.
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  const owner = await askOwner(aside)
  if (owner !== undefined) {
    renameSync(aside, path)
    throw ownedBy(owner)
  }
  rmSync(aside, { force: true })
}

import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { hubError } from '#errors'
import { sleep } from '#lib/clock'

/**
 * One hub per data folder. The lock is a listening socket: the kernel closes it with its process, so it can't outlive a kill -9, can't be
 * fooled by a reused process id, and holds between containers that share the folder. Who connects is told the owner's process id.
 *
 * A killed hub leaves the socket's file behind. To remove it and bind the name again is two steps, between which another starter may do the
 * same; so names are numbered. The highest number counts. Who finds it dead binds the next one, which only one can do, and
 * then has the lock if nobody went higher meanwhile and the very same dead one is still there; only who has the lock removes lower ones.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const top = highest(folder)
    const dead = identityOf(folder, top)
    const owner = await ownerOf(folder, top)
    if (owner !== undefined) throw ownedBy(owner)
    const server = await tryListen(socketAt(folder, top + 1))
    if (server) {
      if (highest(folder) === top + 1 && identityOf(folder, top) === dead) {
        for (const number of numbersIn(folder)) if (number <= top) rmSync(socketAt(folder, number), { force: true })
        return { [Symbol.asyncDispose]: () => close(server) }
      }
      await close(server)
    }
    await sleep(50 * Math.random())
  }
  throw ownedBy('?')
}

/** The process id of the hub that owns the folder, or undefined when none does. */
export function findOwner(folder: string): Promise<string | undefined> {
  return ownerOf(folder, highest(folder))
}

async function ownerOf(folder: string, number: number): Promise<string | undefined> {
  if (number === 0) return undefined
  const owner = await ask(socketAt(folder, number))
  if (owner !== undefined) return owner
  // It may have been bound, and not yet been listening; or it was dying, and is dead now.
  await sleep(50)
  return ask(socketAt(folder, number))
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    let silent = false
    const socket = connect(path)
    // Connected but silent: it is alive, only busy or stopped.
    socket.setTimeout(2000, () => {
      silent = true
      socket.destroy()
    })
    socket.on('data', (chunk) => (said += chunk.toString()))
    // Nobody listens, there is nothing there, or it dies just now. Anything else is no proof that it is dead.
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      resolve(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(code) ? undefined : '?'),
    )
    // Who lives says its number first.
    socket.on('close', () => resolve(said || (silent ? '?' : undefined)))
  })
}

const name = /^hub-(\d+)\.sock$/

function socketAt(folder: string, number: number): string {
  return join(folder, `hub-${number}.sock`)
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).flatMap((entry) => name.exec(entry)?.slice(1).map(Number) ?? [])
}

function highest(folder: string): number {
  return Math.max(0, ...numbersIn(folder))
}

/** A number is used again, a file is not. */
function identityOf(folder: string, number: number): string {
  const found = lstatSync(socketAt(folder, number), { bigint: true, throwIfNoEntry: false })
  return found ? `${found.ino} ${found.ctimeNs}` : ''
}

function ownedBy(pid: string): Error {
  return hubError('in_use', {
    detail: `another hub (process ${pid}) is running on this data folder`,
    hint: 'stop it, or set HUB_DATA_DIR to another folder; to run several processes, give them one DATABASE_URL',
  })
}

/** Undefined when somebody else has bound it. */
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

/** Removes the socket's file as well. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

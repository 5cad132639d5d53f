import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { hubError } from '#errors'
import { sleep } from '#lib/clock'

/**
 * Allows one hub per data folder. The lock is a listening socket, which the kernel closes with its process: it cannot survive a kill -9, a
 * reused process id cannot confuse it, and it works between containers that share the folder. It sends the owner's process id to whoever
 * connects.
 *
 * A killed hub leaves the socket's file behind. Removing it and binding the name again are two steps, and another process may do the same
 * in between. So names are numbered, and the highest number counts. A process that finds it dead binds the next number, which only one
 * process can do. It owns the lock if there is no higher number by then and the same dead socket is still there. Only the owner removes
 * lower numbers.
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

/** Returns the process id of the hub that owns the folder, or undefined if no hub does. */
export function findOwner(folder: string): Promise<string | undefined> {
  return ownerOf(folder, highest(folder))
}

async function ownerOf(folder: string, number: number): Promise<string | undefined> {
  if (number === 0) return undefined
  const owner = await ask(socketAt(folder, number))
  if (owner !== undefined) return owner
  // It may have been bound without listening yet, or its process may have died meanwhile.
  await sleep(50)
  return ask(socketAt(folder, number))
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    let silent = false
    const socket = connect(path)
    // It accepts the connection but sends nothing: the process is alive, and busy or stopped.
    socket.setTimeout(2000, () => {
      silent = true
      socket.destroy()
    })
    socket.on('data', (chunk) => (said += chunk.toString()))
    // Nothing listens, the file is missing, or the process dies at this moment. Other errors do not prove that it is dead.
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      resolve(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(code) ? undefined : '?'),
    )
    // A live owner sends its process id first.
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

/** Identifies the socket's file, because its number can be used again. */
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

/** Returns undefined if another process has bound it. */
function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(String(process.pid))
    })
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen({ path }, () => {
      // The lock must not keep the process alive.
      server.unref()
      resolve(server)
    })
  })
}

/** Closes the socket, which also removes its file. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

import { isIP } from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { hubError, sha256, type ActionContext } from '#kit'
import { asError, type SmtpFault } from './errors.ts'

/** A pool of connections to one mail server with one login. Mail servers limit connections, so each is used for several mails. */
export interface SmtpPool extends AsyncDisposable {
  readonly name: string
  use<T>(work: (connection: SMTPConnection) => Promise<T>): Promise<T>
}

interface Server {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly require_tls: boolean
  readonly tls_ca?: string | undefined
}

const maxConnections = 5
// Servers close idle connections after some minutes. The pool closes them earlier.
const idleMs = 30_000
const timeoutMs = 20_000

export async function poolOf(
  context: Pick<ActionContext<unknown, Server>, 'config' | 'credential' | 'resolve' | 'keep'>,
): Promise<SmtpPool> {
  const { host } = context.config
  const server = { ...context.config, host: host.replace(/^\[|\]$/g, '') }
  const { username, password } = context.credential as { username?: string; password?: string }
  // The host is resolved for each call, so that the address of every new connection is checked.
  const address = await context.resolve(server.host)
  const key = sha256(JSON.stringify([server, username, password, address]))
  return context.keep(key, () => createPool(server, address, username === undefined ? undefined : { user: username, pass: password ?? '' }))
}

function createPool(server: Server, address: string, login: { user: string; pass: string } | undefined): SmtpPool {
  const idle: { connection: SMTPConnection; timer: NodeJS.Timeout }[] = []
  const waiting: (() => void)[] = []
  let open = 0
  let closed = false

  const connect = async (): Promise<SMTPConnection> => {
    const connection = new SMTPConnection({
      host: address,
      port: server.port,
      secure: server.secure,
      requireTLS: server.require_tls && !server.secure,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      tls: {
        ...(isIP(server.host) === 0 ? { servername: server.host } : {}),
        minVersion: 'TLSv1.2',
        ...(server.tls_ca ? { ca: server.tls_ca } : {}),
      },
    })
    // An error between two mails is reported when the connection is used again.
    connection.on('error', () => undefined)
    try {
      await step<void>(connection, (done) => connection.connect((error) => done(error)))
      if (login) await step<void>(connection, (done) => connection.login({ credentials: login }, (error) => done(error)))
      return connection
    } catch (error) {
      connection.close()
      throw asError(error as SmtpFault, server.host, false)
    }
  }

  const take = async (): Promise<SMTPConnection> => {
    for (let last = idle.pop(); last; last = idle.pop()) {
      const entry = last
      clearTimeout(entry.timer)
      try {
        await step<void>(entry.connection, (done) => entry.connection.reset((error) => done(error)))
        return entry.connection
      } catch {
        // The server closed the idle connection, so another one is used.
        entry.connection.close()
      }
    }
    return connect()
  }

  const giveBack = (connection: SMTPConnection): void => {
    const timer = setTimeout(() => {
      const at = idle.findIndex((entry) => entry.connection === connection)
      if (at >= 0) idle.splice(at, 1)
      connection.quit()
    }, idleMs).unref()
    idle.push({ connection, timer })
  }

  return {
    name: `${login?.user ?? 'anonymous'} at ${server.host}`,
    async use(work) {
      if (closed) throw hubError('shutting_down')
      if (open >= maxConnections) await new Promise<void>((resolve) => waiting.push(resolve))
      open += 1
      try {
        const connection = await take()
        try {
          const result = await work(connection)
          if (closed) connection.quit()
          else giveBack(connection)
          return result
        } catch (error) {
          connection.close()
          throw error
        }
      } finally {
        open -= 1
        waiting.shift()?.()
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      for (const { connection, timer } of idle.splice(0)) {
        clearTimeout(timer)
        connection.quit()
      }
    },
  }
}

/**
 * Wraps one exchange with the server in a promise. A lost connection is only reported to listeners, so each exchange adds a listener while
 * it runs.
 */
export function step<T>(connection: SMTPConnection, start: (done: (error?: unknown, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown, result?: T): void => {
      connection.off('error', failed)
      connection.off('end', closed)
      if (error) reject(error)
      else resolve(result as T)
    }
    const failed = (error: Error): void => done(error)
    const closed = (): void => done(Object.assign(new Error('the connection was closed'), { code: 'ECONNECTION' }))
    connection.once('error', failed)
    connection.once('end', closed)
    start(done)
  })
}

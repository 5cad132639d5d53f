import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/** A mail server that keeps what it is given. */
export interface Mailbox extends AsyncDisposable {
  readonly port: number
  readonly login: { readonly username: string; readonly password: string }
  readonly mails: ParsedMail[]
}

export async function mailbox(): Promise<Mailbox> {
  const login = { username: 'hub', password: 'mailbox-password-0123' }
  const mails: ParsedMail[] = []
  const keep = async (stream: Readable): Promise<void> => void mails.push(await simpleParser(stream))
  const server = new SMTPServer({
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === login.username && password === login.password
        ? done(null, { user: username })
        : done(new Error('Wrong user or password')),
    onData: (stream, _session, done) => {
      void keep(stream).finally(() => done())
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    login,
    mails,
    port: (server.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

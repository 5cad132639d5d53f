import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { runAction, testConnection } from '#kit/testing'
import { smtp } from './index.ts'

const credential = { username: 'ada', password: 'mail-password-123' }

interface MailServer extends AsyncDisposable {
  readonly port: number
  readonly mails: { mail: ParsedMail; raw: string; recipients: string[] }[]
  connections: number
}

function failure(message: string, responseCode: number): Error {
  return Object.assign(new Error(message), { responseCode })
}

/** A scripted mail server. By default it accepts one login and every mail except to nobody@. */
async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const made = { mails: [] as MailServer['mails'], connections: 0 }
  const keep = async (raw: Buffer, recipients: string[]): Promise<void> => {
    made.mails.push({ mail: await simpleParser(raw), raw: raw.toString(), recipients })
  }
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    logger: false,
    onConnect: (_session, done) => {
      made.connections += 1
      done()
    },
    onAuth: (auth, _session, done) =>
      auth.username === 'ada' && auth.password === credential.password ? done(null, { user: 'ada' }) : done(failure('Bad login', 535)),
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('nobody@') ? failure('No such user here', 550) : null),
    onData: (stream, session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const raw = Buffer.concat(parts)
        void keep(
          raw,
          session.envelope.rcptTo.map(({ address }) => address),
        ).finally(() => done())
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(made, {
    port: (server.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}

const config = (server: MailServer, more: object = {}) => ({
  host: '127.0.0.1',
  port: server.port,
  require_tls: false,
  from: 'Hub <hub@example.com>',
  ...more,
})
const mail = { to: 'ada@example.com', subject: 'Hello', text: 'Hi' }
const sending = (server: MailServer, input: object = {}, more: object = {}) =>
  runAction(smtp, 'send', { input: { ...mail, ...input }, credential, config: config(server, more), idempotencyKey: 'k-1' }) as Promise<
    Record<string, any>
  >

test('send delivers text, HTML, copies, attachments, inline pictures and headers', async () => {
  await using server = await mailServer()
  const sent = await sending(server, {
    to: ['Ada <ada@example.com>', 'bob@example.com'],
    cc: 'carl@example.com',
    bcc: ['dora@example.com'],
    reply_to: 'team@example.com',
    subject: 'Grüße',
    html: '<img src="cid:logo">',
    attachments: [
      { filename: 'a.txt', content: 'inside' },
      { filename: 'logo.png', content_base64: Buffer.from([1, 2, 3]).toString('base64'), content_id: 'logo' },
    ],
    headers: { 'X-Run': '42' },
  })
  assert.deepEqual(sent['accepted'], ['ada@example.com', 'bob@example.com', 'carl@example.com', 'dora@example.com'])
  const [got] = server.mails
  assert.deepEqual(got!.recipients.toSorted(), ['ada@example.com', 'bob@example.com', 'carl@example.com', 'dora@example.com'])
  assert.deepEqual(
    [got!.mail.subject, got!.mail.text?.trim(), got!.mail.replyTo?.text, got!.mail.headers.get('x-run')],
    ['Grüße', 'Hi', 'team@example.com', '42'],
  )
  assert.equal(got!.mail.messageId, sent['message_id'])
  assert.doesNotMatch(got!.raw, /dora@/)
  assert.deepEqual(got!.mail.attachments.map(({ filename, cid }) => [filename, cid]).toSorted(), [
    ['a.txt', undefined],
    ['logo.png', 'logo'],
  ])
})

test('refused recipients are returned with the server’s reason; if all are refused, it is an error', async () => {
  await using server = await mailServer()
  const sent = await sending(server, { to: ['ada@example.com', 'nobody@example.com'] })
  assert.deepEqual([sent['accepted'], sent['rejected'][0].recipient], [['ada@example.com'], 'nobody@example.com'])
  assert.match(sent['rejected'][0].reason, /No such user/)
  await assert.rejects(sending(server, { to: 'nobody@example.com' }), { code: 'vendor_rejected', message: /No such user/ })
})

test('the same key gives the same message id', async () => {
  await using server = await mailServer()
  const [one, two] = [await sending(server), await sending(server)]
  assert.equal(one['message_id'], two['message_id'])
})

test('a wrong login, a deferral, a full mailbox and a too large mail give different errors without the password', async () => {
  await using server = await mailServer()
  const wrong = { username: 'ada', password: 'wrong-password-9' }
  const refused = runAction(smtp, 'send', { input: mail, credential: wrong, config: config(server) })
  await assert.rejects(
    refused,
    (error: Error & { code: string }) => error.code === 'vendor_unauthorized' && !error.message.includes('wrong-password-9'),
  )
  const cases = [
    [451, 'vendor_failed'],
    [452, 'vendor_failed'],
    [552, 'vendor_rejected'],
    [554, 'vendor_rejected'],
  ] as const
  for (const [status, code] of cases) {
    await using strict = await mailServer({
      onData: (stream, _session, done) => void stream.resume().on('end', () => done(failure('No', status))),
    })
    await assert.rejects(sending(strict), { code }, String(status))
  }
})

test('a connection lost during the mail leaves the outcome unknown; one lost before means nothing was sent', async () => {
  const script = (cutAt: RegExp) =>
    createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('220 hello\r\n')
      let data = false
      socket.on('data', (chunk) => {
        const said = chunk.toString()
        if (cutAt.test(said)) return void socket.destroy()
        if (data) return
        if (said.startsWith('EHLO')) socket.write('250-hi\r\n250 AUTH PLAIN\r\n')
        else if (said.startsWith('AUTH')) socket.write('235 ok\r\n')
        else if (said.startsWith('DATA')) {
          data = true
          socket.write('354 go\r\n')
        } else socket.write('250 ok\r\n')
      })
    })
  for (const [cutAt, code] of [
    [/^AUTH/, 'vendor_unreachable'],
    [/Subject: Hello/, 'outcome_unknown'],
  ] as const) {
    const server = script(cutAt)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await assert.rejects(
      runAction(smtp, 'send', { input: mail, credential, config: { host: '127.0.0.1', port, require_tls: false, from: 'h@example.com' } }),
      { code },
    )
    server.close()
  }
})

test('missing TLS, an untrusted certificate and an unreachable server fail before the login is sent', async () => {
  let asked = 0
  await using plain = await mailServer({ onAuth: (_auth, _session, done) => ((asked += 1), done(null, { user: 'x' })) })
  await assert.rejects(sending(plain, {}, { require_tls: true }), { code: 'vendor_unreachable' })
  await using selfSigned = await mailServer({
    hideSTARTTLS: false,
    onAuth: (_auth, _session, done) => ((asked += 1), done(null, { user: 'x' })),
  })
  await assert.rejects(sending(selfSigned, {}, { require_tls: true }), { code: 'vendor_unreachable' })
  assert.equal(asked, 0)
  await assert.rejects(sending({ port: 1, mails: [], connections: 0 } as unknown as MailServer), { code: 'vendor_unreachable' })
})

test('a private mail server that the operator did not allow is refused', async () => {
  await assert.rejects(runAction(smtp, 'send', { input: mail, credential, config: { host: '10.0.0.1', from: 'h@example.com' } }), {
    code: 'address_refused',
  })
})

test('headers and addresses cannot add other headers or recipients', async () => {
  await using server = await mailServer()
  for (const bad of [
    { subject: 'x\r\nBcc: evil@example.com' },
    { to: 'a@example.com, evil@example.com' },
    { to: 'a@example.com\nBcc: e@example.com' },
    { headers: { 'X-A': 'b\r\nBcc: e@example.com' } },
    { headers: { Bcc: 'evil@example.com' } },
    { headers: { 'Content-Type': 'text/html' } },
  ]) {
    await assert.rejects(sending(server, bad), { code: 'invalid_input' }, JSON.stringify(bad))
  }
  assert.equal(server.mails.length, 0)
})

test('a dry run shows the mail and does not send it', async () => {
  await using server = await mailServer()
  const shown = await runAction(smtp, 'send', { input: mail, credential, config: config(server), dryRun: true })
  assert.match(JSON.stringify(shown), /ada@example.com/)
  assert.doesNotMatch(JSON.stringify(shown), /mail-password/)
  assert.equal(server.connections, 0)
})

test('verify and the connection test log in and send nothing', async () => {
  await using server = await mailServer()
  assert.deepEqual(await runAction(smtp, 'verify', { input: {}, credential, config: config(server) }), {
    ok: true,
    account: 'ada at 127.0.0.1',
  })
  assert.deepEqual(await testConnection(smtp, { credential, config: config(server) }), { account: 'ada at 127.0.0.1' })
  assert.equal(server.mails.length, 0)
})

test('a host in brackets, without an address or without a server ends as unreachable, because no mail left', async () => {
  const send = (host: string) =>
    runAction(smtp, 'send', { input: mail, credential, config: { host, port: 1, require_tls: false, from: 'ada@example.com' } })
  for (const host of ['x'.repeat(64), `[${'x'.repeat(64)}]`, 'a b', '[127.0.0.1]', '127.0.0.1'])
    await assert.rejects(send(host), { code: 'vendor_unreachable' }, host)
  await assert.rejects(send('[::1]'), { code: 'address_refused' })
})

import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { z } from 'zod'
import { hubError } from '#kit'
import { address } from '../address.ts'
import { smtp } from '../declaration.ts'
import { asError, type SmtpFault } from '../errors.ts'
import { poolOf, step } from '../pool.ts'

const line = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\r\n]*$/, 'must be one line')
const addresses = z.union([address.transform((one) => [one]), z.array(address).max(200)])

const attachment = z.strictObject({
  filename: line(255).min(1).describe('Name with its ending.'),
  content: z.string().max(5_000_000).optional().describe('Content of a text file.'),
  content_base64: z.string().max(20_000_000).optional().describe('Any file’s bytes in base64.'),
  content_type: line(200).optional().describe('Media type; by the ending when left out.'),
  content_id: line(200)
    .regex(/^[^\s<>]*$/, 'must have no spaces')
    .optional()
    .describe('For a picture in the HTML: <img src="cid:…">.'),
})

const input = z
  .strictObject({
    to: addresses.describe('Recipients.'),
    cc: addresses.optional().describe('Recipients of a copy.'),
    bcc: addresses.optional().describe('Recipients that the others do not see.'),
    from: address.optional().describe('Sender; the integration’s own when left out.'),
    reply_to: address.optional().describe('Address for answers.'),
    subject: line(998).describe('Subject.'),
    text: z.string().max(5_000_000).optional().describe('Text.'),
    html: z.string().max(5_000_000).optional().describe('The same as HTML.'),
    attachments: z.array(attachment).max(50).optional().describe('Files, and pictures for the HTML.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]{1,76}$/, 'must be a header name'), line(2000))
      .optional()
      .describe('More headers, e.g. List-Unsubscribe.'),
  })
  .refine(({ text, html }) => text !== undefined || html !== undefined, { message: 'text or html is required', path: ['text'] })

const output = z.object({
  message_id: z.string(),
  accepted: z.array(z.string()),
  rejected: z.array(z.object({ recipient: z.string(), reason: z.string() })),
  response: z.string(),
})

// These headers are set from other fields, so a header in `headers` would be a duplicate with a different value.
const reserved = new Set([
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'reply-to',
  'date',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'sender',
  'return-path',
])

const send = smtp.action({
  title: 'Send an e-mail',
  description:
    'Sends an e-mail as text, HTML or both, with copies and attachments. Use it to reach people outside of chat; for many recipients name them in bcc. Returns the recipients that the mail server accepted and refused, with its reasons.',
  words:
    'send an email, email someone, mail someone, write a mail, write an email, shoot an email, drop an email, newsletter, mail the customer, mail with attachment, email the report, cc, bcc, send the invoice, send a letter, invite by mail, reply by mail, forward by email, attach the document to a mail, send the minutes, forward this to, contact the supplier, contact a customer, reply to the customer by mail, write to the client, send the report by mail, send the quote, send the contract, send a letter to, notify by email, email confirmation, invite to a meeting by mail, mail to, message to an address, outside of the company, write to an external person, mail everyone, send a reminder mail, thank you mail, follow-up mail, email blast, send out invitations, confirm by email, apply by mail, send out the newsletter, electronic mail, write someone at an address, compose a mail, send a copy to',
  effect: 'write',
  example: { to: 'ada@example.com', subject: 'Hello', text: 'Hi Ada' },
  input,
  output,
  async run(context) {
    const { input: mail, config, idempotencyKey } = context
    const from = mail.from ?? config.from
    if (!from)
      throw hubError('invalid_input', {
        errors: [{ path: 'input.from', message: 'is required because the integration has no default sender' }],
      })
    for (const name of Object.keys(mail.headers ?? {})) {
      if (reserved.has(name.toLowerCase()) || /^resent-/i.test(name))
        throw hubError('invalid_input', {
          errors: [{ path: `input.headers.${name}`, message: 'cannot be set here; use the input field for it' }],
        })
    }
    const { node, raw, messageId } = await compose(mail, from, idempotencyKey)
    const envelope = node.getEnvelope()
    const preview = {
      server: config.host,
      envelope,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      attachments: mail.attachments?.map(({ filename }) => filename),
    }
    return context.send(preview, async () => {
      const pool = await poolOf(context)
      const composed = { envelope: { from: envelope.from || '', to: envelope.to }, raw, messageId }
      return pool.use((connection) => deliver(connection, config.host, composed))
    })
  },
  undo: { plan: () => ({ impossible: 'an e-mail cannot be called back' }) },
})

const verify = smtp.action({
  title: 'Verify the mail server',
  description:
    'Connects to the mail server and logs in without sending a mail. Use it to find out why mails fail. Returns the account of the login.',
  words:
    'check the mail server, test smtp, is email working, mail is not sent, mail is not going out, email is broken, mail login, can we send mail, verify mail settings, mail connection, mails do not arrive, email trouble, are our mails bouncing, mail is broken, emails do not go through, does email work, mail server down, mail password wrong, test the mail connection, mail login fails, outgoing mail, diagnose email, check the mail settings, nobody gets our emails, smtp settings, smtp down, email configuration',
  effect: 'read',
  example: {},
  input: z.strictObject({}),
  output: z.object({ ok: z.literal(true), account: z.string() }),
  async run(context) {
    const pool = await poolOf(context)
    await pool.use(async () => undefined)
    return { ok: true as const, account: pool.name }
  },
})

export const mailActions = { send, verify }

async function compose(mail: z.output<typeof input>, from: string, key: string) {
  // The same key gives the same id, so that a mail server or mail client can recognise a repetition.
  const unique = createHash('sha256').update(key).digest('hex').slice(0, 32)
  const domain = /@([^\s>]+)>?$/.exec(from)?.[1] ?? 'localhost'
  const messageId = `<${unique}@${domain}>`
  const node = new MailComposer({
    from,
    to: mail.to,
    ...(mail.cc ? { cc: mail.cc } : {}),
    ...(mail.bcc ? { bcc: mail.bcc } : {}),
    ...(mail.reply_to ? { replyTo: mail.reply_to } : {}),
    subject: mail.subject,
    messageId,
    ...(mail.text === undefined ? {} : { text: mail.text }),
    ...(mail.html === undefined ? {} : { html: mail.html }),
    ...(mail.headers ? { headers: mail.headers } : {}),
    // Attachments come only from the call. A path or URL would give access to the hub's files or network.
    disableFileAccess: true,
    disableUrlAccess: true,
    attachments: (mail.attachments ?? []).map(({ filename, content, content_base64: base64, content_type: type, content_id: cid }) => ({
      filename,
      content: content ?? Buffer.from(base64 ?? '', 'base64'),
      ...(type ? { contentType: type } : {}),
      ...(cid ? { cid } : {}),
    })),
  }).compile()
  return { node, raw: await node.build(), messageId }
}

interface Delivery {
  readonly accepted: readonly string[]
  readonly rejected: readonly string[]
  readonly rejectedErrors?: readonly (SmtpFault & { recipient?: string })[]
  readonly response: string
}

interface Composed {
  readonly envelope: { from: string; to: string[] }
  readonly raw: Buffer
  readonly messageId: string
}

async function deliver(connection: SMTPConnection, host: string, { envelope, raw, messageId }: Composed): Promise<z.output<typeof output>> {
  let result: Delivery
  try {
    result = await step<Delivery>(connection, (done) =>
      connection.send(envelope, raw, (error, info) => done(error, info as unknown as Delivery)),
    )
  } catch (fault) {
    // If the sender or the recipients were refused, the error has a status. Without a status the mail may already have been sent.
    throw asError(fault as SmtpFault, host, true)
  }
  const { accepted, rejected, rejectedErrors = [], response } = result
  const reason = (recipient: string): string => rejectedErrors.find((fault) => fault.recipient === recipient)?.response ?? 'refused'
  return {
    message_id: messageId,
    accepted: [...accepted],
    rejected: rejected.map((recipient) => ({ recipient, reason: reason(recipient) })),
    response,
  }
}

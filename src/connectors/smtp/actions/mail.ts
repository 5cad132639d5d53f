import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { z } from 'zod'
import { hubError } from '#kit'
import { smtp } from '../declaration.ts'
import { asError, type SmtpFault } from '../errors.ts'
import { poolOf, step } from '../pool.ts'

const address = z
  .string()
  .min(3)
  .max(320)
  // One line, so that nobody adds a header, or a second recipient, by an address.
  .regex(/^[^\r\n,;]*[^\s@,;<>]+@[^\s@,;<>]+>?$/, 'must be one address: ada@example.com or Ada <ada@example.com>')
const line = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\r\n]*$/, 'must be one line')
const addresses = z.union([address.transform((one) => [one]), z.array(address).max(200)])

const attachment = z.strictObject({
  filename: line(255).min(1).describe('Name with its ending.'),
  content: z.string().max(5_000_000).optional().describe('A text’s text.'),
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
    bcc: addresses.optional().describe('Recipients whom the others don’t see.'),
    from: address.optional().describe('Sender; the integration’s own when left out.'),
    reply_to: address.optional().describe('Where answers shall go.'),
    subject: line(998).describe('Subject.'),
    text: z.string().max(5_000_000).optional().describe('Text.'),
    html: z.string().max(5_000_000).optional().describe('The same as HTML.'),
    attachments: z.array(attachment).max(50).optional().describe('Files, and pictures for the HTML.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]{1,76}$/, 'must be a header name'), line(2000))
      .optional()
      .describe('More headers, e.g. List-Unsubscribe.'),
  })
  .refine(({ text, html }) => text !== undefined || html !== undefined, { message: 'text or html is needed', path: ['text'] })

const output = z.object({
  message_id: z.string(),
  accepted: z.array(z.string()),
  rejected: z.array(z.object({ recipient: z.string(), reason: z.string() })),
  response: z.string(),
})

// Set by us from their own fields: a header of that name would be a second, contradicting one.
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
    'Sends an e-mail as text, HTML or both, with copies and attachments. Use it to reach people outside of chat; for many recipients name them in bcc. Returns who was accepted and who refused by the mail server, with its reasons.',
  effect: 'write',
  example: { to: 'ada@example.com', subject: 'Hello', text: 'Hi Ada' },
  input,
  output,
  async run(context) {
    const { input: mail, config, idempotencyKey } = context
    const from = mail.from ?? config.from
    if (!from)
      throw hubError('invalid_input', {
        errors: [{ path: 'input.from', message: 'is needed, as the integration has no sender of its own' }],
      })
    for (const name of Object.keys(mail.headers ?? {})) {
      if (reserved.has(name.toLowerCase()))
        throw hubError('invalid_input', { errors: [{ path: `input.headers.${name}`, message: 'has a field of its own' }] })
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
      return pool.use((connection) => deliver(connection, config.host, { from: envelope.from || '', to: envelope.to }, raw, messageId))
    })
  },
})

const verify = smtp.action({
  title: 'Verify the mail server',
  description: 'Connects to the mail server and logs in, and sends nothing. Use it to find out why mails fail. Returns as whom it got in.',
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

async function compose(mail: z.output<typeof input>, from: string, key: string | undefined) {
  // The same key gives the same id, by which a mail server or reader can tell a repetition.
  const unique = key === undefined ? crypto.randomUUID() : createHash('sha256').update(key).digest('hex').slice(0, 32)
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
    // Content only from the call itself: a path or address here would read the hub's own files or network.
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

async function deliver(
  connection: SMTPConnection,
  host: string,
  envelope: { from: string; to: string[] },
  raw: Buffer,
  messageId: string,
): Promise<z.output<typeof output>> {
  let told: Delivery
  try {
    told = await step<Delivery>(connection, (done) =>
      connection.send(envelope, raw, (error, info) => done(error, info as unknown as Delivery)),
    )
  } catch (fault) {
    // A refusal of sender or recipients comes with its status; without one the text was perhaps already on its way.
    throw asError(fault as SmtpFault, host, true)
  }
  const { accepted, rejected, rejectedErrors = [], response } = told
  const reason = (recipient: string): string => rejectedErrors.find((fault) => fault.recipient === recipient)?.response ?? 'refused'
  return {
    message_id: messageId,
    accepted: [...accepted],
    rejected: rejected.map((recipient) => ({ recipient, reason: reason(recipient) })),
    response,
  }
}

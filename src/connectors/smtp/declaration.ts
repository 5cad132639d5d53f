import { z } from 'zod'
import { auth, defineConnector, secret, targetOf } from '#kit'
import { mailboxOf } from './address.ts'
import { poolOf } from './pool.ts'

const login = auth.custom({
  type: 'password',
  title: 'User name and password',
  fields: z.object({ username: z.string().min(1).describe('User name.'), password: secret('Password.') }),
  aliases: { user: 'username', pass: 'password' },
  authorize: () => ({}),
})

export const smtp = defineConnector({
  name: 'smtp',
  title: 'E-mail (SMTP)',
  description: 'Sends e-mail by any mail server that speaks SMTP.',
  aliases: ['smtp-email'],
  sendsTo: 'public',
  connect:
    'Store the mail server’s data as credential smtp-credentials {"host": "…", "port": 587, "secure": false, "username": "…", "password": "…", "from": "…"}.',
  config: z.object({
    host: z.string().min(1).max(253).describe('Mail server.'),
    port: z.coerce.number().int().min(1).max(65_535).default(587).describe('Its port: 587 with STARTTLS, 465 with TLS.'),
    secure: z
      .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
      .default(false)
      .describe('TLS from the first byte; STARTTLS otherwise.'),
    require_tls: z.boolean().default(true).describe('Refuse to speak without TLS.'),
    tls_ca: z.string().max(100_000).optional().describe('Certificate authority in PEM, for a server with a certificate of its own making.'),
    from: z.string().min(3).max(320).optional().describe('Sender of mails without a `from`.'),
  }),
  ids: [{ pattern: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/, fields: ['to'], words: '' }],
  targets: { recipients: targetOf(['to', 'cc', 'bcc'], (text) => (mailboxOf(text) ?? text).trim().toLowerCase()) },
  auth: [login, auth.none({ title: 'None, for a relay that needs no login' })],
  wellKnownCredentials: ['smtp-credentials'],
  environment: {
    SMTP_HOST: { description: 'Mail server.', names: 'host' },
    SMTP_PORT: { description: 'Port of the mail server.' },
    SMTP_SECURE: { description: '`true` to connect with TLS; otherwise the connection starts in plain text and uses STARTTLS.' },
    SMTP_USERNAME: { description: 'User name at the mail server.' },
    SMTP_PASSWORD: { description: 'Password at the mail server.', secret: true },
    SMTP_FROM: { description: 'Sender of mails.' },
  },
  fromEnvironment: ({ SMTP_HOST, SMTP_PORT, SMTP_SECURE, SMTP_USERNAME, SMTP_PASSWORD, SMTP_FROM }) => ({
    credential: SMTP_USERNAME && SMTP_PASSWORD ? { username: SMTP_USERNAME, password: SMTP_PASSWORD } : {},
    config: { host: SMTP_HOST, port: SMTP_PORT, secure: SMTP_SECURE, from: SMTP_FROM },
  }),
  test: async (context) => {
    const pool = await poolOf(context)
    await pool.use(async () => undefined)
    return { account: pool.name }
  },
})

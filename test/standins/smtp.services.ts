import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import { runAction, testConnection } from '#kit/testing'
import { smtp } from '../../src/connectors/smtp/index.ts'
import { until } from '../faults/index.ts'
import { hasExim, startExim } from './exim.ts'

test('a real mail server: STARTTLS, login, delivery, refusals, deferral, size and certificates', async (t) => {
  if (!hasExim()) return t.skip('Debian’s exim4-daemon-light is not installed, or this is not root')
  await using exim = await startExim()
  const config = { host: 'localhost', port: exim.port, tls_ca: exim.certificate, from: 'hub@example.com' }
  const send = (input: object, more: object = {}) =>
    runAction(smtp, 'send', {
      input: { subject: 'Grüße', text: 'Hi', ...input },
      credential: exim.login,
      config: { ...config, ...more },
      timeoutMs: 10_000,
    }) as Promise<Record<string, any>>

  assert.deepEqual(await testConnection(smtp, { credential: exim.login, config }), { account: 'ada at localhost' })
  const sent = await send({
    to: ['ada@example.com', 'nobody@example.com'],
    bcc: 'dora@example.com',
    html: '<b>Hi</b>',
    attachments: [{ filename: 'a.txt', content: 'inside' }],
  })
  assert.deepEqual(sent['accepted'], ['ada@example.com', 'dora@example.com'])
  assert.match(sent['rejected'][0].reason, /550.*No such user/)
  const [raw] = await until('the mail is delivered', () => (exim.mails().length > 0 ? exim.mails() : undefined), 20_000)
  const mail = await simpleParser(raw!)
  assert.deepEqual([mail.subject, mail.messageId, mail.attachments[0]!.filename], ['Grüße', sent['message_id'], 'a.txt'])
  assert.match(raw!, /TLS1\.[23]/)

  await assert.rejects(send({ to: 'nobody@example.com' }), { code: 'vendor_rejected' })
  await assert.rejects(send({ to: 'later@example.com' }), { code: 'vendor_failed' })
  await assert.rejects(send({ to: 'ada@example.com', text: 'x'.repeat(200_000) }), { code: 'vendor_rejected' })
  const wrong = { username: 'ada', password: 'wrong-password-123' }
  await assert.rejects(runAction(smtp, 'send', { input: { to: 'a@example.com', subject: 's', text: 't' }, credential: wrong, config }), {
    code: 'vendor_unauthorized',
  })
  await assert.rejects(runAction(smtp, 'verify', { input: {}, credential: exim.login, config: { ...config, tls_ca: undefined } }), {
    code: 'vendor_unreachable',
  })
})

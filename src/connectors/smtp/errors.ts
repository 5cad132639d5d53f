import { hubError, type HubError } from '#kit'

/** An error of nodemailer. */
export interface SmtpFault extends Error {
  readonly code?: string
  readonly responseCode?: number
  readonly response?: string
  readonly command?: string
}

/**
 * Before the content of the mail was sent (`contentSent`), an error means that nothing was delivered. After that, only a refusal by the server
 * is certain. After a timeout or a lost connection the outcome is unknown.
 */
export function asError(fault: SmtpFault, host: string, contentSent: boolean): HubError {
  const { code = '', responseCode: status = 0 } = fault
  const answer = fault.response ? `: ${fault.response.replaceAll(/\s+/g, ' ').slice(0, 300)}` : ''
  if (code === 'EAUTH' || status === 535 || status === 534) {
    return hubError('vendor_unauthorized', {
      detail: `the mail server ${host} refused the login${answer}`,
      hint: 'update the credential of the integration',
      cause: fault,
    })
  }
  if (status === 530) return hubError('vendor_unauthorized', { detail: `the mail server ${host} requires a login${answer}`, cause: fault })
  if (code === 'ETLS')
    return hubError('vendor_unreachable', {
      detail: `the mail server ${host} and the hub could not agree on TLS settings: ${fault.message}`,
      cause: fault,
    })
  if (status === 421 || status === 450 || status === 451 || status === 452) {
    return hubError('vendor_failed', {
      detail: `the mail server ${host} cannot accept the mail now${answer}`,
      retryAfter: 60,
      cause: fault,
    })
  }
  if (status >= 500) return hubError('vendor_rejected', { detail: `the mail server ${host} refused the mail${answer}`, cause: fault })
  if (status >= 400)
    return hubError('vendor_failed', { detail: `the mail server ${host} cannot accept the mail now${answer}`, cause: fault })
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return hubError('vendor_rejected', { detail: `the mail was refused: ${fault.message.slice(0, 300)}`, cause: fault })
  const known = /TIMEDOUT|TIMEOUT/.test(code) || code === 'ETIME' ? 'vendor_timeout' : 'vendor_unreachable'
  if (contentSent) {
    return hubError('outcome_unknown', {
      detail: `the mail was sent to ${host}, but no answer came back`,
      hint: 'the recipient may have received it; check before you send it again',
      cause: hubError(known, { cause: fault }),
    })
  }
  return hubError(known, { detail: `the mail server ${host} cannot be reached (${code || 'connection failed'})`, cause: fault })
}

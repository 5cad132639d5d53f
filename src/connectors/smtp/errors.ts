import { hubError, type HubError } from '#kit'

/** What nodemailer reports of a failure. */
export interface SmtpFault extends Error {
  readonly code?: string
  readonly responseCode?: number
  readonly response?: string
  readonly command?: string
}

/**
 * Before the mail's text was handed over, a failure means that nothing was sent. After that, only a refusal of the server's is certain;
 * silence or a cut leaves the outcome unknown.
 */
export function asError(fault: SmtpFault, host: string, handedOver: boolean): HubError {
  const { code = '', responseCode: status = 0 } = fault
  const said = fault.response ? `: ${fault.response.replaceAll(/\s+/g, ' ').slice(0, 300)}` : ''
  if (code === 'EAUTH' || status === 535 || status === 534) {
    return hubError('vendor_unauthorized', {
      detail: `the mail server ${host} refused the login${said}`,
      hint: 'set the credential anew',
      cause: fault,
    })
  }
  if (status === 530) return hubError('vendor_unauthorized', { detail: `the mail server ${host} asks for a login${said}`, cause: fault })
  if (code === 'ETLS')
    return hubError('vendor_unreachable', { detail: `the mail server ${host} and the hub agree on no TLS: ${fault.message}`, cause: fault })
  if (status === 421 || status === 450 || status === 451 || status === 452) {
    return hubError('vendor_failed', { detail: `the mail server ${host} cannot take the mail now${said}`, retryAfter: 60, cause: fault })
  }
  if (status >= 500) return hubError('vendor_rejected', { detail: `the mail server ${host} refused the mail${said}`, cause: fault })
  if (status >= 400) return hubError('vendor_failed', { detail: `the mail server ${host} cannot take the mail now${said}`, cause: fault })
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return hubError('vendor_rejected', { detail: `the mail was refused: ${fault.message.slice(0, 300)}`, cause: fault })
  const known = /TIMEDOUT|TIMEOUT/.test(code) || code === 'ETIME' ? 'vendor_timeout' : 'vendor_unreachable'
  if (handedOver) {
    return hubError('outcome_unknown', {
      detail: `the mail was handed to ${host} and no answer came`,
      hint: 'the recipient may have it; ask before you send it again',
      cause: hubError(known, { cause: fault }),
    })
  }
  return hubError(known, { detail: `the mail server ${host} cannot be reached (${code || 'connection failed'})`, cause: fault })
}

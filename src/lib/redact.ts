/**
 * The last line of defence for text that leaves the process (log lines, messages of foreign errors): known shapes of secrets are
 * replaced. The first line is that secrets are not put there at all.
 */
export const redacted = '[redacted]'

const shapes: readonly RegExp[] = [
  /\bih_[A-Za-z0-9]{20,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{16,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g,
  /\bwhsec_[A-Za-z0-9+/=]{16,}/g,
  /\bhv[sbr]\.[A-Za-z0-9_-]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
]

export function redactText(text: string): string {
  let clean = text
    .replace(/(\b(?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{8,}/gi, `$1${redacted}`)
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@]+(@)/gi, `$1${redacted}$2`)
  for (const shape of shapes) clean = clean.replace(shape, redacted)
  return clean
}

const secretNames =
  /(^|[_-])(authorization|cookie|password|passwd|secret|token|api[_-]?key|apikey|private[_-]?key|signature|credential)s?$/i

export function isSecretName(name: string): boolean {
  return secretNames.test(name)
}

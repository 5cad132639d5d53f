/**
 * The second protection for text that leaves the process, such as log lines and messages of outside errors: replaces known forms of
 * secrets. The first protection is not to write secrets there at all.
 */
export const redacted = '[redacted]'

// Repetitions that can fail to match are bounded, so that no text from outside makes this slow.
const shapes: readonly RegExp[] = [
  /\bih_[A-Za-z0-9]{20,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{16,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g,
  /(?<=hooks\.slack\.com\/services\/)[A-Za-z0-9/]{8,}/g,
  /\bwhs(?:ec|k)_[A-Za-z0-9+/=]{16,}/g,
  /\bhv[sbr]\.[A-Za-z0-9_-]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,20000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
]

const secretWords =
  'authorization|cookie|pass(?:word|wd|phrase)|pwd|secret|secret[_-]?id|token|api[_-]?key|private[_-]?key|signing[_-]?key|signature|credential'
const inQuery = new RegExp(`([?&](?:[a-z0-9]{1,30}[_-]){0,4}(?:${secretWords}|code|key|sig)s?=)[^&#\\s"']+`, 'gi')
const secretNames = new RegExp(`(?:^|[_.-])(?:${secretWords})s?$`, 'i')

export function redactText(text: string): string {
  let clean = text
    .replace(/(\b(?:bearer|basic|token)\s{1,9})[A-Za-z0-9+/=._~-]{8,}/gi, `$1${redacted}`)
    .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s"'<>]{1,1000}(@)/gi, `$1${redacted}$2`)
    .replace(inQuery, `$1${redacted}`)
  for (const shape of shapes) clean = clean.replace(shape, redacted)
  return clean
}

/** `password`, `client_secret`, `accessToken`, `x-api-key`: names whose values are secret. */
export function isSecretName(name: string): boolean {
  return secretNames.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'))
}

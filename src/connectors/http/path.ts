import { hubError } from '#kit'

// oxlint-disable-next-line no-control-regex -- Some servers drop these characters.
const blank = /[\u0000-\u0020\u007f]/g
const maxDecodings = 4

/**
 * Accepts only a path and no URL. The HTTP client checks that the URL as parsed is under the base URL; some servers decode a path once more than
 * a parser does, so a step upwards is refused in every encoding.
 */
export function assertPath(path: string): void {
  const [place = ''] = path.split(/[?#]/)
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith('//') || climbs(place)) {
    throw hubError('invalid_input', { errors: [{ path: 'input.path', message: 'must be a path under the integration’s base URL' }] })
  }
}

function climbs(place: string): boolean {
  let text = place
  for (let count = 0; count < maxDecodings; count++) {
    // Some servers drop what follows a semicolon from a segment.
    if (text.split(/[/\\]/).some((segment) => /^\.{1,2}(;.*)?$/.test(segment.replaceAll(blank, '')))) return true
    const decoded = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    if (decoded === text) return false
    text = decoded
  }
  return true
}

import { hubError, type HubError } from '#errors'

// A URL parser drops tabs and line breaks, and reads a backslash as a slash, so they hide where a path leads.
// oxlint-disable-next-line no-control-regex -- Control characters are what it finds.
const hidden = /[\u0000-\u001f\u007f]/

/**
 * The URL of a path below a base URL. What counts is the URL as it is sent: the same origin, and a path that begins with the base's.
 */
export function placeUnder(base: URL, path: string): URL {
  const [place = ''] = path.split(/[?#]/)
  if (hidden.test(path) || place.includes('\\')) throw leavesBase()
  const root = base.pathname.replace(/\/+$/, '')
  const address = `${base.origin}${root}/${path.replace(/^\/+/, '')}`
  if (!URL.canParse(address)) throw leavesBase()
  const url = new URL(address)
  if (url.origin !== base.origin || !`${url.pathname}/`.startsWith(`${root}/`)) throw leavesBase()
  for (const [name, value] of base.searchParams) url.searchParams.append(name, value)
  return url
}

function leavesBase(): HubError {
  return hubError('invalid_input', {
    errors: [
      { path: 'input.path', message: 'must be a path under the base URL of the integration, without control characters and backslashes' },
    ],
  })
}

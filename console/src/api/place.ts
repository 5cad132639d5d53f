/** `/w/NAME/…`. Another workspace is another page load, so that nothing of one is left in the other. */
const [, area, name = ''] = location.pathname.split('/')

export const workspace: string | undefined = area === 'w' && name !== '' ? decodeURIComponent(name) : undefined

export function workspacePath(of: string, path = '/home'): string {
  return `/w/${encodeURIComponent(of)}${path}`
}

/** Signs in, and comes back to where the person is now. */
export function signInPath(): string {
  return `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`
}

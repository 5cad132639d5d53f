const nowhere = 'http://hub.invalid'

/** Where a page leads afterwards: a path of this hub, and the console otherwise. Another site cannot be reached by it. */
export function safeNext(next: unknown): string {
  const start = '/'
  if (typeof next !== 'string' || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(next) || next.startsWith('//')) return start
  const url = URL.canParse(next, nowhere) ? new URL(next, nowhere) : undefined
  // Dots in a path may leave two slashes at its start, which a browser reads as another host.
  return url?.origin === nowhere && !url.pathname.startsWith('//') ? url.pathname + url.search + url.hash : start
}

import type { RestApp } from '#transports/rest'

/** Lets the routes of this scope read forms of pages, and nothing else. */
export function readForms(scope: RestApp): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 10_000 }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  )
}

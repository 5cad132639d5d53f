import type { FastifyInstance } from 'fastify'
import { fail } from '#kit'

/** JSON with the place of a fault in the answer, and without `__proto__` and `constructor` keys, which could poison what they are merged into. */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    void parse(request, text as string, (error, value) =>
      error ? done(fail('bad_json', { detail: placeOf(text as string, error), cause: error })) : done(null, value),
    )
  })
}

function placeOf(text: string, error: Error): string {
  if (text.trim() === '') return 'the body is empty, JSON was expected'
  try {
    JSON.parse(text)
    return 'the body has a key that is not allowed (__proto__ or constructor)'
  } catch (fault) {
    const [, at] = /position (\d+)/.exec((fault as Error).message) ?? []
    if (at === undefined)
      return `not valid JSON: ${error.message.includes('end of') ? 'it ends too early' : (fault as Error).message.split(',')[0]}`
    const before = text.slice(0, Number(at)).split('\n')
    return `not valid JSON at line ${before.length}, column ${before.at(-1)!.length + 1}`
  }
}

import type { FastifyInstance } from 'fastify'
import { hubError } from '#errors'
import { findJsonFault, isDeeperThan } from '#lib/json'

/** Code that walks a body later may have less stack than the parser. */
const deepest = 200

/** Parses JSON. The error names the place of a fault; the keys `__proto__` and `constructor` are refused, because merging them is dangerous. */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (isDeeperThan(text, deepest)) return done(hubError('bad_json', { detail: `the body is nested deeper than ${deepest} levels` }))
    // The parser's own error quotes the body, which may contain a secret, so it is not kept even as the cause.
    return void parse(request, text, (error, value) => (error ? done(hubError('bad_json', { detail: placeOf(text) })) : done(null, value)))
  })
}

function placeOf(text: string): string {
  if (text.trim() === '') return 'the body is empty, JSON was expected'
  const fault = findJsonFault(text)
  if (!fault) return 'the body has a key that is not allowed (__proto__ or constructor)'
  const { line, column, atEnd } = fault
  return `${atEnd ? 'the JSON ends too early' : 'not valid JSON'}: line ${line}, column ${column}`
}

import type { FastifyInstance } from 'fastify'
import { hubError, type HubError } from '#errors'
import { findJsonFault, isDeeperThan } from '#lib/json'

/** Code that walks a body later may have less stack than the parser. */
const deepest = 200

/** Parses JSON. The error names the place of a fault; the keys `__proto__` and `constructor` are refused, because merging them is dangerous. */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    const tooDeep = depthError(text, 'the body')
    if (tooDeep) return done(tooDeep)
    // The parser's own error quotes the body, which may contain a secret, so it is not kept even as the cause.
    return void parse(request, text, (error, value) => (error ? done(faultOf(text, 'the body')) : done(null, value)))
  })
}

/** Says what is wrong with a text that must be JSON by the same rules, and how the error calls it: `the body`. */
export function jsonErrorOf(app: FastifyInstance): (text: string, what: string) => HubError | undefined {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (text, what) => {
    let found = depthError(text, what)
    // This parser calls back before it returns, and does not look at the request.
    if (!found) void parse(undefined as never, text, (error) => void (found = error ? faultOf(text, what) : undefined))
    return found
  }
}

function depthError(text: string, what: string): HubError | undefined {
  return isDeeperThan(text, deepest) ? hubError('bad_json', { detail: `${what} is nested deeper than ${deepest} levels` }) : undefined
}

function faultOf(text: string, what: string): HubError {
  return hubError('bad_json', { detail: placeOf(text, what) })
}

function placeOf(text: string, what: string): string {
  if (text.trim() === '') return `${what} is empty, JSON was expected`
  const fault = findJsonFault(text)
  if (!fault) return `${what} has a key that is not allowed (__proto__ or constructor)`
  const { line, column, atEnd } = fault
  return `${atEnd ? 'the JSON ends too early' : 'not valid JSON'}: line ${line}, column ${column}`
}

import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { createExpressions } from '../index.ts'
import { linearFormats } from './formats.ts'
import { faultsOf } from './faults.ts'
import { isPlainSchema } from './plain-schema.ts'

const options = { workspaceId: 'ws_test' }

/** Definitions each of which uses the one below twice. */
function doubling(depth: number, keyword: 'allOf' | 'anyOf'): Record<string, unknown> {
  const steps = Array.from({ length: depth }, (_, n) => [
    `d${n + 1}`,
    { [keyword]: [{ $ref: `#/$defs/d${n}` }, { $ref: `#/$defs/d${n}` }] },
  ])
  return { $defs: { d0: { type: 'string' }, ...Object.fromEntries(steps) }, properties: { a: { $ref: `#/$defs/d${depth}` } } }
}

suite('JSON Schemas of users', () => {
  const expressions = createExpressions(undefined, { workers: 1 })
  const { schemas } = expressions
  after(() => expressions[Symbol.asyncDispose]())

  test('what names, loads or multiplies schemas is refused before anything is compiled', () => {
    const refused: [schema: unknown, message: RegExp][] = [
      [{ $async: true }, /unknown keyword: "\$async"/],
      [{ properties: { a: { $id: 'https://a.example/x' } } }, /unknown keyword: "\$id"/],
      [{ $anchor: 'a' }, /unknown keyword: "\$anchor"/],
      [{ $dynamicRef: '#a' }, /unknown keyword: "\$dynamicRef"/],
      [{ $ref: 'https://a.example/schema' }, /must point into the same schema/],
      [{ properties: { a: { $ref: 'b#/c' } } }, /must point into the same schema/],
      [{ $ref: '#/$defs/none' }, /there is nothing at `#\/\$defs\/none`/],
      [{ $defs: { a: { items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' }, /contains itself/],
      // What a reference points at is a schema, wherever it stands.
      [{ properties: { a: { $ref: '#/default/x' } }, default: { x: { $async: true } } }, /unknown keyword: "\$async"/],
      [doubling(20, 'allOf'), /nested too deeply/],
      [doubling(12, 'allOf'), /too large/],
      [doubling(12, 'anyOf'), /too large/],
      [Array.from({ length: 40 }).reduce<object>((inner) => ({ items: inner }), {}), /nested too deeply/],
      [{ type: 'strin' }, /must be equal to one of the allowed values/],
      [{ required: 'a' }, /must be a list of strings/],
      [{ minLength: -1 }, /must be a whole number/],
      [{ format: 'colour' }, /must be one of: /],
      [{ properties: { a: 1 } }, /a schema is an object/],
      [{ pattern: 'a'.repeat(1001) }, /at most 1000 characters/],
    ]
    for (const [schema, message] of refused) {
      const began = performance.now()
      assert.match(faultsOf(schema)[0]?.message ?? '', message, JSON.stringify(schema).slice(0, 100))
      assert.ok(performance.now() - began < 1000)
    }
    assert.ok(faultsOf({ properties: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n, { wat: 1 }])) }).length <= 50)
  })

  test('a schema of a form, a choice or a reference validates as the standard says, and fills in defaults', async () => {
    const fitting: [schema: Record<string, unknown>, good: unknown, bad: unknown][] = [
      [{ properties: { a: { type: 'integer', minimum: 1 } }, required: ['a'] }, { a: 1 }, { a: 0 }],
      [{ properties: { a: { enum: ['x', 'y'] } }, additionalProperties: false }, { a: 'x' }, { a: 'x', b: 1 }],
      [{ properties: { a: { pattern: '^[a-z]+-\\d{2}$' } } }, { a: 'ab-12' }, { a: 'ab-1' }],
      [{ patternProperties: { '^x-': { type: 'string' } } }, { 'x-a': 's', b: 1 }, { 'x-a': 1 }],
      [{ $defs: { n: { type: 'number' } }, properties: { a: { $ref: '#/$defs/n' } } }, { a: 1 }, { a: 'x' }],
      [{ properties: { a: { items: { type: 'string' }, uniqueItems: true } } }, { a: ['x', 'y'] }, { a: ['x', 'x'] }],
      [{ anyOf: [{ required: ['a'] }, { required: ['b'] }] }, { b: 1 }, { c: 1 }],
      [{ properties: { a: { format: 'email' } } }, { a: 'a@b.example' }, { a: 'a@' }],
      [{ properties: { a: { format: 'date-time' } } }, { a: '2026-01-01T00:00:00Z' }, { a: 'today' }],
    ]
    for (const [schema, good, bad] of fitting) {
      assert.deepEqual(await schemas.check(schema, options), [])
      assert.deepEqual((await schemas.validate(schema, good, options)).errors, [], JSON.stringify(schema))
      assert.notEqual((await schemas.validate(schema, bad, options)).errors.length, 0, JSON.stringify(schema))
    }
    for (const extra of [{}, { pattern: 'x' }]) {
      const given = {}
      const schema = { properties: { a: { default: { b: 1 } }, c: extra } }
      assert.deepEqual((await schemas.validate(schema, given, options)).value, { a: { b: 1 } })
      assert.deepEqual(given, {})
    }
  })

  test('a plain schema finds the same errors in this process and in a worker', async () => {
    const leaf = fc.oneof(
      fc.constant({ type: 'string', minLength: 2 }),
      fc.constant({ type: 'integer', maximum: 3 }),
      fc.constant({ enum: [1, 'a', null] }),
      fc.constant({ type: 'array', items: { type: 'boolean' }, maxItems: 1 }),
    )
    const names = fc.constantFrom('a', 'b', 'c')
    const schema = fc.record({
      properties: fc.dictionary(names, leaf),
      required: fc.uniqueArray(names),
      additionalProperties: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(schema, fc.dictionary(names, fc.jsonValue({ maxDepth: 1 })), async (made, value) => {
        assert.ok(isPlainSchema(made, JSON.stringify(made)))
        // A definition that nothing uses makes it a schema for a worker.
        const { errors } = await schemas.validate({ ...made, $defs: { none: {} } }, value, options)
        assert.deepEqual((await schemas.validate(made, value, options)).errors, errors)
      }),
      { numRuns: 100 },
    )
  })

  test('a validation that is made to take long ends with a limit, and one that finds much reports 50 errors', async () => {
    const code = (error: unknown): boolean => (error as { code?: string }).code === 'expression_limit'
    const objects = Array.from({ length: 40_000 }, (_, n) => ({ text: 'x', n }))
    await assert.rejects(schemas.validate({ properties: { a: { uniqueItems: true } } }, { a: objects }, options), code)
    const many = await schemas.validate({ items: { type: 'string' } }, { length: 1 }, options)
    assert.deepEqual(many.errors, [])
    const lists = await schemas.validate(
      { properties: { a: { items: { pattern: 'x' } } } },
      { a: Array.from({ length: 9000 }, () => 'y') },
      options,
    )
    assert.equal(lists.errors.length, 50)
    // The worker still serves, or another one took its place.
    assert.deepEqual((await schemas.validate({ pattern: 'x' }, 'x', options)).errors, [])
  })

  test('a pattern takes linear time, and one that cannot is refused when it is saved', async () => {
    const slow = { properties: { a: { pattern: '^(a+)+$' } } }
    assert.equal((await schemas.validate(slow, { a: `${'a'.repeat(50_000)}!` }, options)).errors.length, 1)
    const names = { patternProperties: { '^(a|a)*$': {} }, additionalProperties: false }
    assert.equal((await schemas.validate(names, { [`${'a'.repeat(10_000)}!`]: 1 }, options)).errors.length, 1)
    for (const pattern of ['(?=a)b', '(a)\\1', '(', '(?<!a)b']) {
      const [fault] = await schemas.check({ pattern }, options)
      assert.match(fault?.message ?? '', /parsing regexp/, pattern)
      await assert.rejects(schemas.validate({ pattern }, 'a', options), { code: 'expression_failed' })
    }
  })

  test('the formats on linear time accept what the usual ones accept', () => {
    const samples: Record<string, string[]> = {
      duration: ['P1D', 'P', 'PT', 'P1DT', 'PT5M', 'P2W', 'P1Y2M3DT4H5M6S', '1D'],
      hostname: ['a.b', '-a', 'a'.repeat(64), 'x.', 'a..b', 'A.com', 'a.'.repeat(127)],
      uri: ['http://a.b/c?d=e#f', 'abc', '/x', 'mailto:a@b', 'http://[::1]/', 'http://a b', 'urn:x:y'],
      'uri-reference': ['/x', 'http://a', 'a b', '#f'],
      'uri-template': ['/a/{b}', '/{', '{?x,y}'],
      email: ['a@b.cc', 'a@b', '@b', 'A.B@c.DD'],
      ipv4: ['1.2.3.4', '256.1.1.1'],
      ipv6: ['::1', 'fe80::1', '1:2', '::ffff:1.2.3.4'],
      'json-pointer': ['/a', 'a', ''],
      'relative-json-pointer': ['0/a', '/a'],
      url: ['http://a.bc/x', 'ftp://x.com', 'foo'],
      uuid: ['123e4567-e89b-12d3-a456-426614174000', 'x'],
      regex: ['a', '('],
    }
    const accepts = (format: unknown, text: string): boolean =>
      format instanceof RegExp ? format.test(text) : (format as (text: string) => boolean)(text)
    for (const [name, texts] of Object.entries(samples)) {
      for (const text of texts)
        assert.equal(accepts(linearFormats[name], text), accepts((fullFormats as Record<string, unknown>)[name], text), `${name} ${text}`)
    }
  })
})

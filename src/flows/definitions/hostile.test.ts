import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExpressions } from '#expressions'
import { createScripts } from '#scripts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { definitionSchema, parseDefinition, printDefinition, type Definition, type Known } from './index.ts'

const expressions = createExpressions()
const scripts = createScripts()
const known: Known = { tool: () => ({ inputSchema: { type: 'object' }, byUser: false }), toolNames: () => ['a_tool'] }
const parse = (text: string, format?: 'yaml' | 'json') =>
  parseDefinition(text, { known, expressions, scripts, workspaceId: 'ws_test', ...(format ? { format } : {}) })

const value = fc.jsonValue({ maxDepth: 2 }).filter((json) => !/\$\{\{|__proto__|"<<"/.test(JSON.stringify(json)))
const duration = fc.constantFrom('3s', '2h30m', '90d')
const record = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value, { maxKeys: 3 })
const common = {
  retry: fc.record({ attempts: fc.integer({ min: 1, max: 9 }), backoff: duration }),
  timeout: duration,
  on_error: fc.constantFrom('fail', 'continue'),
}
const optional = fc.record(
  { ...common, if: fc.constantFrom('event.x = 1', '${{ run.id != "" }}', true), name: fc.constant('A step') },
  { requiredKeys: [] },
)

const { steps } = fc.letrec<{ steps: object[]; step: object }>((tie) => ({
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 3 }),
  step: fc
    .tuple(
      optional,
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.record({ transform: value }),
        fc.record({ uses: fc.constant('a_tool'), with: record, fields: fc.constant(['a', 'b.c']) }),
        fc.record({ wait: duration }),
        fc.record({ emit: fc.record({ type: fc.constant('my.event'), data: value }) }),
        fc.record({ wait_for: fc.record({ event: fc.constant('my.*'), timeout: duration }) }),
        fc.record({ approve: fc.record({ message: fc.constant('Go on with ${{ event.x }}?'), expires: duration }) }),
        fc.record({ if: fc.constant('event.y'), then: tie('steps'), else: tie('steps') }),
        fc.record({
          switch: fc.record({
            on: value,
            cases: fc.array(fc.record({ when: value, steps: tie('steps') }), { minLength: 1, maxLength: 2 }),
          }),
        }),
        fc.record({ for_each: fc.record({ in: fc.constant('${{ event.list }}'), as: fc.constant(undefined), steps: tie('steps') }) }),
        fc.record({ parallel: fc.record({ branches: fc.record({ a: tie('steps'), b: tie('steps') }) }) }),
        fc.record({ try: fc.record({ steps: tie('steps') }), finally: fc.record({ steps: tie('steps') }) }),
      ),
    )
    .map((parts) => Object.assign({}, ...parts) as object),
}))

/** Gives steps unique ids and names items by their depth. */
function finish(tree: object[]): Definition {
  let count = 0
  const walk = (item: unknown, depth: number): unknown => {
    if (Array.isArray(item)) return item.map((inner) => walk(inner, depth))
    if (typeof item !== 'object' || item === null) return item
    const isStep = ['transform', 'uses', 'wait', 'emit', 'wait_for', 'approve', 'then', 'switch', 'for_each', 'parallel', 'try'].some(
      (kind) => kind in item,
    )
    const entries = Object.entries(item).map(([key, inner]) => [
      key,
      ['transform', 'with', 'data', 'when', 'on'].includes(key) ? inner : walk(inner, depth + 1),
    ])
    const made = Object.fromEntries(entries) as Record<string, unknown>
    if ('as' in item) made['as'] = `item_${depth}`
    return isStep ? { id: `step_${count++}`, ...made } : made
  }
  return JSON.parse(JSON.stringify({ id: 'random', steps: walk(tree, 0) })) as Definition
}

test('any definition that is right is read, printed and read again as the same, and fits the published schema', async () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true })
  const fits = ajv.compile(definitionSchema())
  await fc.assert(
    fc.asyncProperty(steps, async (tree) => {
      const written = finish(tree)
      const parsed = await parse(JSON.stringify(written), 'json')
      assert.deepEqual(parsed, { definition: written })
      assert.deepEqual(await parse(printDefinition(written), 'yaml'), { definition: written })
      assert.ok(fits(written), ajv.errorsText(fits.errors))
    }),
    { numRuns: 150 },
  )
})

test('the published schema tells of every field, and refuses what the hub refuses', () => {
  const schema = definitionSchema()
  const fits = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true }).compile(schema)
  assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema')
  for (const wrong of [
    { id: 'a' },
    { id: 'a', steps: [] },
    { id: 'a', steps: [{ id: 'a', wat: 1 }] },
    { id: 'a', stesp: 1, steps: [{ id: 'a', wait: '1s' }] },
    { id: 'a', on: [{ evnt: 'a' }], steps: [{ id: 'a', wait: '1s' }] },
  ]) {
    assert.equal(fits(wrong), false, JSON.stringify(wrong))
  }
  const silent: string[] = []
  const walk = (at: unknown, path: string): void => {
    if (typeof at !== 'object' || at === null) return
    for (const [key, inner] of Object.entries(at)) {
      if (key === 'properties') {
        for (const [name, field] of Object.entries(inner as Record<string, { description?: string }>)) {
          if (!field.description && !stepKinds.has(name)) silent.push(`${path}.${name}`)
        }
      }
      walk(inner, `${path}.${key}`)
    }
  }
  // A step of these kinds has its description around them.
  const stepKinds = new Set(['switch', 'for_each', 'parallel', 'wait_for', 'approve', 'emit'])
  walk(schema, '')
  assert.deepEqual(silent, [])
})

test('a text made to be hard to read is refused in bounded time', async () => {
  const laughs = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
    ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(10)}]`),
  ]
  const texts = [
    laughs.join('\n'),
    'a: &a [*a]',
    '['.repeat(50_000),
    '- '.repeat(50_000),
    '{"a":'.repeat(20_000),
    `x: ${'[1,'.repeat(100)}${']'.repeat(100)}`,
    Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n'),
    `id: a\nsteps: [${'{},'.repeat(5000)}]`,
    `x: "${'${{'.repeat(50_000)}"`,
    'x'.repeat(300_000),
  ]
  for (const text of texts) {
    const began = performance.now()
    assert.ok('problems' in (await parse(text)), text.slice(0, 30))
    // The limit is generous because the machine is shared; unbounded work would take minutes.
    assert.ok(performance.now() - began < 8000, `${text.slice(0, 30)} ${performance.now() - began}`)
  }
})

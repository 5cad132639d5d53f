import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { sharedHub } from '#test'
import { typesOf, type DeclaredTool } from './index.ts'

const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')

/** What the compiler says about declarations, and a script that uses them. */
async function compiled(types: string, use = ''): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hub-types-'))
  try {
    const file = join(folder, 'types.ts')
    writeFileSync(file, `${types}\nexport async function script() {\n${use}\n}\n`)
    return await promisify(execFile)(
      tsc,
      ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2024', '--lib', 'es2024', '--types', '', file],
      { cwd: folder },
    ).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// oxlint-disable-next-line max-params -- Most tests need two.
const tool = (name: string, input: object, output: object = {}, description = 'It does something. And more.'): DeclaredTool => ({
  name,
  description,
  input_schema: input as Record<string, unknown>,
  output_schema: output as Record<string, unknown>,
})

suite('typesOf', () => {
  test('declares all tools of a hub so that the compiler accepts them and finds mistakes', async () => {
    const { tools } = (await sharedHub()).hub
    const types = typesOf(tools.registry.all.map(tools.registry.describe))
    const right = "const issue = await tools.github_get_issue({ owner: 'a', repo: 'b', number: 1 }); issue.title.length"
    assert.equal(await compiled(types, right), '')
    assert.match(await compiled(types, "await tools.github_get_issue({ owner: 'a', repo: 'b', number: 'one' })"), /TS2322/)
    assert.match(await compiled(types, 'await tools.github_get_issues()'), /TS2551/)
  })

  test('handles references, recursion, unions, enums, records, tuples and odd names', async () => {
    const schema = {
      type: 'object',
      required: ['kind', 'tree'],
      properties: {
        kind: { enum: ['a', 'b"c', 1, null] },
        tree: { $ref: '#/$defs/node' },
        'not-an-identifier': { type: ['string', 'null'] },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
        both: {
          allOf: [
            { type: 'object', properties: { x: { type: 'string' } } },
            { type: 'object', properties: { y: { type: 'string' } } },
          ],
        },
        circle: { $ref: '#/$defs/circle' },
        mutual: { $ref: '#/$defs/one' },
        self: { $ref: '#' },
        missing: { $ref: '#/$defs/absent' },
        outside: { $ref: 'https://example.com/schema' },
        many: {
          type: 'array',
          items: { anyOf: [{ type: 'string' }, { type: 'object', properties: { n: { type: 'number', nullable: true } } }] },
        },
        never: false,
        any: true,
        odd: { type: 'array', items: [1], required: 'x', properties: [] },
      },
      $defs: {
        node: { type: 'object', required: ['children'], properties: { children: { type: 'array', items: { $ref: '#/$defs/node' } } } },
        circle: { anyOf: [{ $ref: '#/$defs/circle' }, { type: 'string' }] },
        one: { $ref: '#/$defs/two' },
        two: { oneOf: [{ $ref: '#/$defs/one' }, { type: 'null' }] },
      },
    }
    const types = typesOf([tool('odd-tool.name', schema, schema), tool('1st', schema, { $ref: '#' }), tool('plain', { type: 'object' })])
    const use =
      "await tools['odd-tool.name']({ kind: 'b\"c', tree: { children: [{ children: [] }] }, 'not-an-identifier': null, map: { a: 1 }, pair: ['a', 1] }); await tools.plain()"
    assert.equal(await compiled(types, use), '', types)
    assert.match(await compiled(types, "await tools['odd-tool.name']({ kind: 'z', tree: { children: [{ children: [5] }] } })"), /TS2322/)
  })

  test('no name and no description breaks out of its place, and a huge schema stays short', async () => {
    const hostile = '*/ } declare const stolen: string; /* \n } '
    const deep = Array.from({ length: 500 }).reduce<object>((inner) => ({ type: 'object', properties: { a: inner } }), { type: 'string' })
    const wide = {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field${n}`, { type: 'string' }])),
    }
    const types = typesOf([
      tool('x', { type: 'object', properties: { [hostile]: { enum: [hostile] } } }, {}, hostile),
      tool(hostile, deep, wide),
      tool('__proto__', {}, {}, ''),
    ])
    assert.equal(await compiled(types), '')
    assert.match(await compiled(types, 'return stolen'), /TS2304/)
    assert.ok(types.length < 250_000, `${types.length}`)
  })
})

test('a long chain of references ends in a part that is unknown', () => {
  const links = Array.from({ length: 5000 }, (_, n) => [`d${n}`, { type: 'object', properties: { a: { $ref: `#/$defs/d${n + 1}` } } }])
  const input_schema = { $ref: '#/$defs/d0', $defs: Object.fromEntries(links) }
  assert.match(typesOf([{ name: 't', description: 'Does it.', input_schema, output_schema: {} }]), /a\?: unknown/)
})

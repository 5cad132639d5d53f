// cspell:ignore githup
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import { connectors } from '#connectors'
import { defineConnector } from '#kit'
import { hubTools, operations } from '#operations'
import { adminToken, mcpClient, servedHub, sharedHub, toolBench } from '#test'
import { validate } from '../input.ts'
import { createRegistry } from '../registry.ts'
import { toolsOf } from '../tool.ts'
import { definitionFor, modelName, toolFormats } from './index.ts'
import { strictSchema } from './strict.ts'

const registry = createRegistry(connectors, hubTools(operations))
const definitions = (format: (typeof toolFormats)[number]) =>
  registry.all.map((tool) => ({ tool, definition: definitionFor(format, registry.describe(tool), tool) as Record<string, any> }))

/** What OpenAI says of schemas in strict mode, written apart from the code that makes them. */
function assertStrict(schema: Record<string, any>, path: string): void {
  const allowed =
    'type description title enum const pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems items properties required additionalProperties anyOf'
  for (const keyword of Object.keys(schema)) assert.ok(allowed.split(' ').includes(keyword), `${path} has ${keyword}`)
  assert.ok(schema['type'] !== undefined || schema['anyOf'] !== undefined, `${path} has no type`)
  if ([schema['type']].flat().includes('object')) {
    assert.equal(schema['additionalProperties'], false, path)
    assert.deepEqual(schema['required'], Object.keys(schema['properties']), path)
    for (const [name, part] of Object.entries<any>(schema['properties'])) assertStrict(part, `${path}.${name}`)
  }
  if ([schema['type']].flat().includes('array')) assertStrict(schema['items'], `${path}[]`)
  for (const part of schema['anyOf'] ?? []) assertStrict(part, `${path}|`)
}

/** What a model in strict mode sends for these arguments: null for each that was left out. */
function filled(schema: Record<string, any>, value: any): any {
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map((one) => filled(schema['items'] ?? {}, one))
  if (schema['properties'] === undefined || value === null) return value
  return Object.fromEntries(Object.entries<any>(schema['properties']).map(([name, part]) => [name, filled(part, value[name])]))
}

suite('the definitions of all tools', () => {
  test('have names, descriptions and schemas that each API accepts', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const format of toolFormats) {
      for (const { definition } of definitions(format)) {
        const { name, description, parameters, input_schema, inputSchema } = definition['function'] ?? definition
        assert.match(name, /^[a-zA-Z0-9_-]{1,64}$/)
        assert.ok(description.length > 0 && description.length <= 1024, name)
        const schema = parameters ?? input_schema ?? inputSchema
        assert.equal(schema.type, 'object')
        for (const keyword of ['anyOf', 'oneOf', 'allOf', 'not', 'enum']) assert.ok(!(keyword in schema), name)
        ajv.compile(schema)
      }
    }
  })

  test('are strict for OpenAI where that says the same, and what a model then sends is accepted', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const strict = definitions('openai').filter(({ definition }) => definition['strict'])
    assert.ok(strict.length > 80, `${strict.length} are strict`)
    for (const { tool, definition } of strict) {
      const { name, parameters } = definition as { name: string; parameters: Record<string, any> }
      assertStrict(parameters, name)
      const sent = filled(parameters, tool.action.example)
      assert.ok(ajv.validate(parameters, sent), `${name}: ${ajv.errorsText()}`)
      assert.deepEqual(validate(tool, sent), validate(tool, tool.action.example), name)
    }
    for (const { definition } of definitions('openai').filter(({ definition }) => !definition['strict']))
      assert.equal(strictSchema(definition['parameters']), undefined, definition['name'])
  })
})

test('a schema is not strict where strict mode could not say the same', () => {
  const schemaOf = (fields: Record<string, z.ZodType>) => z.toJSONSchema(z.strictObject(fields), { io: 'input', unrepresentable: 'any' })
  const exact = strictSchema(schemaOf({ a: z.string().max(5).default('x').describe('Letter.'), b: z.enum(['u', 'v']).optional() }))
  assert.deepEqual(exact?.['properties'], {
    a: { type: ['string', 'null'], description: 'Letter. Default: "x".' },
    b: { anyOf: [{ type: 'string', enum: ['u', 'v'] }, { type: 'null' }] },
  })
  for (const field of [
    z.string().nullish(),
    z.record(z.string(), z.string()),
    z.looseObject({ a: z.string() }),
    z.unknown(),
    z.object({}),
    z.array(z.unknown()),
    z.union([z.string(), z.object({ a: z.string().optional() })]),
    z.tuple([z.string()]),
  ])
    assert.equal(strictSchema(schemaOf({ field })), undefined, JSON.stringify(schemaOf({ field })))
  const deep = Array.from({ length: 30 }).reduce<Record<string, unknown>>((items) => ({ type: 'array', items }), { type: 'string' })
  assert.equal(strictSchema({ type: 'object', properties: { deep } }), undefined)
})

test('null means left out only where null is refused, and only if the rest fits', () => {
  const connector = defineConnector({
    name: 'shop',
    title: 'Shop',
    description: 'Sells.',
    connect: '-',
    config: z.object({}),
    auth: [],
  })
  const input = z.strictObject({
    id: z.string(),
    note: z.string().nullish(),
    tags: z.array(z.strictObject({ a: z.int().optional() })).optional(),
  })
  const spec = { title: 'Buy', description: 'Buys.', effect: 'write', input, output: z.unknown(), example: { id: 'x' } } as const
  const [tool] = toolsOf(connector.withActions({ buy: connector.action({ ...spec, run: () => Promise.resolve(null) }) }))
  assert.deepEqual(validate(tool!, { id: 'x', note: null, tags: null }), { id: 'x', note: null })
  assert.deepEqual(validate(tool!, { id: 'x', tags: [{ a: null }, { a: 1 }] }), { id: 'x', tags: [{}, { a: 1 }] })
  const given = { id: 'x', tags: null }
  validate(tool!, given)
  assert.deepEqual(given, { id: 'x', tags: null })
  for (const wrong of [
    { id: null },
    { id: 'x', tags: [null] },
    { id: 'x', tags: 'no' },
    { id: 'x', other: null },
    { id: 'x', tags: null, other: 1 },
    null,
  ])
    assert.throws(() => validate(tool!, wrong), /does not fit/)
})

suite('GET /api/v1/tools?format=', () => {
  test('gives what the API takes, with the filters of the list, page by page', async () => {
    const hub = await sharedHub()
    const items = async (query: string): Promise<Record<string, any>[]> => {
      const reply = await hub.call('GET', `/api/v1/tools?${query}`)
      assert.equal(reply.statusCode, 200, reply.payload)
      return reply.json<{ items: Record<string, any>[] }>().items
    }
    for (const format of toolFormats) {
      const list = await items(`format=${format}&connector=github&effect=read&limit=200`)
      assert.ok(list.length > 5)
      for (const item of list) {
        assert.match((item['function'] ?? item).name, /^github_/)
        assert.ok(operations.listTools.output.safeParse({ items: [item], next_cursor: null }).success)
      }
    }
    const names = (list: Record<string, any>[]) => list.map(({ name }) => name)
    const found = await items('format=anthropic&query=create+issue&limit=3')
    assert.equal(found.length, 3)
    assert.deepEqual(names(found), names(await items('query=create+issue&limit=3')))
    assert.deepEqual(names(await items('format=openai&toolset=hub_get_run,%20slack_send_message')), ['hub_get_run', 'slack_send_message'])
    const page = (await hub.call('GET', '/api/v1/tools?format=openai&limit=2')).json()
    const next = (await hub.call('GET', `/api/v1/tools?format=openai&limit=2&cursor=${page.next_cursor}`)).json()
    assert.equal(new Set(names([...page.items, ...next.items])).size, 4)
  })

  test('refuses a format and a toolset that are not there, and says which are', async () => {
    const hub = await sharedHub()
    const wrong = await hub.call('GET', '/api/v1/tools?format=gemini')
    assert.equal(wrong.statusCode, 400)
    for (const format of toolFormats) assert.ok(wrong.json().errors[0].message.includes(`"${format}"`), wrong.payload)
    const unknown = await hub.call('GET', '/api/v1/tools?toolset=githup')
    assert.equal(unknown.statusCode, 400)
    assert.deepEqual(unknown.json().errors[0].path, 'query.toolset')
    assert.match(unknown.payload, /githup.*github/)
  })

  test('gives a token only the tools that it may call', async () => {
    const hub = await sharedHub()
    const { token } = (
      await hub.call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['tools:read', 'tools:call:github'], read_only: true })
    ).json()
    const { items } = (await hub.with({ token }).call('GET', '/api/v1/tools?format=mcp&limit=200')).json()
    assert.ok(items.length > 5)
    for (const { name, annotations } of items) assert.ok(name.startsWith('github_') && annotations.readOnlyHint === true, name)
  })

  test('gives as mcp exactly what the MCP endpoint lists of tools that act', async () => {
    const { address } = await servedHub()
    const reply = await fetch(`${address}/api/v1/tools?format=mcp&limit=200`, { headers: { authorization: `Bearer ${adminToken}` } })
    const { items } = (await reply.json()) as { items: Record<string, unknown>[] }
    await using client = await mcpClient(address, { query: '?list=full' })
    // These two exist over MCP only.
    const about = new Set(['run_script', 'describe_tools_as_types'])
    const { tools } = await client.listTools()
    assert.deepEqual(
      items,
      tools.filter(({ name }) => !about.has(name)),
    )
  })
})

test('a tool whose name is too long for a model is found by the name that the model was given', async () => {
  const long = `flow_${'a'.repeat(64)}`
  assert.match(modelName(long), /^[a-z0-9_]{64}$/)
  assert.notEqual(modelName(long), modelName(`${long}b`))
  assert.equal(modelName('github_get_issue'), 'github_get_issue')
  await using b = await toolBench()
  const id = 'A'.repeat(64)
  const saved = await b.hub.call('POST', '/api/v1/flows', { definition: { id, tool: true, steps: [{ id: 'one', transform: 'done' }] } })
  assert.ok(saved.statusCode < 300, saved.payload)
  const { items } = (await b.hub.call('GET', '/api/v1/tools?format=openai&connector=flow')).json()
  const given = items.map(({ name }: { name: string }) => name).find((name: string) => name.startsWith('flow_aaaa'))
  assert.match(given, /^[a-z0-9_]{64}$/)
  assert.equal((await b.hub.call('GET', `/api/v1/tools/${given}`)).json().name, long)
  assert.equal(
    (await b.hub.call('GET', `/api/v1/tools/${given.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'))}`)).statusCode,
    404,
  )
})

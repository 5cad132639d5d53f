import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { sql as raw } from 'kysely'
import { adminToken, servedHub, type ServedHub } from '#test'
import { until } from '#test/faults'
import { longestHold } from './event-loop.ts'

/** Nothing that a user supplies may hold the event loop for longer. */
const maxHoldMs = 100

interface HostileSchema {
  readonly schema: Record<string, unknown>
  readonly value: Record<string, unknown>
}

const doubling = (depth: number, keyword: string): Record<string, unknown> => ({
  $defs: Object.fromEntries(
    Array.from({ length: depth + 1 }, (_, n) => {
      const below = { $ref: `#/$defs/d${n - 1}` }
      return [`d${n}`, n === 0 ? { type: 'integer' } : { [keyword]: [below, below] }]
    }),
  ),
  properties: { a: { $ref: `#/$defs/d${depth}` } },
})
const tree = (depth: number): Record<string, unknown> => (depth === 0 ? { type: 'integer' } : { anyOf: [tree(depth - 1), tree(depth - 1)] })
const objects = Array.from({ length: 10_000 }, (_, n) => ({ n, text: 'x' }))

const schemas: Readonly<Record<string, HostileSchema>> = {
  'a pattern that backtracks': { schema: { properties: { a: { pattern: '^(a+)+$' } } }, value: { a: `${'a'.repeat(30)}!` } },
  'patternProperties that backtrack': { schema: { patternProperties: { '^(a+)+$': {} } }, value: { [`${'a'.repeat(30)}!`]: 1 } },
  'a format of a long text': { schema: { properties: { a: { format: 'email' } } }, value: { a: 'a.'.repeat(50_000) } },
  'unique items of 10,000 objects': { schema: { properties: { a: { uniqueItems: true } } }, value: { a: objects } },
  'references that double 20 times': { schema: doubling(20, 'allOf'), value: { a: 'x' } },
  'alternatives that double 20 times': { schema: doubling(20, 'anyOf'), value: { a: 'x' } },
  'a tree of alternatives': { schema: { properties: { a: tree(9) } }, value: { a: 'x' } },
  'a schema that answers later': { schema: { $async: true, properties: { a: { type: 'integer' } } }, value: { a: 'x' } },
  'a schema without end': { schema: { properties: { a: { $ref: '#' } } }, value: { a: { a: { a: 1 } } } },
  'very many properties': {
    schema: { properties: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`p${n}`, { type: 'string', minLength: 1 }])) },
    value: { p1: '' },
  },
  'very many errors': { schema: { properties: { a: { items: { type: 'string', minimum: 1 } } } }, value: { a: objects } },
}

let served: ServedHub

// oxlint-disable-next-line max-params -- Reads like a request.
async function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<{ status: number; text: string }> {
  const reply = await fetch(served.address + path, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: reply.status, text: await reply.text() }
}

const step = { id: 'a', transform: 1 }
let count = 0
const nextId = (): string => `hostile-${(count += 1)}`
const flowOf = (definition: object): object => ({ definition: { id: nextId(), steps: [step], ...definition } })

/** Places that take a JSON Schema. `planted` is a flow that has it already, as one that was saved by an earlier version. */
interface Planted {
  readonly id: string
  readonly tool: string
  readonly eventType: string
}
type SchemaPlace = (hostile: HostileSchema, planted: Planted) => Promise<unknown>

const schemaPlaces: Readonly<Record<string, SchemaPlace>> = {
  'a check': ({ schema }) => send('POST', '/api/v1/flows/check', flowOf({ parameters: schema })),
  'a save': ({ schema }) => send('POST', '/api/v1/flows', flowOf({ parameters: schema })),
  'a trigger': ({ value }, { id }) => send('POST', `/api/v1/flows/${id}/trigger`, { parameters: value }),
  'a tool': ({ value }, { tool }) => send('POST', `/api/v1/tools/${tool}/invoke`, { input: value }),
  'a step that calls it': ({ value }, { tool }) =>
    send('POST', '/api/v1/flows/check', flowOf({ steps: [{ id: 'a', uses: tool, with: value }] })),
  'an event': async ({ value }, { id, eventType }) => {
    await publish(eventType, value)
    await until('the event has started a run', async () =>
      (JSON.parse((await send('GET', `/api/v1/runs?flow=${id}`)).text) as { items: { trigger: { kind: string } }[] }).items.some(
        ({ trigger }) => trigger.kind === 'event',
      ),
    )
  },
}

async function publish(type: string, data: unknown): Promise<void> {
  await served.hub.events.inbox.add({
    workspaceId: served.operator.workspaceId,
    connector: 'probe',
    type,
    dedupeKey: randomUUID(),
    unparsed: false,
    whole: false,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(data)),
  })
}

/** Saves a harmless flow and puts the schema into it. */
async function plant(schema: Record<string, unknown>): Promise<Planted> {
  const id = nextId()
  const tool = `flow_${id.replaceAll('-', '_')}`
  const eventType = `probe.${tool}`
  const on = [{ event: '*', filter: `event.type = "${eventType}"` }]
  const saved = await send('POST', '/api/v1/flows', { definition: { id, tool: true, on, steps: [step] } })
  assert.equal(saved.status, 201, saved.text)
  const changed = await raw`
    update hub.flow_versions set definition = definition || ${JSON.stringify({ parameters: schema })}::jsonb
     where definition ->> 'id' = ${id}`.execute(served.hub.db.sql)
  assert.equal(changed.numAffectedRows, 1n)
  return { id, tool, eventType }
}

const bombs = {
  regex: '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/)',
  loop: '($f := function($n) { $n > 0 ? $f($n - 1) + $f($n - 1) : 1 }; $f(60))',
  sort: '$sort([1..200000], function($l, $r) { $l < $r })',
  brackets: `${'('.repeat(8000)}1${')'.repeat(8000)}`,
  defaults: `1${' ?: 1'.repeat(3000)}`,
}
/** Texts of at most 262,144 characters, which a definition may have. */
const documents: Readonly<Record<string, string>> = {
  aliases: `id: a\nsteps: &s [${'1,'.repeat(200)}]\nx: [${'*s,'.repeat(200)}]`,
  'lists in lists': `id: a\nsteps: ${'['.repeat(50_000)}`,
  'empty lists': `id: a\nsteps: [${'[],'.repeat(40_000)}]`,
  dashes: '- '.repeat(100_000),
  keys: `id: a\nsteps:\n${Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n')}`,
  'keys of a step': `id: a\nsteps:\n- id: b\n${Array.from({ length: 15_000 }, (_, n) => `  k${n}: 1`).join('\n')}`,
  'empty steps': `id: a\nsteps: [${'{},'.repeat(15_000)}]`,
  'long texts': `id: a\nsteps: &s "${'x'.repeat(100_000)}"\nx: [${'*s,'.repeat(1000)}]`,
  json: JSON.stringify({ id: 'a', steps: Array.from({ length: 15_000 }, (_, n) => ({ id: `s${n}` })) }),
  'steps of on_error': JSON.stringify({
    id: 'a',
    steps: [step],
    on_error: { steps: Array.from({ length: 9000 }, (_, n) => ({ id: `s${n}` })) },
  }),
  'JSON that stops': '{"a":'.repeat(50_000),
}
const crons = [
  '0 0 31 2 *',
  '0 0 29 2 1#5',
  `${Array.from({ length: 5000 }, () => '1').join(',')} * * * *`,
  '*/1 */1 */1 */1 */1',
  '0 0 30 2 MON',
]

/** Everything else that a user supplies and the hub evaluates. A place is one line. */
const places: Readonly<Record<string, () => Promise<unknown>>> = {
  ...Object.fromEntries(
    Object.entries(bombs).flatMap(([name, text]) => [
      [
        `JSONata in a condition that is checked: ${name}`,
        () => send('POST', '/api/v1/flows/check', flowOf({ steps: [{ ...step, if: text }] })),
      ],
      [
        `JSONata in a step that runs: ${name}`,
        async () => {
          const flow = flowOf({ steps: [{ id: 'a', transform: `\${{ ${text} }}` }] }) as { definition: { id: string } }
          if ((await send('POST', '/api/v1/flows', flow)).status === 201)
            await send('POST', `/api/v1/flows/${flow.definition.id}/trigger?wait=5`, { parameters: {} })
        },
      ],
      [
        `JSONata in a hook's transformation: ${name}`,
        async () => {
          const hook = {
            name: nextId(),
            integration_type: 'webhook',
            credential: { secret: 'long-enough-a-secret' },
            config: { verification: { kind: 'bearer' }, transform: text },
          }
          await send('POST', '/api/v1/integrations', hook)
          await send('POST', `/api/v1/webhooks/${hook.name}/test`, { body: { a: 1 } })
        },
      ],
    ]),
  ),
  ...Object.fromEntries(
    crons.map((cron) => [`cron: ${cron.slice(0, 20)}`, () => send('POST', '/api/v1/flows/check', flowOf({ on: [{ schedule: cron }] }))]),
  ),
  ...Object.fromEntries(
    Object.entries(documents).flatMap(([name, text]) =>
      ['/api/v1/flows/check', '/api/v1/flows'].map((path) => [
        `a definition sent to ${path}: ${name}`,
        async () => {
          const reply = await send('POST', path, text, 'application/yaml')
          assert.match(reply.text, /"line":\d|"path":"\d+:\d/, reply.text)
        },
      ]),
    ),
  ),
  'a pattern of a policy': async () => {
    const rule = { tools: ['*a'.repeat(99)], where: { text: '*a'.repeat(200) }, decision: 'deny' }
    await send('PUT', '/api/v1/policies', { rules: Array.from({ length: 200 }, () => rule) })
    await send('POST', '/api/v1/tools/probe_echo/invoke', { input: { text: 'a'.repeat(100_000) } })
    await send('PUT', '/api/v1/policies', { rules: [] })
  },
  'a path into an answer': () => send('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/', json_path: '[*]'.repeat(160) } }),
  'an address': () =>
    send('POST', '/api/v1/integrations', {
      name: nextId(),
      integration_type: 'http',
      config: { base_url: `http://${'a.'.repeat(20_000)}` },
    }),
  'a path of a hook': () =>
    send('POST', '/api/v1/integrations', {
      name: nextId(),
      integration_type: 'webhook',
      credential: { secret: 'long-enough-a-secret' },
      config: { verification: { kind: 'hmac', header: 'x', payload: '{id}'.repeat(5000) }, dedupe: { path: 'a.'.repeat(100) } },
    }),
}

/** The least of three: what the collector or the compiler takes once is none of the input's doing. */
async function leastHold(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3 && least >= maxHoldMs; turn++) least = Math.min(least, await longestHold(work))
  return least
}

suite('what a user supplies does not hold the event loop', () => {
  before(async () => {
    served = await servedHub()
    // The first request of each kind compiles code, which is none of the input's doing.
    const plain = await plant({ properties: { a: { type: 'string' } } })
    for (const place of Object.values(schemaPlaces))
      await place({ schema: { properties: { a: { pattern: 'x' } } }, value: { a: 'x' } }, plain)
    for (const place of Object.values(places)) await place()
  })

  for (const [place, run] of Object.entries(schemaPlaces)) {
    test(`a JSON Schema in ${place}`, async () => {
      for (const [name, hostile] of Object.entries(schemas)) {
        const planted = await plant(hostile.schema)
        const held = await leastHold(async () => {
          const reply = (await run(hostile, planted)) as { status: number; text: string } | undefined
          if (!reply) return
          assert.ok(reply.status < 500, `${name}: ${reply.status} ${reply.text.slice(0, 300)}`)
          // A definition that was saved is answered whole.
          assert.ok(reply.status < 300 || reply.text.length < 100_000, `${name}: an answer of ${reply.text.length} characters`)
        })
        assert.ok(held < maxHoldMs, `${name} held the event loop for ${Math.round(held)} ms`)
      }
    })
  }

  for (const [name, run] of Object.entries(places)) {
    test(name, async () => {
      const held = await leastHold(run)
      assert.ok(held < maxHoldMs, `held the event loop for ${Math.round(held)} ms`)
    })
  }
})

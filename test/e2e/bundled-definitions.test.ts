import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { z } from 'zod'
import { connectors } from '#connectors'
import { createExpressions, render } from '#expressions'
import { createScripts } from '#scripts'
import { hubTools, operations } from '#operations'
import { flowsRunBy, parseDefinition, toExecutable, type Definition, type Known, type StepOf } from '../../src/flows/definitions/index.ts'

const home = join(import.meta.dirname, '../..')
const folder = join(home, 'src/flows/bundled')
const expressions = createExpressions()
const scripts = createScripts()
after(() => Promise.all([expressions, scripts].map((part) => part[Symbol.asyncDispose]())))

const connectorTools = connectors.flatMap(({ name, actions }) =>
  Object.entries(actions).map(([verb, { input }]) => ({ name: `${name}_${verb}`, input })),
)
const ownTools = hubTools(operations).map(({ name, action: { input } }) => ({ name, input }))
const tools = new Map(
  [...connectorTools, ...ownTools].map(({ name, input }) => [
    name,
    { inputSchema: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>, byUser: false },
  ]),
)
const flows = new Map<string, Definition>()
const known: Known = {
  tool: (name) => tools.get(name),
  toolNames: () => tools.keys(),
  flow(id) {
    const flow = flows.get(id)
    return flow && { runs: flowsRunBy(flow), ...(flow.parameters ? { parameters: flow.parameters } : {}) }
  },
  flowIds: () => flows.keys(),
  eventTypes: connectors.flatMap(({ name, events = {} }) => Object.keys(events).map((type) => `${name}.${type}`)),
}
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .toSorted()) {
  const parsed = await parseDefinition(readFileSync(join(folder, file), 'utf8'), { known, expressions, scripts, workspaceId: 'ws_test' })
  assert.ok('definition' in parsed, `${file}: ${JSON.stringify('problems' in parsed ? parsed.problems : [], null, 1)}`)
  assert.equal(`${parsed.definition.id}.yaml`, file)
  flows.set(parsed.definition.id, parsed.definition)
}

test('the bundled flows fit the tools that there are, and those that need settings are off', () => {
  const on = [...flows.values()].filter(({ enabled }) => enabled !== false).map(({ id }) => id)
  assert.deepEqual(on, ['ask-agent', 'code_review_agent', 'send-summary-email'])
  assert.deepEqual(
    [...flows.keys()].filter((id) => !on.includes(id)),
    ['daily-digest', 'github-issue-triage', 'incident-broadcast', 'jira-to-slack'],
  )
})

test('each bundled flow has its section in the pages', () => {
  const page = readFileSync(join(home, 'docs/bundled-flows.md'), 'utf8')
  for (const id of flows.keys()) assert.match(page, new RegExp(`^## ${id}$`, 'm'))
})

const limits = { workspaceId: 'wsp_1', timeoutMs: 900, maxOutputBytes: 5_000_000 }

interface Parts {
  readonly texts: string[]
  readonly cut: string[]
  readonly left_out: string[]
}

function partsOf(diff: string, part_size = 60_000, max_parts = 8): Promise<Parts> {
  const step = toExecutable(flows.get('code_review_agent')!).steps.find(({ id }) => id === 'parts') as StepOf<'transform'>
  return render(
    expressions,
    step.transform,
    { steps: { diff: { output: { diff } } }, parameters: { part_size, max_parts } },
    limits,
  ) as Promise<Parts>
}

const fileDiff = (name: string, lines: number): string =>
  `diff --git a/${name} b/${name}\n+++ b/${name}\n${'+a line of code, forty characters long...\n'.repeat(lines)}`

test('a diff is cut into parts between files, and what does not fit is named', async () => {
  assert.deepEqual(await partsOf(''), { texts: [], cut: [], left_out: [] })
  const small = fileDiff('a.ts', 10) + fileDiff('b.ts', 10)
  assert.deepEqual(
    (await partsOf(small)).texts.map((text) => text.trim()),
    [small.trim()],
  )

  const three = await partsOf([1, 2, 3].map((n) => fileDiff(`${n}.ts`, 20)).join(''), 2000)
  assert.deepEqual(
    three.texts.map((text) => [...text.matchAll(/^diff --git a\/(\S+)/gm)].map(([, name]) => name)),
    [['1.ts', '2.ts'], ['3.ts']],
  )
  const huge = await partsOf(fileDiff('small.ts', 1) + fileDiff('huge.ts', 500) + fileDiff('last.ts', 1), 2000)
  assert.deepEqual([huge.texts.length, huge.cut, huge.left_out], [3, ['huge.ts'], []])
  assert.ok(huge.texts.every((text) => text.length <= 2000))

  const many = await partsOf(Array.from({ length: 30 }, (_, n) => fileDiff(`${n}.ts`, 30)).join(''), 2000, 8)
  assert.equal(many.texts.length, 8)
  assert.deepEqual(
    many.left_out,
    Array.from({ length: 22 }, (_, n) => `${n + 8}.ts`),
  )
})

// A megabyte, or three hundred files: what is larger GitHub refuses.
test('the largest diff that GitHub makes is cut in time, be it of many files or of few', async () => {
  for (const diff of [Array.from({ length: 300 }, (_, n) => fileDiff(`${n}.ts`, 78)).join(''), fileDiff('one.ts', 25_000)]) {
    assert.ok(diff.length > 900_000)
    const { texts } = await partsOf(diff)
    assert.ok(texts.length > 0 && texts.every((text) => text.length <= 60_000))
  }
})

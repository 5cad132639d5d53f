import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExpressions } from '#expressions'
import { createScripts } from '#scripts'
import { conditionOf, flowsRunBy, parseDefinition, toExecutable, type Definition, type Known } from './index.ts'

const expressions = createExpressions()
const scripts = createScripts()
const comment = {
  type: 'object',
  properties: {
    owner: { type: 'string', description: 'Who owns the repository.' },
    number: { type: 'integer' },
    body: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    labels: { type: 'array', items: { type: 'string' } },
  },
  required: ['owner', 'number'],
  additionalProperties: false,
}
const flows: Record<string, { parameters?: Record<string, unknown>; runs: string[] }> = {
  around: { runs: ['between'] },
  between: { runs: ['me'] },
  digest: { runs: [], parameters: { type: 'object', properties: { days: { type: 'integer' } }, required: ['days'] } },
}
const known: Known = {
  tool: (name) => (name === 'github_comment' ? { inputSchema: comment, byUser: false } : undefined),
  toolNames: () => ['github_comment', 'slack_post'],
  flow: (id) => flows[id],
  flowIds: () => Object.keys(flows),
  eventTypes: ['github.pull_request', 'github.push'],
}

async function parse(text: string): Promise<Definition | string[]> {
  const parsed = await parseDefinition(text, { known, expressions, scripts, workspaceId: 'ws_test' })
  if ('definition' in parsed) return parsed.definition
  for (const { remedy } of parsed.problems) assert.ok(remedy.length > 5)
  return parsed.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
}

const whole = `
id: code_review_agent
on:
  - event: github.pull_request
    filter: \${{ event.data.action in ["opened", "reopened"] }}
    parameters: { limit: "\${{ event.data.number }}" }
  - { schedule: "0 9 * * MON-FRI", timezone: Europe/Kyiv, missed: once, parameters: { limit: 3 } }
  - bus: reviews.wanted
    parameters: { limit: 1 }
parameters: { type: object, properties: { limit: { type: integer } }, required: [limit], additionalProperties: false }
tool: { description: Reviews a change., effect: write }
concurrency: { key: "\${{ event.data.number }}", limit: 1, on_conflict: cancel_running, rate: { limit: 5, per: 1m } }
timeout: 2h
steps:
  - id: first
    uses: github_comment
    with: { owner: "\${{ event.data.owner }}", number: 1, body: null, labels: ["\${{ parameters.limit }}", b] }
    retry: { attempts: 3, backoff: 10s }
    on_error: continue
  - id: decide
    if: steps.first.status = "completed" and run.id != ""
    then: [{ id: wait_a_bit, wait: 1m }]
    else: [{ id: wait_long, wait: { until: "\${{ event.data.until }}" } }]
  - id: choose
    switch: { on: "\${{ event.type }}", cases: [{ when: [a, b], steps: [{ id: in_case, transform: 1 }] }], default: [{ id: in_default, transform: 2 }] }
  - id: each
    for_each: { in: "\${{ event.data.list }}", as: thing, max_parallel: 3, steps: [{ id: one, transform: "\${{ thing.x + index }}" }] }
  - id: both
    parallel: { branches: { left: [{ id: l, transform: 1 }], right: [{ id: r, emit: { type: my.event, data: "\${{ steps.each.output }}" } }] } }
  - id: reply
    wait_for: { event: github.push, filter: "event.data.ref = 'x'", correlate: event.data.id = steps.first.output.id, timeout: 90d }
  - id: ask
    approve: { message: "Send \${{ steps.l.output }}?", by: [ann], expires: 1d, call: { uses: github_comment, with: { owner: a, number: 1 } } }
  - id: careful
    try: { steps: [{ id: risky, flow: digest, with: { days: "\${{ parameters.limit }}" } }] }
    catch: { steps: [{ id: caught, transform: "\${{ error.message & steps.risky.error }}" }] }
    finally: { steps: [{ id: last, transform: "\${{ steps.caught.status }}" }] }
on_error: { steps: [{ id: tell, transform: "\${{ error.code & steps.first.output }}" }] }
outputs: { text: "\${{ steps.last.output }}" }
`

test('a definition with every kind of trigger and step is taken as it is', async () => {
  const definition = (await parse(whole)) as Definition
  assert.ok(!Array.isArray(definition), String(definition))
  assert.deepEqual(
    toExecutable(definition).steps.map(({ id }) => id),
    ['first', 'decide', 'choose', 'each', 'both', 'reply', 'ask', 'careful'],
  )
  assert.deepEqual(await parse(JSON.stringify(definition, null, 2)), definition)
  assert.deepEqual(flowsRunBy(definition), ['digest'])
})

test('a condition is the same with and without the braces around it', () => {
  assert.equal(conditionOf(' ${{ a = 1 }} '), 'a = 1')
  assert.equal(conditionOf('a = "${{ x }}"'), 'a = "${{ x }}"')
  assert.equal(conditionOf(' a '), 'a')
})

const steps = (...lines: string[]): string => ['id: me', 'steps:', ...lines].join('\n')

/** Invalid definitions with the exact position and text of each problem. */
const broken: [string, string[]][] = [
  // Reading
  ['', ['1:1 : there is no definition']],
  ['- a', ['1:1 : a definition is a mapping']],
  ['id: "me', ['1:8 : Missing closing "quote']],
  ['id: me\nid: you', ['2:1 : `id` is there twice']],
  ['id: me\nsteps: !!js/function x', ['2:22 : tags are not taken here']],
  ['id: me\n---\nid: you', ['2:1 : Source contains multiple documents; please use YAML.parseAllDocuments()']],
  ['{"id": "me", "steps": [}', ['1:24 : this is not JSON']],
  ['{"id": "me"', ['1:12 : the JSON stops before it is complete']],
  ['id: &a [*a]', ['1:9 : this alias stands inside what it stands for']],
  ['id: me\n__proto__: { a: 1 }', ['2:1 : `__proto__` is no name to use here']],
  // The shape
  ['id: me', ['1:1 steps: `steps` is missing']],
  ['id: me\nstep: []\nsteps: []', ['2:1 step: `step` is not known here', '3:8 steps: Too small: expected array to have >=1 items']],
  ['id: 3\nsteps: [{ id: a, wait: 1s }]', ['1:5 id: expected string, received number']],
  [steps('  - a'), ['3:5 steps[0]: a step is a mapping']],
  [steps('  - wait: 1s'), ['3:5 steps[0].id: `id` is missing']],
  [
    steps('  - id: a-b', '    wait: soon'),
    [
      '3:9 steps[0].id: an id is made of letters, digits and _, begins with no digit, and has 64 characters at most',
      '4:11 steps[0].wait: a duration looks like `30s`, `1h30m` or `90d`',
    ],
  ],
  [steps('  - id: a', '    us: github_comment'), ['4:5 steps[0].us: there is no kind of step called `us`']],
  [steps('  - id: a', '    if: true'), ['3:5 steps[0]: this step does nothing']],
  [
    steps('  - id: a', '    wait: 1s', '    transform: 1'),
    ['5:5 steps[0].transform: a step does one thing, and this has `wait` and `transform`'],
  ],
  [
    steps('  - id: a', '    wait: 1s', '    retry: { attempts: 0, backof: 1s }'),
    ['5:24 steps[0].retry.attempts: Too small: expected number to be >=1', '5:27 steps[0].retry.backof: `backof` is not known here'],
  ],
  [
    steps('  - id: a', '    wait: 1s', '  - id: b', '    if: true', '    then:', '      - id: a', '        wait: 1s'),
    ['8:13 steps[1].then[0].id: there are two steps `a`'],
  ],
  // Tools and flows
  [steps('  - id: a', '    uses: github_coment'), ['4:11 steps[0].uses: there is no tool `github_coment`']],
  [
    steps('  - id: a', '    uses: github_comment', '    with: { owner: 3, bod: x, number: "${{ event.n }}" }'),
    ['5:20 steps[0].with.owner: this must be string', '5:23 steps[0].with.bod: `github_comment` takes no `bod`'],
  ],
  [steps('  - id: a', '    uses: github_comment', '    with: { owner: x }'), ['5:5 steps[0].with: `github_comment` needs `number`']],
  [
    steps('  - id: a', '    uses: github_comment', '    with: { owner: x, number: 1, body: 3 }'),
    ['5:40 steps[0].with.body: this must match a schema in anyOf'],
  ],
  [steps('  - id: a', '    uses: "${{ event.tool }}"'), ['4:11 steps[0].uses: which tool is called cannot be computed']],
  [steps('  - id: a', '    flow: me'), ['4:11 steps[0].flow: the flow runs itself']],
  [steps('  - id: a', '    flow: around'), ['4:11 steps[0].flow: the flow comes back to itself: me → around → between → me']],
  [steps('  - id: a', '    flow: digets'), ['4:11 steps[0].flow: there is no flow `digets`']],
  [steps('  - id: a', '    flow: digest', '    with: { days: many }'), ['5:19 steps[0].with.days: this must be integer']],
  // Expressions
  [steps('  - id: a', '    transform: "${{ event.x = }}"'), ['4:30 steps[0].transform: Unexpected end of expression']],
  [steps('  - id: a', '    transform: "x ${{ event.x"'), ['4:19 steps[0].transform: this `${{` is not closed']],
  [
    steps('  - id: a', '    transform: { b: ["${{ 1 }}${{ evnt.x }}"] }'),
    ['4:35 steps[0].transform.b[0]: there is nothing called `evnt` here'],
  ],
  [
    steps('  - id: a', '    transform: |', '      one', '      ${{ event.a }} ${{ nope }}'),
    ['6:26 steps[0].transform: there is nothing called `nope` here'],
  ],
  [steps('  - id: a', '    if: event.x and nope', '    wait: 1s'), ['4:21 steps[0].if: there is nothing called `nope` here']],
  [steps('  - id: a', '    if: x ${{ event.x }}', '    wait: 1s'), ['4:9 steps[0].if: this is a text, not an expression']],
  [steps('  - id: a', '    transform: ${{ $item }}'), ['4:20 steps[0].transform: there is no variable `$item`']],
  [
    steps('  - id: a', '    transform: ${{ $eval("1") }}'),
    ['4:20 steps[0].transform: `$eval` is not available, because it would run input as code'],
  ],
  [steps('  - id: a', '    transform: ${{ secrets.token }}'), ['4:20 steps[0].transform: `secrets` is not within reach of a flow']],
  [steps('  - id: a', '    transform: ${{ parameters.x }}'), ['4:20 steps[0].transform: there is no parameter `x`']],
  [steps('  - id: a', '    transform: ${{ steps.a.output }}'), ['4:20 steps[0].transform: the step `a` refers to itself']],
  [
    steps('  - id: a', '    transform: ${{ steps.b.output }}', '  - id: b', '    wait: 1s'),
    ['4:20 steps[0].transform: the step `b` comes later'],
  ],
  [
    steps('  - id: a', '    wait: 1s', '  - id: b', '    transform: ${{ a.output & steps.a.outptu & steps.aa.output }}'),
    [
      '6:20 steps[1].transform: `a` is a step, not a name',
      '6:31 steps[1].transform: a step has no `outptu`',
      '6:48 steps[1].transform: there is no step `aa`',
    ],
  ],
  [
    steps('  - id: a', '    if: true', '    then: [{ id: b, wait: 1s }]', '  - id: c', '    transform: ${{ steps.b.output }}'),
    ['7:20 steps[1].transform: the step `b` may not have run here'],
  ],
  [
    steps('  - id: a', '    for_each: { in: ["x"], steps: [{ id: b, transform: "${{ steps.a.output & item }}" }] }'),
    ['4:61 steps[0].for_each.steps[0].transform: the step `a` is not over yet here'],
  ],
  [
    steps('  - id: a', '    for_each: { in: event.x, as: steps, steps: [{ id: b, wait: 1s }] }'),
    ['4:21 steps[0].for_each.in: this is a text, not a list', '4:34 steps[0].for_each.as: `steps` already means something here'],
  ],
  [
    steps('  - id: a', '    parallel: { branches: { l: [{ id: b, wait: 1s }], r: [{ id: c, transform: "${{ steps.b.output }}" }] } }'),
    ['4:84 steps[0].parallel.branches.r[0].transform: the step `b` may not have run here'],
  ],
  [`${steps('  - id: a', '    wait: 1s')}\noutputs: { x: "\${{ steps.z.output }}" }`, ['5:20 outputs.x: there is no step `z`']],
  // Triggers and parameters
  [
    `on: [{ event: github.pul_request }, { even: x }, { schedule: "61 * * * *" }]\n${steps('  - id: a', '    wait: 1s')}`,
    [
      '1:15 on[0].event: there is no event `github.pul_request`',
      '1:39 on[1].even: there is no trigger `even`',
      '1:62 on[2].schedule: Invalid value for minute: 61',
    ],
  ],
  [
    `on: [{ schedule: "0 0 30 2 *" }, { schedule: "0 0 * * *", timezone: Europe/Kyiw }]\n${steps('  - id: a', '    wait: 1s')}`,
    ['1:18 on[0].schedule: this time never comes', '1:69 on[1].timezone: there is no time zone `Europe/Kyiw`'],
  ],
  [
    `on: [{ event: github.push, filter: "steps.a.output = 1" }]\n${steps('  - id: a', '    wait: 1s')}`,
    ['1:37 on[0].filter: there is nothing called `steps` here'],
  ],
  [
    `parameters: { type: object, properties: { a: { type: strin } } }\n${steps('  - id: a', '    wait: 1s')}`,
    [
      '1:54 parameters.properties.a.type: this is no JSON Schema: must be equal to one of the allowed values: array, boolean, integer, null, number, object, string',
    ],
  ],
  [
    `parameters: { type: object, requried: [a] }\n${steps('  - id: a', '    wait: 1s')}`,
    ['1:13 parameters: this is no JSON Schema: unknown keyword: "requried"'],
  ],
  [`parameters: { type: array }\n${steps('  - id: a', '    wait: 1s')}`, ['1:21 parameters.type: parameters are an object']],
  [
    `on: [{ schedule: "0 9 * * *" }]\nparameters: { type: object, properties: { n: {} }, required: [n] }\n${steps('  - id: a', '    wait: 1s')}`,
    ['1:6 on[0].parameters: the flow needs `n`'],
  ],
  [
    `concurrency: { key: "\${{ steps.a.output }}", rate: { limit: 1, per: day } }\n${steps('  - id: a', '    wait: 1s')}`,
    [
      '1:26 concurrency.key: there is nothing called `steps` here',
      '1:69 concurrency.rate.per: a duration looks like `30s`, `1h30m` or `90d`',
    ],
  ],
]

test('everything that is wrong with a definition is said, with its line and column', async () => {
  for (const [text, expected] of broken) assert.deepEqual(await parse(text), expected, text)
})

test('a parameter that is only required may be read', async () => {
  const text = `parameters: { properties: { a: {} }, required: [a, b] }\n${steps('  - id: s', '    transform: ${{ parameters.b }}')}`
  assert.ok('id' in (await parse(text)))
})

test('faults far from each other are told at once, from top to bottom', async () => {
  const faulty = whole
    .replace('github_comment\n', 'github_coment\n')
    .replace('90d', 'soon')
    .replace('steps.last.output', 'steps.risky.output')
  assert.deepEqual(
    ((await parse(faulty)) as string[]).map((line) => line.replace(/^[\d:]+ /, '')),
    [
      'steps[0].uses: there is no tool `github_coment`',
      'steps[5].wait_for.timeout: a duration looks like `30s`, `1h30m` or `90d`',
      'outputs.text: the step `risky` may not have run here',
    ],
  )
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { adminToken, agentWith, servedHub, testHub, type ServedHub } from '#test'
import { until } from '#test/faults'

let served: ServedHub
let count = 0

const callWith = (headers: Record<string, string>) => async (method: string, path: string, body?: unknown) => {
  const type = typeof body === 'string' ? 'application/yaml' : 'application/json'
  const reply = await fetch(served.address + path, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.text()
  const answer: any = text === '' ? null : JSON.parse(text)
  return { status: reply.status, body: answer }
}
const call = callWith({})

/** Approves with a token that had no part in what is asked. */
async function approve(id: string): Promise<void> {
  const { token } = await agentWith(served.hub, ['approvals:write'])
  const { status, body } = await callWith({ authorization: `Bearer ${token}` })('POST', `/api/v1/approvals/${id}`, { decision: 'approve' })
  assert.equal(status, 200, JSON.stringify(body))
}

/** Saves a flow under an id of its own. */
async function flow(yaml: string): Promise<string> {
  const id = `rest-flow-${(count += 1)}`
  const { status, body } = await call('POST', '/api/v1/flows', `id: ${id}\n${yaml}`)
  assert.equal(status, 201, JSON.stringify(body))
  return id
}

const over = (id: string) =>
  until(`run ${id} is over`, async () => {
    const { body } = await call('GET', `/api/v1/runs/${id}`)
    return body.finished_at !== null && body
  })

interface Told {
  readonly id: string
  readonly event: string
  readonly data: any
}

/** What a stream tells, until it ends or `enough` has come. */
async function stream(runId: string, { lastId, token = adminToken, enough }: { lastId?: string; token?: string; enough?: number } = {}) {
  const left = new AbortController()
  const reply = await fetch(`${served.address}/api/v1/runs/${runId}/stream`, {
    headers: { authorization: `Bearer ${token}`, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    signal: left.signal,
  })
  assert.equal(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const told: Told[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of reply.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? []
      if (data !== undefined) told.push({ id: id!, event: event!, data: JSON.parse(data) })
    }
    if (enough !== undefined && told.length >= enough) break
  }
  left.abort()
  return told
}

suite('flows over REST', () => {
  before(async () => {
    served = await servedHub()
  })

  test('a definition is taken as YAML, as a text or as JSON, is kept as written, and has versions', async () => {
    const id = await flow('# why\nname: One\nsteps: [{ id: a, transform: 1 }]')
    const whole = (await call('GET', `/api/v1/flows/${id}`)).body
    assert.ok(whole.source.includes('# why'))
    assert.deepEqual([whole.id, whole.name, whole.version, whole.enabled, whole.origin], [id, 'One', 1, true, 'user'])
    const definition = { id, name: 'Two', steps: [{ id: 'a', transform: 2 }] }
    assert.equal((await call('PUT', `/api/v1/flows/${id}`, { definition })).body.version, 2)
    const text = await call('POST', '/api/v1/flows', { source: `id: ${id}\nname: Three\nsteps: [{ id: a, transform: 3 }]` })
    assert.deepEqual([text.status, text.body.version], [200, 3])
    const versions = (await call('GET', `/api/v1/flows/${id}/versions`)).body.items
    assert.deepEqual(
      versions.map(({ version, definition: { name } }: any) => [version, name]),
      [
        [3, 'Three'],
        [2, 'Two'],
        [1, 'One'],
      ],
    )
    assert.equal((await call('PUT', `/api/v1/flows/${id}`, { definition: { ...definition, id: 'another' } })).status, 400)
    assert.equal((await call('PUT', '/api/v1/flows/nowhere', { definition })).status, 404)
    assert.equal((await call('POST', '/api/v1/flows', { definition, source: 'x' })).status, 400)
    assert.equal((await call('POST', '/api/v1/flows', {})).status, 400)
  })

  test('a definition with faults is refused, each with line, column and remedy, and checked without being saved', async () => {
    const wrong = 'id: wrong-one\nsteps:\n  - id: a\n    uses: probe_get_thign\n  - id: b\n    transform: ${{ steps.nobody.output }}\n'
    const { status, body } = await call('POST', '/api/v1/flows', wrong)
    assert.deepEqual([status, body.code], [400, 'flow_invalid'])
    assert.deepEqual(
      body.errors.map(({ path }: any) => path.split(':')[0]),
      ['4', '6'],
    )
    assert.match(body.errors[0].path, /^4:\d+ steps\[0\]\.uses$/)
    assert.match(body.errors[0].message, /probe_get_thing/)
    const checked = await call('POST', '/api/v1/flows/check', wrong)
    assert.deepEqual([checked.status, checked.body.ok, checked.body.problems.length], [200, false, 2])
    assert.deepEqual([checked.body.problems[0].line, checked.body.problems[0].path], [4, 'steps[0].uses'])
    assert.deepEqual((await call('POST', '/api/v1/flows/check', 'id: fine\nsteps: [{ id: a, transform: 1 }]')).body, {
      ok: true,
      problems: [],
    })
    assert.equal((await call('GET', '/api/v1/flows/wrong-one')).status, 404)
    assert.equal((await call('GET', '/api/v1/flows/fine')).status, 404)
  })

  test('a version that somebody else saved meanwhile is not overwritten, and comments alone make a version', async () => {
    const id = await flow('steps: [{ id: a, transform: 1 }]')
    const text = (value: number, comment = ''): string => `id: ${id}\nsteps: [{ id: a, transform: ${value} }]${comment}`
    const save = (source: string, basedOn: number) => call('PUT', `/api/v1/flows/${id}`, { source, based_on: basedOn })
    assert.equal((await save(text(2), 1)).body.version, 2)
    const late = await save(text(3), 1)
    assert.deepEqual([late.status, late.body.code], [409, 'flow_changed'])
    assert.match(late.body.detail, /has version 2, and version 1 was edited/)
    assert.equal((await call('GET', `/api/v1/flows/${id}`)).body.definition.steps[0].transform, 2)
    const again = await call('POST', '/api/v1/flows', { source: text(4), based_on: 0 })
    assert.deepEqual([again.status, again.body.code], [409, 'flow_changed'])
    const commented = await save(text(2, ' # why'), 2)
    assert.deepEqual([commented.body.version, commented.body.source], [3, text(2, ' # why')])
    assert.equal((await save(text(2, ' # why'), 3)).body.version, 3)
  })

  test('a flow says under which name it is a tool, and when its schedules start it next', async () => {
    const id = await flow('tool: true\non: [{ event: orders.paid }, { schedule: 0 6 * * * }]\nsteps: [{ id: a, transform: 1 }]')
    const { body } = await call('GET', `/api/v1/flows/${id}`)
    assert.equal(body.tool, `flow_${id.replaceAll('-', '_')}`)
    assert.deepEqual(
      body.next_starts.map(({ trigger, at }: any) => [trigger, at.slice(10)]),
      [[1, 'T06:00:00.000Z']],
    )
    await call('PATCH', `/api/v1/flows/${id}`, { enabled: false })
    assert.deepEqual((await call('GET', `/api/v1/flows/${id}`)).body.next_starts, [])
  })

  test('the schema of the format is public, and fits what is taken', async () => {
    const schema = (await (await fetch(`${served.address}/schemas/flow.json`)).json()) as object
    const validate = new Ajv2020({ strict: false }).compile(schema)
    for (const { id } of (await call('GET', '/api/v1/flows')).body.items) {
      const { definition } = (await call('GET', `/api/v1/flows/${id}`)).body
      assert.ok(validate(definition), `${id}: ${JSON.stringify(validate.errors)}`)
    }
    assert.equal(validate({ id: 'x', steps: [{ id: 'a', nothing: 1 }] }), false)
  })

  test('a run that ends in time is the answer, one that does not is 202 with its id, and shows its steps', async () => {
    const id = await flow(
      'parameters: { type: object, properties: { at: { type: string } }, required: [at] }\nsteps: [{ id: thing, uses: probe_create_thing, with: { at: "${{ parameters.at }}" } }]\noutputs: { ok: "${{ steps.thing.output.ok }}" }',
    )
    const waited = await call('POST', `/api/v1/flows/${id}/trigger?wait=20`, { parameters: { at: '/rest-wait' } })
    assert.deepEqual([waited.status, waited.body.status, waited.body.outputs], [200, 'completed', { ok: 1 }])
    const started = await call('POST', `/api/v1/flows/${id}/trigger`, { parameters: { at: '/rest-go' } })
    assert.equal(started.status, 202)
    const run = await over(started.body.run_id)
    const [step] = run.steps
    assert.deepEqual(
      [step.path, step.kind, step.status, step.input, step.output],
      ['thing', 'uses', 'completed', { at: '/rest-go' }, { ok: 1 }],
    )
    assert.ok(step.ms >= 0 && step.attempts === 1)
    assert.equal((await call('GET', `/api/v1/invocations/${step.invocation_id}`)).body.tool, 'probe_create_thing')
    const wrong = await call('POST', `/api/v1/flows/${id}/trigger`, { parameters: { at: 5 } })
    assert.deepEqual([wrong.status, wrong.body.errors[0].path], [400, 'parameters.at'])
    const listed = (await call('GET', `/api/v1/runs?flow=${id}&status=completed`)).body.items
    assert.deepEqual(
      listed.map((row: any) => row.id),
      [started.body.run_id, waited.body.id],
    )
    await call('PATCH', `/api/v1/flows/${id}`, { enabled: false })
    assert.equal((await call('POST', `/api/v1/flows/${id}/trigger`, { parameters: { at: '/x' } })).body.code, 'flow_disabled')
    assert.equal((await call('DELETE', `/api/v1/flows/${id}`)).status, 204)
    assert.equal((await call('GET', `/api/v1/flows/${id}`)).status, 404)
    assert.equal((await call('GET', `/api/v1/runs/${started.body.run_id}`)).status, 200, 'its runs stay')
  })

  test('a failed run is retried from where it failed, and replayed as a run of its own', async () => {
    const id = await flow(
      'steps: [{ id: one, uses: probe_create_thing, with: { at: /rest-one } }, { id: two, uses: probe_create_thing, with: { at: /rest-two } }]',
    )
    served.outside.answers.set('/rest-two', () => ({ status: 422, body: { message: 'not today' } }))
    const failed = (await call('POST', `/api/v1/flows/${id}/trigger?wait=20`)).body
    assert.deepEqual([failed.status, failed.error.code, failed.error.step], ['failed', 'vendor_rejected', 'two'])
    served.outside.answers.delete('/rest-two')
    assert.equal((await call('POST', `/api/v1/runs/${failed.id}/retry`)).status, 200)
    assert.equal((await over(failed.id)).status, 'completed')
    const made = (what: string) => served.outside.seen.filter((request) => request.what === what).length
    assert.deepEqual([made('POST /rest-one'), made('POST /rest-two')], [1, 2])
    assert.equal((await call('POST', `/api/v1/runs/${failed.id}/retry`)).body.code, 'run_state_conflict')
    const replayed = await call('POST', `/api/v1/runs/${failed.id}/replay`, { version: 'same' })
    assert.equal(replayed.status, 202)
    assert.deepEqual([(await over(replayed.body.run_id)).replay_of, made('POST /rest-one')], [failed.id, 2])
  })

  test('a waiting run is cancelled, and is over', async () => {
    const id = await flow('steps: [{ id: long, wait: 30d }]')
    const { run_id: runId } = (await call('POST', `/api/v1/flows/${id}/trigger`)).body
    await until('it waits', async () => (await call('GET', `/api/v1/runs/${runId}`)).body.status === 'waiting')
    assert.equal((await call('POST', `/api/v1/runs/${runId}/cancel`)).status, 200)
    assert.equal((await over(runId)).status, 'cancelled')
    assert.equal((await call('POST', `/api/v1/runs/${runId}/cancel`)).status, 409)
  })

  test('a run that asks a person goes on when they have decided over REST', async () => {
    const id = await flow(
      'steps: [{ id: ask, approve: { message: Shall I?, call: { uses: probe_create_thing, with: { at: /rest-approved } } } }]',
    )
    const { run_id: runId } = (await call('POST', `/api/v1/flows/${id}/trigger`)).body
    const asked = await until('it asks', async () => (await call('GET', `/api/v1/approvals?run=${runId}`)).body.items[0])
    assert.deepEqual([asked.message, asked.path, asked.call.input], ['Shall I?', 'ask', { at: '/rest-approved' }])
    await approve(asked.id)
    const run = await over(runId)
    assert.equal(run.status, 'completed', JSON.stringify(run.error))
    assert.equal(served.outside.seen.filter(({ what }) => what === 'POST /rest-approved').length, 1)
    assert.equal((await call('GET', `/api/v1/approvals/${asked.id}`)).body.status, 'used')
  })

  test('a stream tells each step as it changes, ends with the run, and goes on from where it broke off', async () => {
    const id = await flow(
      'steps: [{ id: first, transform: 1 }, { id: gate, approve: { message: Go? } }, { id: last, uses: probe_create_thing, with: { at: /rest-stream } }]',
    )
    const { run_id: runId } = (await call('POST', `/api/v1/flows/${id}/trigger`)).body
    const asked = await until('it asks', async () => (await call('GET', `/api/v1/approvals?run=${runId}`)).body.items[0])
    await until('it waits', async () => (await call('GET', `/api/v1/runs/${runId}`)).body.status === 'waiting')
    const before = await stream(runId, { enough: 3 })
    const statusOf = (told: readonly Told[], path: string) =>
      told.findLast(({ event, data }) => event === 'step' && data.path === path)?.data.status
    assert.deepEqual([statusOf(before, 'first'), statusOf(before, 'gate')], ['completed', 'waiting'])
    const rest = stream(runId, { lastId: String(Number(before.at(-1)!.id) + 20_000) })
    await approve(asked.id)
    const told = await rest
    assert.deepEqual([statusOf(told, 'first'), statusOf(told, 'gate'), statusOf(told, 'last')], [undefined, 'completed', 'completed'])
    assert.deepEqual([told.at(-1)!.event, told.at(-1)!.data.status], ['run', 'completed'])
    const whole = await stream(runId)
    assert.equal(whole.filter(({ event }) => event === 'step').length, 3)
    assert.equal((await call('GET', '/api/v1/runs/run_nothing/stream')).status, 404)
  })

  test('a stream ends when the hub is stopped', async () => {
    const hub = await testHub()
    const { flows, access } = hub.hub
    const operator = await access.operator('tester')
    await flows.save(operator, 'id: long\nsteps: [{ id: a, wait: 30d }]')
    const { id } = await flows.trigger(operator, 'long')
    const headers = { authorization: `Bearer ${adminToken}` }
    const reply = await fetch(`${await hub.address()}/api/v1/runs/${id}/stream`, { headers })
    const told = reply.text()
    await hub[Symbol.asyncDispose]()
    assert.match(await told, /"status":"running"/)
  })

  test('a stream ends when its token is revoked', async () => {
    const id = await flow('steps: [{ id: long, wait: 30d }]')
    const { run_id: runId } = (await call('POST', `/api/v1/flows/${id}/trigger`)).body
    const made = (await call('POST', '/api/v1/tokens', { name: 'watcher', scopes: ['flows:read'] })).body
    const watching = stream(runId, { token: made.token })
    await call('DELETE', `/api/v1/tokens/${made.id}`)
    assert.notEqual((await watching).at(-1)!.data.status, 'completed')
    await call('POST', `/api/v1/runs/${runId}/cancel`)
  })

  test('scopes hold, and another workspace sees and touches nothing', async () => {
    const id = await flow('steps: [{ id: long, wait: 30d }]')
    const { run_id: runId } = (await call('POST', `/api/v1/flows/${id}/trigger`)).body
    const reader = (await call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['flows:read'] })).body.token
    const as = (token: string) => callWith({ authorization: `Bearer ${token}` })
    const callAsReader = as(reader)
    for (const [method, path, body] of [
      ['POST', '/api/v1/flows', 'id: x\nsteps: [{ id: a, transform: 1 }]'],
      ['POST', `/api/v1/flows/${id}/trigger`, {}],
      ['POST', `/api/v1/runs/${runId}/cancel`],
      ['DELETE', `/api/v1/flows/${id}`],
    ] as const)
      assert.equal((await callAsReader(method, path, body)).status, 403, `${method} ${path}`)
    assert.equal((await callAsReader('GET', `/api/v1/runs/${runId}`)).status, 200)
    const caller = (await call('POST', '/api/v1/tokens', { name: 'caller', scopes: ['flows:run'] })).body.token
    assert.equal((await as(caller)('GET', `/api/v1/runs/${runId}/definition`)).status, 403)
    await call('PUT', `/api/v1/flows/${id}`, `id: ${id}\nsteps: [{ id: other, transform: 1 }]`)
    const carried = (await callAsReader('GET', `/api/v1/runs/${runId}/definition`)).body
    assert.deepEqual([carried.version, carried.definition.steps], [1, [{ id: 'long', wait: '30d' }]], 'the version of then')
    await call('POST', '/api/v1/workspaces', { name: 'rest-flows-other' })
    const made = await callWith({ 'hub-workspace': 'rest-flows-other' })('POST', '/api/v1/tokens', { name: 'x', scopes: ['admin'] })
    const callAsStranger = as(made.body.token)
    for (const [method, path, body] of [
      ['GET', `/api/v1/flows/${id}`],
      ['GET', `/api/v1/flows/${id}/versions`],
      ['PUT', `/api/v1/flows/${id}`, `id: ${id}\nsteps: [{ id: a, transform: 1 }]`],
      ['PATCH', `/api/v1/flows/${id}`, { enabled: false }],
      ['DELETE', `/api/v1/flows/${id}`],
      ['POST', `/api/v1/flows/${id}/trigger`, {}],
      ['GET', `/api/v1/runs/${runId}`],
      ['GET', `/api/v1/runs/${runId}/definition`],
      ['GET', `/api/v1/runs/${runId}/stream`],
      ['POST', `/api/v1/runs/${runId}/cancel`],
      ['POST', `/api/v1/runs/${runId}/retry`],
      ['POST', `/api/v1/runs/${runId}/replay`],
    ] as const)
      assert.equal((await callAsStranger(method, path, body)).status, 404, `${method} ${path}`)
    assert.deepEqual((await callAsStranger('GET', '/api/v1/runs')).body.items, [])
    await call('POST', `/api/v1/runs/${runId}/cancel`)
  })
})

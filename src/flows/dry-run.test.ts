import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { createEventPublisher } from '#events/publish'
import { adminToken, flowBench, type FlowBench } from '#test'

let b: FlowBench

interface Step {
  readonly path: string
  readonly status: string
  readonly output: any
}

async function dryRun(body: Record<string, unknown>, token = adminToken): Promise<{ status: number; body: any }> {
  const reply = await fetch(`${b.address}/api/v1/flows/dry-run`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: reply.status, body: await reply.json() }
}

suite('a dry run of a flow that is not saved', () => {
  before(async () => {
    b = await flowBench()
  })

  test('makes reads, shows what writes would send with what the policies say, and stores no flow', async () => {
    const source = `id: unsaved
parameters: { type: object, properties: { name: { type: string } }, required: [name] }
concurrency: { limit: 1 }
steps:
  - id: look
    uses: probe_get_thing
    with: { at: /unsaved-read }
  - id: make
    uses: probe_create_thing
    with: { at: "/unsaved-\${{ parameters.name }}" }
  - id: sure
    approve: { message: Sure? }
  - id: tell
    emit: { type: unsaved.told, data: {} }
`
    const { status, body } = await dryRun({ source, parameters: { name: 'ada' } })
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual([body.status, body.version, body.dry_run, body.flow], ['completed', 0, true, 'unsaved'], JSON.stringify(body.error))
    const steps = new Map((body.steps as Step[]).map((step) => [step.path, step]))
    assert.deepEqual([...steps.values()].map(({ path, status: state }) => `${path} ${state}`).toSorted(), [
      'look completed',
      'make completed',
      'sure completed',
      'tell completed',
    ])
    const shown = JSON.stringify(steps.get('make')!.output)
    assert.match(shown, /\/unsaved-ada/)
    assert.match(shown, /"decision":"allow"/)
    assert.equal(b.writes('/unsaved-ada'), 0)
    assert.ok(b.outside.seen.some(({ what }) => what === 'GET /unsaved-read'))
    await assert.rejects(b.hub.flows.get(b.workspaceId, 'unsaved'), { code: 'not_found' })
    const { rows } = await b.hub.db.pool.query(`select 1 from hub.flow_versions where definition ->> 'id' = 'unsaved'`)
    assert.equal(rows.length, 0)
    const carried = await fetch(`${b.address}/api/v1/runs/${body.id}/definition`, { headers: { authorization: `Bearer ${adminToken}` } })
    const { version, flow, definition } = (await carried.json()) as { version: null; flow: string; definition: { steps: unknown[] } }
    assert.deepEqual([version, flow, definition.steps.length], [null, 'unsaved', 4])
    for (const change of ['retry', 'replay'] as const)
      await assert.rejects(b.hub.flows[change](b.operator, body.id), { code: 'run_state_conflict' })
  })

  test('says the problems of the text, and of the parameters', async () => {
    const broken = await dryRun({ source: 'id: unsaved\nsteps: [{ id: a, uses: no_such_tool }]' })
    assert.deepEqual([broken.status, broken.body.code], [400, 'flow_invalid'])
    const source = 'id: unsaved\nparameters: { type: object, properties: { n: { type: integer } } }\nsteps: [{ id: a, transform: 1 }]'
    const unfit = await dryRun({ source, parameters: { n: 'x' } })
    assert.ok(unfit.status >= 400 && unfit.status < 500, JSON.stringify(unfit.body))
  })

  test('has the rights of the caller only, not those of the flow that is saved under its name', async () => {
    const { id } = await b.flow('steps: [{ id: a, transform: 1 }]')
    const source = `id: ${id}\nsteps: [{ id: a, uses: probe_get_thing, with: { at: /unsaved-rights } }]`
    const clerk = await b.hub.access.tokens.create(b.operator, { name: 'clerk', scopes: ['flows:run'] })
    const { status, body } = await dryRun({ source }, clerk.value)
    assert.equal(status, 200)
    assert.deepEqual([body.status, body.error.code, body.actor], ['failed', 'scope_missing', `token:${clerk.token.id}`])
    assert.ok(!b.outside.seen.some(({ what }) => what === 'GET /unsaved-rights'))
    assert.notEqual(body.flow_id, (await b.hub.flows.get(b.workspaceId, id)).id)
    assert.equal((await b.hub.flows.versions(b.workspaceId, id)).length, 1)
    const none = await b.hub.access.tokens.create(b.operator, { name: 'reader', scopes: ['flows:read', 'flows:write'] })
    assert.equal((await dryRun({ source }, none.value)).status, 403)
    const readOnly = await b.hub.access.tokens.create(b.operator, { name: 'read only', scopes: ['admin'], readOnly: true })
    assert.equal((await dryRun({ source }, readOnly.value)).status, 403)
  })

  test('runs for a stored event of its own workspace only, and only for those who may read events', async () => {
    const publisher = createEventPublisher({ ...b.hub, ...b.hub.telemetry })
    await b.hub.db.transaction((trx) => publisher.publish(trx, [{ workspaceId: b.workspaceId, type: 'unsaved.came', data: { n: 7 } }]))
    const [event] = (await b.hub.db.pool.query(`select id from hub.events where type = 'unsaved.came'`)).rows
    const source = 'id: unsaved\nsteps: [{ id: a, transform: "${{ event.data.n }}" }]'
    const { body } = await dryRun({ source, event: event.id })
    assert.deepEqual([body.status, body.steps[0].output, body.event_id], ['completed', 7, event.id])
    const runner = await b.hub.access.tokens.create(b.operator, { name: 'runner', scopes: ['flows:run'] })
    assert.equal((await dryRun({ source, event: event.id }, runner.value)).status, 403)
    const other = await b.hub.access.workspaces.create(b.operator, `unsaved-${process.pid}`, async () => undefined)
    const foreign = await b.hub.access.tokens.create({ ...b.operator, workspaceId: other.id }, { name: 'foreign', scopes: ['admin'] })
    assert.equal((await dryRun({ source, event: event.id }, foreign.value)).status, 404)
    const theirs = await dryRun({ source: 'id: unsaved\nsteps: [{ id: a, transform: 1 }]' }, foreign.value)
    await assert.rejects(b.hub.flows.run(b.workspaceId, theirs.body.id), { code: 'not_found' })
    await assert.rejects(b.hub.flows.definitionOf(b.workspaceId, theirs.body.id), { code: 'not_found' })
  })

  test('starts nothing by its end', async () => {
    const after = await b.flow('on: [{ event: flow.completed }]\nsteps: [{ id: a, transform: 1 }]')
    const { body } = await dryRun({ source: 'id: spoofed\nsteps: [{ id: a, transform: 1 }]' })
    assert.equal(body.status, 'completed')
    const { rows } = await b.hub.db.pool.query(`select 1 from hub.events where type = 'flow.completed' and data::text like '%spoofed%'`)
    assert.equal(rows.length, 0)
    await b.hub.flows.remove(b.operator, after.id)
  })
})

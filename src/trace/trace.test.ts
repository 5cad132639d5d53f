import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { createEventPublisher } from '#events/publish'
import { adminToken, flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'
import { createTraceReader, type TraceKind } from '#trace'

let bench: FlowBench

interface Node {
  readonly id: string
  readonly parent: string | null
  readonly kind: string
  readonly title: string
  readonly status: string
  readonly wait: { readonly for: string } | null
  readonly error: { readonly code: string } | null
}
interface Trace {
  readonly root: string
  readonly selected: string
  readonly nodes: readonly Node[]
  readonly left_out: Readonly<Record<string, number>>
  readonly missing_scopes: readonly string[]
}

async function ask(path: string, token = adminToken): Promise<{ status: number; body: any }> {
  const reply = await fetch(`${bench.address}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  return { status: reply.status, body: await reply.json() }
}

async function traceOf(id: string): Promise<Trace> {
  const { status, body } = await ask(`/traces/${encodeURIComponent(id)}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

/** `run > step > call`, for each node of a kind. */
function waysTo(kind: string, { nodes }: Trace): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const way = (node: Node | undefined): string[] => (node ? [...way(byId.get(node.parent ?? '')), `${node.kind} ${node.title}`] : [])
  return nodes.filter((node) => node.kind === kind).map((node) => way(node).join(' > '))
}

suite('a trace', () => {
  before(async () => {
    bench = await flowBench()
  })

  test('shows a run with the calls of its steps, their requests, items of loops, and where it failed, whichever id it is asked by', async () => {
    bench.outside.answers.set('/broken', () => ({ status: 422, body: { message: 'no' } }))
    const flow = await bench.flow(`
steps:
  - id: each
    for_each:
      in: [1, 2]
      steps:
        - id: thing
          uses: probe_create_thing
          with: { at: "/item-\${{ item }}" }
  - id: broken
    uses: probe_create_thing
    with: { at: /broken }
`)
    const run = await flow.run()
    assert.equal(run.status, 'failed')
    const trace = await traceOf(run.id)
    assert.deepEqual([trace.root, trace.selected, trace.left_out, trace.missing_scopes], [run.id, run.id, {}, []])
    const name = `run ${run.flow}`
    assert.deepEqual(waysTo('request', trace), [
      `${name} > step each > item item 1 > step thing > call probe_create_thing > request POST /item-1`,
      `${name} > step each > item item 2 > step thing > call probe_create_thing > request POST /item-2`,
      `${name} > step broken > call probe_create_thing > request POST /broken`,
    ])
    const failed = trace.nodes.filter(({ status }) => status === 'failed').map(({ kind, title }) => `${kind} ${title}`)
    assert.deepEqual(failed, [name, 'step broken', 'call probe_create_thing', 'request POST /broken'])
    const call = trace.nodes.find(({ kind }) => kind === 'call')!
    const byCall = await traceOf(call.id)
    assert.deepEqual([byCall.root, byCall.selected, byCall.nodes.length], [run.id, call.id, trace.nodes.length])
  })

  test('goes from an event over its run and a child run to the event that this emits, and to its delivery', async () => {
    const child = await bench.flow(`
steps:
  - id: tell
    emit: { type: traced.done, data: { ok: true } }
`)
    const parent = await bench.flow(`
on: [{ event: traced.begun }]
steps:
  - id: below
    flow: ${child.id}
`)
    await fetch(`${bench.address}/api/v1/endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${bench.outside.url}/traced`, types: ['traced.done'] }),
    })
    const starter = await bench.flow('steps: [{ id: begin, emit: { type: traced.begun, data: {} } }]')
    const { id } = await starter.run()
    const trace = await until('the trace is complete', async () => {
      const now = await traceOf(id)
      return now.nodes.some(({ kind, status }) => kind === 'delivery' && status === 'delivered') ? now : undefined
    })
    const [way = ''] = waysTo('delivery', trace)
    assert.match(
      way,
      new RegExp(
        `^run ${starter.id} > step begin > event traced.begun > run ${parent.id} > step below > run ${child.id} > step tell > event traced.done > delivery end_`,
      ),
    )
    const delivery = trace.nodes.find(({ kind }) => kind === 'delivery')!
    const byDelivery = await traceOf(delivery.id)
    assert.deepEqual([byDelivery.root, byDelivery.selected], [id, delivery.id])
    const event = trace.nodes.find(({ title }) => title === 'traced.done')!
    assert.equal((await traceOf(event.id)).selected, event.id)
  })

  test('shows the replay of a child run right below that run', async () => {
    const child = await bench.flow('steps: [{ id: one, transform: 1 }]')
    const parent = await bench.flow(`steps: [{ id: below, flow: ${child.id} }]`)
    const { id } = await parent.run()
    const first = (await traceOf(id)).nodes.find(({ kind, title }) => kind === 'run' && title === child.id)!
    const replay = await bench.hub.flows.replay(bench.operator, first.id)
    await bench.ended(replay.id)
    const way = `run ${parent.id} > step below > run ${child.id}`
    assert.deepEqual(waysTo('run', await traceOf(replay.id)), [`run ${parent.id}`, way, `${way} > run ${child.id}`])
  })

  test('says what a step waits for, and finds the run by the approval', async () => {
    const flow = await bench.flow('steps: [{ id: sure, approve: { message: Sure? } }]')
    const { id } = await flow.start()
    const trace = await until('the trace is complete', async () => {
      const now = await traceOf(id)
      return now.nodes.some(({ wait, kind }) => wait !== null && kind === 'step') && now.nodes.some(({ kind }) => kind === 'approval')
        ? now
        : undefined
    })
    const step = trace.nodes.find(({ kind }) => kind === 'step')!
    assert.equal(step.wait?.for, 'approval')
    const approval = trace.nodes.find(({ kind }) => kind === 'approval')!
    const byApproval = await traceOf(approval.id)
    assert.deepEqual([byApproval.root, byApproval.selected, approval.parent], [id, approval.id, step.id])
    await bench.hub.flows.cancel(bench.operator, id)
  })

  test('keeps what failed and what was asked for when there is more than it may show, and counts the rest', async () => {
    const flow = await bench.flow(`
steps:
  - id: each
    for_each: { in: "\${{ [1..1100] }}", steps: [{ id: one, transform: "\${{ item }}" }] }
  - id: last
    transform: "\${{ $error('it ends here') }}"
`)
    const { id } = await flow.start()
    const run = await bench.hub.flows.wait(bench.workspaceId, id, 120_000)
    assert.equal(run.status, 'failed')
    const trace = await traceOf(run.id)
    assert.ok(trace.nodes.length <= 2000 && trace.nodes.length > 1900)
    assert.ok(trace.nodes.some(({ title, status }) => title === 'last' && status === 'failed'))
    assert.ok(trace.left_out['step']! > 0)
    const ids = new Set(trace.nodes.map(({ id }) => id))
    assert.ok(trace.nodes.every(({ parent }) => parent === null || ids.has(parent)))
  })

  test('names the kinds of which there are more than it reads, and counts only what it read', async () => {
    const flow = await bench.flow(`
steps:
  - id: each
    for_each: { in: [1, 2, 3, 4], steps: [{ id: thing, uses: probe_create_thing, with: { at: "/more-\${{ item }}" } }] }
`)
    const { id } = await flow.run()
    const all = { events: true, calls: true, approvals: true }
    const readWith = (mostNodes: number, rights = all) => createTraceReader(bench.hub, { mostNodes }).get(bench.workspaceId, id, rights)
    const whole = await readWith(50)
    assert.deepEqual([whole.more, whole.leftOut], [[], {}])
    const exact = await readWith(5)
    assert.deepEqual([exact.nodes.length, exact.more], [5, []], 'five steps and four calls are all that there is')
    const part = await readWith(3)
    assert.deepEqual([part.nodes.length, part.more], [3, ['call', 'request', 'step']])
    const count = (tree: typeof whole, kind: TraceKind): number => tree.nodes.filter((node) => node.kind === kind).length
    assert.equal(count(whole, 'call'), 4)
    assert.equal(count(part, 'call') + (part.leftOut.call ?? 0), 3)
    assert.deepEqual((await readWith(3, { events: false, calls: false, approvals: false })).more, ['step'])
  })

  test('names what may be below when it stops before the end', async () => {
    const child = await bench.flow('steps: [{ id: one, transform: 1 }]')
    const parent = await bench.flow(`steps: [{ id: a, flow: ${child.id} }, { id: b, flow: ${child.id} }]`)
    const { id } = await parent.run()
    const reader = createTraceReader(bench.hub, { mostNodes: 2 })
    const { more, nodes } = await reader.get(bench.workspaceId, id, { events: true, calls: false, approvals: false })
    assert.deepEqual([nodes.length, more], [2, ['event', 'run', 'step']])
  })

  test('is shown to nobody of another workspace, and without a scope in part or not at all', async () => {
    const { access } = bench.hub
    const other = await access.workspaces.create(bench.operator, `traces-${process.pid}`, async () => undefined)
    const foreign = await access.tokens.create({ ...bench.operator, workspaceId: other.id }, { name: 'foreign', scopes: ['admin'] })
    const flow = await bench.flow('steps: [{ id: thing, uses: probe_create_thing, with: { at: /traced-part } }]')
    const run = await flow.run()
    const call = (await traceOf(run.id)).nodes.find(({ kind }) => kind === 'call')!
    for (const id of [run.id, call.id]) assert.equal((await ask(`/traces/${id}`, foreign.value)).status, 404)

    const some = await access.tokens.create(bench.operator, { name: 'flows only', scopes: ['flows:read'] })
    const part = await ask(`/traces/${run.id}`, some.value)
    assert.deepEqual(part.body.missing_scopes, ['events:read', 'invocations:read', 'approvals:read'])
    assert.deepEqual([...new Set(part.body.nodes.map(({ kind }: Node) => kind))], ['run', 'step'])
    assert.equal((await ask(`/traces/${call.id}`, some.value)).status, 403)
    const none = await access.tokens.create(bench.operator, { name: 'events only', scopes: ['events:read'] })
    assert.equal((await ask(`/traces/${run.id}`, none.value)).status, 403)

    assert.equal((await ask('/traces/run_0197f3d2-0000-7000-8000-000000000000')).status, 404)
    assert.equal((await ask('/traces/tok_0197f3d2-0000-7000-8000-000000000000')).status, 400)
  })

  test('begins below what the caller may not see', async () => {
    const { hub, operator, workspaceId } = bench
    const child = await bench.flow('steps: [{ id: one, transform: 1 }]')
    await bench.flow(`on: [{ event: hidden.begun }]\nsteps: [{ id: below, flow: ${child.id} }]`)
    const emitter = await bench.flow('steps: [{ id: begin, emit: { type: hidden.begun, data: {} } }]')
    const publisher = createEventPublisher({ ...hub, ...hub.telemetry })
    await hub.db.transaction((trx) => publisher.publish(trx, [{ workspaceId, type: 'hidden.begun', data: {} }]))
    await emitter.run()
    const runs = await until('both events have started runs', async () => {
      const ended = await hub.flows.runs(workspaceId, { flow: child.id, statuses: ['completed'] }, { limit: 10 })
      return ended.length === 2 && ended
    })
    const some = await hub.access.tokens.create(operator, { name: 'flows only', scopes: ['flows:read'] })
    for (const run of runs) {
      assert.notEqual((await traceOf(run.id)).root, run.parentRun)
      const { body } = await ask(`/traces/${run.id}`, some.value)
      assert.deepEqual([body.root, body.selected, body.nodes[0].id, body.nodes[0].parent], [run.parentRun, run.id, run.parentRun, null])
      assert.deepEqual([...new Set(body.nodes.map(({ kind }: Node) => kind))], ['run', 'step'])
    }
  })

  test('of an approval shows its call and the requests of this only to those who may see calls', async () => {
    const { hub, operator } = bench
    const flow = await bench.flow('steps: [{ id: thing, uses: probe_create_thing, with: { at: /traced-approval } }]')
    const call = (await traceOf((await flow.run()).id)).nodes.find(({ kind }) => kind === 'call')!
    const { id } = await hub.tools.approvals.ask({
      principal: operator,
      message: 'May I?',
      expiresAt: new Date(Date.now() + 600_000),
    })
    // As a call that was made by hand.
    await hub.db.pool.query('update hub.invocations set run_id = null, step = null, approval_id = $2 where id = $1', [call.id, id])
    const whole = await traceOf(id)
    assert.deepEqual([whole.root, whole.nodes.map(({ kind }) => kind)], [call.id, ['call', 'request']])
    const some = await hub.access.tokens.create(operator, { name: 'approvals', scopes: ['flows:read', 'approvals:read'] })
    const { body } = await ask(`/traces/${id}`, some.value)
    assert.deepEqual([body.root, body.selected, body.nodes.map(({ kind }: Node) => kind)], [id, id, ['approval']])
  })
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { adminToken, flowBench, type FlowBench } from '#test'
import { until } from '#test/faults'
import { dumpDatabase } from '../security/canary/dump.ts'
import { createCanaries } from '../security/canary/secrets.ts'

const schema = `
parameters:
  type: object
  properties:
    token: { type: string, writeOnly: true }
    pin: { type: integer, writeOnly: true }
    flag: { type: boolean, writeOnly: true }
    login: { type: object, properties: { user: { type: string }, password: { type: string, writeOnly: true } } }
    keys: { type: array, items: { $ref: '#/$defs/key' } }
    plain: { type: string, default: shown }
  $defs: { key: { type: object, properties: { id: { type: string }, value: { type: string, writeOnly: true } } } }`

/** What is sent as JSON, and headers beside it. */
interface Body extends Record<string, unknown> {
  readonly headers?: Record<string, string>
}

suite('a secret parameter of a flow', () => {
  let b: FlowBench
  const secrets = createCanaries()
  const seen: { what: string; text: string }[] = []

  const call = async (method: string, path: string, { headers = {}, ...body }: Body = {}) => {
    const reply = await fetch(b.address + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...headers, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    seen.push({ what: `${method} ${path}`, text })
    return { status: reply.status, body: JSON.parse(text) as Record<string, any> }
  }
  const save = async (source: string) => {
    const checked = await b.hub.flows.check(b.workspaceId, source)
    assert.ok('definition' in checked, JSON.stringify(checked))
    return b.hub.flows.save(b.operator, source)
  }
  const mint = (where: string) => ({
    token: secrets.mint(`${where}: token`),
    pin: 918_273_645,
    flag: true,
    login: { user: 'ada', password: secrets.mint(`${where}: password`) },
    keys: [{ id: 'first', value: secrets.mint(`${where}: key`) }],
  })
  const assertNowhere = async (): Promise<void> => {
    const texts = [...seen, { what: 'database', text: await dumpDatabase({ connectionString: b.hub.config.DATABASE_URL! }) }]
    const found = texts.flatMap(({ what, text }) => [
      ...secrets.findIn(text).map((where) => `${what} shows ${where}`),
      ...(text.includes('918273645') ? [`${what} shows the pin`] : []),
    ])
    assert.deepEqual([...new Set(found)], [])
  }
  const outside = (path: string): number => b.writes(path)

  before(async () => {
    b = await flowBench()
  })

  test('reaches the steps in clear, before and after a wait, and is in no table and no answer', async () => {
    await save(`id: secret-child\nparameters: { type: object }\nsteps: [{ id: all, transform: "\${{ parameters }}" }]
outputs: { own: "\${{ parameters.handed }}" }`)
    await save(`
id: secretive
${schema}
tool: { name: secretive }
concurrency: { key: "of \${{ parameters.token }}", limit: 5 }
steps:
  - { id: header, transform: "Basic \${{ $base64encode('ada:' & parameters.token) }}" }
  - { id: json, transform: "\${{ $string(parameters) }}" }
  - { id: before, uses: probe_create_thing, with: { at: "/before-\${{ parameters.token }}" } }
  - { id: told, emit: { type: secretive.told, subject: "\${{ parameters.token }}", data: { token: "\${{ parameters.token }}" } } }
  - { id: child, flow: secret-child, with: { handed: "\${{ parameters.token }}" } }
  - { id: tooled, uses: hub_trigger_flow, with: { flow_id: secret-child, parameters: { handed: "\${{ parameters.token }}" } } }
  - id: asked
    approve:
      message: "May I use \${{ parameters.token }}?"
      call: { uses: probe_create_thing, with: { at: "/approved-\${{ parameters.token }}" } }
  - { id: come, wait_for: { event: secretive.go, correlate: event.data.n = $length(parameters.token), timeout: 1m } }
  - { id: after, uses: probe_create_thing, with: { at: "/after-\${{ $substringAfter($base64decode($substringAfter(steps.header.output, ' ')), ':') }}" } }
  - { id: pin, if: 'parameters.pin + 1 = $number("91827" & "3646") and parameters.flag and parameters.keys[0].id = "first"', transform: 1 }
outputs: { token: "\${{ parameters.token }}", child: "\${{ steps.child.output.own }}", plain: "\${{ parameters.plain }}", pin: "\${{ steps.pin.output }}" }`)
    const parameters = mint('trigger')
    const { token } = parameters
    const started = await call('POST', '/api/v1/flows/secretive/trigger', { parameters })
    assert.equal(started.status, 202, JSON.stringify(started.body))
    const runId = String(started.body['run_id'])
    const [approval] = await until('it asks', async () => {
      const { items } = (await call('GET', `/api/v1/approvals?run=${runId}`)).body
      return items.length > 0 && items
    })
    await call('GET', `/api/v1/approvals/${approval.id}`)
    await call('GET', `/api/v1/runs/${runId}`)
    assert.equal((await b.hub.tools.approvals.decide(b.operator, approval.id, { decision: 'approve' })).status, 'approved')
    await until('it waits for the event', async () =>
      (await b.current(runId)).steps.some(({ step, status }) => step === 'come' && status === 'waiting'),
    )
    await assertNowhere()
    const go = await b.flow(`steps: [{ id: e, emit: { type: secretive.go, data: { n: ${token.length} } } }]`)
    await go.run()
    const done = await b.ended(runId)
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    for (const path of ['/before-', '/approved-', '/after-']) assert.equal(outside(path + token), 1, path)
    const { outputs, parameters: shown } = (await call('GET', `/api/v1/runs/${runId}`)).body
    assert.match(outputs.token, /^\[secret \w{12}\]$/)
    assert.deepEqual([outputs.child, outputs.plain, outputs.pin], [outputs.token, 'shown', 1])
    assert.deepEqual(
      [shown.token, shown.flag, shown.login.user, shown.keys[0].id, shown.plain],
      [outputs.token, '[secret]', 'ada', 'first', 'shown'],
    )
    for (const path of [
      '/api/v1/runs',
      '/api/v1/runs?flow=secret-child',
      '/api/v1/invocations',
      '/api/v1/events',
      '/api/v1/approvals',
      '/api/v1/audit',
    ])
      await call('GET', path)
    for (const { id } of (await call('GET', '/api/v1/runs?flow=secret-child')).body['items']) await call('GET', `/api/v1/runs/${id}`)
    for (const { id } of (await call('GET', '/api/v1/invocations')).body['items']) await call('GET', `/api/v1/invocations/${id}`)
    const again = await b.hub.flows.replay(b.operator, runId, { dryRun: true })
    const replayed = await b.ended(again.id)
    assert.deepEqual([replayed.status, replayed.outputs], ['completed', outputs], JSON.stringify(replayed.error))
    await assertNowhere()
  })

  test('is in no table and no answer when the flow is called as a tool, now, later, or with an approval', async () => {
    await save(`id: secret-tool\n${schema}\ntool: { name: secret_tool }
steps: [{ id: a, uses: probe_create_thing, with: { at: "/tool-\${{ parameters.token }}" } }]
outputs: { echo: "\${{ parameters.token }}" }`)
    const invoke = (parameters: object, more: object = {}, headers: Record<string, string> = {}) =>
      call('POST', '/api/v1/tools/secret_tool/invoke', { input: parameters, ...more, headers })
    const now = mint('tool')
    assert.equal((await invoke(now)).status, 200)
    const later = mint('queued tool')
    const queued = await invoke(later, { mode: 'async' })
    assert.equal(queued.status, 202, JSON.stringify(queued.body))
    const triggered = mint('hub_trigger_flow')
    const hubTool = await call('POST', '/api/v1/tools/hub_trigger_flow/invoke', {
      input: { flow_id: 'secret-tool', parameters: triggered, wait: 20 },
    })
    assert.equal(hubTool.status, 200, JSON.stringify(hubTool.body))
    await until('all were made', () => [now, later, triggered].every(({ token }) => outside(`/tool-${token}`) === 1))
    await b.hub.tools.policies.write(b.operator, { rules: [{ tools: ['secret_tool'], decision: 'ask' }] })
    try {
      const asking = mint('asked tool')
      const id = String((await invoke(asking)).body['approval_id'])
      await call('GET', `/api/v1/approvals/${id}`)
      await b.hub.tools.approvals.decide(b.operator, id, { decision: 'approve' })
      const approved = (parameters: object) => invoke(parameters, {}, { 'hub-approval': id })
      assert.equal((await approved({ ...asking, token: secrets.mint('another') })).body['code'], 'approval_mismatch')
      assert.equal((await approved(asking)).status, 200)
      assert.equal(outside(`/tool-${asking.token}`), 1)
    } finally {
      await b.hub.tools.policies.write(b.operator, { rules: [] })
    }
    for (const { id } of (await call('GET', '/api/v1/invocations')).body['items']) await call('GET', `/api/v1/invocations/${id}`)
    await assertNowhere()
  })

  test('in the answer of a call reaches later steps in clear also when the step is lost in a crash, and no other actor', async () => {
    const token = secrets.mint('a lost step')
    b.outside.answers.set('/echo', () => ({ body: { note: `you sent ${token}` } }))
    const { start } = await b.flow(`${schema}
steps:
  - { id: echo, uses: probe_look_then_create, with: { at: /echo } }
  - { id: come, wait_for: { event: secretive.resume, timeout: 1m } }
  - { id: after, uses: probe_create_thing, with: { at: "/echoed-\${{ $substringAfter(steps.echo.output.note, 'you sent ') }}" } }`)
    const { id } = await start({ token })
    await until('it waits for the event', async () =>
      (await b.current(id)).steps.some(({ step, status }) => step === 'come' && status === 'waiting'),
    )
    const { pool } = b.hub.db
    await pool.query(`delete from hub.flow_steps where run_id = $1 and path = 'echo'`, [id])
    await (await b.flow('steps: [{ id: e, emit: { type: secretive.resume } }]')).run()
    const done = await b.ended(id)
    assert.equal(done.status, 'completed', JSON.stringify(done.error))
    assert.deepEqual([outside('/echo'), outside(`/echoed-${token}`)], [1, 1])
    const { rows } = await pool.query<{ key: string; actor: string }>(
      `select key, actor from hub.invocations where tool = 'probe_look_then_create' and sealed is not null`,
    )
    assert.equal(rows.length, 1)
    const again = await call('POST', '/api/v1/tools/probe_look_then_create/invoke', {
      input: { at: '/echo' },
      headers: { 'idempotency-key': rows[0]!.key },
    })
    assert.equal(again.body['replayed'], true, JSON.stringify(again.body))
    assert.match(again.body['output'].note, /^you sent \[secret \w{12}\]$/)
    await assertNowhere()
  })

  test('is one of 50 at most, and of more nothing is stored', async () => {
    const many = { keys: Array.from({ length: 51 }, () => ({ value: secrets.mint('too many') })) }
    const { start, id } = await b.flow(`${schema}\nsteps: [{ id: a, transform: 1 }]`)
    await assert.rejects(start(many), { code: 'invalid_input' })
    await start({ keys: many.keys.slice(1) })
    const heard = await b.flow(`${schema}
on: [{ event: secretive.many, parameters: { keys: "\${{ [1..51].{'value': 'a secret with the number ' & $} }}" } }]
steps: [{ id: a, transform: 1 }]`)
    await (await b.flow('steps: [{ id: e, emit: { type: secretive.many } }]')).run()
    const [run] = await until('it fails', async () => {
      const runs = await b.hub.flows.runs(b.workspaceId, { flow: heard.id }, { limit: 1 })
      return runs[0]?.status === 'failed' && runs
    })
    assert.equal(run!.error?.code, 'invalid_input')
    assert.deepEqual(run!.parameters, {})
    assert.equal((await b.hub.flows.runs(b.workspaceId, { flow: id }, { limit: 5 })).length, 1)
    await assertNowhere()
  })

  test('of a run that fails is not in its error, and parameters that do not fit are not stored in clear', async () => {
    const failing = await b.flow(`${schema}\nsteps: [{ id: a, transform: "\${{ $error('no ' & parameters.token) }}" }]`)
    const run = await failing.run({ token: secrets.mint('failing') })
    assert.equal(run.status, 'failed')
    await call('GET', `/api/v1/runs/${run.id}`)
    const repeated = secrets.mint('a message of an outside system')
    b.outside.answers.set('/repeats', () => ({ status: 500, body: { message: `no ${repeated} and no ${encodeURIComponent(repeated)}` } }))
    const refused = await b.flow(`${schema}\ntool: true\nsteps: [{ id: a, uses: probe_create_thing, with: { at: /repeats } }]`)
    const { error } = (await call('GET', `/api/v1/runs/${(await refused.run({ token: repeated })).id}`)).body
    assert.match(error.message, /answered 500: no (\[secret \w{12}\]) and no \1/)
    const tool = `flow_${refused.id.replaceAll('-', '_')}`
    const asked = await call('POST', `/api/v1/tools/${tool}/invoke`, { input: { token: repeated } })
    assert.match(String(asked.body['detail']), /answered 500: no \[secret/)
    for (const { id } of (await call('GET', '/api/v1/invocations')).body['items']) await call('GET', `/api/v1/invocations/${id}`)
    const heard = await b.flow(`${schema}
on: [{ event: secretive.bad, parameters: { pin: "\${{ event.data.pin }}", token: "\${{ $join(event.data.parts) }}" } }]
steps: [{ id: a, transform: 1 }]`)
    const source = await b.flow('steps: [{ id: e, emit: { type: secretive.bad, data: { pin: wrong, parts: [secret-in, -two-parts] } } }]')
    await source.run()
    const [bad] = await until('it fails', async () => {
      const runs = await b.hub.flows.runs(b.workspaceId, { flow: heard.id }, { limit: 1 })
      return runs[0]?.status === 'failed' && runs
    })
    assert.match(String(bad!.parameters['token']), /^\[secret \w{12}\]$/)
    await assertNowhere()
    const dump = await dumpDatabase({ connectionString: b.hub.config.DATABASE_URL! })
    assert.ok(dump.includes('-two-parts') && !dump.includes('secret-in-two-parts'))
  })

  test('leaves no part of itself where a long text with it in the middle is cut', async () => {
    const token = 'a-secret-of-which-a-part-would-be-left'
    const far = (length: number): string => `$pad('', ${length}, '.') & parameters.token & $pad('', 3000, '.')`
    const steps = [
      ...[190, 980].map((length) => `transform: "\${{ $error(${far(length)}) }}"`),
      ...[150, 190].map((length) => `transform: "\${{ $number(${far(length)}) }}"`),
      `wait: "\${{ ${far(50)} }}"`,
      `wait: { until: "\${{ ${far(50)} }}" }`,
    ]
    for (const step of steps) {
      const run = await (await b.flow(`${schema}\nsteps: [{ id: a, ${step} }]`)).run({ token })
      assert.equal(run.status, 'failed')
      assert.ok(run.error!.message.length < 300, run.error!.message)
      await call('GET', `/api/v1/runs/${run.id}`)
    }
    const { id, run } = await b.flow(
      `${schema}\nconcurrency: { key: "\${{ ${far(480)} & parameters.plain }}", limit: 5 }\nsteps: [{ id: a, transform: 1 }]`,
    )
    for (const plain of ['a', 'a', 'b']) await run({ token, plain })
    const { rows } = await b.hub.db.pool.query<{ key: string }>(`select concurrency_key as key from hub.flow_runs where flow = $1`, [id])
    assert.equal(new Set(rows.map(({ key }) => key)).size, 2)
    assert.ok(rows.every(({ key }) => key.length <= 500))
    const texts = [...seen.map(({ text }) => text), await dumpDatabase({ connectionString: b.hub.config.DATABASE_URL! })]
    for (const text of texts) assert.ok(!text.includes(`...${token.slice(0, 4)}`), text.match(/\.\.\.a-se.{0,40}/)?.[0])
  })
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { agentWith, mcpListen, mcpRequest, servedHub, type ServedHub } from '#test'
import { until } from '#test/faults'

/** Begins everything that belongs to the other workspace. */
const mark = 'foreign'
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

interface Tenant {
  readonly token: string
  readonly integration: string
  readonly integrationId: string
  readonly flow: string
  readonly run: string
  readonly approval: string
  readonly event: string
  readonly invocation: string
  readonly task: string
  readonly slowTask: string
}

let served: ServedHub
let count = 0

async function ask(token: string, method: string, params: Readonly<Record<string, unknown>> = {}) {
  return mcpRequest(served.address, { token, method, params, capabilities, id: ++count })
}

type Call = readonly [name: string, args: object, meta?: object | undefined]

const call = (token: string, [name, args, meta = {}]: Call) => ask(token, 'tools/call', { name, arguments: args, _meta: meta })

/** A workspace that has some of everything. The names of what it has begin with its own. */
async function tenant(name: string): Promise<Tenant> {
  const { hub, outside, address } = served
  const { id: workspaceId } = await hub.access.workspaces.create(await hub.access.operator('tester'), `${name}-workspace`)
  const operator = { ...(await hub.access.operator('tester')), workspaceId }
  const integration = `${name}-probe`
  const { id: integrationId } = await hub.integrations.create(operator, {
    name: integration,
    connector: 'probe',
    credential: { token: `${name}-token-of-the-probe` },
    config: { base_url: `${outside.url}/${name}` },
  })
  const flow = `${name}-flow`
  await hub.flows.save(
    operator,
    `id: ${flow}\nname: ${name} flow\ntool: true\nsteps: [{ id: a, transform: ${name}-output }]\noutputs: { a: "\${{ steps.a.output }}" }`,
  )
  await hub.flows.save(operator, `id: ${name}-emitter\nsteps: [{ id: tell, emit: { type: ${name}.happened, data: { by: ${name} } } }]`)
  const { token } = await agentWith(hub, ['admin'], operator)
  const { id: run } = await hub.flows.trigger(operator, flow, { parameters: {} })
  await hub.flows.wait(workspaceId, run, 20_000)
  await hub.flows.trigger(operator, `${name}-emitter`, { parameters: {} })
  const api = async (path: string) =>
    (await (await fetch(`${address}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })).json()) as {
      items: { id: string; type?: string }[]
    }
  const event = await until(
    'there is an event',
    async () => (await api('events')).items.find(({ type }) => type === `${name}.happened`)?.id,
  )
  const made = await call(token, ['probe_get_thing', { at: `/${name}-thing` }, { 'integrationhub/idempotency-key': `${name}-key` }])
  const invocation = (made.result!['_meta'] as Record<string, string>)['integrationhub/invocation']!
  const begin = async (at: string): Promise<string> => {
    const { result } = await call(token, ['probe_slow_thing', { at }])
    return result!['taskId'] as string
  }
  outside.answers.set(`/${name}/${name}-slow`, () => ({ body: { ok: 1 }, afterMs: 60_000 }))
  const task = await begin(`/${name}-thing`)
  const slowTask = await begin(`/${name}-slow`)
  await hub.tools.policies.write(operator, { rules: [{ tools: ['probe_delete_thing'], decision: 'ask', reason: `${name} asks` }] })
  const asked = await call(token, ['probe_delete_thing', { at: `/${name}-thing` }])
  // The call became a task that waits.
  const [approval] = /apr_[\w-]+/.exec(asked.result!['statusMessage'] as string)!
  return { token, integration, integrationId, flow, run, event, invocation, task, slowTask, approval }
}

suite('MCP with two workspaces', () => {
  let own: Tenant
  let foreign: Tenant
  before(async () => {
    served = await servedHub()
    own = await tenant('own')
    foreign = await tenant(mark)
  })

  /** Nothing of the other workspace in an answer, apart from what the request itself said. */
  function assertNothingOf(answer: unknown, what: string, said: readonly string[] = []): void {
    let text = JSON.stringify(answer)
    for (const word of said) text = text.replaceAll(word, '')
    for (const secret of [
      mark,
      foreign.run,
      foreign.approval,
      foreign.event,
      foreign.invocation,
      foreign.task,
      foreign.slowTask,
      foreign.integrationId,
    ])
      assert.ok(!text.includes(secret), `${what} shows ${secret}: ${text.slice(0, 500)}`)
  }

  test('every list has what the workspace has, and nothing of the other one', async () => {
    const lists = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'server/discover']
    const answers = await Promise.all(lists.map((method) => ask(own.token, method)))
    for (const [index, answer] of answers.entries()) {
      assert.ok(answer.result, JSON.stringify(answer))
      assertNothingOf(answer, lists[index]!)
    }
    for (const uri of ['hub://integrations', 'hub://approvals', 'hub://runs', 'hub://events']) {
      const mine = await ask(own.token, 'resources/read', { uri })
      const theirs = await ask(foreign.token, 'resources/read', { uri })
      assertNothingOf(mine, uri)
      assert.match(JSON.stringify(mine), /own/, `${uri} has what is there`)
      assert.match(JSON.stringify(theirs), new RegExp(mark), `${uri} of the other one has what is there`)
      assert.doesNotMatch(JSON.stringify(theirs), /own-/, uri)
    }
  })

  test('no tool that lists, finds, describes or runs shows or reaches the other workspace', async () => {
    const flowTool = `flow_${mark}_flow`
    const calls: Call[] = [
      ['search_tools', { query: `${mark} flow`, limit: 20 }],
      ['describe_tool', { name: flowTool }],
      ['describe_tools_as_types', { query: `${mark} flow` }],
      ['describe_tools_as_types', { names: [flowTool] }],
      ['call_tool', { name: flowTool, arguments: {} }],
      [flowTool, {}],
      ['hub_list_integrations', {}],
      ['hub_list_flows', {}],
      ['hub_list_invocations', {}],
      ['hub_trigger_flow', { flow_id: foreign.flow, wait: 5 }],
      ['hub_get_run', { run_id: foreign.run }],
      ['hub_read_result', { handle: foreign.invocation }],
      ['hub_get_integration_health', { integration: foreign.integration }],
      ['hub_get_integration_health', { integration: foreign.integrationId }],
      ['probe_get_thing', { at: '/x' }, { 'integrationhub/integration': foreign.integration }],
      ['probe_get_thing', { at: '/x' }, { 'integrationhub/integration': foreign.integrationId }],
      ['probe_get_thing', { at: '/x' }, { 'integrationhub/idempotency-key': `${mark}-key` }],
      ['probe_delete_thing', { at: `/${mark}-thing` }, { 'integrationhub/approval': foreign.approval }],
      ['run_script', { code: 'return Object.keys(tools)' }],
      ['run_script', { code: `return await tools.${flowTool}({})` }],
      ['run_script', { code: `return await tools.probe_get_thing({ at: '/x' }, { integration: '${foreign.integration}' })` }],
      ['run_script', { code: `return await tools.hub_get_run({ run_id: '${foreign.run}' })` }],
    ]
    const { seen } = served.outside
    const from = seen.length
    for (const [name, args, meta] of calls) {
      const answer = await call(own.token, [name, args, meta])
      assertNothingOf(answer, `${name} ${JSON.stringify(args)}`, [flowTool, ...namesIn({ args, meta })])
    }
    const reached = seen.slice(from).filter(({ what }) => what.includes(`/${mark}/`))
    assert.deepEqual(
      reached.filter(({ what }) => what !== `GET /${mark}/${mark}-slow`),
      [],
    )
    assert.ok(!seen.slice(from).some(({ what }) => what.startsWith('POST ')), 'the approval of another workspace approves nothing')
  })

  test('ids and names of the other workspace are answered as such that do not exist', async () => {
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
      for (const id of [foreign.task, foreign.slowTask, foreign.invocation]) {
        const guessed = await ask(own.token, method, { taskId: id })
        const invented = await ask(own.token, method, { taskId: 'inv_0197f3d2-0000-7000-8000-000000000000' })
        assert.equal(guessed.error!.code, -32602)
        assert.equal(
          guessed.error!.message.replaceAll(id, 'X'),
          invented.error!.message.replaceAll('inv_0197f3d2-0000-7000-8000-000000000000', 'X'),
        )
      }
    const uris = [
      `hub://integrations/${foreign.integration}`,
      `hub://integrations/${foreign.integrationId}`,
      `hub://runs/${foreign.run}`,
      `hub://approvals/${foreign.approval}`,
      `hub://events/${foreign.event}`,
    ]
    for (const uri of uris) {
      const { error } = await ask(own.token, 'resources/read', { uri })
      assert.equal(error?.code, -32602, uri)
      assertNothingOf(error, uri, [uri, ...uri.split('/')])
      const { result } = await ask(foreign.token, 'resources/read', { uri })
      assert.ok(result, `${uri} exists in the other workspace`)
    }
    const prompt = await ask(own.token, 'prompts/get', { name: foreign.flow })
    assert.equal(prompt.error!.code, -32602)
    const { result } = await ask(foreign.token, 'tasks/get', { taskId: foreign.slowTask })
    assert.equal(result!['status'], 'working', 'what the other workspace tried to cancel goes on')
    await ask(foreign.token, 'tasks/cancel', { taskId: foreign.slowTask })
    await ask(own.token, 'tasks/cancel', { taskId: own.slowTask })
  })

  test('a completion offers keys and names of its own workspace', async () => {
    const { outside } = served
    for (const name of ['own', mark]) outside.answers.set(`/${name}/lookup`, () => ({ body: { items: [`${name}-place`] } }))
    const complete = async (token: string, ref: object, argument: object) => {
      const { result } = await ask(token, 'completion/complete', { ref, argument })
      return (result!['completion'] as { values: string[]; total: number }).values
    }
    for (const [uri, name] of Object.entries({
      'hub://integrations/{name}': 'name',
      'hub://runs/{id}': 'id',
      'hub://approvals/{id}': 'id',
      'hub://events/{id}': 'id',
    })) {
      const mine = await complete(own.token, { type: 'ref/resource', uri }, { name, value: '' })
      const theirs = await complete(foreign.token, { type: 'ref/resource', uri }, { name, value: '' })
      assert.ok(mine.length > 0 && theirs.length > 0, uri)
      assert.deepEqual(
        mine.filter((one) => theirs.includes(one)),
        [],
        uri,
      )
    }
    const places = await complete(own.token, { type: 'ref/prompt', name: 'send-summary-email' }, { name: 'probe_place', value: '' })
    assert.deepEqual(places, ['own-place'])
  })

  test('a toolset that names a tool of the other workspace does not say that it exists', async () => {
    const answerTo = async (tool: string) => {
      const reply = await fetch(`${served.address}/mcp?toolset=${tool}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${own.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
      const { code, detail } = (await reply.json()) as { code: string; detail: string }
      return { status: reply.status, code, detail: detail.replaceAll(tool, 'X') }
    }
    const guessed = await answerTo(`flow_${mark}_flow`)
    assert.equal(guessed.status, 400)
    assertNothingOf(guessed, 'the answer')
  })

  test('the header of another workspace needs the rights of the hub', async () => {
    const reply = await fetch(`${served.address}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${own.token}`, 'content-type': 'application/json', 'hub-workspace': `${mark}-workspace` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    assert.ok(reply.status === 403 || reply.status === 404, String(reply.status))
    assert.ok(!(await reply.text()).includes(`flow_${mark}`))
  })

  test('a stream of changes tells nothing of what changes in the other workspace', async () => {
    const ended = new AbortController()
    const listen = async (token: string) => {
      const reply = await mcpListen(served.address, {
        token,
        signal: ended.signal,
        notifications: {
          toolsListChanged: true,
          resourceSubscriptions: [
            // The list of the own integrations shows their health, which changes by itself.
            `hub://integrations/${foreign.integration}`,
            'hub://runs',
            `hub://runs/${foreign.run}`,
          ],
        },
      })
      const stream = { seen: '' }
      void (async () => {
        for await (const chunk of reply.body!) stream.seen += Buffer.from(chunk).toString()
      })().catch(() => undefined)
      await until('the stream is acknowledged', () => stream.seen.includes('acknowledged'))
      return stream
    }
    const [mine, theirs] = await Promise.all([listen(own.token), listen(foreign.token)])
    // The first look has to be over before something changes.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const headers = { authorization: `Bearer ${foreign.token}`, 'content-type': 'application/json' }
    const definition = { id: `${mark}-new`, tool: true, steps: [{ id: 'a', transform: 'x' }] }
    await fetch(`${served.address}/api/v1/flows`, { method: 'POST', headers, body: JSON.stringify({ definition }) })
    await fetch(`${served.address}/api/v1/flows/${mark}-new/trigger?wait=5`, { method: 'POST', headers, body: '{}' })
    await until('the other workspace is told', () => theirs.seen.includes('"uri":"hub://runs"'), 10_000)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.doesNotMatch(mine.seen, /list_changed"|resources\/updated/)
    ended.abort()
  })
})

/** What a request says itself. */
function namesIn(request: unknown): string[] {
  return JSON.stringify(request).match(/[\w-]*foreign[\w-]*|(?:run|apr|evt|inv|int)_[\w-]+/g) ?? []
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolBench, type ToolBench } from '#test'

interface Rules extends ToolBench {
  set(document: object): Promise<void>
  token(name: string, scopes?: string[]): Promise<{ id: string; token: string }>
  as(token: string, tool: string): Promise<{ status: number; body: Record<string, any> }>
}

async function bench(): Promise<Rules> {
  const tools = await toolBench()
  const operator = await tools.hub.hub.access.operator('tester')
  return Object.assign(tools, {
    async set(document: object) {
      const reply = await tools.hub.call('PUT', '/api/v1/policies', document)
      assert.equal(reply.statusCode, 200, reply.body)
    },
    async token(name: string, scopes = ['tools:call']) {
      const { token, value } = await tools.hub.hub.access.tokens.create(operator, { name, scopes })
      return { id: token.id, token: value }
    },
    async as(token: string, tool: string) {
      const reply = await tools.hub.with({ token }).call('POST', `/api/v1/tools/${tool}/invoke`, {})
      return { status: reply.statusCode, body: reply.json<Record<string, any>>() }
    },
  })
}

const codeOf = async (reply: Promise<{ status: number; body: Record<string, any> }>) => {
  const { status, body } = await reply
  return status === 200 ? 'made' : body['code']
}

test('an expression over the arguments decides, and the first rule that matches counts', async () => {
  await using b = await bench()
  await b.set({
    rules: [
      { when: 'input.at = "/open" and tool = "probe_create_thing" and connector = "probe" and effect = "write"', decision: 'allow' },
      { when: 'transport = "rest" and $contains(input.at, "secret")', decision: 'deny', reason: 'it is secret' },
      { when: 'integration = "probe" and token.kind = "token" and input.at = "/asked"', decision: 'ask' },
    ],
  })
  assert.equal(await codeOf(b.invoke('probe_create_thing', { input: { at: '/open' } })), 'made')
  const denied = await b.invoke('probe_create_thing', { input: { at: '/secret' } })
  assert.equal(denied.body['code'], 'policy_denied')
  assert.match(denied.body['detail'], /it is secret/)
  assert.equal(await codeOf(b.invoke('probe_create_thing', { input: { at: '/asked' } })), 'approval_required')
  assert.equal(await codeOf(b.invoke('probe_create_thing', { input: { at: '/other' } })), 'made')
})

test('an expression that fails, takes too long or is neither true nor false is about what a rule forbids, and not about what it allows', async () => {
  await using b = await bench()
  const endless = '($f := function($n) { $n = 0 ? true : $f($n - 1) }; $f(100000000))'
  for (const when of ['$number(input.at) > 1', 'input.amount > 100', 'input.at', endless]) {
    for (const [decision, expected] of [
      ['deny', 'policy_denied'],
      ['ask', 'approval_required'],
    ]) {
      await b.set({ rules: [{ when, decision }] })
      assert.equal(await codeOf(b.invoke('probe_create_thing')), expected, `${decision} ${when}`)
    }
    await b.set({ rules: [{ when, decision: 'allow' }, { decision: 'deny' }] })
    assert.equal(await codeOf(b.invoke('probe_create_thing')), 'policy_denied', `allow ${when}`)
  }
})

test('an expression that cannot be read, or names what does not exist, is refused with its place when the rules are saved', async () => {
  await using b = await bench()
  const put = (when: string) => b.hub.call('PUT', '/api/v1/policies', { rules: [{ decision: 'allow' }, { when, decision: 'deny' }] })
  for (const [when, character] of [
    ['input.amount > > 1', 15],
    ['inputs.amount > 1', 0],
    ['input.a = $eval("1")', 10],
  ] as const) {
    const { statusCode, ...reply } = await put(when)
    assert.equal(statusCode, 400, when)
    const [error] = reply.json().errors
    assert.equal(error.path, 'rules.1.when')
    assert.match(error.message, new RegExp(`at character ${character}$`), when)
  }
  assert.deepEqual((await b.hub.call('GET', '/api/v1/policies')).json(), { rules: [] }, 'nothing was stored')
})

test('a rule about an integration also holds for a call that names none, and for one that names it by id', async () => {
  await using b = await bench()
  const { id } = (await b.hub.call('GET', '/api/v1/integrations')).json().items[0]
  for (const rule of [{ integrations: ['pro*'] }, { integrations: [id] }, { when: 'integration = "probe"' }]) {
    await b.set({ rules: [{ ...rule, decision: 'deny' }] })
    for (const integration of [{}, { integration: 'probe' }, { integration: id }])
      assert.equal(await codeOf(b.invoke('probe_create_thing', integration)), 'policy_denied', JSON.stringify([rule, integration]))
  }
  await b.set({ rules: [{ integrations: ['other'], decision: 'deny' }] })
  assert.equal(await codeOf(b.invoke('probe_create_thing')), 'made')
})

test('an alias of a tool is under the same rules', async () => {
  await using b = await bench()
  for (const rule of [{ tools: ['probe_get_thing'] }, { tools: ['find_the_thing'] }, { when: 'tool = "probe_get_thing"' }]) {
    await b.set({ rules: [{ ...rule, decision: 'deny' }] })
    for (const name of ['probe_get_thing', 'find_the_thing']) assert.equal(await codeOf(b.invoke(name)), 'policy_denied', name)
  }
})

test('a rule may name tokens by id, name or kind, and covers what they create; one that allows covers the token alone', async () => {
  await using b = await bench()
  const agent = await b.token('agent', ['tools:call', 'tokens:write'])
  const other = await b.token('other')
  const made = await b.hub.with({ token: agent.token }).call('POST', '/api/v1/tokens', { name: 'sub', scopes: ['tools:call'] })
  assert.equal(made.statusCode, 201, made.body)
  const sub = made.json().token ?? made.json().value
  for (const tokens of [[agent.id], ['agent'], [`token:${agent.id}`], ['age*']]) {
    await b.set({ rules: [{ tokens, decision: 'deny' }] })
    assert.deepEqual(
      [
        await codeOf(b.as(agent.token, 'probe_get_thing')),
        await codeOf(b.as(sub, 'probe_get_thing')),
        await codeOf(b.as(other.token, 'probe_get_thing')),
      ],
      ['policy_denied', 'policy_denied', 'made'],
      tokens[0],
    )
    await b.set({ rules: [{ tokens, decision: 'allow' }, { decision: 'deny' }] })
    assert.deepEqual(
      [await codeOf(b.as(agent.token, 'probe_get_thing')), await codeOf(b.as(sub, 'probe_get_thing'))],
      ['made', 'policy_denied'],
      tokens[0],
    )
  }
  await b.set({ rules: [{ tokens: ['kind:token'], transports: ['rest'], decision: 'deny' }] })
  assert.equal(await codeOf(b.as(other.token, 'probe_get_thing')), 'policy_denied')
  await b.set({
    rules: [
      { tokens: ['kind:operator'], decision: 'deny' },
      { transports: ['mcp'], decision: 'deny' },
    ],
  })
  assert.equal(await codeOf(b.as(other.token, 'probe_get_thing')), 'made')
})

test('a rule that asks may set when the approval expires and who decides', async () => {
  await using b = await bench()
  await b.set({ rules: [{ effects: ['write'], decision: 'ask', expires_in: 600, approvers: ['boss'] }] })
  const { body } = await b.invoke('probe_create_thing')
  const approval = (await b.hub.call('GET', `/api/v1/approvals/${body['approval_id']}`)).json()
  assert.deepEqual(approval.deciders, ['boss'])
  const seconds = (Date.parse(approval.expires_at) - Date.now()) / 1000
  assert.ok(seconds > 590 && seconds <= 600, String(seconds))
  const decide = async (token: string) =>
    (await b.hub.with({ token }).call('POST', `/api/v1/approvals/${approval.id}`, { decision: 'approve' })).statusCode
  assert.equal(await decide((await b.token('clerk', ['approvals:write'])).token), 403)
  assert.equal(await decide((await b.token('boss', ['approvals:write'])).token), 200)
  assert.equal(await codeOf(b.invoke('probe_create_thing')), 'made')
})

test('what a change of the policies leaves out stays as it is', async () => {
  await using b = await bench()
  const limits = [{ calls_per_minute: 5 }]
  const rules = [{ effects: ['destroy'], decision: 'deny' }]
  await b.set({ rules, limits, information_flow: { after_untrusted: 'ask' } })
  await b.set({ rules: [] })
  const read = async () => (await b.hub.call('GET', '/api/v1/policies')).json()
  assert.deepEqual(await read(), { rules: [], limits, information_flow: { after_untrusted: 'ask' } })
  await b.set({ limits: [], information_flow: null })
  assert.deepEqual(await read(), { rules: [] })
  const audit = (await b.hub.call('GET', '/api/v1/audit')).json().items as { action: string; detail: object }[]
  const changes = audit.filter(({ action }) => action === 'policy.set').map(({ detail }) => detail)
  assert.deepEqual(changes, [
    { limits: [], information_flow: null },
    { rules: [] },
    { rules, limits, information_flow: { after_untrusted: 'ask' } },
  ])
})

test('an approval that others could decide on does not count for a rule that names who approves', async () => {
  await using b = await bench()
  const { tools, access } = b.hub.hub
  const boss = await b.token('boss', ['approvals:write'])
  const reviewer = await b.token('reviewer', ['approvals:write'])
  const agent = await b.token('agent')
  const rules = (approvers?: string[]) => b.set({ rules: [{ effects: ['write'], decision: 'ask', ...(approvers ? { approvers } : {}) }] })
  const call = (headers: Record<string, string> = {}) =>
    b.hub.with({ token: agent.token, headers }).call('POST', '/api/v1/tools/probe_create_thing/invoke', {})
  const decide = async (token: string, id: string) => {
    const reply = await b.hub.with({ token }).call('POST', `/api/v1/approvals/${id}`, { decision: 'approve' })
    assert.equal(reply.statusCode, 200, reply.body)
  }

  await rules()
  const early = (await call()).json().approval_id
  await decide(reviewer.token, early)
  await rules(['boss'])
  const named = (await call({ 'hub-approval': early })).json()
  assert.deepEqual([named.code, named.approval_id], ['approval_mismatch', early])
  assert.match(named.detail, /names who approves this call \(boss\)/)
  const again = (await call()).json()
  assert.equal(again.code, 'approval_required')
  assert.notEqual(again.approval_id, early)
  await decide(boss.token, again.approval_id)
  assert.equal((await call()).statusCode, 200)

  // A flow names its own deciders.
  const principal = { ...(await access.operator('tester')), kind: 'system' as const, id: 'flow' }
  const question = { principal, message: 'Really?', deciders: ['reviewer'], expiresAt: new Date(Date.now() + 60_000) }
  const asked = await tools.approvals.ask({ ...question, call: { tool: 'probe_create_thing', integration: null, input: {} } })
  await decide(reviewer.token, asked.id)
  const made = tools.invoke(principal, 'probe_create_thing', {}, { transport: 'flow', approval: asked.id })
  await assert.rejects(made, { code: 'approval_mismatch' })
  assert.equal(b.api.requests.length, 1)
})

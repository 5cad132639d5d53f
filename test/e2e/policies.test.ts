import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { adminToken, agentWith, servedHub, type Agent, type ServedHub } from '#test'
import { until } from '#test/faults'

const page = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8')

suite('the rules for approvals that the page shows', () => {
  let served: ServedHub
  let workspaceId: string
  let agent: Agent
  let reviewer: Agent

  const send = async (method: string, path: string, { token = adminToken, body = {}, headers = {} } = {}) => {
    const reply = await fetch(served.address + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(token === adminToken ? { 'hub-workspace': 'ruled' } : {}),
        ...headers,
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    })
    return { status: reply.status, body: (await reply.json()) as Record<string, any> }
  }
  const tell = (channel: string, headers: Record<string, string> = {}) =>
    send('POST', '/api/v1/tools/slack_send_message/invoke', { token: agent.token, headers, body: { input: { channel, text: 'Done.' } } })
  const told = (): string[] =>
    served.outside.seen.filter(({ what }) => what === 'POST /chat.postMessage').map(({ body }) => JSON.parse(body).channel)

  before(async () => {
    served = await servedHub()
    served.outside.answers.set('/chat.postMessage', () => ({ body: { ok: true, channel: 'C0TEAM', ts: '1.1' } }))
    served.outside.answers.set('/chat.delete', () => ({ body: { ok: true, channel: 'C0TEAM', ts: '1.1' } }))
    workspaceId = (await send('POST', '/api/v1/workspaces', { body: { name: 'ruled' }, headers: { 'hub-workspace': 'default' } })).body[
      'id'
    ]
    const operator = { ...served.operator, workspaceId }
    agent = await agentWith(served.hub, ['tools:call', 'flows:write', 'flows:run'], operator)
    reviewer = await agentWith(served.hub, ['approvals:write'], operator)
    const slack = {
      name: 'slack',
      integration_type: 'slack',
      access_token: 'xoxb-0123456789-abcdef',
      config: { api_url: served.outside.url },
    }
    assert.equal((await send('POST', '/api/v1/integrations', { body: slack })).status, 201)
    const [, example = ''] = /```json\n(\{\s+"rules".*?)```/s.exec(page) ?? []
    const rules = JSON.parse(example)
    const set = await send('PUT', '/api/v1/policies', { body: rules })
    assert.deepEqual([set.status, set.body], [200, rules])
    assert.deepEqual((await send('GET', '/api/v1/policies')).body, rules)
    assert.equal((await send('PUT', '/api/v1/policies', { token: agent.token, body: rules })).status, 403, 'an agent writes no rules')
  })

  test('let a message to a channel of the team through, and nothing be deleted', async () => {
    assert.equal((await tell('#team-web')).status, 200)
    assert.deepEqual(told(), ['#team-web'])
    const input = { channel: 'C0TEAM', ts: '1531420618.000100' }
    const refused = await send('POST', '/api/v1/tools/slack_delete_message/invoke', { token: agent.token, body: { input } })
    assert.deepEqual([refused.status, refused.body['code']], [403, 'policy_denied'])
    assert.match(refused.body['detail'], /Nothing is deleted from here/)
    assert.ok(!served.outside.seen.some(({ what }) => what === 'POST /chat.delete'))
  })

  test('have a person approve any other, once, and not whoever asked', async () => {
    const asked = await tell('#general')
    assert.deepEqual([asked.status, asked.body['code']], [403, 'approval_required'])
    const id = String(asked.body['approval_id'])
    assert.match(JSON.stringify((await send('GET', `/api/v1/approvals/${id}`, { token: reviewer.token })).body), /a person approves it/)
    const decide = (token: string) => send('POST', `/api/v1/approvals/${id}`, { token, body: { decision: 'approve' } })
    assert.equal((await decide(agent.token)).status, 403)
    assert.equal((await decide(reviewer.token)).status, 200)
    const before = told().length
    assert.equal((await tell('#general', { 'hub-approval': id })).status, 200)
    assert.equal((await tell('#general', { 'hub-approval': id })).body['code'], 'approval_mismatch')
    assert.deepEqual(told().slice(before), ['#general'])
  })

  test('make the step of a flow wait for the person, and go on when it is approved', async () => {
    const source = 'id: tells\nsteps: [{ id: tell, uses: slack_send_message, with: { channel: "#news", text: It is out. } }]'
    assert.equal((await send('POST', '/api/v1/flows', { token: agent.token, body: { source } })).status, 201)
    const started = await send('POST', '/api/v1/flows/tells/trigger', { token: agent.token })
    const runId = String(started.body['run_id'])
    const [approval] = await until('it asks', async () => {
      const { items } = (await send('GET', '/api/v1/approvals?status=pending', { token: reviewer.token })).body
      return items.length > 0 && items
    })
    assert.ok(!told().includes('#news'))
    assert.equal(
      (await send('POST', `/api/v1/approvals/${approval.id}`, { token: reviewer.token, body: { decision: 'approve' } })).status,
      200,
    )
    const run = await served.hub.flows.wait(workspaceId, runId, 20_000)
    assert.equal(run.status, 'completed', JSON.stringify(run.error))
    assert.equal(told().filter((channel) => channel === '#news').length, 1)
  })
})

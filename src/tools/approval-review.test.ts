import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolBench } from '#test'

const ask = async (b: Awaited<ReturnType<typeof toolBench>>, tool: string, input: object): Promise<string> => {
  const { body } = await b.invoke(tool, { input })
  assert.equal(body['code'], 'approval_required', JSON.stringify(body))
  return String(body['approval_id'])
}

test('an approval says what it would do and whether the caller may decide, and why not', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write', 'destroy'], decision: 'ask' }] })
  const id = await ask(b, 'probe_put_thing', { at: '/state' })
  const shown = (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json()
  assert.deepEqual([shown.effect, shown.connector, shown.target, shown.may_decide], ['write', 'probe', null, false])
  assert.match(shown.refusal, /had a part in what the approval is about/)

  const operator = await b.hub.hub.access.operator('tester')
  const { tokens } = b.hub.hub.access
  const reader = b.hub.with({ token: (await tokens.create(operator, { name: 'r', scopes: ['approvals:read'] })).value })
  assert.match((await reader.call('GET', `/api/v1/approvals/${id}`)).json().refusal, /approvals:write/)
  const decider = b.hub.with({ token: (await tokens.create(operator, { name: 'd', scopes: ['approvals:write'] })).value })
  const [listed] = (await decider.call('GET', '/api/v1/approvals?status=pending,approved&order=oldest')).json().items
  assert.deepEqual([listed.id, listed.may_decide, listed.refusal, listed.digest], [id, true, null, shown.digest])

  const { id: other } = (await b.hub.call('POST', '/api/v1/workspaces', { name: 'reviewers' })).json()
  const stranger = b.hub.with({ headers: { 'hub-workspace': other } })
  assert.equal((await stranger.call('GET', `/api/v1/approvals/${id}`)).statusCode, 404)
  const foreign = await stranger.call('POST', `/api/v1/approvals/${id}`, { decision: 'approve', digest: shown.digest })
  assert.equal(foreign.statusCode, 404)
})

test('a yes covers what was shown: if that has changed it is refused, the change is shown, and the next yes counts', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  await b.hub.call('PUT', '/api/v1/approval-settings', { involved_may_decide: true })
  b.answer = () => ({ body: { title: 'before' } })
  const id = await ask(b, 'probe_put_thing', { at: '/state' })
  const look = async () => (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json()
  const decide = (decision: string, digest?: string) => b.hub.call('POST', `/api/v1/approvals/${id}`, { decision, digest })

  const first = await look()
  const old = await decide('approve', 'something else')
  assert.deepEqual([old.statusCode, old.json().code], [409, 'approval_changed'])

  b.answer = () => ({ body: { title: 'somebody changed it' } })
  const changed = await decide('approve', first.digest)
  assert.deepEqual([changed.statusCode, changed.json().code], [409, 'approval_changed'])
  assert.match(changed.json().detail, /what it would change has changed since/)
  const second = await look()
  assert.deepEqual([second.status, second.preview.current.title], ['pending', 'somebody changed it'])
  assert.notEqual(second.digest, first.digest)
  assert.equal((await decide('approve', second.digest)).json().status, 'approved')
})

test('a yes to a call whose integration has changed is refused, and a no is not', async () => {
  await using b = await toolBench()
  await b.hub.call('PUT', '/api/v1/policies', { rules: [{ effects: ['write'], decision: 'ask' }] })
  await b.hub.call('PUT', '/api/v1/approval-settings', { involved_may_decide: true })
  const id = await ask(b, 'probe_put_thing', { at: '/state' })
  const { digest, call } = (await b.hub.call('GET', `/api/v1/approvals/${id}`)).json()
  const set = await b.hub.call(
    'PUT',
    `/api/v1/credentials/${(await b.hub.call('GET', `/api/v1/integrations/${call.integration}`)).json().credential}`,
    {
      data: { token: 'another-probe-token' },
    },
  )
  assert.ok(set.statusCode < 300, set.body)
  const yes = await b.hub.call('POST', `/api/v1/approvals/${id}`, { decision: 'approve', digest })
  assert.deepEqual([yes.statusCode, yes.json().code], [409, 'approval_changed'], yes.body)
  assert.match(yes.json().detail, /credential of the integration has changed/)
  assert.equal((await b.hub.call('POST', `/api/v1/approvals/${id}`, { decision: 'reject', digest })).json().status, 'rejected')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { createSecretValues } from '#lib/secret-values'
import { toolBench, type ToolBench } from '#test'
import { until } from '#test/faults'

interface Texts extends ToolBench {
  readonly texts: Map<string, string>
  undo(id: string, body?: object, token?: string): Promise<{ status: number; body: Record<string, any> }>
  entry(id: string): Promise<Record<string, any>>
}

/** The probe connector against a system that keeps texts. */
async function textBench(): Promise<Texts> {
  const b = await toolBench()
  const texts = new Map([['1', 'old']])
  b.answer = ({ method, path, body }) => {
    const id = path.split('/')[2]
    const { text } = (body === '' ? {} : JSON.parse(body)) as { text?: string }
    if (method === 'POST') texts.set(`n${texts.size}`, text ?? '')
    if (method === 'POST') return { body: { id: `n${texts.size - 1}` } }
    if (id === undefined || !texts.has(id)) return { status: 404, body: { message: 'gone' } }
    if (method === 'PUT') texts.set(id, text ?? '')
    if (method === 'DELETE') texts.delete(id)
    return { body: { text: texts.get(id) } }
  }
  return Object.assign(b, {
    texts,
    async undo(id: string, body: object = {}, token?: string) {
      const reply = await (token === undefined ? b.hub : b.hub.with({ token })).call('POST', `/api/v1/invocations/${id}/undo`, body)
      return { status: reply.statusCode, body: reply.json<Record<string, any>>() }
    },
    entry: async (id: string) => (await b.hub.call('GET', `/api/v1/invocations/${id}`)).json<Record<string, any>>(),
  })
}

const writesOf = ({ api }: ToolBench) =>
  api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
const tokenWith = async ({ hub }: ToolBench, name: string, ...scopes: string[]) =>
  (await hub.call('POST', '/api/v1/tokens', { name, scopes })).json<{ token: string }>().token

test('an undone call is reversed by an ordinary call, and both name each other', async (t) => {
  await using b = await textBench()
  const added = await b.invoke('probe_add_text', { input: { text: 'hello' } })
  const id = added.body['invocation_id'] as string
  assert.equal(b.texts.get('n1'), 'hello')
  const told = t.mock.method(b.hub.hub.telemetry.notices, 'add')
  const undone = await b.undo(id)
  assert.deepEqual([undone.status, undone.body['status'], undone.body['replayed']], [200, 'completed', false], JSON.stringify(undone.body))
  assert.ok(told.mock.calls.some(({ arguments: [, kind, of] }) => kind === 'call' && of === id))
  assert.equal(b.texts.has('n1'), false)
  const [call, undoing] = [await b.entry(id), await b.entry(undone.body['invocation_id'])]
  assert.deepEqual([call['undone_by'], call['undoes']], [undoing['id'], null])
  assert.deepEqual([undoing['tool'], undoing['undoes'], undoing['idempotency_key']], ['probe_delete_text', id, `undo:${id}`])
})

test('undoing twice, or at the same time, acts once', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })).body['invocation_id'] as string
  const together = await Promise.all(Array.from({ length: 5 }, () => b.undo(id)))
  for (const { status, body } of together) assert.ok(status === 200 || body['code'] === 'in_progress', JSON.stringify(body))
  assert.equal(together.filter(({ body }) => body['status'] === 'completed' && body['replayed'] === false).length, 1)
  // Somebody changes the text afterwards: the second undo does not touch it.
  b.texts.set('1', 'later')
  const again = await b.undo(id)
  assert.deepEqual([again.status, again.body['replayed']], [200, true])
  assert.equal(b.texts.get('1'), 'later')
  assert.deepEqual(writesOf(b), ['PUT /texts/1', 'PUT /texts/1'])
})

test('what was there before is put back, unless somebody has changed it since; force overwrites that', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })).body['invocation_id'] as string
  b.texts.set('1', 'by somebody else')
  const refused = await b.undo(id)
  assert.deepEqual([refused.status, refused.body['code']], [409, 'undo_conflict'])
  assert.match(refused.body['detail'], /text/)
  assert.doesNotMatch(JSON.stringify(refused.body), /somebody else/)
  assert.equal(b.texts.get('1'), 'by somebody else')
  assert.equal((await b.entry(id))['undone_by'], null)
  assert.equal((await b.undo(id, { force: true })).status, 200)
  assert.equal(b.texts.get('1'), 'old')
})

test('a call that cannot be undone says why', async () => {
  await using b = await textBench()
  const detail = async (tool: string, input: object): Promise<string> => {
    const { body } = await b.invoke(tool, { input })
    // The journal of a read is written a moment after its answer.
    const { body: refusal } = await until('the call is in the journal', async () => {
      const answer = await b.undo(body['invocation_id'])
      return answer.status !== 404 && answer
    })
    return `${refusal['code']}: ${refusal['detail']}`
  }
  assert.match(await detail('probe_delete_text', { id: '1' }), /^undo_impossible: a deleted text is not kept/)
  assert.match(await detail('probe_delete_text', { id: 'none' }), /^undo_impossible: the call failed/)
  assert.match(await detail('probe_create_thing', {}), /^undo_impossible: probe_create_thing does not say/)
  b.answer = () => ({ body: { ok: 1 } })
  assert.match(await detail('probe_get_thing', {}), /^undo_impossible: probe_get_thing only reads/)
  b.answer = () => ({ fault: 'cut' })
  assert.match(await detail('probe_add_text', { text: 'x' }), /^undo_impossible: nobody knows whether/)
  assert.match(await detail('hub_list_integrations', {}), /only reads/)
  const missing = await b.undo('inv_none')
  assert.deepEqual([missing.status, missing.body['code']], [404, 'not_found'])
  assert.match(missing.body['hint'], /older than the journal/)
})

test('a write is made although what it changes cannot be read before; then it cannot be undone', async () => {
  await using b = await textBench()
  const usual = b.answer
  b.answer = (request) => (request.method === 'GET' ? { status: 403, body: { message: 'no' } } : usual(request))
  const { status, body } = await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })
  assert.equal(status, 200)
  assert.equal(b.texts.get('1'), 'new')
  b.answer = usual
  const refused = await b.undo(body['invocation_id'])
  assert.equal(refused.body['code'], 'undo_impossible')
  assert.match(refused.body['detail'], /vendor_forbidden/)
})

test('an update that is repeated after an unknown outcome does not take its own change for the state before', async () => {
  await using b = await textBench()
  const usual = b.answer
  const key = { 'idempotency-key': 'k' }
  b.answer = (request) => {
    const reply = usual(request)
    return request.method === 'PUT' ? { fault: 'cut' } : reply
  }
  const first = await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } }, key)
  assert.equal(first.body['code'], 'outcome_unknown')
  assert.equal(b.texts.get('1'), 'new')
  b.answer = usual
  const { body } = await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } }, key)
  assert.equal(body['status'], 'completed')
  assert.equal((await b.undo(body['invocation_id'])).status, 200)
  assert.equal(b.texts.get('1'), 'old')
})

test('a failed undo is tried again, and an undo without an answer keeps its key', async () => {
  await using b = await textBench()
  const usual = b.answer
  const id = (await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })).body['invocation_id'] as string
  b.answer = (request) => (request.method === 'PUT' ? { status: 403, body: { message: 'no' } } : usual(request))
  assert.equal((await b.undo(id)).body['code'], 'vendor_forbidden')
  b.answer = (request) => (request.method === 'PUT' ? { fault: 'cut' } : usual(request))
  const lost = await b.undo(id)
  assert.equal(lost.body['code'], 'outcome_unknown')
  b.answer = usual
  const done = await b.undo(id)
  assert.deepEqual([done.status, done.body['invocation_id']], [200, lost.body['invocation_id']], JSON.stringify(done.body))
  assert.equal(b.texts.get('1'), 'old')
  assert.equal((await b.entry(id))['undone_by'], done.body['invocation_id'])
})

test('a token undoes its own calls alone, and only with the right to make the call that undoes', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_add_text', { input: { text: 'x' } })).body['invocation_id'] as string
  const other = await tokenWith(b, 'other', 'tools:call:probe')
  const refused = await b.undo(id, {}, other)
  assert.deepEqual([refused.status, refused.body['code']], [403, 'scope_missing'])
  assert.deepEqual((await b.undo('inv_none', {}, other)).body['detail'], refused.body['detail'])
  const reader = await tokenWith(b, 'reader', 'invocations:read', 'tools:call:probe_add_text')
  assert.match((await b.undo(id, {}, reader)).body['detail'], /tools:call:probe_delete_text/)
  assert.equal(b.texts.has('n1'), true)
  const both = await tokenWith(b, 'both', 'invocations:read', 'tools:call:probe_delete_text')
  assert.equal((await b.undo(id, {}, both)).status, 200)
  assert.equal(b.texts.has('n1'), false)
})

test('a call of another workspace is not there', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_add_text', { input: { text: 'x' } })).body['invocation_id'] as string
  assert.equal((await b.hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })).statusCode, 201)
  const elsewhere = await b.hub.with({ headers: { 'hub-workspace': 'elsewhere' } }).call('POST', `/api/v1/invocations/${id}/undo`, {})
  assert.deepEqual([elsewhere.statusCode, elsewhere.json().code], [404, 'not_found'])
  assert.equal(b.texts.has('n1'), true)
})

test('policies apply to the call that undoes, and an approval covers exactly that call', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })).body['invocation_id'] as string
  const rules = (decision: string) => b.hub.call('PUT', '/api/v1/policies', { rules: [{ tools: ['probe_set_text'], decision }] })
  await rules('deny')
  assert.equal((await b.undo(id)).body['code'], 'policy_denied')
  await rules('ask')
  const caller = await tokenWith(b, 'caller', 'invocations:read', 'tools:call')
  await b.hub.call('PUT', '/api/v1/approval-settings', { involved_may_decide: true })
  const asked = await b.undo(id, {}, caller)
  assert.equal(asked.body['code'], 'approval_required')
  const approval = asked.body['approval_id'] as string
  const shown = (await b.hub.call('GET', `/api/v1/approvals/${approval}`)).json<Record<string, any>>()
  assert.equal(shown['call']['tool'], 'probe_set_text')
  assert.deepEqual(shown['call']['input'], { id: '1', text: 'old' })
  assert.equal((await b.hub.call('POST', `/api/v1/approvals/${approval}`, { decision: 'approve' })).statusCode, 200)
  const done = await b.undo(id, {}, caller)
  assert.equal(done.status, 200, JSON.stringify(done.body))
  assert.equal(b.texts.get('1'), 'old')
})

test('the tool of the hub undoes as the operation does, also as a queued call and in a dry run', async () => {
  await using b = await textBench()
  const id = (await b.invoke('probe_set_text', { input: { id: '1', text: 'new' } })).body['invocation_id'] as string
  const shown = await b.invoke('hub_undo_call', { input: { id }, dry_run: true })
  assert.equal(shown.body['output']['tool'], 'probe_set_text')
  assert.equal(b.texts.get('1'), 'new')
  const done = await b.invoke('hub_undo_call', { input: { id }, mode: 'async' })
  assert.equal(done.status, 202)
  assert.equal((await b.entry(done.body['invocation_id']))['tool'], 'probe_set_text')
  const allowed = await tokenWith(b, 'hub only', 'invocations:read', 'tools:call:hub')
  const second = (await b.invoke('probe_add_text', { input: { text: 'x' } })).body['invocation_id'] as string
  const refused = await b.hub.with({ token: allowed }).call('POST', '/api/v1/tools/hub_undo_call/invoke', { input: { id: second } })
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'scope_missing'])
})

test('a secret is neither stored for an undo nor put back as its replacement', async () => {
  await using b = await textBench()
  const secret = 'a secret of a flow'
  const step = {
    id: 'run_test',
    path: 'set',
    depth: 0,
    secrets: createSecretValues([secret], () => '[secret 0123456789ab]'),
    session: () => Promise.resolve({ root: 'run_test' }),
  }
  const operator = await b.hub.hub.access.operator('tester')
  const set = async (text: string): Promise<string> => {
    const made = await b.hub.hub.tools.invoke(operator, 'probe_set_text', { id: '1', text }, { transport: 'flow', step })
    return made.invocationId
  }
  const toSecret = await set(secret)
  const fromSecret = await set('new')
  const { rows } = await sql<{ row: string }>`select row_to_json(i)::text as row from hub.invocations i`.execute(b.hub.hub.db.sql)
  assert.equal(rows.length, 2)
  assert.doesNotMatch(JSON.stringify(rows), new RegExp(secret))
  const impossible = await b.undo(fromSecret)
  assert.deepEqual([impossible.body['code'], impossible.status], ['undo_impossible', 409])
  assert.match(impossible.body['detail'], /secret/)
  b.texts.set('1', secret)
  const unsure = await b.undo(toSecret)
  assert.equal(unsure.body['code'], 'undo_conflict')
  assert.match(unsure.body['detail'], /secret/)
  assert.equal((await b.undo(toSecret, { force: true })).status, 200)
  assert.equal(b.texts.get('1'), 'old')
})

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { servedHub, trpcClient, trpcError, type ServedHub } from '#test'

suite('a person who tries a tool over tRPC', () => {
  let served: ServedHub
  before(async () => {
    served = await servedHub()
  })

  const sent = (what: string): number => served.outside.seen.filter((request) => request.what === what).length

  const tokenWith = async (...scopes: string[]): Promise<string> =>
    (await served.hub.access.tokens.create(served.operator, { name: 'trying', scopes })).value

  test('finds it, sees its schema and an example, previews it, calls it once per key, and reads its labels', async () => {
    const { tools } = trpcClient(served.address, { token: await tokenWith('tools:read', 'tools:call:probe') })
    const { items } = await tools.list.query({ connector: 'probe', effect: 'write', limit: 200 })
    assert.ok(items.some((item) => 'name' in item && item.name === 'probe_add_text'))
    const tool = await tools.get.query({ name: 'probe_add_text' })
    assert.deepEqual([tool.example, tool.may_call, tool.effect], [{ text: 'x' }, true, 'write'])
    assert.deepEqual(Object.keys(tool.input_schema['properties'] as object), ['text'])

    served.outside.answers.set('/texts', () => ({ body: { id: '7' } }))
    const asked = { name: tool.name, input: tool.example, idempotency_key: 'one-form' }
    const preview = await tools.call.mutate({ ...asked, dry_run: true })
    assert.deepEqual([preview.status, sent('POST /texts')], ['dry_run', 0])
    const called = await tools.call.mutate(asked)
    assert.deepEqual([called.status, called.output, called.replayed], ['completed', { id: '7' }, false])
    assert.deepEqual([called.labels?.author, called.labels?.integration], ['untrusted', 'probe'])
    const again = await tools.call.mutate(asked)
    assert.deepEqual([again.replayed, again.invocation_id, sent('POST /texts')], [true, called.invocation_id, 1])
  })

  test('is told which approval a call waits for, and makes it with that', async () => {
    const trying = trpcClient(served.address, { token: await tokenWith('tools:call:probe', 'approvals:read') })
    const deciding = trpcClient(served.address)
    await served.hub.tools.policies.write(served.operator, { rules: [{ tools: ['probe_charge_thing'], decision: 'ask' }] })
    try {
      const asked = { name: 'probe_charge_thing', input: { at: '/tried' }, idempotency_key: 'asked-form' }
      const { data } = await trpcError(trying.tools.call.mutate(asked))
      const { code, approval_id: approval } = data!.problem as { code: string; approval_id?: string }
      assert.equal(code, 'approval_required')
      assert.deepEqual((await trying.approvals.get.query({ id: approval! })).call?.input, { at: '/tried' })
      await deciding.approvals.decide.mutate({ id: approval!, decision: 'approve' })
      assert.equal((await trying.tools.call.mutate({ ...asked, approval })).status, 'completed')
      assert.equal(sent('POST /tried'), 1)
    } finally {
      await served.hub.tools.policies.write(served.operator, { rules: [] })
    }
  })

  test('is told before that it may not call it', async () => {
    const { tools } = trpcClient(served.address, { token: await tokenWith('tools:read', 'tools:call:github') })
    assert.equal((await tools.get.query({ name: 'probe_get_thing' })).may_call, false)
    const { data } = await trpcError(tools.call.mutate({ name: 'probe_get_thing' }))
    assert.equal(data!.problem.code, 'scope_missing')
  })
})

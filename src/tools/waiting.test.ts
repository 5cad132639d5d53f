import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubError } from '#errors'
import { servedHub } from '#test'
import { until } from '#test/faults'

test('a queued call that waits for an approval is made once, also when the decision comes while it is stored', async () => {
  const { hub, operator, outside } = await servedHub()
  const { tools } = hub
  const rules = [{ tools: ['probe_create_thing'], where: { at: '/waits-*' }, decision: 'ask' as const }]
  await tools.policies.write(operator, { rules })
  try {
    const rounds = Array.from({ length: 8 }, (_, index) => `/waits-${index}`)
    const ids = await Promise.all(
      rounds.map(async (at) => {
        const asked = await tools.invoke(operator, 'probe_create_thing', { at }, { transport: 'rest' }).catch((error: unknown) => error)
        assert.ok(asked instanceof HubError && asked.details.approvalId !== undefined, String(asked))
        const options = { transport: 'rest', waitForApproval: true } as const
        const [queued] = await Promise.all([
          tools.invokeLater(operator, 'probe_create_thing', { at }, options),
          tools.approvals.decide(operator, asked.details.approvalId, { decision: 'approve' }),
        ])
        return queued.invocationId
      }),
    )
    await until('all calls are made', async () => {
      const states = await Promise.all(ids.map((id) => tools.stateOf(operator, id)))
      // A call that looked just before the decision and asked just after it has asked anew.
      for (const { approval } of states.filter((state) => state !== undefined))
        if (approval !== undefined && (await tools.approvals.get(operator.workspaceId, approval)).status === 'pending')
          await tools.approvals.decide(operator, approval, { decision: 'approve' })
      return states.every((state) => state?.status === 'completed')
    })
    for (const at of rounds) assert.equal(outside.seen.filter(({ what }) => what === `POST ${at}`).length, 1)
    const { rows } = await hub.db.pool.query('select * from hub.waiting_calls where invocation_id = any($1)', [ids])
    assert.deepEqual(rows, [])
  } finally {
    await tools.policies.write(operator, { rules: [] })
  }
})

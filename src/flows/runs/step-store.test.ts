import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { flowBench } from '#test'
import type { SavedStep } from './step-store.ts'
import { saveSteps } from './step-store.ts'

suite('the memory of a run', () => {
  test('that a step is under way, told late, does not make it forget what it waits for; its next attempt does', async () => {
    const { hub, flow, workspaceId } = await flowBench()
    const { id: runId } = await (await flow('steps: [{ id: a, transform: 1 }]')).run()
    const until = Date.now() + 60_000
    const waits: SavedStep = {
      runId,
      path: 'late',
      step: 'late',
      kind: 'wait_for',
      status: 'waiting',
      input: { approval: 'apr_1' },
      attempts: 1,
      keyNo: 0,
      until,
      startedAt: Date.now(),
    }
    const late = async (): Promise<SavedStep> => (await hub.flows.run(workspaceId, runId)).steps.find(({ path }) => path === 'late')!
    await saveSteps(hub.db.sql, [waits])
    await saveSteps(hub.db.sql, [{ ...waits, status: 'running', input: undefined, until: null }])
    const kept = await late()
    assert.deepEqual([kept.status, kept.input, kept.until], ['waiting', { approval: 'apr_1' }, until])
    await saveSteps(hub.db.sql, [{ ...waits, status: 'running', until: null, attempts: 2 }])
    assert.equal((await late()).status, 'running')
  })
})

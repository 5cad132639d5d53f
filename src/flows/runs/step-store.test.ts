import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { flowBench } from '#test'
import { saveSteps, type SavedStep, type StepWrite } from './step-store.ts'

suite('the records of a run', () => {
  test('that a step is under way, told late, does not make it forget what it waits for; its next attempt does', async () => {
    const { hub, flow, workspaceId } = await flowBench()
    const { id: runId } = await (await flow('steps: [{ id: a, transform: 1 }]')).run()
    const until = Date.now() + 60_000
    const job = `${runId}:9`
    const { engine, db } = hub
    await db.pool.query(`insert into hub.jobs (id, handler, input, executor_id, claimed_at) values ($1, 'flow-run', '{}', $2, now())`, [
      job,
      engine.executorId,
    ])
    const waits: StepWrite = {
      runId,
      job,
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
    await saveSteps(db.sql, engine.executorId, [waits])
    await saveSteps(db.sql, engine.executorId, [{ ...waits, status: 'running', input: undefined, until: null }])
    const kept = await late()
    assert.deepEqual([kept.status, kept.input, kept.until], ['waiting', { approval: 'apr_1' }, until])
    await saveSteps(db.sql, engine.executorId, [{ ...waits, status: 'running', until: null, attempts: 2 }])
    assert.equal((await late()).status, 'running')

    await db.pool.query(`update hub.jobs set executor_id = 'exe_other' where id = $1`, [job])
    const { lost, changed } = await saveSteps(db.sql, engine.executorId, [{ ...waits, status: 'completed', output: 1, attempts: 2 }])
    assert.deepEqual([[...lost], changed], [[job], 0])
    assert.equal((await late()).status, 'running', 'another process has the run now')
  })
})

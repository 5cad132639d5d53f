import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { chaosDatabase, startWorker, until, type ChaosDatabase, type Worker } from '#test/faults'

/** The engine is one per process, so it is asked through processes that run it: `test/faults/chaos-worker.ts`. */
describe('the durable engine', () => {
  let database: ChaosDatabase
  let worker: Worker
  before(async () => {
    database = await chaosDatabase()
    worker = await startWorker({ url: database.url })
  })
  after(async () => {
    await worker[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test('runs a function to its end, and the same id again is the same run', async () => {
    await worker.start('sum-1', 'sum', { from: 1, ms: 5 })
    await worker.start('sum-1', 'sum', { from: 100, ms: 5 })
    const { status, output } = await worker.wait('sum-1')
    assert.deepEqual({ status, output }, { status: 'completed', output: { total: 15 } })
    assert.equal((await database.bodies('sum-1')).length, 5)
  })

  test('a run whose step fails has failed, with the reason', async () => {
    await worker.start('failing-1', 'failing', {})
    const { status, error } = await worker.wait('failing-1')
    assert.deepEqual({ status, error }, { status: 'failed', error: 'as it was told to' })
  })

  test('a run started in a transaction exists when that commits, and not when it is rolled back', async () => {
    assert.equal(await worker.ask('rollBack', { runId: 'sum-2', name: 'sum', input: { from: 1, ms: 5 } }), 'rolled back')
    await worker.ask('startIn', { runId: 'sum-3', name: 'sum', input: { from: 1, ms: 5 } })
    await worker.ask('startIn', { runId: 'sum-3', name: 'sum', input: { from: 100, ms: 5 } })
    const { status, output } = await worker.wait('sum-3')
    assert.deepEqual({ status, output }, { status: 'completed', output: { total: 15 } })
    assert.equal((await database.bodies('sum-3')).length, 5)
    assert.equal(await worker.ask('state', { runId: 'sum-2' }), undefined)
    assert.deepEqual(await database.bodies('sum-2'), [])
  })

  test('a signal reaches the run that waits for it, and a run that waits in vain goes on when its time is up', async () => {
    await worker.start('receiver-1', 'receiver', { topic: 'news', ms: 10_000 })
    await worker.ask('signal', { runId: 'receiver-1', name: 'news', input: { hello: 'there' } })
    assert.deepEqual((await worker.wait('receiver-1')).output, { hello: 'there' })
    await worker.start('receiver-2', 'receiver', { topic: 'news', ms: 100 })
    assert.deepEqual((await worker.wait('receiver-2')).output, 'nothing came')
  })

  test('a cancelled run begins no further step, and goes on where it stood when it is resumed', async () => {
    await worker.start('slow-1', 'slow', { ms: 200 })
    await until('its second step is under way', async () => (await database.bodies('slow-1')).length === 2)
    await worker.ask('cancel', { runId: 'slow-1' })
    await pass(300)
    assert.equal((await worker.ask<{ status: string }>('state', { runId: 'slow-1' })).status, 'cancelled')
    assert.deepEqual(
      (await database.bodies('slow-1')).map(({ step }) => step),
      ['first', 'second'],
    )
    await worker.ask('resume', { runId: 'slow-1' })
    assert.equal((await worker.wait('slow-1')).output, 'done')
    assert.equal((await database.bodies('slow-1')).filter(({ step }) => step === 'first').length, 1)
  })

  test('hundreds of runs that wait keep no other from starting', async () => {
    const waiting = Array.from({ length: 250 }, (_, index) => `sleeper-${index}`)
    await Promise.all(waiting.map((runId) => worker.ask('startIn', { runId, name: 'sleeper', input: { ms: 600_000 } })))
    await worker.ask('startIn', { runId: 'sum-4', name: 'sum', input: { from: 4, ms: 5 } })
    assert.deepEqual((await worker.wait('sum-4')).output, { total: 30 })
  })

  test('prints nothing past its logger', () => {
    assert.equal(worker.output(), '')
  })
})

describe('processes that share a database', { concurrency: 2 }, () => {
  test('a process that only answers requests starts runs and leaves the work to others', async () => {
    await using database = await chaosDatabase()
    await using api = await startWorker({ url: database.url, works: false })
    await api.start('sum-1', 'sum', { from: 1, ms: 5 })
    await api.ask('startIn', { runId: 'sum-2', name: 'sum', input: { from: 2, ms: 5 } })
    await pass(1200)
    for (const runId of ['sum-1', 'sum-2']) assert.equal((await api.ask<{ status: string }>('state', { runId })).status, 'queued')

    await using worker = await startWorker({ url: database.url })
    assert.deepEqual((await api.wait('sum-1')).output, { total: 15 })
    assert.deepEqual((await api.wait('sum-2')).output, { total: 20 })
    const pids = [...(await database.bodies('sum-1')), ...(await database.bodies('sum-2'))].map(({ pid }) => pid)
    assert.deepEqual([...new Set(pids)], [worker.pid])
  })

  test('several processes that start at once on a new database all become ready', async () => {
    await using database = await chaosDatabase()
    await database.pool.query('drop schema dbos cascade')
    const workers = await Promise.all([1, 2, 3].map(() => startWorker({ url: database.url })))
    await Promise.all(workers.map((worker, index) => worker.start(`sum-${index}`, 'sum', { from: index, ms: 5 })))
    for (const index of [0, 1, 2]) assert.equal((await workers[0]!.wait(`sum-${index}`)).status, 'completed')
    await Promise.all(workers.map((worker) => worker.stop()))
  })
})

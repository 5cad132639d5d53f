import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { newId } from '#lib/ids'
import { openTestDatabase, testTelemetry } from '#test'
import { chaosDatabase, startWorker, until, type ChaosDatabase, type Worker } from '#test/faults'
import { createEngine, type JobHandler } from './index.ts'

describe('the engine', () => {
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

  test('runs a job to its end, and the same id again is the same job', async () => {
    await Promise.all([worker.start('sum-1', 'sum', { from: 1, ms: 5 }), worker.start('sum-1', 'sum', { from: 1, ms: 5 })])
    const { status, output } = await worker.wait('sum-1')
    assert.deepEqual({ status, output }, { status: 'completed', output: { total: 15 } })
    assert.equal((await database.bodies('sum-1')).length, 5)
    await until('its row is gone', async () => (await database.pool.query('select from hub.jobs')).rowCount === 0)
  })

  test('a job whose body fails has ended', async () => {
    await worker.start('failing-1', 'failing', {})
    const { status, output } = await worker.wait('failing-1')
    assert.deepEqual({ status, output }, { status: 'failed', output: 'as it was told to' })
  })

  test('a job exists when its transaction commits, and not when that is rolled back', async () => {
    assert.equal(await worker.ask('rollBack', { runId: 'sum-2', name: 'sum', input: { from: 1, ms: 5 } }), 'rolled back')
    await worker.start('sum-3', 'sum', { from: 1, ms: 5 })
    assert.deepEqual((await worker.wait('sum-3')).output, { total: 15 })
    assert.equal(await worker.ask('state', { runId: 'sum-2' }), undefined)
    assert.deepEqual(await database.bodies('sum-2'), [])
  })

  test('hundreds of jobs that wait keep no other from starting', async () => {
    const runIds = Array.from({ length: 250 }, (_, index) => `sleeper-${index}`)
    await worker.ask('startAll', { runIds, name: 'sleeper', input: { ms: 600_000 } })
    await worker.start('sum-4', 'sum', { from: 4, ms: 5 })
    assert.deepEqual((await worker.wait('sum-4')).output, { total: 30 })
  })

  test('prints nothing past its logger', () => {
    assert.equal(worker.output(), '')
  })
})

describe('engines that share a database', { concurrency: 2 }, () => {
  test('a process that does not work leaves its jobs to others', async () => {
    await using database = await chaosDatabase()
    await using api = await startWorker({ url: database.url, works: false })
    await api.start('sum-1', 'sum', { from: 1, ms: 5 })
    await pass(1200)
    assert.equal((await api.ask<{ status: string }>('state', { runId: 'sum-1' })).status, 'queued')

    await using worker = await startWorker({ url: database.url })
    assert.deepEqual((await api.wait('sum-1')).output, { total: 15 })
    const asked = Date.now()
    await api.start('sum-2', 'sum', { from: 2, ms: 5 })
    assert.deepEqual((await api.wait('sum-2')).output, { total: 20 })
    assert.ok(Date.now() - asked < 1500, 'the worker was woken')
    const pids = [...(await database.bodies('sum-1')), ...(await database.bodies('sum-2'))].map(({ pid }) => pid)
    assert.deepEqual([...new Set(pids)], [worker.pid])
  })

  test('several in one process run each job once, and one that stops hands its jobs to the other', async () => {
    await using db = await openTestDatabase()
    const ran = new Map<string, string[]>()
    const create = (name: string) => {
      const engine = createEngine({ db, ...testTelemetry() }, { executorId: newId('exe'), drainMs: 1000 })
      const handler: JobHandler<{ ms: number }> = {
        async run({ ms }, { id, hold }) {
          await hold(() => pass(ms))
          await hold(async () => ran.set(id, [...(ran.get(id) ?? []), name]))
        },
        quarantine: async () => undefined,
      }
      return { engine, work: { jobs: { rest: handler }, pollers: [] } }
    }
    const [one, two] = [create('one'), create('two')]
    const [first, second] = [await one.engine.start(one.work), await two.engine.start(two.work)]
    const ids = Array.from({ length: 300 }, (_, index) => `rest-${index}`)
    await db.transaction((trx) => one.engine.enqueue(trx, ...ids.map((id) => ({ id, handler: 'rest', input: { ms: 5 } }))))
    await until('all have run', () => ran.size === ids.length)
    assert.deepEqual(
      [...ran.values()].filter((names) => names.length > 1),
      [],
    )
    assert.deepEqual(new Set([...ran.values()].flat()), new Set(['one', 'two']))

    await db.transaction((trx) => one.engine.enqueue(trx, { id: 'long', handler: 'rest', input: { ms: 300 } }))
    await first[Symbol.asyncDispose]()
    assert.equal(ran.get('long'), undefined, 'its second piece does not begin after the stop')
    await until('the other runs it', () => ran.get('long') !== undefined)
    assert.deepEqual(ran.get('long'), ['two'])
    await second[Symbol.asyncDispose]()
  })

  test('a job that a lost commit left claimed is begun by the process that holds it', async () => {
    await using db = await openTestDatabase()
    const ran: string[] = []
    const engine = createEngine({ db, ...testTelemetry() }, { executorId: newId('exe') })
    const handler: JobHandler = { run: async (_input, { id }) => void ran.push(id), quarantine: async () => undefined }
    const working = await engine.start({ jobs: { note: handler }, pollers: [] })
    await db.pool.query(
      `insert into hub.jobs (id, handler, input, executor_id, claimed_at) values ('lost', 'note', '{}', $1, now() - interval '6 seconds')`,
      [engine.executorId],
    )
    await until('it runs', () => ran.length > 0)
    await until('its row is gone', async () => (await db.pool.query('select from hub.jobs')).rowCount === 0)
    assert.deepEqual(ran, ['lost'])
    await working[Symbol.asyncDispose]()
  })

  test('a suspect is tried when nothing else runs, and nothing else begins beside it', async () => {
    await using db = await openTestDatabase()
    const engine = createEngine({ db, ...testTelemetry() }, { executorId: newId('exe') })
    const active = new Set<string>()
    const beside: string[][] = []
    const handler: JobHandler<{ ms: number }> = {
      async run({ ms }, { id, hold }) {
        active.add(id)
        if (active.has('suspect')) beside.push([...active])
        await hold(() => pass(ms))
        active.delete(id)
      },
      quarantine: async () => undefined,
    }
    await db.pool.query(`insert into hub.jobs (id, handler, input, interruptions) values ('suspect', 'rest', '{"ms": 600}', 2)`)
    const enqueue = (id: string): Promise<void> => db.transaction((trx) => engine.enqueue(trx, { id, handler: 'rest', input: { ms: 20 } }))
    const working = await engine.start({ jobs: { rest: handler }, pollers: [] })
    for (let n = 0; !active.has('suspect'); n++) {
      await enqueue(`before-${n}`)
      await pass(10)
    }
    for (let n = 0; n < 10; n++) await enqueue(`during-${n}`)
    await until('all have ended', async () => (await db.pool.query('select from hub.jobs')).rowCount === 0)
    assert.deepEqual(beside, [['suspect']])
    await working[Symbol.asyncDispose]()
  })

  test('wakes a poller at once, here and in other processes', async () => {
    await using db = await openTestDatabase()
    const rounds: string[] = []
    const create = async (name: string) => {
      const engine = createEngine({ db, ...testTelemetry() }, { executorId: newId('exe') })
      const poller = { name: 'test', run: async () => rounds.push(name) * 60_000 }
      return { engine, running: await engine.start({ jobs: {}, pollers: [poller] }) }
    }
    const one = await create('one')
    await using idle = createEngine({ db, ...testTelemetry() }, { executorId: newId('cli') })
    await until('the first round', () => rounds.length === 1)
    one.engine.wake('test')
    await until('a round', () => rounds.length === 2)
    idle.wake('test')
    await until('a round for another process', () => rounds.length === 3)
    await one.running[Symbol.asyncDispose]()
  })
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sleep } from '#lib/clock'
import { rabbitMissing } from '../services/rabbitmq.ts'
import { busMetric, killHubs, settleEvents, startBusBench, startLoad, type BusBench } from './bus.ts'
import { until } from './wait.ts'

/** BUS_ROUNDS=100 kills the hub so often. */
const rounds = Number(process.env['BUS_ROUNDS'] ?? 3)

suite('commands and events over RabbitMQ', { skip: rabbitMissing }, () => {
  let bench: BusBench
  before(async () => {
    bench = await startBusBench()
  })
  after(() => bench[Symbol.asyncDispose]())

  test('kill -9 of the hub: every command is answered, and nothing is written twice', async (t) => {
    const { tasks, loads } = await killHubs(bench, rounds)
    await using _ = await bench.serve()
    const began = performance.now()
    let events = 0
    for (const load of loads) events += await settleEvents(bench, load)
    const took = Math.round(performance.now() - began)
    const { completed, unknown } = await bench.settle(tasks)
    t.diagnostic(
      `${tasks.length} commands: ${completed} completed, ${unknown} unknown; ${events} events, the last one ${took} ms after the start`,
    )
    assert.ok(completed > 0 && events > 0)
    // Whoever died no longer keeps others from publishing, although its lease is longer.
    assert.ok(took < 15_000, `the events came ${took} ms after the start`)
  })

  test('kill -9 of the broker: requests go on as before, every command is answered, and every event comes in its order', async (t) => {
    await using hub = await bench.serve()
    const tasks = await bench.sendWrites(50)
    const load = startLoad([hub])
    await sleep(500)
    const sending = bench.sendWrites(200)
    await sleep(50)
    await bench.rabbit.kill()
    const calm = load.took.length
    await until('the events wait', async () => (await busMetric(hub, 'hub_bus_waiting')) > 0, 15_000)
    const slowest = Math.max(...load.took.slice(calm))
    const during = load.took.length - calm
    await bench.rabbit.start()
    tasks.push(...(await sending))
    await load.stop()
    const { completed, unknown } = await bench.settle(tasks)
    const events = await settleEvents(bench, load)
    t.diagnostic(
      `${during} requests without a broker, the slowest took ${Math.round(slowest)} ms; ${events} events; ${completed} commands completed, ${unknown} unknown`,
    )
    assert.ok(during > 20 && slowest < 2000)
    assert.equal(unknown, 0)
    await until('no event waits any more', async () => (await busMetric(hub, 'hub_bus_waiting')) === 0, 15_000)
  })

  test('two hubs on one database and one broker share the commands, and keep the order of events', async (t) => {
    await using first = await bench.serve()
    await using second = await bench.serve()
    const load = startLoad([first, second])
    const tasks = await bench.sendWrites(200)
    const { completed } = await bench.settle(tasks)
    await until('there are events', () => [...load.accepted.values()].every((numbers) => numbers.length >= 50), 30_000)
    await load.stop()
    const events = await settleEvents(bench, load)
    assert.equal(completed, tasks.length)
    const shares = await Promise.all([first, second].map((hub) => busMetric(hub, 'hub_bus_received_total')))
    t.diagnostic(`${shares.join(' and ')} commands, ${events} events`)
    assert.ok(shares.every((share) => share > 0))
  })
})

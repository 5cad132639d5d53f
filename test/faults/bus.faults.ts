import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { pulsarMissing } from '../services/pulsar.ts'
import { rabbitMissing } from '../services/rabbitmq.ts'
import { busMetric, killHubs, killOneOfTwo, restartBroker, startBusBench, startLoad, type BusBench, type Campaign } from './bus.ts'
import { pulsarBroker, rabbitBroker, type Broker } from './brokers.ts'

/** BUS_ROUNDS=100 makes so many rounds of each campaign, and prints how far it is. */
const asked = process.env['BUS_ROUNDS']

function campaign(name: string, rounds: number): Campaign {
  return {
    rounds: asked === undefined ? rounds : Number(asked),
    onRound(done) {
      if (asked !== undefined && done % 10 === 0) console.log(`${name}: ${done} rounds`)
    },
  }
}

function testBroker(name: string, missing: string | undefined, start: () => Promise<Broker>): void {
  suite(`commands and events over ${name}`, { skip: missing, concurrency: 1 }, () => {
    let bench: BusBench
    before(async () => {
      bench = await startBusBench(start)
    })
    after(() => bench[Symbol.asyncDispose]())

    test(`${name}: kill -9 of the hub: every command is answered, and nothing is written twice`, async (t) => {
      const figures = await killHubs(bench, campaign(`${name}, kills of the hub`, 3))
      t.diagnostic(JSON.stringify(figures))
      assert.ok(figures.completed > 0 && figures.events > 0)
    })

    test(`${name}: kill -9 and restart of the broker: requests go on, every command is answered, and every event comes in its order`, async (t) => {
      const figures = await restartBroker(bench, campaign(`${name}, restarts of the broker`, 2))
      t.diagnostic(JSON.stringify(figures))
      assert.equal(figures.unknown, 0)
      assert.ok(figures.events > 0)
    })

    test(`${name}: two hubs on one database and one broker share the commands, and keep the order of events`, async () => {
      await using first = await bench.serve()
      await using second = await bench.serve()
      await using load = startLoad([first, second])
      const tasks = await bench.sendWrites(200)
      const { completed } = await bench.settle(tasks)
      await load.stop()
      await bench.settleEvents(load)
      assert.equal(completed, tasks.length)
      const shares = await Promise.all([first, second].map((hub) => busMetric(hub, bench.broker, 'hub_bus_received_total')))
      assert.ok(
        shares.every((share) => share > 0),
        `${shares.join(' and ')} commands`,
      )
    })

    test(`${name}: kill -9 of one of two hubs: the other takes over its commands and its publishing`, async (t) => {
      const { publishedMs, answeredMs, ...figures } = await killOneOfTwo(bench, campaign(`${name}, kills of one of two hubs`, 1))
      const spread = (values: readonly number[]) => ({ median: values[values.length >> 1], most: values.at(-1) })
      t.diagnostic(JSON.stringify({ ...figures, publishedMs: spread(publishedMs), answeredMs: spread(answeredMs) }))
      assert.ok(figures.completed > 0)
    })
  })
}

// Side by side, because most of the time is spent waiting for brokers that start and for hubs that are found dead.
suite('buses', { concurrency: true }, () => {
  testBroker('RabbitMQ', rabbitMissing, rabbitBroker)
  testBroker('Pulsar', pulsarMissing, pulsarBroker)
})

import { test } from 'node:test'
import { createAmqpBus } from '#buses'
import { sleep } from '#lib/clock'
import { testTelemetry } from '#test'
import { testBus } from '../../../test/services/bus-conformance.ts'
import { rabbitMissing, startRabbit } from '../../../test/services/rabbitmq.ts'

/** RabbitMQ 3.10 writes which quorum queues exist to the disk up to five seconds later. One that is killed before refuses their messages for 65 s. */
const directoryMs = 6000

if (rabbitMissing !== undefined) test('RabbitMQ', { skip: rabbitMissing }, () => undefined)
else
  testBus('RabbitMQ', async () => {
    const rabbit = await startRabbit()
    return {
      open: () =>
        createAmqpBus(
          {
            url: rabbit.url,
            commandsExchange: 'commands.exchange',
            eventsExchange: 'events.exchange',
            queue: 'integrations.commands',
            retryMs: { low: 100, high: 1000 },
          },
          testTelemetry(),
        ),
      outage: {
        async begin() {
          await sleep(directoryMs)
          await rabbit.kill()
        },
        end: rabbit.start,
      },
      [Symbol.asyncDispose]: () => rabbit[Symbol.asyncDispose](),
    }
  })

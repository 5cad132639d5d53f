import { test } from 'node:test'
import { createPulsarBus } from '#buses'
import { testTelemetry } from '#test'
import { testBus } from '../../../test/services/bus-conformance.ts'
import { pulsarMissing, startPulsar } from '../../../test/services/pulsar.ts'

const names = { namespace: 'public/default', commands: 'integrations.commands', results: 'integrations.events' }

if (pulsarMissing !== undefined) test('Apache Pulsar', { skip: pulsarMissing }, () => undefined)
else
  testBus('Apache Pulsar', async () => {
    const pulsar = await startPulsar()
    return {
      open: () => createPulsarBus({ url: pulsar.url, ...names, retryMs: { low: 100, high: 1000 } }, testTelemetry()),
      outage: { begin: pulsar.kill, end: pulsar.start },
      [Symbol.asyncDispose]: () => pulsar[Symbol.asyncDispose](),
    }
  })

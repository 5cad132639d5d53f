import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createPulsarBus, type Bus } from '#buses'
import { testTelemetry } from '#test'
import { until } from '#test/faults'
import { testBus } from '../../../test/services/bus-conformance.ts'
import { pulsarMissing, startPulsar, startSecuredPulsar } from '../../../test/services/pulsar.ts'

const names = { namespace: 'public/default', commands: 'integrations.commands', results: 'integrations.events' }

function clientMissing(): string | undefined {
  try {
    createRequire(import.meta.url)('pulsar-client')
    return undefined
  } catch {
    return 'the package pulsar-client is not installed'
  }
}

const missing = pulsarMissing ?? clientMissing()

if (missing !== undefined) test('Apache Pulsar by pulsar-client', { skip: missing }, () => undefined)
else
  testBus('Apache Pulsar by pulsar-client', async () => {
    const pulsar = await startPulsar()
    return {
      open: () => createPulsarBus({ url: pulsar.binaryUrl, ...names, retryMs: { low: 100, high: 1000 } }, testTelemetry()),
      outage: { begin: pulsar.kill, end: pulsar.start },
      [Symbol.asyncDispose]: () => pulsar[Symbol.asyncDispose](),
    }
  })

test('pulsar-client with a token and TLS', { skip: missing }, async (t) => {
  await using pulsar = await startSecuredPulsar()
  assert.equal((await pulsar.admin('POST', 'namespaces/public/default/permissions/hub', ['produce', 'consume'])).status, 204)
  const open = (url: string, token?: string): Bus =>
    createPulsarBus({ url, token, ...names, retryMs: { low: 100, high: 1000 }, answerMs: 5000 }, testTelemetry())
  for (const [what, url, token, problem] of [
    ['no token', pulsar.binaryUrl, undefined, /TimeOut|Authentication/],
    ['a token that the broker did not sign', pulsar.binaryUrl, `${pulsar.tokenOf('hub').slice(0, -4)}AAAA`, /TimeOut|Authentication/],
    ['a token without rights', pulsar.binaryUrl, pulsar.tokenOf('stranger'), /AuthorizationError/],
    ['a certificate of an authority that is not trusted', pulsar.secureBinaryUrl, pulsar.tokenOf('hub'), /certificate verify failed/],
  ] as const)
    await t.test(`${what}: it is not connected, and the state says why`, async () => {
      await using bus = open(url, token)
      await until('the refusal is told', () => bus.state().problem, 30_000)
      assert.equal(bus.state().status, 'connecting')
      assert.match(bus.state().problem ?? '', problem)
    })
  await t.test('with a token and the authority, messages go both ways over TLS', async () => {
    const trusted = getCACertificates()
    setDefaultCACertificates([...trusted, readFileSync(pulsar.authority, 'utf8')])
    try {
      await using bus = open(pulsar.secureBinaryUrl, pulsar.tokenOf('hub'))
      await until('it connects', () => bus.state().status === 'connected', 30_000)
      assert.deepEqual(await bus.publish([{ topic: names.commands, body: Buffer.from('{}'), id: 'one', properties: {} }]), [true])
      const received: (string | undefined)[] = []
      await using _ = bus.consumeCommands({ group: 'hub', prefetch: 1, handle: async ({ id }) => (received.push(id), 'done') })
      await until('the command arrives', () => received.includes('one'), 20_000)
    } finally {
      setDefaultCACertificates(trusted)
    }
  })
})

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createPulsarBus } from '#buses'
import { testTelemetry } from '#test'
import { until } from '#test/faults'
import { testBus } from '../../../test/services/bus-conformance.ts'
import { fakePulsarClient, type FakePulsarClient } from '../../../test/services/fake-pulsar-client.ts'

const names = { namespace: 'public/default', commands: 'commands', results: 'results' }
const quick = { retryMs: { low: 20, high: 100 }, answerMs: 3000 }
const open = ({ module }: FakePulsarClient, more: { url?: string; token?: string } = {}) =>
  createPulsarBus({ url: 'pulsar://127.0.0.1:6650', ...names, ...quick, load: () => module, ...more }, testTelemetry())

const missing = (): never => {
  throw Object.assign(new Error("Cannot find module 'pulsar-client'"), { code: 'MODULE_NOT_FOUND' })
}

testBus('Apache Pulsar by a module like pulsar-client', async () => {
  const fake = fakePulsarClient()
  return {
    open: () => open(fake),
    outage: { begin: async () => void (fake.online = false), end: async () => void (fake.online = true) },
    [Symbol.asyncDispose]: async () => undefined,
  }
})

test('a missing package: the state says what to install, and no other address needs it', async () => {
  await using bus = createPulsarBus({ url: 'pulsar://127.0.0.1:6650', ...names, ...quick, load: missing }, testTelemetry())
  await until('the state says so', () => bus.state().problem?.includes('npm install'))
  assert.equal(bus.state().status, 'connecting')
  await assert.rejects(bus.publish([{ topic: 'orders', body: Buffer.from('{}'), properties: {} }]), { code: 'bus_unavailable' })
  await using other = createPulsarBus({ url: 'http://127.0.0.1:9', ...names, ...quick, load: missing }, testTelemetry())
  await until('it tried', () => other.state().problem)
  assert.doesNotMatch(other.state().problem ?? '', /npm install/)
})

test('the token and the authorities are handed over, and names of hosts are compared', async () => {
  const fake = fakePulsarClient()
  let file = ''
  {
    await using bus = open(fake, { url: 'pulsar+ssl://127.0.0.1:6651', token: 'the-token' })
    await until('it connects', () => bus.state().status === 'connected')
    const [options] = fake.options
    assert.deepEqual({ ...(options?.['authentication'] as object) }, { given: { token: 'the-token' } })
    assert.equal(options?.['tlsValidateHostname'], true)
    file = String(options?.['tlsTrustCertsFilePath'])
    assert.match(readFileSync(file, 'utf8'), /BEGIN CERTIFICATE/)
  }
  assert.equal(existsSync(file), false)
})

test('dead letters are kept by their group, and a group that is forgotten is gone', async () => {
  const fake = fakePulsarClient()
  await using bus = open(fake)
  await until('it connects', () => bus.state().status === 'connected')
  const consumer = bus.consume('orders', { group: 'g', prefetch: 1, handle: async () => ({ dead: 'no use' }) })
  await until('it is received', () => fake.groupsOf('persistent://public/default/orders').includes('g'))
  assert.deepEqual(await bus.publish([{ topic: 'orders', id: 'm', body: Buffer.from('{}'), properties: {} }]), [true])
  const [letter] = await until('the dead letter is kept', () => {
    const kept = fake.waiting('persistent://public/default/orders-hub-dead', 'hub-dead')
    return kept.length > 0 && kept
  })
  assert.deepEqual([letter?.['hub-reason'], letter?.['hub-topic'], letter?.['message_id']], ['no use', 'orders', 'm'])
  await consumer[Symbol.asyncDispose]()
  await bus.forget('orders', 'g')
  assert.deepEqual(fake.groupsOf('persistent://public/default/orders'), [])
})

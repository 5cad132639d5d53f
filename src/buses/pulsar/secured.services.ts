import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createPulsarBus, type Bus } from '#buses'
import { sleep } from '#lib/clock'
import { testTelemetry } from '#test'
import { until } from '#test/faults'
import { idleMs, pulsarMissing, startSecuredPulsar } from '../../../test/services/pulsar.ts'

test('an Apache Pulsar that asks for a token and serves TLS', { skip: pulsarMissing }, async (t) => {
  await using pulsar = await startSecuredPulsar()
  const allowed = await pulsar.admin('POST', 'namespaces/public/default/permissions/hub', ['produce', 'consume'])
  assert.equal(allowed.status, 204)
  const token = pulsar.tokenOf('hub')
  const open = (more: Partial<Parameters<typeof createPulsarBus>[0]>): Bus => {
    const names = { namespace: 'public/default', commands: 'integrations.commands', results: 'integrations.events' }
    return createPulsarBus({ url: pulsar.url, ...names, retryMs: { low: 100, high: 1000 }, ...more }, testTelemetry())
  }
  const isConnected = (bus: Bus) => until('the bus connects', () => bus.state().status === 'connected', 30_000)
  const one = (topic: string, id: string) => ({ topic, id, body: Buffer.from('{}'), properties: {} })

  await t.test('commands that were sent before the hub first connected are received, and those of a topic are not', async () => {
    await using bus = open({ token })
    await isConnected(bus)
    assert.deepEqual(await bus.publish([one('integrations.commands', 'before'), one('orders', 'before')]), [true, true])
    const received: (string | undefined)[] = []
    const group = {
      group: 'hub',
      prefetch: 1,
      handle: async ({ topic, id }: { topic: string; id?: string | undefined }) => (received.push(`${topic} ${id}`), 'done' as const),
    }
    await using commands = bus.consumeCommands(group)
    await using orders = bus.consume('orders', group)
    await until('the command arrives', () => received.length === 1, 20_000)
    const subscribed = async (): Promise<boolean> => {
      const reply = await pulsar.admin('GET', 'persistent/public/default/orders/subscriptions')
      return ((await reply.json()) as string[]).includes('hub')
    }
    await until('the topic is received', subscribed, 20_000)
    await bus.publish([one('orders', 'after')])
    await until('the message arrives', () => received.length === 2, 20_000)
    assert.deepEqual(received, ['integrations.commands before', 'orders after'])
    await commands[Symbol.asyncDispose]()
    await orders[Symbol.asyncDispose]()
    await bus.forget('orders', 'hub')
    assert.equal(await subscribed(), false)
  })

  for (const [what, given, problem] of [
    ['no token', undefined, /^the broker answers 401 /],
    ['a token that is none', 'not.a.token', /^the broker answers 401 /],
    ['a token that the broker did not sign', `${token.slice(0, -4)}AAAA`, /^the broker answers 401 /],
    ['a token without rights', pulsar.tokenOf('stranger'), /^the broker answers 403 /],
  ] as const)
    await t.test(`${what}: the state says what the broker answers`, async () => {
      await using bus = open({ token: given })
      await until('the refusal is told', () => bus.state().problem !== undefined, 30_000)
      assert.match(bus.state().problem ?? '', problem)
      assert.equal(bus.state().status, 'connecting')
      await assert.rejects(bus.publish([one('orders', 'x')]), { code: 'bus_unavailable' })
    })

  await t.test('a socket that is idle stays open by pings, and would be closed without them', async () => {
    await using pinging = open({ token, pingMs: idleMs / 3 })
    await using silent = open({ token })
    const states = { pinging: 0, silent: 0 }
    await Promise.all([isConnected(pinging), isConnected(silent)])
    pinging.onState(() => states.pinging++)
    silent.onState(() => states.silent++)
    await sleep(idleMs * 2.5)
    assert.equal(states.pinging, 0)
    assert.ok(states.silent > 0)
  })

  await t.test('TLS: a certificate of an own authority is trusted where the authority is given', async () => {
    await using bus = open({ token, url: pulsar.secureUrl })
    await until('the refusal is told', () => bus.state().problem !== undefined, 30_000)
    assert.match(bus.state().problem ?? '', /self.signed certificate/)

    const script = `
      import { createPulsarBus } from '#buses'
      import { testTelemetry } from './test/support/telemetry.ts'
      const names = { namespace: 'public/default', commands: 'integrations.commands', results: 'integrations.events' }
      const bus = createPulsarBus({ url: process.env.BROKER, token: process.env.BROKER_TOKEN, ...names }, testTelemetry())
      while (bus.state().status !== 'connected') await new Promise((resolve) => setTimeout(resolve, 50))
      const received = Promise.withResolvers()
      bus.consume('over-tls', { group: 'g', prefetch: 1, handle: async ({ body }) => (received.resolve(body.toString()), 'done') })
      const sending = setInterval(() => bus.publish([{ topic: 'over-tls', body: Buffer.from('hello'), properties: {} }]), 300)
      console.log(await received.promise)
      clearInterval(sending)
      await bus[Symbol.asyncDispose]()`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, BROKER: pulsar.secureUrl, BROKER_TOKEN: token, NODE_EXTRA_CA_CERTS: pulsar.authority },
      cwd: `${import.meta.dirname}/../../..`,
      timeout: 60_000,
    })
    assert.equal(stdout, 'hello\n')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBuses, createLocalBus, type Bus } from '#buses'
import { testHub } from '#test'
import { until } from '#test/faults'

test('a token that is revoked ends what its bus receives, without losing what the bus keeps', async () => {
  await using hub = await testHub()
  const made = await hub.call('POST', '/api/v1/tokens', { name: 'bus', scopes: ['events:read', 'events:write'] })
  const { id, token } = made.json<{ id: string; token: string }>()
  const flow = await hub.call('POST', '/api/v1/flows', {
    definition: { id: 'f', on: [{ bus: 'orders' }], steps: [{ id: 's', transform: '1' }] },
  })
  assert.equal(flow.statusCode, 201, flow.body)
  const forgotten: string[] = []
  const bus: Bus = { ...createLocalBus(), name: 'amqp', forget: async (topic) => void forgotten.push(topic) }
  const { telemetry, db, engine, access, events, integrations } = hub.hub
  await using buses = createBuses({ ...telemetry, db, engine, access, events, integrations }, [
    { name: 'amqp', open: () => bus, token, tokenSetting: 'AMQP_HUB_TOKEN', types: ['shop.*'], prefetch: 1 },
  ])
  const follow = buses.pollers.find(({ name }) => name === 'bus-topics')!
  const received = async (): Promise<number> =>
    (await hub.call('GET', '/api/v1/events?type=bus.orders')).json<{ items: unknown[] }>().items.length
  const send = (number: number) => bus.publish([{ topic: 'orders', id: `m-${number}`, body: Buffer.from('{}'), properties: {} }])

  await follow.run(new AbortController().signal)
  await send(1)
  assert.equal(await received(), 1)

  assert.equal((await hub.call('DELETE', `/api/v1/tokens/${id}`)).statusCode, 200)
  await until('the refusal is told', async () => {
    await follow.run(new AbortController().signal)
    return (await buses.overview())[0]?.state?.problem
  })
  await send(2)
  assert.equal(await received(), 1)
  assert.deepEqual(forgotten, [])
})

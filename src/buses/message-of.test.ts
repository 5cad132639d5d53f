import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HubEvent } from '#events'
import { messageOf } from './message-of.ts'

const event: HubEvent = {
  id: 'evt_1',
  workspaceId: 'ws_1',
  type: 'shop.sold',
  connector: 'shop',
  integrationId: 'int_1',
  integration: 'my shop',
  subject: 'order-7',
  data: { total: 5 },
  receivedAt: new Date('2026-11-28T00:00:00Z'),
  replays: 0,
}
const nowhere = { topic: null, key: null }

test('an event becomes a message: its data, its attributes, the subject as key', () => {
  const { topic, key, id, body, properties } = messageOf(event, nowhere, 1000)
  assert.deepEqual([topic, key, id, body.toString()], ['shop.sold', 'order-7', 'evt_1', '{"total":5}'])
  assert.deepEqual(properties, {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': 'evt_1',
    'cloudEvents:source': '/integrations/my%20shop',
    'cloudEvents:type': 'shop.sold',
    'cloudEvents:time': '2026-11-28T00:00:00.000Z',
    'cloudEvents:subject': 'order-7',
    'cloudEvents:hubworkspace': 'ws_1',
    'cloudEvents:hubintegration': 'my shop',
    'cloudEvents:huborigin': 'outside',
  })
})

test('a replay is another message, and a step of a flow names the topic and the key', () => {
  const { topic, key, id } = messageOf({ ...event, replays: 2 }, { topic: 'orders', key: 'customer' }, 1000)
  assert.deepEqual([topic, key, id], ['orders', 'customer', 'evt_1.2'])
})

test('without a subject the integration keeps the order, and without one the type', () => {
  assert.equal(messageOf({ ...event, subject: null }, nowhere, 1000).key, 'my shop')
  assert.equal(messageOf({ ...event, subject: null, integration: null }, nowhere, 1000).key, 'shop.sold')
})

test('what a broker does not take holds up nothing: odd types and data that is too large', () => {
  const odd = messageOf({ ...event, type: `shop.a b/ü#${'x'.repeat(300)}` }, nowhere, 1000)
  assert.match(odd.topic, /^shop\.a_b___x+$/)
  assert.equal(odd.topic.length, 200)
  const large = messageOf({ ...event, data: 'x'.repeat(2000) }, nowhere, 1000)
  assert.equal(large.body.toString(), 'null')
  assert.match(large.properties['hub-left-out']!, /2002 bytes; read it at \/api\/v1\/events\/evt_1$/)
})

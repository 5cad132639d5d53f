import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { auth, defineConnector } from '#kit'
import { runAction, upstream } from '#kit/testing'

const shop = defineConnector({
  name: 'shop',
  title: 'Shop',
  description: 'For tests.',
  connect: '',
  config: z.object({ base_url: z.string() }),
  auth: [auth.none()],
  baseUrl: ({ base_url }) => base_url,
})
const base = { title: 'Order', description: '', example: {}, input: z.strictObject({}), output: z.unknown() }
const run = async () => ({})

test('an action that says it may be repeated, without what makes that safe, is refused when its connector is defined', () => {
  const refused = (more: object, message: RegExp) =>
    assert.throws(() => shop.withActions({ order: shop.action({ ...base, effect: 'write', run, ...more }) }), message)
  refused({ repeatable: true }, /shop_order: an action has no "repeatable"/)
  refused({ idempotencyHeader: '' }, /must be the name of a header/)
  refused({ idempotencyHeader: 'x\r\ny' }, /must be the name of a header/)
  refused({ idempotencyHeader: 'idempotency-key', effect: 'read' }, /a read needs no idempotencyHeader/)
})

test('a request that says it may be repeated without a reason is not sent', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const connector = shop.withActions({
    order: shop.action({
      ...base,
      effect: 'write',
      // @ts-expect-error -- The types refuse it; a connector in JavaScript gets this far.
      run: ({ http }) => http.post('/orders', {}, { repeatable: true }),
    }),
  })
  await assert.rejects(runAction(connector, 'order', { input: {}, config: { base_url: api.url } }), { code: 'internal' })
  assert.equal(api.requests.length, 0)
})

test('each write of a call has its own key', async () => {
  await using api = await upstream(() => ({ body: {} }))
  const connector = shop.withActions({
    order: shop.action({
      ...base,
      effect: 'write',
      idempotencyHeader: 'Idempotency-Key',
      run: async ({ http }) => {
        await http.get('/stock')
        await http.post('/orders', {})
        return http.post('/bills', {})
      },
    }),
  })
  await runAction(connector, 'order', { input: {}, config: { base_url: api.url }, idempotencyKey: 'k' })
  assert.deepEqual(
    api.requests.map(({ headers }) => headers['idempotency-key']),
    [undefined, 'k', 'k-2'],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bus, Message, Received, Verdict } from '#buses'
import { sleep } from '#lib/clock'
import { until } from '../faults/wait.ts'

/** A broker, or what takes its place, and a way to open a bus to it. */
export interface BusUnderTest {
  readonly open: () => Bus
  /** Cuts the bus off, and lets it come back; undefined for a bus that cannot be cut off. */
  readonly outage?: { readonly begin: () => Promise<void>; readonly end: () => Promise<void> }
}

let numbers = 0
const fresh = (): string => `topic-${process.pid}-${Date.now()}-${numbers++}`
const message = (topic: string, number: number, key = 'k'): Message => ({
  topic,
  key,
  id: `${topic}-${key}-${number}`,
  body: Buffer.from(JSON.stringify({ number })),
  contentType: 'application/json',
  properties: { 'cloudEvents:type': 'test.made' },
})
const numberIn = ({ body }: Received): number => (JSON.parse(body.toString()) as { number: number }).number

async function connected(bus: Bus): Promise<Bus> {
  await until('the bus connects', () => bus.state().status === 'connected', 20_000)
  return bus
}

/** What every bus has to do, whatever carries it. */
export function testBus(name: string, start: () => Promise<BusUnderTest & AsyncDisposable>): void {
  test(`${name}: what every bus does`, async (t) => {
    await using given = await start()
    await using bus = await connected(given.open())
    const began = (): Promise<void> => sleep(given.outage ? 500 : 0)

    await t.test('a confirmed message arrives with its key, id, content and properties', async () => {
      const topic = fresh()
      const received: Received[] = []
      await using _ = bus.consume(topic, { group: 'a', prefetch: 10, handle: async (one) => (received.push(one), 'done') })
      await began()
      assert.deepEqual(await bus.publish([message(topic, 1)]), [true])
      await until('the message arrives', () => received.length === 1, 20_000)
      const { key, id, body, contentType, properties, redeliveries } = received[0]!
      assert.deepEqual([key, id, contentType, redeliveries], ['k', `${topic}-k-1`, 'application/json', 0])
      assert.equal(body.toString(), '{"number":1}')
      assert.equal(properties['cloudEvents:type'], 'test.made')
    })

    await t.test('each group receives every message, and the members of a group share them', async () => {
      const topic = fresh()
      const groups: Record<string, number[]> = { one: [], two: [], three: [] }
      // A bus that cannot be cut off exists once.
      await using other = given.outage ? await connected(given.open()) : undefined
      const member = (of: Bus, group: string, list: string) =>
        of.consume(topic, { group, prefetch: 1, handle: async (one) => (groups[list]!.push(numberIn(one)), await sleep(5), 'done') })
      await using members = new AsyncDisposableStack()
      members.use(member(bus, 'a', 'one'))
      members.use(member(bus, 'b', 'two'))
      members.use(other ? member(other, 'b', 'three') : member(bus, 'c', 'three'))
      await began()
      await bus.publish(Array.from({ length: 20 }, (_, number) => message(topic, number, `k${number}`)))
      const total = other ? 40 : 60
      await until('every group has its messages', () => Object.values(groups).flat().length >= total, 20_000)
      assert.equal(groups['one']!.length, 20)
      if (other) assert.equal(new Set([...groups['two']!, ...groups['three']!]).size, 20)
    })

    await t.test('a message is delivered again until it is handled', async () => {
      const topic = fresh()
      const seen: number[] = []
      const handle = async ({ redeliveries }: Received): Promise<Verdict> => {
        seen.push(redeliveries)
        if (seen.length === 1) throw new Error('the first one fails')
        return seen.length === 2 ? 'again' : 'done'
      }
      await using _ = bus.consume(topic, { group: 'a', prefetch: 5, handle })
      await began()
      await bus.publish([message(topic, 1)])
      await until('it was delivered three times', () => seen.length === 3, 20_000)
      await sleep(300)
      assert.equal(seen.length, 3)
      assert.equal(seen[0], 0)
      assert.ok(seen[2]! > 0, 'a redelivery says so')
    })

    await t.test('messages of one key arrive in their order', async () => {
      const topic = fresh()
      const byKey: Record<string, number[]> = {}
      const handle = async (one: Received): Promise<Verdict> => {
        ;(byKey[one.key!] ??= []).push(numberIn(one))
        await sleep(Math.random() * 3)
        return 'done'
      }
      await using _ = bus.consume(topic, { group: 'a', prefetch: 1, handle })
      await began()
      for (let round = 0; round < 10; round++)
        await bus.publish(Array.from({ length: 20 }, (_, index) => message(topic, round * 20 + index, `k${index % 4}`)))
      await until('all messages arrive', () => Object.values(byKey).flat().length >= 200, 20_000)
      for (const [key, numbers] of Object.entries(byKey))
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
          `the messages of ${key} are out of order`,
        )
    })

    await t.test('no more than the prefetch are handled at once, and the rest waits in the bus', async () => {
      const topic = fresh()
      let active = 0
      let most = 0
      let handled = 0
      const handle = async (): Promise<Verdict> => {
        most = Math.max(most, ++active)
        await sleep(10)
        active--
        handled++
        return 'done'
      }
      await using _ = bus.consume(topic, { group: 'a', prefetch: 4, handle })
      await began()
      await bus.publish(Array.from({ length: 60 }, (_, number) => message(topic, number, `k${number}`)))
      await until('all are handled', () => handled === 60, 20_000)
      assert.ok(most <= 4, `${most} were handled at once`)
      assert.ok(most > 1, 'they are handled one after the other')
    })

    await t.test('a stop waits for what is being handled, and nothing is lost by it', async () => {
      const topic = fresh()
      const handled = new Set<number>()
      let active = 0
      const handle = async (one: Received): Promise<Verdict> => {
        active++
        await sleep(50)
        handled.add(numberIn(one))
        active--
        return 'done'
      }
      const first = bus.consume(topic, { group: 'a', prefetch: 3, handle })
      await began()
      const published = bus.publish(Array.from({ length: 12 }, (_, number) => message(topic, number, `k${number}`)))
      await until('something is handled', () => handled.size > 0, 20_000)
      await first[Symbol.asyncDispose]()
      assert.equal(active, 0)
      await using _ = bus.consume(topic, { group: 'a', prefetch: 3, handle })
      await until('all twelve are handled', () => handled.size === 12 || given.outage === undefined, 20_000)
      await Promise.race([published, sleep(100)])
    })

    await t.test('a group that is temporary leaves nothing behind', async () => {
      const topic = fresh()
      const received: number[] = []
      const options = {
        group: 'a',
        prefetch: 1,
        temporary: true,
        handle: async (one: Received) => (received.push(numberIn(one)), 'done' as const),
      }
      const first = bus.consume(topic, options)
      await began()
      await bus.publish([message(topic, 1)])
      await until('the first message arrives', () => received.length === 1, 20_000)
      await first[Symbol.asyncDispose]()
      await bus.publish([message(topic, 2)])
      await using _ = bus.consume(topic, options)
      await began()
      await bus.publish([message(topic, 3)])
      await until('the last message arrives', () => received.includes(3), 20_000)
      assert.deepEqual(received, [1, 3])
    })

    await t.test('a message that is larger than the bus takes is not confirmed, and the bus goes on', async () => {
      const topic = fresh()
      const received: number[] = []
      await using _ = bus.consume(topic, { group: 'a', prefetch: 1, handle: async (one) => (received.push(numberIn(one)), 'done') })
      await began()
      const tooLarge = { ...message(topic, 1), body: Buffer.alloc(bus.maxBytes + 1, 32) }
      assert.deepEqual(await bus.publish([tooLarge]), [false])
      await until('the bus comes back', () => bus.state().status === 'connected', 20_000)
      assert.deepEqual(await bus.publish([message(topic, 2)]), [true])
      await until('the next message arrives', () => received.includes(2), 20_000)
    })

    await t.test('after an outage it connects by itself, and what was not confirmed is told', async (inner) => {
      if (!given.outage) return inner.skip('this bus cannot be cut off')
      const topic = fresh()
      const received: number[] = []
      await using _ = bus.consume(topic, { group: 'a', prefetch: 5, handle: async (one) => (received.push(numberIn(one)), 'done') })
      await began()
      await bus.publish([message(topic, 1)])
      await until('the first message arrives', () => received.includes(1), 20_000)
      await given.outage.begin()
      await until('the loss is noticed', () => bus.state().status === 'connecting', 20_000)
      assert.match(bus.state().problem ?? '', /./)
      const during = await bus.publish([message(topic, 2)]).catch(() => [false])
      assert.deepEqual(during, [false])
      await given.outage.end()
      await until('it connects again', () => bus.state().status === 'connected', 60_000)
      await bus.ping()
      const after = await bus.publish([message(topic, 3)])
      assert.deepEqual(after, [true])
      await until('messages arrive after the outage', () => received.includes(3), 30_000)
    })
  })
}

import { connect } from 'amqplib'
import pg from 'pg'

/** The floor of the bus bench, what anybody would write first: takes a message, inserts one row, publishes an answer with a confirm, acknowledges. */
const [url, prefetch, connection] = process.argv.slice(2)
const pool = new pg.Pool({ ...(JSON.parse(connection!) as pg.PoolConfig), max: 20 })
await pool.query(
  'create table if not exists bus_floor (id bigint generated always as identity primary key, at timestamptz, key text, body text)',
)
const rabbit = await connect(url!)
const channel = await rabbit.createConfirmChannel()
await channel.assertExchange('events.exchange', 'topic', { durable: true })
await channel.assertQueue('floor', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
await channel.prefetch(Number(prefetch))
await channel.consume('floor', (message) => {
  if (!message) return
  void pool
    .query({
      name: 'insert',
      text: 'insert into bus_floor (at, key, body) values ($1, $2, $3)',
      values: [new Date(), message.properties.messageId as string, message.content.toString()],
    })
    .then(
      () =>
        new Promise<void>((resolve, reject) =>
          channel.publish(
            'events.exchange',
            'floor.completed',
            message.content,
            { persistent: true, correlationId: message.properties.correlationId as string },
            (error) => (error ? reject(error as Error) : resolve()),
          ),
        ),
    )
    .then(() => channel.ack(message))
})
process.send?.('ready')
process.once('SIGTERM', () => void rabbit.close().then(() => pool.end()))

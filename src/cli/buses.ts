import { Argument, type Command } from 'commander'
import { busNames, type BusName } from '#lib/bus-names'
import { withClient, type HubClient } from './context.ts'
import { jsonOrText } from './input.ts'
import { table } from './output.ts'

type BusRow = Awaited<ReturnType<HubClient['listBuses']>>['items'][number]

const which = (): Argument => new Argument('<bus>', 'the bus').choices(busNames)

export function busCommands(program: Command): void {
  const bus = program
    .command('bus')
    .description('message buses: RabbitMQ (amqp), Apache Pulsar (pulsar), and the one inside the hub (local)')
  bus
    .command('list')
    .description('list the buses of the workspace, and what waits to be published')
    .action((_options, command: Command) =>
      withClient(command, async ({ listBuses }, output) => {
        const page = await listBuses({})
        output.print(page, table(page.items.map(rowOf)))
      }),
    )
  bus
    .command('ping')
    .description('ask a bus for an answer')
    .addArgument(which())
    .action((name: BusName, _options, command: Command) =>
      withClient(command, async ({ pingBus }, output) => {
        const answer = await pingBus({ name })
        output.print(answer, `${name} answered in ${answer.ms} ms`)
      }),
    )
  bus
    .command('publish')
    .description('publish a message, and wait until the broker has confirmed it')
    .addArgument(which())
    .argument('<topic>', 'where to')
    .argument('<content>', 'JSON, or a text')
    .option('--key <key>', 'messages with the same key keep their order')
    .addHelpText('after', `\nExample:\n  hub bus publish amqp orders '{"id": 7}' --key customer-1`)
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((name: BusName, topic: string, content: string, { key }: { key?: string }, command: Command) =>
      withClient(command, async ({ publishToBus }, output) => {
        const message = await publishToBus({ name, topic, data: jsonOrText(content), ...(key === undefined ? {} : { key }) })
        output.print(message, `published as ${message.id}`)
      }),
    )
  bus
    .command('tail')
    .description('print the messages of a topic from now on, beside those who receive them anyway; Ctrl+C ends it')
    .addArgument(which())
    .argument('<topic>', 'which')
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((name: BusName, topic: string, _options, command: Command) =>
      withClient(command, async ({ tailBus }) => {
        for await (const event of await tailBus({ name, topic })) if (event) process.stdout.write(`${JSON.stringify(event.data)}\n`)
      }),
    )
  bus
    .command('remove')
    .description('forget a bus that no process is connected to any more, with everything that waits for it')
    .addArgument(which())
    .action((name: BusName, _options, command: Command) =>
      withClient(command, async ({ removeBus }, output) => {
        await removeBus({ name })
        output.print({ removed: name }, `${name} is forgotten`)
      }),
    )
}

function rowOf({ name, status, waiting, oldest_waiting_at: oldest, problem, events }: BusRow) {
  return { bus: name, status, waiting, oldest: oldest ?? '', events: events.join(' '), problem: problem ?? '' }
}

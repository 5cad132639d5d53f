import type { Connector } from '#kit'
import type { ToolDescription } from '#tools'
import { commandHeaders, commandSchema, toolCommand } from './command-schema.ts'
import { eventHeaders, failedSchema, resultHeaders, resultSchema, toolCompleted } from './result-schema.ts'

/** What the operator calls the places at the brokers. */
export interface BusPlaces {
  readonly commandsExchange: string
  readonly eventsExchange: string
  /** `tenant/namespace` */
  readonly pulsarNamespace: string
  readonly pulsarCommands: string
  readonly pulsarResults: string
}

export interface Described {
  readonly version: string
  readonly tools: readonly ToolDescription[]
  readonly connectors: readonly Connector[]
}

type Part = Readonly<Record<string, unknown>>
type Parts = Readonly<Record<string, Part>>

const ref = (path: string): Part => ({ $ref: `#/${path}` })
const binding = (name: string): Part => ref(`components/channelBindings/${name}`)
const message = (name: string): Part => ref(`components/messages/${name}`)
const amqp = ref('servers/amqp')
const pulsar = ref('servers/pulsar')
const json = 'application/json'

/** AsyncAPI 3: everything that the hub receives from a message bus and publishes there. Where the brokers are is known to the operator alone. */
export function asyncApi({ version, tools, connectors }: Described, places: BusPlaces): Part {
  const events = connectors.flatMap(({ name, title, events: declared = {} }) =>
    Object.entries(declared).map(([event, description]) => ({ type: `${name}.${event}`, title, description })),
  )
  return {
    asyncapi: '3.0.0',
    id: 'urn:integration-hub:buses',
    info: {
      title: 'IntegrationHub on message buses',
      version,
      description: [
        'Commands for the tools of the hub, their results, and the events of the connected systems, over RabbitMQ and Pulsar.',
        'Every message may come more than once: a command is answered with the stored outcome then, and an event keeps its id.',
        'Tools that a workspace made itself, and types of events that a connector does not list, work in the same way.',
      ].join(' '),
      contact: { name: 'The operator of this hub' },
      license: { name: 'MIT' },
      tags: [{ name: 'commands' }, { name: 'results' }, { name: 'events' }],
    },
    defaultContentType: json,
    servers: {
      amqp: {
        host: 'rabbitmq.example.com',
        protocol: 'amqp',
        protocolVersion: '0.9.1',
        description: 'RabbitMQ. The operator knows the address.',
      },
      pulsar: {
        host: 'pulsar.example.com',
        protocol: 'pulsar',
        description: 'Apache Pulsar. The operator knows the address and the namespace.',
        bindings: { pulsar: { tenant: places.pulsarNamespace.split('/')[0], bindingVersion: '0.1.0' } },
      },
    },
    channels: { ...channelsOf(tools, places), ...Object.fromEntries(events.map((event) => [event.type, eventChannel(event)])) },
    operations: {
      ...operationsOf(),
      ...Object.fromEntries(
        events.map(({ type, description }) => [
          `send_${type}`,
          { action: 'send', summary: description, channel: ref(`channels/${type}`), tags: [{ name: 'events' }] },
        ]),
      ),
    },
    components: {
      schemas: {
        command: commandSchema,
        command_headers: commandHeaders,
        result: resultSchema,
        result_headers: resultHeaders,
        event_headers: eventHeaders,
      },
      messages: messagesOf(tools),
      channelBindings: bindingsOf(places),
    },
  }
}

function channelsOf(tools: readonly ToolDescription[], places: BusPlaces): Parts {
  const commands = Object.fromEntries(tools.map(({ name }) => [name, message(`${name}_command`)]))
  const completed = Object.fromEntries(tools.map(({ name }) => [name, message(`${name}_completed`)]))
  const failed = { failed: message('failed') }
  const parameters = { tool: { description: 'The tool of the command, with _ for what is neither a letter nor a digit, _ or -.' } }
  return {
    commands: {
      address: 'integrations.{name}',
      title: 'Commands',
      description: 'The hub receives what has a routing key `integrations.*`. The body names the tool; the key does not matter.',
      servers: [amqp],
      parameters: { name: { description: 'Any name.', default: 'call' } },
      messages: commands,
      bindings: binding('commands'),
    },
    completed: {
      address: 'integrations.{tool}_completed',
      title: 'Results of calls that succeeded',
      servers: [amqp],
      parameters,
      messages: completed,
      bindings: binding('results'),
    },
    failed: {
      address: 'integrations.{tool}_failed',
      title: 'Results of calls that failed',
      servers: [amqp],
      parameters,
      messages: failed,
      bindings: binding('results'),
    },
    replies: {
      address: null,
      title: 'Replies',
      description: 'The queue or topic that the command names as the place for its reply. The result also goes to its own channel.',
      servers: [amqp, pulsar],
      messages: { ...completed, ...failed },
    },
    pulsar_commands: {
      address: places.pulsarCommands,
      title: 'Commands',
      description: 'The name of the topic, unless the operator chose another one.',
      servers: [pulsar],
      messages: commands,
      bindings: binding('pulsar'),
    },
    pulsar_results: {
      address: places.pulsarResults,
      title: 'Results of all calls',
      description: 'The property `cloudEvents:type` is `integrations.{tool}_completed` or `integrations.{tool}_failed`.',
      servers: [pulsar],
      messages: { ...completed, ...failed },
      bindings: binding('pulsar'),
    },
  }
}

function eventChannel({ type, title, description }: { type: string; title: string; description: string }): Part {
  return {
    address: type,
    title: `${title}: ${type}`,
    description,
    servers: [amqp, pulsar],
    messages: { event: message('event') },
    bindings: binding('events'),
  }
}

function bindingsOf({ commandsExchange, eventsExchange, pulsarNamespace }: BusPlaces): Parts {
  const exchange = (name: string): Part => ({
    amqp: { is: 'routingKey', exchange: { name, type: 'topic', durable: true, autoDelete: false, vhost: '/' }, bindingVersion: '0.3.0' },
  })
  const ofPulsar = { pulsar: { namespace: pulsarNamespace.split('/')[1], persistence: 'persistent', bindingVersion: '0.1.0' } }
  return {
    commands: exchange(commandsExchange),
    results: exchange(eventsExchange),
    events: { ...exchange(eventsExchange), ...ofPulsar },
    pulsar: ofPulsar,
  }
}

function operationsOf(): Parts {
  const reply = { channel: ref('channels/replies') }
  const receive = { action: 'receive', summary: 'Calls a tool.', reply, tags: [{ name: 'commands' }] }
  const send = { action: 'send', tags: [{ name: 'results' }] }
  return {
    receive_command: { ...receive, channel: ref('channels/commands') },
    receive_command_from_pulsar: { ...receive, channel: ref('channels/pulsar_commands') },
    send_completed: { ...send, summary: 'Says what a call returned.', channel: ref('channels/completed') },
    send_failed: { ...send, summary: 'Says why a call failed.', channel: ref('channels/failed') },
    send_result_to_pulsar: { ...send, summary: 'Says what a call returned, or why it failed.', channel: ref('channels/pulsar_results') },
  }
}

function messagesOf(tools: readonly ToolDescription[]): Parts {
  const ofTools = tools.flatMap((tool): [string, Part][] => {
    const { name, title, description, effect } = tool
    return [
      [
        `${name}_command`,
        {
          name: `${name}_command`,
          title,
          summary: description,
          description: `Effect: ${effect}. Scope: \`tools:call:${name}\`.`,
          headers: ref('components/schemas/command_headers'),
          payload: toolCommand(tool),
        },
      ],
      [
        `${name}_completed`,
        {
          name: `${name}_completed`,
          title: `${title}: completed`,
          headers: ref('components/schemas/result_headers'),
          payload: toolCompleted(tool),
        },
      ],
    ]
  })
  return {
    ...Object.fromEntries(ofTools),
    failed: { name: 'failed', title: 'A call failed', headers: ref('components/schemas/result_headers'), payload: failedSchema },
    event: {
      name: 'event',
      title: 'An event',
      summary: 'A CloudEvent in binary mode: the attributes are properties of the message, and the body is the data.',
      headers: ref('components/schemas/event_headers'),
      payload: { description: 'What the connected system said. `GET /api/v1/events` shows samples.' },
    },
  }
}

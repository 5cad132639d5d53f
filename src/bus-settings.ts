import { createAmqpBus, createPulsarBus, type BusSetting } from '#buses'
import type { Config } from '#config'
import type { Connector } from '#kit'
import type { Telemetry } from '#telemetry'

/** The buses outside that the operator connected. */
export function busSettings(config: Config, connectors: readonly Connector[], telemetry: Telemetry): BusSetting[] {
  const all = connectors.map(({ name }) => `${name}.*`)
  return [amqpSetting(config, all, telemetry), pulsarSetting(config, all, telemetry)].filter((setting) => setting !== undefined)
}

function amqpSetting(config: Config, all: readonly string[], telemetry: Telemetry): BusSetting | undefined {
  const { AMQP_URL: url, AMQP_HUB_TOKEN: token, AMQP_EVENTS: types, AMQP_PREFETCH: prefetch } = config
  const { AMQP_COMMANDS_EXCHANGE: commandsExchange, AMQP_EVENTS_EXCHANGE: eventsExchange, AMQP_QUEUE: queue } = config
  if (url === undefined || token === undefined) return undefined
  const open = () => createAmqpBus({ url, commandsExchange, eventsExchange, queue }, telemetry)
  return { name: 'amqp', open, token, tokenSetting: 'AMQP_HUB_TOKEN', types: types.length > 0 ? types : all, prefetch }
}

function pulsarSetting(config: Config, all: readonly string[], telemetry: Telemetry): BusSetting | undefined {
  const { PULSAR_URL: url, PULSAR_HUB_TOKEN: token, PULSAR_EVENTS: types, PULSAR_PREFETCH: prefetch } = config
  const { PULSAR_TOKEN: brokerToken, PULSAR_NAMESPACE: namespace, PULSAR_COMMANDS: commands, PULSAR_RESULTS: results } = config
  if (url === undefined || token === undefined) return undefined
  const open = () => createPulsarBus({ url, token: brokerToken, namespace, commands, results }, telemetry)
  return { name: 'pulsar', open, token, tokenSetting: 'PULSAR_HUB_TOKEN', types: types.length > 0 ? types : all, prefetch }
}

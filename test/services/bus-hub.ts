import { adminToken, toolBench, type ToolBench } from '#test'
import { serveCommands } from '#transports/bus'

export interface BusHub extends ToolBench {
  /** Stops receiving commands, as a stop of the hub does. */
  stopCommands(): Promise<void>
}

/** A hub that works and receives commands, with one integration of the probe connector. */
export async function busHub(env: Record<string, string>): Promise<BusHub> {
  await using stack = new AsyncDisposableStack()
  const bench = stack.use(await toolBench(env))
  const { hub } = bench.hub
  stack.use(await hub.engine.start(hub.work))
  const commands = serveCommands({ ...hub.telemetry, tools: hub.tools, buses: hub.buses })
  stack.defer(() => commands[Symbol.asyncDispose]())
  const owned = stack.move()
  return Object.assign(bench, {
    stopCommands: async () => commands[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  })
}

export const rabbitEnv = (url: string): Record<string, string> => ({ AMQP_URL: url, AMQP_HUB_TOKEN: adminToken })

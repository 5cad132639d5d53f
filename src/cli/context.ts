import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { Principal } from '#access'
import type { Config, LoadedConfig } from '#config'
import type { Hub } from '#hub'
import type { Client, Operation, operations } from '#operations'
import { createOutput, type Output } from './output.ts'
import type { RemoteHub } from './remote.ts'

/*
 * The hub's modules are imported by the command that runs, here and in the commands, so that help and usage errors are printed in a tenth
 * of a second instead of after loading a server.
 */

interface GlobalOptions {
  readonly json?: boolean
  readonly workspace: string
}

/** Every operation of the hub as a function. */
export type HubClient = Client<typeof operations>

export function outputOf(command: Command): Output {
  return createOutput(command.optsWithGlobals<GlobalOptions>().json ?? false)
}

/** Commands log only warnings, unless LOG_LEVEL is set: the log of a serving hub would hide their output. */
export async function loadedQuietly(): Promise<LoadedConfig> {
  const { loadConfig } = await import('#config')
  const { config, origins } = loadConfig()
  return { config: origins.has('LOG_LEVEL') ? config : { ...config, LOG_LEVEL: 'warn' }, origins }
}

export async function quietConfig(): Promise<Config> {
  return (await loadedQuietly()).config
}

/** Opens the hub beside one that may be serving, does the work as the operator of this machine, and closes it again. */
export async function withHub(command: Command, work: (hub: Hub, operator: Principal, output: Output) => Promise<void>): Promise<void> {
  const config = await quietConfig()
  const { openHub } = await import('#hub')
  await using hub = await openHub(config)
  const { workspace } = command.optsWithGlobals<GlobalOptions>()
  const operator = await hub.access.operator(userName(), workspace)
  await work(hub, operator, outputOf(command))
}

/** The same for commands that only call operations, which a hub elsewhere may run too. */
export async function withClient(
  command: Command,
  work: (client: HubClient, output: Output, remote?: RemoteHub) => Promise<void>,
): Promise<void> {
  const { callRemote, remoteOf } = await import('./remote.ts')
  const remote = remoteOf(command, await loadedQuietly())
  if (remote) {
    const { createClient, operations } = await import('#operations')
    const call = (operation: Operation, input: object): Promise<unknown> => callRemote(remote, operation, input)
    return work(createClient(operations, call as Parameters<typeof createClient>[1]), outputOf(command), remote)
  }
  return withHub(command, async (hub, principal, output) => work(await clientOf(hub, principal), output))
}

async function clientOf({ execute }: Hub, principal: Principal): Promise<HubClient> {
  const { createClient, operations } = await import('#operations')
  const caller = { principal, transport: 'cli' as const }
  return createClient(operations, (operation, input) => execute(caller, operation, input))
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid${process.getuid?.() ?? ''}`
  }
}

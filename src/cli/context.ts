import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { Principal } from '#access'
import type { Config } from '#config'
import type { Hub } from '#hub'
import { createOutput, type Output } from './output.ts'

/*
 * Here and in the commands, the hub's modules are imported by the command that runs: help and a slip of the hand are answered in a tenth
 * of a second, not after loading a server.
 */

interface GlobalOptions {
  readonly json?: boolean
  readonly workspace: string
}

export function outputOf(command: Command): Output {
  return createOutput(command.optsWithGlobals<GlobalOptions>().json ?? false)
}

/** Commands speak when something is wrong; what a serving hub logs at info would only stand in the way. */
export async function quietConfig(): Promise<Config> {
  const { loadConfig } = await import('#config')
  const { config, origins } = loadConfig()
  return origins.has('LOG_LEVEL') ? config : { ...config, LOG_LEVEL: 'warn' }
}

/** Opens the hub beside one that may be serving, does the work as the operator of this machine, and lets go again. */
export async function withHub(command: Command, work: (hub: Hub, operator: Principal, output: Output) => Promise<void>): Promise<void> {
  const config = await quietConfig()
  const { openHub } = await import('#hub')
  await using hub = await openHub(config)
  const { workspace } = command.optsWithGlobals<GlobalOptions>()
  const operator = await hub.access.operator(userName(), workspace)
  await work(hub, operator, outputOf(command))
}

/** For commands that start runs, or let them go on: what they begin is done by a hub that serves. */
export async function attachEngine({ db, flows, telemetry, executorId }: Hub): Promise<AsyncDisposable> {
  const { createEngine } = await import('#engine')
  const engine = await createEngine({ db, ...telemetry }, { executorId, runs: {}, works: false })
  flows.attach(engine)
  return engine
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid${process.getuid?.() ?? ''}`
  }
}

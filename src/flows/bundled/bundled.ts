import type { Access } from '#access'
import type { Poller } from '#engine'
import type { Telemetry } from '#telemetry'
import type { Saver } from '../definitions/save.ts'
import { readBundledFlows } from './read.ts'

/** The flows that come with the hub, in every workspace. */
export interface BundledFlows {
  /** Returns true when this call created the bundled flows, false when an earlier call did. */
  ensure(workspaceId: string): Promise<boolean>
  readonly poller: Poller
}

const everyMs = 60_000

interface BundledFlowsDeps extends Pick<Telemetry, 'logger'> {
  readonly access: Access
  readonly saver: Saver
}

export function createBundledFlows({ access, saver, logger }: BundledFlowsDeps): BundledFlows {
  const ensured = new Map<string, Promise<void>>()
  let sources: string[] | undefined

  const make = async (workspaceId: string): Promise<void> => {
    sources ??= readBundledFlows()
    for (const source of sources) {
      // One flow may lack its connector in this hub; the others are saved all the same.
      await saver.saveBundled(workspaceId, source).catch((error: unknown) => logger.error({ err: error }, 'failed to save a bundled flow'))
    }
  }

  const ensure = async (workspaceId: string): Promise<boolean> => {
    const known = ensured.get(workspaceId)
    const work = known ?? make(workspaceId)
    ensured.set(workspaceId, work)
    await work
    return !known
  }

  return {
    ensure,
    poller: {
      name: 'bundled-flows',
      async run() {
        for (const workspaceId of await access.workspaces.ids()) await ensure(workspaceId)
        return everyMs
      },
    },
  }
}

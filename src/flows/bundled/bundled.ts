import type { Access } from '#access'
import type { Database, Transaction } from '#db'
import { once } from '#lib/once'
import type { Telemetry } from '#telemetry'
import { flowsNamed, type FlowWithVersion } from '../definitions/flow-store.ts'
import type { BundledDefinition, Saver } from '../definitions/save.ts'
import type { Definition } from '../definitions/types.ts'
import { readBundledFlows } from './read.ts'

/** The flows that come with the hub. A workspace has them from its creation, and a hub that starts brings all workspaces up to date. */
export interface BundledFlows {
  /** Stores them in a new workspace, in the transaction that creates it. */
  addTo(trx: Transaction, workspaceId: string): Promise<void>
  /** Stores what is missing or older than the flows of this hub, in every workspace. */
  install(): Promise<void>
}

interface BundledFlowsDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly saver: Saver
}

export function createBundledFlows({ db, access, saver, logger }: BundledFlowsDeps): BundledFlows {
  // In the order of their names, which puts a flow before those that run it.
  const sources = once(readBundledFlows)

  const definitions = once(async () => {
    const parsed = new Map<string, Definition>()
    const all: BundledDefinition[] = []
    for (const { name, source } of sources()) {
      try {
        const definition = await saver.parseBundled(source, parsed)
        parsed.set(name, definition)
        all.push({ definition, source })
      } catch (error) {
        // One flow may lack its connector in this hub; the others are stored all the same.
        logger.error({ err: error, flow: name }, 'a bundled flow cannot be used in this hub')
      }
    }
    return all
  })

  const addTo = async (trx: Transaction, workspaceId: string): Promise<void> => {
    for (const bundled of await definitions()) await saver.storeBundled(trx, workspaceId, bundled)
  }

  return {
    addTo,
    async install() {
      const names = sources().map(({ name }) => name)
      const stored = new Map((await flowsNamed(db.sql, names)).map((flow) => [keyOf(flow), flow]))
      const isCurrent = (workspaceId: string): boolean =>
        sources().every(({ name, source }) => {
          const flow = stored.get(keyOf({ workspaceId, name }))
          return flow !== undefined && (flow.origin !== 'bundled' || saver.isCurrent(flow, source))
        })
      for (const workspaceId of await access.workspaces.ids())
        if (!isCurrent(workspaceId)) await db.transaction((trx) => addTo(trx, workspaceId))
    },
  }
}

function keyOf({ workspaceId, name }: Pick<FlowWithVersion, 'workspaceId' | 'name'>): string {
  return `${workspaceId} ${name}`
}

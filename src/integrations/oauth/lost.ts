import type { Access } from '#access'
import type { Database } from '#db'
import type { HubError } from '#errors'
import type { EventPublisher } from '#events/publish'
import { lockIntegration, updateIntegration, type IntegrationRow } from '../store.ts'

interface LostDeps {
  readonly db: Database
  readonly access: Access
  readonly publisher: EventPublisher
  changed(integration: IntegrationRow): void
}

/** Records that a person has to connect an integration again, and tells whoever subscribed to that. */
export function createLost({ db, access, publisher, changed }: LostDeps): (integration: IntegrationRow, error: HubError) => Promise<void> {
  return async (integration, { message: problem }) => {
    await db.transaction(async (trx) => {
      const current = await lockIntegration(trx, integration.id)
      // Another process was faster, or somebody connected it again meanwhile.
      if (!current || current.credential !== integration.credential || current.connection?.state === 'reconnect_needed') return
      const { id, name, connector, workspaceId } = current
      const connection = { ...lastConnection, ...current.connection, state: 'reconnect_needed' as const, problem }
      await updateIntegration(trx, id, { connection })
      const detail = { name, account: connection.account, problem }
      await publisher.publish(trx, [
        { workspaceId, type: 'integration.reconnect_needed', subject: name, data: { id, connector, ...detail }, integration: current },
      ])
      await access.audit.record(trx, { workspaceId, actor: 'system:oauth', action: 'integration.reconnect_needed', subject: id, detail })
    })
    changed(integration)
  }
}

const lastConnection = { account: null, scopes: [], features: [], connected_at: null }

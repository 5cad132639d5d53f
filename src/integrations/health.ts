import type { Access } from '#access'
import type { Database } from '#db'
import type { HubError } from '#errors'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { addError, addSuccesses, type IntegrationRow } from './store.ts'

/** Five failures in a row disable an integration, so that a revoked token does not cause endless requests. */
const errorsUntilDisabled = 5

/** The kinds of errors that count against the integration; mistakes of the caller do not. */
const counted = new Set<string>(['authentication', 'network', 'timeout', 'upstream'])

export interface Health extends AsyncDisposable {
  succeeded(integration: IntegrationRow): void
  failed(integration: IntegrationRow, error: HubError): Promise<void>
}

export interface HealthDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
  readonly publisher: EventPublisher
  readonly onDisabled: (integration: IntegrationRow) => void
}

export function createHealth({ db, access, publisher, logger, metrics, notices, onDisabled }: HealthDeps): Health {
  const successes = new Map<string, { count: number; at: Date }>()
  const troubled = new Set<string>()

  // Successes are frequent and only counted, so they are written once a second. Failures, and the first success after them, are written at once.
  const flush = async (): Promise<void> => {
    const batch = [...successes]
    successes.clear()
    for (const [id, { count, at }] of batch) {
      await addSuccesses(db.sql, id, { count, at }).catch((error: unknown) => logger.warn({ err: error }, 'failed to count successes'))
    }
  }
  const flushing = setInterval(() => void flush(), 1000).unref()

  return {
    succeeded(integration) {
      const { id, workspaceId: workspace, connector, name } = integration
      const previous = successes.get(id)
      successes.set(id, { count: (previous?.count ?? 0) + 1, at: new Date() })
      if (!previous) metrics.integrationHealth.set({ workspace, connector, integration: name }, 1)
      if (troubled.delete(id) || integration.consecutiveErrors > 0) void flush().then(() => notices.add(workspace, 'integration', id))
    },

    async failed(integration, error) {
      if (!counted.has(error.entry.kind) || error.code === 'cancelled') return
      const { id, connector, name, workspaceId } = integration
      const series = { workspace: workspaceId, connector, integration: name }
      await flush()
      troubled.add(id)
      metrics.integrationErrors.inc({ ...series, code: error.code })
      metrics.integrationHealth.set(series, 0)
      const lastError = { code: error.code, kind: error.entry.kind, message: error.message, at: new Date().toISOString() }
      const counts = await db.transaction(async (trx) => {
        const counts = await addError(trx, id, { error: lastError, limit: errorsUntilDisabled })
        if (!counts?.disabledNow) return counts
        const detail = { name, reason: error.code, consecutive_errors: counts.consecutive }
        await publisher.publish(trx, [
          {
            workspaceId,
            type: 'integration.disabled',
            subject: name,
            data: { id, connector, ...detail, last_error: lastError },
            integration,
          },
        ])
        await access.audit.record(trx, { workspaceId, actor: 'system:health', action: 'integration.disabled', subject: id, detail })
        return counts
      })
      notices.add(workspaceId, 'integration', id)
      if (!counts?.disabledNow) return
      metrics.integrationHealth.set(series, -1)
      onDisabled(integration)
      logger.warn({ integration: name, code: error.code }, 'disabled after five failures in a row')
    },

    async [Symbol.asyncDispose]() {
      clearInterval(flushing)
      await flush()
    },
  }
}

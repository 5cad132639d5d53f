import type { Database } from '#db'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import { ttlCache } from '#lib/ttl-cache'
import { findIntegration, listIntegrations, type IntegrationRow } from './store.ts'

/** Chooses the integration that a call means: the one it names, or the only one of the connector that is enabled. */
export interface Chooser {
  choose(workspaceId: string, connector: Connector, reference: string | undefined): Promise<IntegrationRow>
  changed(workspaceId: string): void
}

/** A change made by another process applies here after this time at the latest; one made here applies at once. */
const cacheTtlMs = 500

/** `discover` creates the integrations of well-known credentials that were stored meanwhile. */
export function createChooser(db: Database, discover: (workspaceId: string) => Promise<void>): Chooser {
  const lists = ttlCache(cacheTtlMs, (workspaceId: string) => listIntegrations(db.sql, workspaceId))

  const named = async (workspaceId: string, reference: string): Promise<IntegrationRow> => {
    const rows = await lists.get(workspaceId)
    const cached = rows.find(({ id }) => id === reference) ?? rows.find(({ name }) => name === reference)
    if (cached) return cached
    await discover(workspaceId)
    const found = await findIntegration(db.sql, workspaceId, reference)
    if (!found) throw hubError('integration_unknown', { detail: `there is no integration "${reference}" in this workspace` })
    return found
  }

  const ofConnector = async (workspaceId: string, { name }: Connector): Promise<IntegrationRow[]> => {
    const cached = (await lists.get(workspaceId)).filter((row) => row.connector === name)
    if (cached.length > 0) return cached
    await discover(workspaceId)
    return (await listIntegrations(db.sql, workspaceId)).filter((row) => row.connector === name)
  }

  return {
    changed: (workspaceId) => lists.forget(workspaceId),
    async choose(workspaceId, connector, reference) {
      if (reference !== undefined) {
        const row = await named(workspaceId, reference)
        if (row.connector === connector.name) return enabledOnly(row)
        const message = `"${row.name}" is an integration of ${row.connector}, this tool needs ${connector.name}`
        throw hubError('invalid_input', { errors: [{ path: 'integration', message }] })
      }
      const candidates = await ofConnector(workspaceId, connector)
      const enabled = candidates.filter((row) => row.enabled)
      if (enabled.length === 1) return enabled[0]!
      if (enabled.length > 1) throw ambiguous(connector, enabled)
      if (candidates.length > 0) return enabledOnly(candidates[0]!)
      throw hubError('integration_missing', {
        detail: `no integration of ${connector.title} is connected in this workspace`,
        hint: `${connector.connect} Then: POST /api/v1/integrations {"integration_type": "${connector.name}", …}, or \`hub integration add ${connector.name}\`.`,
      })
    },
  }
}

function enabledOnly(row: IntegrationRow): IntegrationRow {
  if (row.enabled) return row
  const why =
    row.status === 'error'
      ? `after ${row.consecutiveErrors} failures in a row; the last: ${String(row.lastError?.['message'] ?? 'unknown')}`
      : 'by hand'
  throw hubError('integration_disabled', {
    detail: `integration "${row.name}" was disabled ${why}`,
    hint: `fix the cause, then PATCH /api/v1/integrations/${row.id} {"enabled": true, "status": "active"}`,
  })
}

function ambiguous(connector: Connector, rows: readonly IntegrationRow[]): Error {
  return hubError('integration_ambiguous', {
    detail: `${rows.length} integrations of ${connector.title} are enabled: ${rows.map(({ name }) => name).join(', ')}`,
    hint: 'name one in "integration"',
    errors: rows.map(({ id, name }) => ({ path: 'integration', message: `${name} (${id})` })),
  })
}

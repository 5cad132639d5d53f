import type { Database } from '#db'
import { hubError, HubError } from '#errors'
import type { Connector } from '#kit'
import { ttlCache } from '#lib/ttl-cache'
import { referenced, userPrefix, type Reference } from './reference.ts'
import { listIntegrations, type IntegrationRow } from './store.ts'

/** Chooses the integration that a call means: the one it names, or the only one of the connector that is enabled. */
export interface Chooser {
  choose(workspaceId: string, connector: Connector, reference: string | undefined): Promise<IntegrationRow>
  /** The names of the connectors of which an integration is enabled. */
  usable(workspaceId: string): Promise<ReadonlySet<string>>
  changed(workspaceId: string): void
}

/** A change made by another process applies here after this time at the latest; one made here applies at once. */
const cacheTtlMs = 500

interface ChooserDeps {
  readonly db: Database
  discover(workspaceId: string): Promise<void>
  referenceOf(text: string): Reference
}

/** `discover` creates the integrations of well-known credentials that were stored meanwhile, also a moment ago by another process. */
export function createChooser({ db, discover, referenceOf }: ChooserDeps): Chooser {
  const lists = ttlCache(cacheTtlMs, (workspaceId: string) => listIntegrations(db.sql, workspaceId))

  return {
    changed: (workspaceId) => lists.forget(workspaceId),
    async usable(workspaceId) {
      const rows = await lists.get(workspaceId)
      return new Set(rows.filter(({ enabled }) => enabled).map(({ connector }) => connector))
    },
    async choose(workspaceId, connector, text) {
      const reference = text === undefined ? undefined : referenceOf(text)
      const chosen = chooseOf(await lists.get(workspaceId), connector, reference)
      if (!(chosen instanceof HubError)) return chosen
      // Before the call fails, which a flow never repeats, the state of this moment decides.
      if (chosen.code === 'integration_missing' || chosen.code === 'integration_unknown') await discover(workspaceId)
      lists.forget(workspaceId)
      const again = chooseOf(await lists.get(workspaceId), connector, reference)
      if (again instanceof HubError) throw again
      return again
    },
  }
}

function chooseOf(rows: readonly IntegrationRow[], connector: Connector, reference: Reference | undefined): IntegrationRow | HubError {
  if (reference !== undefined) {
    const row = referenced(rows, reference) ?? ofUser(rows, connector, reference)
    if (!row) return hubError('integration_unknown', { detail: `there is no integration "${reference.text}" in this workspace` })
    if (row.connector === connector.name) return enabledOnly(row)
    const message = `"${row.name}" is an integration of ${row.connector}, this tool needs ${connector.name}`
    return hubError('invalid_input', { errors: [{ path: 'integration', message }] })
  }
  // The accounts of an application's users are only used where a call names the user.
  const candidates = rows.filter((row) => row.connector === connector.name && row.externalUser === null)
  const enabled = candidates.filter((row) => row.enabled)
  if (enabled.length === 1) return enabled[0]!
  if (enabled.length > 1) return ambiguous(connector, enabled)
  if (candidates.length > 0) return enabledOnly(candidates[0]!)
  return hubError('integration_missing', {
    detail: `no integration of ${connector.title} is connected in this workspace`,
    hint: `${connector.connect} Then: POST /api/v1/integrations {"integration_type": "${connector.name}", …}, or \`hub integration add ${connector.name}\`.`,
  })
}

/** `user:42` means the integration of the connector that belongs to this user of an application. */
function ofUser(rows: readonly IntegrationRow[], connector: Connector, { text }: Reference): IntegrationRow | undefined {
  if (!text.startsWith(userPrefix)) return undefined
  const user = text.slice(userPrefix.length)
  return rows.find((row) => row.connector === connector.name && row.externalUser === user)
}

function enabledOnly(row: IntegrationRow): IntegrationRow | HubError {
  if (row.enabled) return row
  const why =
    row.status === 'error'
      ? `after ${row.consecutiveErrors} failures in a row; the last: ${String(row.lastError?.['message'] ?? 'unknown')}`
      : 'by hand'
  return hubError('integration_disabled', {
    detail: `integration "${row.name}" was disabled ${why}`,
    hint: `fix the cause, then PATCH /api/v1/integrations/${row.id} {"enabled": true, "status": "active"}`,
  })
}

function ambiguous(connector: Connector, rows: readonly IntegrationRow[]): HubError {
  return hubError('integration_ambiguous', {
    detail: `${rows.length} integrations of ${connector.title} are enabled: ${rows.map(({ name }) => name).join(', ')}`,
    hint: 'name one in "integration"',
    errors: rows.map(({ id, name }) => ({ path: 'integration', message: `${name} (${id})` })),
  })
}

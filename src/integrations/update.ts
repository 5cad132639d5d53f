import { actorOf, type Access, type Principal } from '#access'
import type { Database, Sql } from '#db'
import { hubError, type HubError } from '#errors'
import type { Connector } from '#kit'
import type { OwnCredentials, Owner } from './own-credentials.ts'
import type { RequireKnownPlace } from './pairing.ts'
import { userPrefix } from './reference.ts'
import { isNameTaken, listIntegrations, lockIntegration, updateIntegration, type IntegrationChange, type IntegrationRow } from './store.ts'
import { connectionOf } from './oauth/connection-state.ts'
import type { RequireOwnPlace } from './oauth/own-place.ts'
import type { IntegrationChanges } from './types.ts'
import { requireWebhookSecret } from './webhook-secrets.ts'

interface UpdateDeps {
  readonly db: Database
  readonly access: Access
  readonly own: OwnCredentials
  readonly requireKnownPlace: RequireKnownPlace
  readonly requireOwnPlace: RequireOwnPlace
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  connector(name: string): Connector
  check(connector: Connector, config: Record<string, unknown>): Record<string, unknown>
  changed(row: IntegrationRow): void
}

type Update = (principal: Principal, ref: string, changes: IntegrationChanges) => Promise<IntegrationRow>

export function createUpdate({ db, access, own, requireKnownPlace, requireOwnPlace, get, connector, check, changed }: UpdateDeps): Update {
  return async (principal, ref, changes) => {
    const row = await get(principal.workspaceId, ref)
    const known = connector(row.connector)
    const { name, authType } = changes
    const status = statusOf(changes)
    const { webhook_secret: webhookSecret, ...settings } = changes.config ?? {}
    const configFrom = (before: IntegrationRow): Record<string, unknown> | undefined =>
      changes.config === undefined ? undefined : check(known, mergeConfig(known, before.config, settings))
    if (name !== undefined && name !== row.name) await assertNameFree(db.sql, row.workspaceId, name)
    const requirePlace = async (before: IntegrationRow, sql: Sql): Promise<void> => {
      const config = configFrom(before) ?? before.config
      requireOwnPlace(principal, known, { wanted: { authType: authType ?? before.authType, config }, before })
      if (typeof changes.credential === 'object') return
      await requireKnownPlace(sql, principal, { credential: changes.credential ?? before.credential, config, connector: known })
    }
    // Before anything is stored, so that a request that is refused changes nothing.
    await requirePlace(row, db.sql)
    requireWebhookSecret(known, webhookSecret)
    const owner: Owner = { ...row, connector: known, authType: authType ?? row.authType }
    const credential = changes.credential === undefined ? undefined : await own.keep(principal, owner, changes.credential)
    const webhookCredential = await own.keepWebhookSecret(principal, owner, webhookSecret)
    const given = Object.keys(changes).filter((key) => changes[key as keyof IntegrationChanges] !== undefined)
    const stored = db.transaction(async (trx) => {
      // The settings are merged with those of this moment: somebody else may have changed others meanwhile.
      const current = (await lockIntegration(trx, row.id)) ?? row
      await requirePlace(current, trx)
      const config = configFrom(current)
      const change: IntegrationChange = {
        ...(name === undefined ? {} : { name }),
        ...(authType === undefined ? {} : { authType }),
        ...(credential === undefined ? {} : { credential }),
        // What somebody allowed before is not used any more.
        ...(credential === undefined && authType === undefined
          ? {}
          : { connection: connectionOf(known, owner.authType, credential ?? current.credential) }),
        ...(config === undefined ? {} : { config }),
        ...(webhookCredential === undefined ? {} : { webhookCredential }),
        // Enabling resets the failures in a row.
        ...(status === undefined ? {} : { status, consecutiveErrors: 0 }),
      }
      const updated = await updateIntegration(trx, row.id, change).catch((error: unknown) => {
        throw (error as { code?: unknown }).code === uniqueViolation ? nameTaken(name ?? row.name) : error
      })
      if (!updated) throw hubError('integration_unknown', { detail: `integration "${row.name}" was deleted meanwhile` })
      await access.audit.record(trx, {
        workspaceId: row.workspaceId,
        actor: actorOf(principal),
        action: 'integration.updated',
        subject: row.id,
        detail: { name: row.name, changed: given },
      })
      return updated
    })
    // Also after a failure, because the answer to a commit can be lost.
    const updated = await stored.finally(() => changed(row))
    if (webhookCredential === null) await own.removeWebhookSecret(principal, row)
    return updated
  }
}

/** A setting that is not named keeps its value. One that is null is removed, so that its default applies again. */
function mergeConfig({ config }: Connector, before: Record<string, unknown>, settings: Record<string, unknown>): Record<string, unknown> {
  // A setting that an earlier version of the connector had is left out.
  const kept = Object.entries(before).filter(([setting]) => Object.hasOwn(config.shape, setting))
  const merged = { ...Object.fromEntries(kept), ...settings }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}

const uniqueViolation = '23505'

/** A number alone is no name, because numbers mean integrations too. */
export async function assertNameFree(sql: Sql, workspaceId: string, name: string): Promise<void> {
  if (name.startsWith(userPrefix))
    throw hubError('invalid_input', {
      errors: [{ path: 'name', message: `must not begin with ${userPrefix}, which means an external user` }],
    })
  if (/^\d+$/.test(name)) throw hubError('invalid_input', { errors: [{ path: 'name', message: 'must not be a number alone' }] })
  if (await isNameTaken(sql, workspaceId, name)) throw nameTaken(name)
}

/** One account of a connector for each user of an application. */
export async function assertUserFree(
  sql: Sql,
  { workspaceId, connector, externalUser }: Pick<IntegrationRow, 'workspaceId' | 'connector' | 'externalUser'>,
): Promise<void> {
  if (externalUser === null) return
  const rows = await listIntegrations(sql, workspaceId)
  const existing = rows.find((row) => row.connector === connector && row.externalUser === externalUser)
  if (existing)
    throw hubError('already_exists', {
      detail: `integration "${existing.name}" of ${connector} belongs to external user "${externalUser}" already`,
      hint: `connect that one again: POST /api/v1/integrations/${existing.id}/connect`,
    })
}

export function nameTaken(name: string): HubError {
  return hubError('already_exists', {
    detail: `there is an integration "${name}" already`,
    hint: 'choose another name, or PATCH the existing one',
  })
}

/** `enabled` and `status` say the same, so a request may not contradict itself. */
function statusOf({ enabled, status }: IntegrationChanges): 'active' | 'inactive' | undefined {
  if (enabled !== undefined && status !== undefined && enabled !== (status === 'active'))
    throw hubError('invalid_input', { errors: [{ path: 'status', message: `contradicts enabled: ${enabled}` }] })
  if (enabled === undefined) return status
  return enabled ? 'active' : 'inactive'
}

import type { Principal } from '#access'
import { isReserved, reservedCredential, type Credentials } from '#credentials'
import type { Database } from '#db'
import { hubError } from '#errors'
import type { AuthMethod, Connector } from '#kit'
import { listIntegrations, updateIntegration, type IntegrationRow } from './store.ts'
import { requireLongSecrets, requireWebhookSecret } from './webhook-secrets.ts'
import { authMethodOf, credentialDataOf, type CredentialInput } from './validate.ts'

/**
 * Credentials that belong to one integration: those whose values were given with it. They are stored under its id, so that they follow it
 * through renames and never meet another integration of the same name.
 */
export interface OwnCredentials {
  /** Returns the name of the credential to use: a stored one, or the integration's own with these values. */
  keep(principal: Principal, integration: Owner, input: CredentialInput | undefined): Promise<string | null>
  /**
   * `webhook_secret` may stand in the config, where people expect it. The previous secret stays valid beside it. Returns the name of its
   * credential; null where the secret is null, which removes it.
   */
  keepWebhookSecret(principal: Principal, integration: Owner, secret: unknown): Promise<string | null | undefined>
  /** Deletes the integration's own webhook secret, which it does not use any more. */
  removeWebhookSecret(principal: Principal, integration: Pick<IntegrationRow, 'id'>): Promise<void>
  /** Deletes what was stored for an integration that does not exist any more. */
  remove(principal: Principal, integration: Pick<IntegrationRow, 'id' | 'origin' | 'workspaceId' | 'connector'>): Promise<void>
  /** Moves credentials that an earlier version stored under the integration's name. */
  moveToIds(principal: Principal): Promise<void>
}

export interface Owner {
  readonly id: string
  readonly connector: Connector
  readonly authType: string
  readonly webhookCredential: string | null
}

/** Where the hub keeps the credential that the environment gives a connector. */
export const environmentCredential = (connector: string): string => `environment-${connector}`
/** The credential that belongs to one integration. */
export const ownName = (id: string): string => `integration-${id}`
const webhookName = (id: string): string => `webhook-${id}`

export function createOwnCredentials({ db, credentials }: { readonly db: Database; readonly credentials: Credentials }): OwnCredentials {
  const keep: OwnCredentials['keep'] = async (principal, { id, connector, authType }, input) => {
    const method = authMethodOf(connector, authType)
    if (typeof input === 'string') {
      if (isReserved(input)) throw hubError('invalid_input', { errors: [{ path: 'credential', message: reservedCredential }] })
      const values = await credentials.read(principal.workspaceId, input)
      if (!values) throw hubError('credential_missing', { detail: `there is no credential "${input}"`, hint: connector.connect })
      requireLongSecrets(connector.webhook?.secretFields ?? [], credentialDataOf(method, values), 'credential')
      return input
    }
    // A person will allow it.
    if (input === undefined && method.oauth !== undefined) return null
    const values = credentialDataOf(method, input ?? {})
    if (input === undefined) return null
    requireLongSecrets(connector.webhook?.secretFields ?? [], values, 'credential')
    await credentials.set(principal, { name: ownName(id), data: values, kind: connector.name })
    return ownName(id)
  }

  const keepWebhookSecret: OwnCredentials['keepWebhookSecret'] = async (principal, { id, connector, webhookCredential }, secret) => {
    requireWebhookSecret(connector, secret)
    if (secret === undefined || secret === null) return secret
    const name = webhookCredential ?? webhookName(id)
    const before = (await credentials.read(principal.workspaceId, name))?.['token']
    const previous = before === undefined || before === secret ? {} : { previous: before }
    await credentials.set(principal, { name, data: { token: secret, ...previous }, kind: connector.name })
    return name
  }

  const move = async (principal: Principal, row: IntegrationRow): Promise<void> => {
    const moved: { credential?: string; webhookCredential?: string } = {}
    const copy = async (from: string | null, prefix: 'integration-' | 'webhook-', to: string): Promise<string | undefined> => {
      if (from === null || from === to || !from.startsWith(prefix)) return undefined
      const values = await credentials.read(row.workspaceId, from)
      if (!values) return undefined
      await credentials.set(principal, { name: to, data: values, kind: row.connector })
      return to
    }
    const credential = await copy(row.credential, 'integration-', ownName(row.id))
    const webhookCredential = await copy(row.webhookCredential, 'webhook-', webhookName(row.id))
    if (credential) moved.credential = credential
    if (webhookCredential) moved.webhookCredential = webhookCredential
    if (Object.keys(moved).length > 0) await updateIntegration(db.sql, row.id, moved)
  }

  const discard = async (principal: Principal, names: readonly string[]): Promise<void> => {
    const stored = await credentials.list(principal)
    for (const name of names) if (stored.some((credential) => credential.name === name)) await credentials.remove(principal, name)
  }

  return {
    keep,
    keepWebhookSecret,

    async remove(principal, { id, origin, workspaceId, connector }) {
      await discard(principal, [ownName(id), webhookName(id)])
      if (origin !== 'environment') return
      const name = environmentCredential(connector)
      const isUsed = (await listIntegrations(db.sql, workspaceId)).some((row) => row.credential === name)
      if (!isUsed) await discard(principal, [name])
    },
    removeWebhookSecret: (principal, { id }) => discard(principal, [webhookName(id)]),

    async moveToIds(principal) {
      const rows = await listIntegrations(db.sql, principal.workspaceId)
      for (const row of rows) await move(principal, row)
      const inUse = new Set(
        (await listIntegrations(db.sql, principal.workspaceId)).flatMap((row) => [row.credential, row.webhookCredential]),
      )
      const earlier = rows.flatMap((row) => [row.credential, row.webhookCredential]).filter((name) => name !== null && !inUse.has(name))
      for (const name of new Set(earlier)) if (name !== null) await credentials.remove(principal, name)
    },
  }
}

/** Finds the auth method whose fields the values have; the connector's first one where none matches. */
export function guessAuthType({ auth }: Connector, credential: CredentialInput | undefined): string {
  const values = typeof credential === 'object' ? credential : undefined
  const matching = values && auth.find((method) => Object.keys(method.fields.shape).length > 0 && accepts(method, values))
  return (matching ?? auth[0])!.type
}

function accepts(method: AuthMethod, values: Exclude<CredentialInput, string>): boolean {
  try {
    credentialDataOf(method, values)
    return true
  } catch {
    return false
  }
}

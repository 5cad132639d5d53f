import type { Access } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import { fitCredential, type Connector, type EnvironmentIntegration } from '#kit'
import { newId } from '#lib/ids'
import type { IntegrationsOptions } from './types.ts'
import { deleteIntegration, listIntegrations, updateIntegration, type IntegrationRow, type NewIntegration } from './store.ts'

interface AutoDiscoveryDeps {
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  insert(actor: string, row: NewIntegration): Promise<IntegrationRow | undefined>
}

export interface AutoDiscovery {
  /** Creates the integrations that environment variables describe, in the default workspace, and deletes those whose variables are gone. */
  fromEnvironment(): Promise<void>
  /** Creates the integrations of credentials that have a well-known name. */
  discover(workspaceId: string): Promise<void>
}

const environmentCredential = (connector: string): string => `environment-${connector}`
const environmentWebhookCredential = (connector: string): string => `environment-${connector}-webhook`

// Every listing calls `discover`; this limits how often Vault is asked.
const rediscoverMs = 2000

export function createAutoDiscovery(
  { db, access, credentials, insert }: AutoDiscoveryDeps,
  { connectors, environment }: IntegrationsOptions,
): AutoDiscovery {
  const discoveredAt = new Map<string, number>()

  const applyEnvironment = async (workspaceId: string, connector: Connector, preset: EnvironmentIntegration): Promise<void> => {
    const method = connector.auth.find((candidate) => fitCredential(candidate, preset.credential))
    if (!method) return
    const operator = await access.operator('environment')
    const name = environmentCredential(connector.name)
    const stored = await credentials.read(workspaceId, name)
    const wanted = fitCredential(method, preset.credential)!
    if (!sameValues(stored, wanted)) await credentials.set(operator, { name, data: wanted, kind: connector.name })
    const webhookCredential = await keepWebhookSecret(workspaceId, connector)
    const config = connector.config.parse(preset.config)
    const row = {
      id: newId('int'),
      workspaceId,
      name: connector.name,
      connector: connector.name,
      authType: method.type,
      credential: name,
      config,
      status: 'active' as const,
      origin: 'environment' as const,
      webhookCredential,
    }
    const made = await insert('system:environment', row)
    if (made) return
    const existing = (await listIntegrations(db.sql, workspaceId)).find((candidate) => candidate.name === connector.name)
    if (existing?.origin === 'environment')
      await updateIntegration(db.sql, existing.id, {
        config,
        authType: method.type,
        credential: name,
        ...(webhookCredential ? { webhookCredential } : {}),
      })
  }

  const keepWebhookSecret = async (workspaceId: string, connector: Connector): Promise<string | null> => {
    const secret = connector.webhook?.secretVariable && environment[connector.webhook.secretVariable]
    if (!secret) return null
    const name = environmentWebhookCredential(connector.name)
    const stored = await credentials.read(workspaceId, name)
    if (!sameValues(stored, { token: secret }))
      await credentials.set(await access.operator('environment'), { name, data: { token: secret }, kind: connector.name })
    return name
  }

  const discover = async (workspaceId: string): Promise<void> => {
    const existing = await listIntegrations(db.sql, workspaceId)
    for (const connector of connectors) {
      for (const name of connector.wellKnownCredentials) {
        if (existing.some((row) => row.connector === connector.name)) break
        const values = await credentials.read(workspaceId, name)
        const method = values && connector.auth.find((candidate) => fitCredential(candidate, values))
        // A credential may also contain configuration, such as a base URL or a host.
        const config = connector.config.safeParse(values ?? {})
        if (!method || !config.success) continue
        const row = {
          id: newId('int'),
          workspaceId,
          name: connector.name,
          connector: connector.name,
          authType: method.type,
          credential: name,
          config: config.data,
          status: 'active' as const,
          origin: 'credential' as const,
          webhookCredential: null,
        }
        await insert('system:credential', row)
        break
      }
    }
  }

  return {
    async fromEnvironment() {
      const workspace = await access.workspaces.find({ name: 'default' })
      if (!workspace) return
      const described = new Set<string>()
      for (const connector of connectors) {
        const preset = connector.fromEnvironment?.(environment)
        if (!preset) continue
        described.add(connector.name)
        await applyEnvironment(workspace.id, connector, preset)
      }
      for (const row of await listIntegrations(db.sql, workspace.id)) {
        if (row.origin === 'environment' && !described.has(row.connector)) await deleteIntegration(db.sql, row.id)
      }
    },

    async discover(workspaceId) {
      if (Date.now() - (discoveredAt.get(workspaceId) ?? 0) < rediscoverMs) return
      discoveredAt.set(workspaceId, Date.now())
      await discover(workspaceId)
    },
  }
}

function sameValues(a: object | undefined, b: object): boolean {
  return a !== undefined && JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted())
}

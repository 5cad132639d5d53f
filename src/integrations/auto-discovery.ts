import type { Access } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import { HubError } from '#errors'
import { fitCredential, type Connector } from '#kit'
import { digest } from '#lib/canonical'
import { newId } from '#lib/ids'
import { ttlCache } from '#lib/ttl-cache'
import type { Telemetry } from '#telemetry'
import type { HomeEnvironment, Preset } from './environment.ts'
import { environmentCredential, type OwnCredentials } from './own-credentials.ts'
import type { IntegrationsOptions } from './types.ts'
import { deleteIntegration, listIntegrations, updateIntegration, type IntegrationRow, type NewIntegration } from './store.ts'

interface AutoDiscoveryDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly environment: HomeEnvironment
  readonly own: Pick<OwnCredentials, 'remove'>
  insert(actor: string, row: NewIntegration): Promise<IntegrationRow | undefined>
}

export interface AutoDiscovery {
  /**
   * Creates the integrations that environment variables describe, in the default workspace, deletes those whose variables are gone if the hub
   * serves, and completes those of well-known credentials with the settings of the environment.
   */
  fromEnvironment(): Promise<void>
  /** Creates the integrations of credentials that have a well-known name. */
  discover(workspaceId: string): Promise<void>
  /** The same, also for a credential that another process stored a moment ago. */
  discoverNow(workspaceId: string): Promise<void>
}

/** Where an earlier version kept the webhook secret of the environment. */
const environmentWebhookCredential = (connector: string): string => `environment-${connector}-webhook`

/** Every listing calls `discover`; this limits how often Vault is asked. A credential that this process stores is found at once. */
const rediscoverMs = 1000

export function createAutoDiscovery(
  { db, access, credentials, environment, own, insert, logger }: AutoDiscoveryDeps,
  { connectors, isServing }: Pick<IntegrationsOptions, 'connectors' | 'isServing'>,
): AutoDiscovery {
  const applyPreset = async (workspaceId: string, connector: Connector, { method, credential, configAfter }: Preset): Promise<void> => {
    const name = Object.keys(credential).length === 0 ? null : environmentCredential(connector.name)
    if (name !== null && !sameValues(await credentials.read(workspaceId, name), credential))
      await credentials.set(await access.operator('environment'), { name, data: credential, kind: connector.name })
    const described = { credential: name, authType: method.type }
    const made = await insert('system:environment', {
      ...described,
      config: configAfter({}),
      id: newId('int'),
      workspaceId,
      name: connector.name,
      connector: connector.name,
      status: 'active',
      origin: 'environment',
      webhookCredential: null,
      externalUser: null,
      connection: null,
    })
    if (made) return
    const existing = (await listIntegrations(db.sql, workspaceId)).find((candidate) => candidate.name === connector.name)
    if (existing?.origin === 'environment')
      await updateIntegration(db.sql, existing.id, { ...described, config: configAfter(existing.config) })
  }

  /** The environment's settings apply also to an integration that was created before they were set, but not in place of what somebody chose. */
  const complete = async (row: IntegrationRow, connector: Connector): Promise<void> => {
    const wanted = environment.complete(row.workspaceId, connector, {})
    if (row.credential === null || Object.entries(wanted).every(([setting, value]) => row.config[setting] === value)) return
    try {
      const values = (await credentials.read(row.workspaceId, row.credential)) ?? {}
      const given = { ...values, ...changedSettings(connector, row.config) }
      const completed = Object.entries(environment.complete(row.workspaceId, connector, given))
      const added = Object.fromEntries(completed.filter(([setting]) => !(setting in given)))
      const config = connector.config.safeParse({ ...row.config, ...added })
      if (!config.success || digest(config.data) === digest(row.config)) return
      await updateIntegration(db.sql, row.id, { config: config.data })
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      logger.warn(
        { integration: row.name, code: error.code },
        'the settings of the environment were not applied: its credential cannot be read',
      )
    }
  }

  /** The hub reads the webhook secret of the environment when it needs it, so the copies of an earlier version are deleted. */
  const deleteWebhookCopy = async (workspaceId: string, connector: Connector): Promise<void> => {
    const name = environmentWebhookCredential(connector.name)
    for (const row of await listIntegrations(db.sql, workspaceId))
      if (row.webhookCredential === name) await updateIntegration(db.sql, row.id, { webhookCredential: null })
    if (await credentials.info(workspaceId, name)) await credentials.remove(await access.operator('environment'), name)
  }

  const discoverConnector = async (workspaceId: string, connector: Connector): Promise<void> => {
    for (const name of connector.wellKnownCredentials) {
      const values = await credentials.read(workspaceId, name)
      const method = values && connector.auth.find((candidate) => fitCredential(candidate, values))
      // A credential may also contain configuration, such as a base URL or a host.
      const config = connector.config.safeParse(environment.complete(workspaceId, connector, values ?? {}))
      if (!method || !config.success) continue
      await insert('system:credential', {
        id: newId('int'),
        workspaceId,
        name: connector.name,
        connector: connector.name,
        authType: method.type,
        credential: name,
        config: config.data,
        status: 'active',
        origin: 'credential',
        webhookCredential: null,
        externalUser: null,
        connection: null,
      })
      return
    }
  }

  const discovered = ttlCache(
    rediscoverMs,
    async (workspaceId: string) => {
      const existing = await listIntegrations(db.sql, workspaceId)
      for (const connector of connectors)
        if (!existing.some((row) => row.connector === connector.name)) await discoverConnector(workspaceId, connector)
    },
    { version: credentials.changes },
  )

  return {
    async fromEnvironment() {
      const { workspaceId } = environment
      if (workspaceId === undefined) return
      const described = new Set<string>()
      for (const connector of connectors) {
        if (connector.webhook?.secretVariable) await deleteWebhookCopy(workspaceId, connector)
        const preset = environment.preset(connector)
        if (!preset) continue
        described.add(connector.name)
        await applyPreset(workspaceId, connector, preset)
      }
      for (const row of await listIntegrations(db.sql, workspaceId)) {
        // A command may run without the variables of the hub that serves.
        if (isServing && row.origin === 'environment' && !described.has(row.connector)) {
          await deleteIntegration(db.sql, row.id)
          await own.remove(await access.operator('environment'), row)
        }
        const connector = connectors.find(({ name }) => name === row.connector)
        if (row.origin === 'credential' && connector) await complete(row, connector)
      }
    },
    discover: (workspaceId) => discovered.get(workspaceId),
    async discoverNow(workspaceId) {
      discovered.forget(workspaceId)
      await discovered.get(workspaceId)
    },
  }
}

/** The settings that do not have their default value: somebody has chosen them. */
function changedSettings({ config: schema }: Connector, config: IntegrationRow['config']): Record<string, unknown> {
  const isDefault = (setting: string): boolean => {
    const { [setting]: value, ...others } = config
    const parsed = schema.safeParse(others)
    return parsed.success && digest(parsed.data[setting]) === digest(value)
  }
  return Object.fromEntries(Object.entries(config).filter(([setting]) => !isDefault(setting)))
}

function sameValues(a: object | undefined, b: object): boolean {
  return a !== undefined && JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted())
}

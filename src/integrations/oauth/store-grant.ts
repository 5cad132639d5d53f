import { type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database, OAuthConnection } from '#db'
import { hubError } from '#errors'
import type { EventPublisher } from '#events/publish'
import type { Connector, OAuthFinish, OAuthTokens } from '#kit'
import { storedTokens, type Attempt, type Refresher } from '#oauth'
import { ownName } from '../own-credentials.ts'
import { lockIntegration, updateIntegration, type IntegrationRow } from '../store.ts'

/** What a person allowed, before it is stored. */
export interface Granted {
  readonly tokens: OAuthTokens
  readonly finish: OAuthFinish
}

export interface StoreGrant {
  /** Checks what there is to check, and returns what stores the grant. */
  prepare(attempt: Attempt, granted: Granted, choice: string | undefined): Promise<{ readonly name: string | null; store(): Promise<void> }>
}

interface StoreGrantDeps {
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly publisher: EventPublisher
  readonly refresher: Refresher
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  connector(name: string): Connector
  check(connector: Connector, config: Record<string, unknown>): Record<string, unknown>
  changed(row: IntegrationRow): void
}

export function createStoreGrant({ db, access, credentials, publisher, refresher, ...deps }: StoreGrantDeps): StoreGrant {
  return {
    async prepare(attempt, { tokens, finish }, choice) {
      const integration = await deps.get(attempt.workspaceId, attempt.integrationId)
      const chosen = finish.choices?.find(({ id }) => id === choice)
      const settings = chosen?.config ?? {}
      deps.check(deps.connector(integration.connector), { ...integration.config, ...settings })
      const account = finish.account ?? chosen?.title ?? null
      const connection: OAuthConnection = {
        state: 'connected',
        account,
        scopes: tokens.scopes,
        features: attempt.features,
        connected_at: new Date().toISOString(),
        problem: null,
      }
      const name = ownName(integration.id)
      return {
        name: account,
        async store() {
          const data = finish.credential ?? storedTokens(tokens)
          await credentials.set(principalOf(attempt), { name, data, kind: integration.connector })
          await refresher.forget({ workspaceId: attempt.workspaceId, credential: name })
          const stored = db.transaction(async (trx) => {
            const current = await lockIntegration(trx, integration.id)
            if (!current) throw hubError('integration_unknown', { detail: `integration "${integration.name}" was deleted meanwhile` })
            const config = deps.check(deps.connector(current.connector), { ...current.config, ...settings })
            await updateIntegration(trx, current.id, { credential: name, config, status: 'active', consecutiveErrors: 0, connection })
            const { workspaceId, id, connector } = current
            const detail = { name: current.name, account, scopes: tokens.scopes }
            await publisher.publish(trx, [
              {
                workspaceId,
                type: 'integration.connected',
                subject: current.name,
                data: { id, connector, ...detail },
                integration: current,
              },
            ])
            await access.audit.record(trx, { workspaceId, actor: attempt.startedBy, action: 'integration.connected', subject: id, detail })
          })
          await stored.finally(() => deps.changed(integration))
        },
      }
    },
  }
}

/** Whoever began the attempt, for the audit log. The attempt was theirs to begin, so nothing else is checked. */
function principalOf({ startedBy, workspaceId }: Attempt): Principal {
  const at = startedBy.indexOf(':')
  const id = startedBy.slice(at + 1)
  return {
    kind: startedBy.slice(0, at) as Principal['kind'],
    id,
    name: id,
    workspaceId,
    scopes: [],
    readOnly: false,
    ancestors: [],
    causes: [],
  }
}

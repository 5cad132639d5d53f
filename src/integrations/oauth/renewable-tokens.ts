import { hubError, type HubError } from '#errors'
import type { AuthMethod, Connector } from '#kit'
import { reconnectNeeded, type Renewable } from '#oauth'
import type { IntegrationRow } from '../store.ts'
import type { OAuthClients } from './clients.ts'

/** The credentials of integrations whose tokens are kept fresh. */
export interface RenewableTokens {
  /** Undefined for credentials that nobody renews. */
  of(integration: IntegrationRow, connector: Connector, method: AuthMethod): Renewable | undefined
}

interface RenewableTokensDeps {
  readonly clients: OAuthClients
  onLost(integration: IntegrationRow, error: HubError): Promise<void>
}

export function createRenewableTokens({ clients, onLost }: RenewableTokensDeps): RenewableTokens {
  return {
    of(integration, connector, method) {
      const { workspaceId, credential } = integration
      if (method.oauth === undefined || credential === null) return undefined
      return {
        workspaceId,
        credential,
        connector: connector.name,
        party: () => clients.party(integration, connector, method),
        onLost: (error) => onLost(integration, error),
      }
    },
  }
}

/** Refuses calls of an integration that a person has to connect first. */
export function requireConnected({ name, connection }: IntegrationRow): void {
  if (connection?.state === 'reconnect_needed')
    throw reconnectNeeded(`integration "${name}" has to be connected again: ${connection.problem ?? 'its permission has ended'}`)
  if (connection?.state === 'not_connected')
    throw hubError('not_connected', {
      detail: `integration "${name}" is not connected yet`,
      hint: `connect it: \`hub connect ${name}\`, or POST /api/v1/integrations/{id}/connect`,
    })
}

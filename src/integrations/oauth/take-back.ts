import type { Credentials } from '#credentials'
import { HubError } from '#errors'
import type { Connector } from '#kit'
import type { OAuth } from '#oauth'
import type { Telemetry } from '#telemetry'
import { ownName } from '../own-credentials.ts'
import type { IntegrationRow } from '../store.ts'
import { authMethodOf } from '../validate.ts'
import type { OAuthClients } from './clients.ts'

interface TakeBackDeps extends Pick<Telemetry, 'logger'> {
  readonly credentials: Credentials
  readonly oauth: OAuth
  readonly clients: OAuthClients
}

/** Tells the provider that what a person allowed is not needed any more. Returns whether it took the tokens back; undefined where there is nothing to take back. */
export function createTakeBack({ credentials, oauth, clients, logger }: TakeBackDeps) {
  return async (integration: IntegrationRow, connector: Connector): Promise<boolean | undefined> => {
    const { workspaceId, id, config, authType } = integration
    const method = authMethodOf(connector, authType)
    // A credential that somebody stored under a name of its own may serve others.
    if (method.oauth === undefined || integration.credential !== ownName(id)) return undefined
    const values = await credentials.read(workspaceId, ownName(id), { fresh: true })
    if (typeof values?.['access_token'] !== 'string') return undefined
    const { access_token: access, refresh_token: refresh } = values
    try {
      const party = await clients.party(integration, connector, method)
      if (method.oauth.revoke === undefined && party.provider.revokeUrl === undefined) return undefined
      const tokens = { access_token: access, scopes: [], ...(typeof refresh === 'string' ? { refresh_token: refresh } : {}) }
      if (method.oauth.revoke) await method.oauth.revoke({ tokens, client: party.client, config, request: oauth.protocol.request })
      // Providers end the access tokens of a refresh token with it, but not the other way round.
      else for (const token of [tokens.refresh_token, access]) if (token !== undefined) await oauth.protocol.revoke(party, token)
      return true
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      logger.warn({ err: error, integration: integration.name }, 'the provider did not take the tokens back')
      return false
    }
  }
}

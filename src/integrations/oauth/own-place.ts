import { requireScope, type Principal } from '#access'
import type { Connector } from '#kit'
import { authMethodOf } from '../validate.ts'
import type { OAuthClients } from './clients.ts'

interface Settings {
  readonly authType: string
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * Whoever writes addresses into an integration that is connected by OAuth decides where the client's secret and people's tokens are sent, now or at
 * the next renewal. That needs the right to set credentials, unless the connector or the operator names the addresses, or they stay as they were.
 */
export function createOwnPlaceCheck(clients: OAuthClients) {
  return (principal: Principal, connector: Connector, { wanted, before }: { wanted: Settings; before?: Settings }): void => {
    const { authType, config } = wanted
    if (authMethodOf(connector, authType).oauth === undefined || clients.isOwnPlace(principal.workspaceId, connector, config)) return
    const wasOAuth = before !== undefined && authMethodOf(connector, before.authType).oauth !== undefined
    if (wasOAuth && clients.placeOf(connector, before.config) === clients.placeOf(connector, config)) return
    requireScope(principal, 'credentials:write')
  }
}

export type RequireOwnPlace = ReturnType<typeof createOwnPlaceCheck>

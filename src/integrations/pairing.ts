import { requireScope, type Principal } from '#access'
import type { Sql } from '#db'
import { hubError, HubError } from '#errors'
import type { Connector } from '#kit'
import { digest } from '#lib/canonical'
import { oauthPlace } from './oauth/clients.ts'
import { listIntegrations } from './store.ts'

/** A stored credential, and the connector and config that decide where it is sent. */
interface Pairing {
  readonly credential: string | null
  readonly connector: Connector
  readonly config: Record<string, unknown>
}

/**
 * A stored credential goes only where it goes already: otherwise whoever may change integrations could send it to a server of their own. Throws
 * `scope_missing` for a new pair of credential and origin, unless the principal may set credentials.
 */
function requirePairing(principal: Principal, wanted: Pairing, known: readonly Pairing[]): void {
  if (wanted.credential === null) return
  const place = placeOf(wanted)
  if (known.some((pairing) => pairing.credential === wanted.credential && placeOf(pairing) === place)) return
  try {
    requireScope(principal, 'credentials:write')
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    throw hubError('scope_missing', {
      detail: `credential "${wanted.credential}" is not used at ${originOf(wanted) ?? 'this address'} yet, and a credential is sent to a new place only by a token with credentials:write`,
      hint: 'ask an administrator to make this change, or give the values of a credential of your own in the request',
    })
  }
}

/** Throws unless the principal may send the credential to the place that the connector and the config name. */
export type RequireKnownPlace = (sql: Sql, principal: Principal, wanted: Pairing) => Promise<void>

/** `connectorOf` finds a connector by its name. */
export function createPlaceCheck(connectorOf: (name: string) => Connector | undefined): RequireKnownPlace {
  return async (sql, principal, wanted) => {
    const rows = await listIntegrations(sql, principal.workspaceId)
    const known = rows.flatMap(({ connector: name, credential, config }) => {
      const connector = connectorOf(name)
      return connector ? [{ credential, config, connector }] : []
    })
    requirePairing(principal, wanted, known)
  }
}

function originOf({ connector, config }: Pairing): string | undefined {
  const url = connector.baseUrl?.(config)
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined
}

/**
 * The origin of the base URL, and those of the authorization server. Without a base URL, every setting may decide where and how the credential is
 * sent, such as the host and TLS.
 */
function placeOf(pairing: Pairing): string {
  const { connector, config } = pairing
  const origin = originOf(pairing)
  return origin === undefined ? digest({ connector: connector.name, config }) : `${origin} ${oauthPlace(connector, config)}`
}

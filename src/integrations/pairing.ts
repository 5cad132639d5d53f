import { requireScope, type Principal } from '#access'
import { hubError, HubError } from '#errors'
import type { Connector } from '#kit'
import { digest } from '#lib/canonical'
import type { IntegrationRow } from './store.ts'

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
export function requirePairing(principal: Principal, wanted: Pairing, known: readonly Pairing[]): void {
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

export function pairingOf({ credential, config }: Pick<IntegrationRow, 'credential' | 'config'>, connector: Connector): Pairing {
  return { credential, config, connector }
}

function originOf({ connector, config }: Pairing): string | undefined {
  const url = connector.baseUrl?.(config)
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined
}

/** The origin of the base URL. Without one, every setting may decide where and how the credential is sent, such as the host and TLS. */
function placeOf(pairing: Pairing): string {
  return originOf(pairing) ?? digest({ connector: pairing.connector.name, config: pairing.config })
}

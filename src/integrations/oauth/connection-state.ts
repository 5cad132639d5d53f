import type { OAuthConnection } from '#db'
import type { Connector } from '#kit'
import { authMethodOf } from '../validate.ts'

/** How an integration stands whose credential somebody set; null where nobody has to allow anything. */
export function connectionOf(connector: Connector, authType: string, credential: string | null): OAuthConnection | null {
  if (authMethodOf(connector, authType).oauth === undefined) return null
  return {
    state: credential === null ? 'not_connected' : 'connected',
    account: null,
    scopes: [],
    features: [],
    connected_at: null,
    problem: null,
  }
}

import { HubError } from '#errors'
import type { AuthContext } from '#kit'

/**
 * Access tokens that auth methods fetched, by integration, until a minute before they expire: clocks differ, and a call takes time. Calls that need one at
 * the same time share one request for it.
 */
export interface TokenCache {
  of(integrationId: string): AuthContext['remember']
  forget(integrationId: string): void
}

interface Held {
  readonly value: Promise<string>
  /** Undefined while it is being fetched. */
  expiresAt: number | undefined
}

const earlyMs = 60_000

export function createTokenCache(): TokenCache {
  const byIntegration = new Map<string, Map<string, Held>>()

  const fetchInto = (tokens: Map<string, Held>, key: string, make: Parameters<AuthContext['remember']>[1]): Promise<string> => {
    const value = make().then(
      (made) => {
        held.expiresAt = made.expiresAt.getTime() - earlyMs
        return made.value
      },
      (error: unknown) => {
        if (tokens.get(key) === held) tokens.delete(key)
        throw error
      },
    )
    const held: Held = { value, expiresAt: undefined }
    tokens.set(key, held)
    return value
  }

  return {
    of: (integrationId) => async (key, make) => {
      const tokens = byIntegration.get(integrationId) ?? new Map<string, Held>()
      byIntegration.set(integrationId, tokens)
      for (;;) {
        const held = tokens.get(key)
        if (!held || (held.expiresAt !== undefined && held.expiresAt <= Date.now())) return fetchInto(tokens, key, make)
        try {
          return await held.value
        } catch (error) {
          // Whoever asked for it has given up, which is no reason for this call to fail.
          if (!(error instanceof HubError && error.code === 'cancelled')) throw error
        }
      }
    },
    forget: (integrationId) => void byIntegration.delete(integrationId),
  }
}

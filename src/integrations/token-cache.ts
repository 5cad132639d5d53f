import type { AuthContext } from '#kit'

/** Access tokens that auth methods fetched, by integration, until a minute before they expire: clocks differ, and a call takes time. */
export interface TokenCache {
  of(integrationId: string): AuthContext['remember']
  forget(integrationId: string): void
}

const earlyMs = 60_000

export function createTokenCache(): TokenCache {
  const byIntegration = new Map<string, Map<string, { readonly value: string; readonly expiresAt: number }>>()
  return {
    of: (integrationId) => async (key, make) => {
      const tokens = byIntegration.get(integrationId) ?? new Map<string, { value: string; expiresAt: number }>()
      byIntegration.set(integrationId, tokens)
      const held = tokens.get(key)
      if (held && held.expiresAt > Date.now()) return held.value
      const { value, expiresAt } = await make()
      tokens.set(key, { value, expiresAt: expiresAt.getTime() - earlyMs })
      return value
    },
    forget: (integrationId) => void byIntegration.delete(integrationId),
  }
}

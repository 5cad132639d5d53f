import { agentScopes, scopesInBoth } from '#access'

/** What an app can be allowed. */
export const appScopes = agentScopes

/** What an app asks for that names no scope. */
const defaultScopes: readonly string[] = ['tools:call']

function isAppScope(scope: string): boolean {
  return (appScopes as readonly string[]).includes(scope) || /^tools:call:[a-z0-9][a-z0-9_-]{0,99}$/.test(scope)
}

/**
 * The scopes in a request. Those that the hub does not know are left out, because clients ask for some of other servers too (`offline_access`);
 * undefined when none is left of those that were asked for.
 */
export function requestedScopes(text: string | null): readonly string[] | undefined {
  const asked = (text ?? '').split(' ').filter(Boolean)
  if (asked.length === 0) return defaultScopes
  const known = [...new Set(asked.filter(isAppScope))].slice(0, 50)
  if (known.length > 0) return known
  return asked.every((scope) => ['openid', 'profile', 'email', 'offline_access'].includes(scope)) ? defaultScopes : undefined
}

/** Of the scopes that are asked for, those that somebody with these rights can give. */
export function grantable(asked: readonly string[], rights: readonly string[]): readonly string[] {
  return scopesInBoth(asked, rights).filter((scope) => isAppScope(scope))
}

/** What needs no scope: every caller that the hub knows may do it. */
export const anyCaller = 'any'

/** The scopes that a read-only caller loses, beside those that end in `:write`. */
const changing = new Set(['flows:run', 'jobs:create', 'tokens:own', 'hub:admin', 'admin'])

/** Whoever has scopes. The console has only these two of a caller. */
export interface ScopeHolder {
  readonly scopes: readonly string[]
  readonly readOnly: boolean
}

export function covers(granted: string, needed: string): boolean {
  if (granted === needed || granted === 'hub:admin') return true
  if (granted === 'admin') return !needed.startsWith('hub:')
  if (needed.startsWith(`${granted}:`)) return true
  if (granted === 'hub:metrics') return needed === 'metrics:read'
  // A write scope includes the read scope.
  return granted.endsWith(':write') && needed === granted.replace(/:write$/, ':read')
}

export function allows({ scopes, readOnly }: ScopeHolder, needed: string): boolean {
  if (needed === anyCaller) return true
  if (readOnly && (needed.endsWith(':write') || changing.has(needed))) return false
  // `tools:call:*` accepts any narrowed form of the scope. Whether it covers a certain tool is checked in the tool pipeline.
  const whole = needed.replace(/:\*$/, '')
  return scopes.some((granted) => covers(granted, whole) || (whole !== needed && granted.startsWith(`${whole}:`)))
}

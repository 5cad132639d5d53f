import { useSyncExternalStore } from 'react'

/** How this person wants the console to look, on this browser. `public/theme.js` reads it before the first paint. */
export interface Look {
  readonly theme: 'system' | 'light' | 'dark'
  readonly density: 'normal' | 'compact'
  readonly times: 'relative' | 'local' | 'utc'
  /** Whether single letters are shortcuts. */
  readonly keys: boolean
}

const usual: Look = { theme: 'system', density: 'normal', times: 'relative', keys: true }
const place = 'hub.look'

let look: Look = { ...usual, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Look>) }
const listeners = new Set<() => void>()

export function getLook(): Look {
  return look
}

export function setLook(change: Partial<Look>): void {
  look = { ...look, ...change }
  localStorage.setItem(place, JSON.stringify(look))
  const { dataset } = document.documentElement
  if (look.theme === 'system') delete dataset['theme']
  else dataset['theme'] = look.theme
  if (look.density === 'compact') dataset['density'] = 'compact'
  else delete dataset['density']
  listeners.forEach((listener) => listener())
}

export function useLook(): Look {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, getLook)
}

import { useSyncExternalStore } from 'react'

export interface Connection {
  /** Since when the hub has not answered. */
  readonly lostAt: number | undefined
  /** The session has ended: what is on the page stays, and nothing more can be read. */
  readonly isSignedOut: boolean
}

let state: Connection = { lostAt: undefined, isSignedOut: false }
const listeners = new Set<() => void>()

function set(next: Connection): void {
  if (next.lostAt === state.lostAt && next.isSignedOut === state.isSignedOut) return
  state = next
  listeners.forEach((listener) => listener())
}

/** How the hub can be reached, for everything on the page that shows it. */
export const connection = {
  get: () => state,
  lost: () => set({ ...state, lostAt: state.lostAt ?? Date.now() }),
  /** An answer that was on its way when the network went away says nothing about now. */
  found: () => navigator.onLine && set({ lostAt: undefined, isSignedOut: false }),
  signedOut: () => set({ ...state, isSignedOut: true }),
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function useConnection(): Connection {
  return useSyncExternalStore(connection.subscribe, connection.get)
}

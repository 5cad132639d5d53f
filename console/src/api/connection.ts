import { useSyncExternalStore } from 'react'

export interface Connection {
  /** Since when the hub has not answered. */
  readonly lostAt: number | undefined
  /** The session has ended: what is on the page stays, and nothing more can be read. */
  readonly isSignedOut: boolean
}

let state: Connection = { lostAt: undefined, isSignedOut: false }
/** Since when each way to the hub fails. Answers to questions do not say that the stream of hints is back. */
const lostAt: { answers: number | undefined; stream: number | undefined } = { answers: undefined, stream: undefined }
const listeners = new Set<() => void>()

function set(next: Connection): void {
  if (next.lostAt === state.lostAt && next.isSignedOut === state.isSignedOut) return
  state = next
  listeners.forEach((listener) => listener())
}

function earliest(): number | undefined {
  const since = Object.values(lostAt).filter((at) => at !== undefined)
  return since.length === 0 ? undefined : Math.min(...since)
}

/** How the hub can be reached, for everything on the page that shows it. */
export const connection = {
  get: () => state,
  lost: (way: keyof typeof lostAt) => {
    lostAt[way] ??= Date.now()
    set({ ...state, lostAt: earliest() })
  },
  /** An answer that was on its way when the network went away says nothing about now. */
  found: (way: keyof typeof lostAt) => {
    if (!navigator.onLine) return
    lostAt[way] = undefined
    set({ lostAt: earliest(), isSignedOut: false })
  },
  signedOut: () => set({ ...state, isSignedOut: true }),
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function useConnection(): Connection {
  return useSyncExternalStore(connection.subscribe, connection.get)
}

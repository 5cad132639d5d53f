import { hubError } from '#errors'
import type { BusState } from './types.ts'

interface StateRecord {
  get(): BusState
  /** Returns what ends it. */
  listen(listener: () => void): () => void
  /** Throws `bus_unavailable` while there is no connection. */
  requireConnection(): void
  connected(): void
  /** The connection is gone. */
  lost(problem: string): void
  /** It is connected, but something does not work. */
  troubled(problem: string): void
  stopped(): void
}

/** Whether a bus is connected, since when, and what is wrong. */
export function createBusState(): StateRecord {
  let state: BusState = { status: 'connecting', since: new Date() }
  const listeners = new Set<() => void>()
  const set = (next: Omit<BusState, 'since'>): void => {
    if (state.status === 'stopped') return
    const isNew = next.status !== state.status
    if (!isNew && next.problem === state.problem) return
    state = { ...next, since: isNew ? new Date() : state.since }
    for (const listener of listeners) listener()
  }
  return {
    get: () => state,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    requireConnection() {
      if (state.status !== 'connected')
        throw hubError('bus_unavailable', { detail: state.problem ?? 'the hub is not connected to the broker' })
    },
    connected: () => set({ status: 'connected' }),
    lost: (problem) => set({ status: 'connecting', problem }),
    troubled: (problem) => set({ status: state.status, problem }),
    stopped: () => set({ status: 'stopped' }),
  }
}

import type { BusState } from './types.ts'

interface StateRecord {
  get(): BusState
  listen(listener: () => void): void
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
    listen: (listener) => void listeners.add(listener),
    connected: () => set({ status: 'connected' }),
    lost: (problem) => set({ status: 'connecting', problem }),
    troubled: (problem) => set({ status: state.status, problem }),
    stopped: () => set({ status: 'stopped' }),
  }
}

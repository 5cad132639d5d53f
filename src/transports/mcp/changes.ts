import type { ServerEvent, ServerEventBus, SubscriptionFilter } from '@modelcontextprotocol/server'
import { sleep } from '#lib/clock'

/** What a stream watches, each with a way to tell its present state. */
export interface Watched {
  readonly event: ServerEvent
  /** A text that differs when the state does. */
  fingerprint(): Promise<string>
}

/** A stream of changes that a client opened. */
export interface ChangeStream {
  /** Who opened it. */
  readonly owner: string
  readonly watched: readonly Watched[]
  /** False once the caller may not see any more. */
  readonly isActive: () => Promise<boolean>
  readonly end: () => void
}

export interface Changes extends ServerEventBus {
  /** How many streams of an owner are open. */
  openOf(owner: string): number
  stop(): void
}

/** A change is told after this time at the latest. */
const everyMs = 2000

/**
 * Tells clients what changed. What they watch is read with their own rights, so that a stream tells nothing that its caller may not see, and
 * changes by other processes are seen too. Nothing is read while no stream is open.
 */
export function createChanges(streamNow: () => ChangeStream, report: (error: unknown) => void): Changes {
  const stopping = new AbortController()
  const open = new Map<string, number>()
  const count = (owner: string, by: 1 | -1): void => {
    const streams = (open.get(owner) ?? 0) + by
    if (streams > 0) open.set(owner, streams)
    else open.delete(owner)
  }

  const watch = async (stream: ChangeStream, tell: (event: ServerEvent) => void, signal: AbortSignal): Promise<void> => {
    const known = new Map<Watched, string>()
    const look = async (watched: Watched): Promise<void> => {
      const now = await watched.fingerprint()
      const before = known.get(watched)
      known.set(watched, now)
      if (before !== undefined && before !== now && !signal.aborted) tell(watched.event)
    }
    while (!signal.aborted) {
      if (!(await stream.isActive())) return stream.end()
      for (const watched of stream.watched) await look(watched).catch(report)
      await sleep(everyMs, signal).catch(() => undefined)
    }
  }

  return {
    // Each stream has a watch of its own.
    publish: () => undefined,
    subscribe(listener) {
      const closed = new AbortController()
      const stream = streamNow()
      count(stream.owner, 1)
      void watch(stream, listener, AbortSignal.any([closed.signal, stopping.signal])).catch((error: unknown) => {
        report(error)
        // A stream that nobody watches would tell nothing for ever; the client opens a new one.
        stream.end()
      })
      return () => {
        if (closed.signal.aborted) return
        closed.abort()
        count(stream.owner, -1)
      }
    },
    openOf: (owner) => open.get(owner) ?? 0,
    stop: () => stopping.abort(),
  }
}

/** The most resources that one stream watches. */
export const maxWatchedResources = 50

/** Of a message that opens a stream of changes, what the client wants to be told. */
export function filterOf(body: string): SubscriptionFilter | undefined {
  if (!body.includes('subscriptions/listen')) return undefined
  try {
    const { method, params } = JSON.parse(body) as { method?: unknown; params?: { notifications?: SubscriptionFilter } }
    return method === 'subscriptions/listen' ? params?.notifications : undefined
  } catch {
    // The SDK answers what is not JSON.
    return undefined
  }
}

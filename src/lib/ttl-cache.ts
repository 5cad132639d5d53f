import { coalesce } from './coalesce.ts'

/**
 * Caches values for `ms`, and reads a missing value once for all simultaneous callers. For values that every call needs and that change
 * seldom. Changes of other processes take effect after `ms` at the latest. Its own changes take effect at once: a process calls `forget`
 * after them, or passes a `version` that counts them.
 */
interface TtlCache<K, V> {
  get(key: K): Promise<V>
  forget(key: K): void
}

interface TtlCacheOptions {
  readonly now?: () => number
  /** A value that was read under another version is not used any more. */
  readonly version?: () => unknown
}

const most = 10_000

export function ttlCache<K, V>(
  ms: number,
  read: (key: K) => Promise<V>,
  { now = Date.now, version = () => undefined }: TtlCacheOptions = {},
): TtlCache<K, V> {
  const held = new Map<K, { value: V; until: number; version: unknown }>()
  const generations = new Map<K, number>()
  const share = coalesce(read)
  return {
    async get(key) {
      const current = version()
      const hit = held.get(key)
      if (hit && hit.until > now() && hit.version === current) return hit.value
      const generation = generations.get(key)
      const value = await share(key)
      // `forget` was called during the read. Earlier callers get this value, but it is not cached.
      if (generations.get(key) === generation) {
        if (held.size >= most) held.clear()
        held.set(key, { value, until: now() + ms, version: current })
      }
      return value
    },
    forget(key) {
      held.delete(key)
      if (generations.size >= most) generations.clear()
      generations.set(key, (generations.get(key) ?? 0) + 1)
    },
  }
}

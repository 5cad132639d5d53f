import { coalesce } from './coalesce.ts'

/**
 * Caches values for `ms`, and reads a missing value once for all simultaneous callers. For values that every call needs and that change
 * seldom. Changes of other processes take effect after `ms` at the latest; after its own change a process calls `forget`.
 */
interface TtlCache<K, V> {
  get(key: K): Promise<V>
  forget(key: K): void
}

const most = 10_000

export function ttlCache<K, V>(ms: number, read: (key: K) => Promise<V>, now: () => number = Date.now): TtlCache<K, V> {
  const held = new Map<K, { value: V; until: number }>()
  const generations = new Map<K, number>()
  const share = coalesce(read)
  return {
    async get(key) {
      const hit = held.get(key)
      if (hit && hit.until > now()) return hit.value
      const generation = generations.get(key)
      const value = await share(key)
      // `forget` was called during the read. Earlier callers get this value, but it is not cached.
      if (generations.get(key) === generation) {
        if (held.size >= most) held.clear()
        held.set(key, { value, until: now() + ms })
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

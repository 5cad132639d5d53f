import { coalesce } from './coalesce.ts'

/**
 * Reads a thing again only after a while, and once for all who ask meanwhile. For what is asked for on every call and changes seldom: what
 * another process changed holds here after `ms` at the latest, what this one changed at once, by `forget`.
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
      // Forgotten while it was read: good for who asked before, not to be kept.
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

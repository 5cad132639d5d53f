/**
 * Keeps replies that have an ETag. The vendor answers 304 for an unchanged resource, and GitHub does not count a 304 against its rate limit.
 * The size is limited in bytes; the least recently used replies are removed first.
 */
export interface EtagCache {
  get(key: string): CachedReply | undefined
  set(key: string, reply: CachedReply): void
}

export interface CachedReply {
  readonly etag: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

export function createEtagCache(maxBytes = 32_000_000): EtagCache {
  const entries = new Map<string, CachedReply>()
  let totalBytes = 0
  const remove = (key: string): void => {
    const entry = entries.get(key)
    if (!entry) return
    totalBytes -= entry.bytes.length
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry
    },
    set(key, reply) {
      remove(key)
      // A single large reply must not evict most of the cache.
      if (reply.bytes.length > maxBytes / 8) return
      entries.set(key, reply)
      totalBytes += reply.bytes.length
      for (const oldest of entries.keys()) {
        if (totalBytes <= maxBytes) break
        remove(oldest)
      }
    },
  }
}

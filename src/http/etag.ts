/** Replies that carried an ETag, so that an unchanged thing costs the vendor a 304, which GitHub does not count. Bounded by bytes, oldest use first. */
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
  let held = 0
  const drop = (key: string): void => {
    const entry = entries.get(key)
    if (!entry) return
    held -= entry.bytes.length
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
      drop(key)
      // One reply may not push out everything else.
      if (reply.bytes.length > maxBytes / 8) return
      entries.set(key, reply)
      held += reply.bytes.length
      for (const oldest of entries.keys()) {
        if (held <= maxBytes) break
        drop(oldest)
      }
    },
  }
}

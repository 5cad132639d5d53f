/**
 * Lets simultaneous callers with the same key share one read. A caller that arrives while a read is running shares the *next* read, so it
 * never gets a result whose read began before its call, and always sees its own earlier write.
 */
export function coalesce<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const running = new Map<K, Promise<unknown>>()
  const waiting = new Map<K, Promise<V>>()

  const start = (key: K): Promise<V> => {
    const answer = read(key)
    const done = answer.then(
      () => undefined,
      () => undefined,
    )
    running.set(key, done)
    void done.then(() => {
      if (running.get(key) === done) running.delete(key)
    })
    return answer
  }

  return (key) => {
    const joined = waiting.get(key)
    if (joined) return joined
    const before = running.get(key)
    if (!before) return start(key)
    const next = before.then(() => {
      waiting.delete(key)
      return start(key)
    })
    waiting.set(key, next)
    return next
  }
}

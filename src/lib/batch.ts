/**
 * Combines the writes of many simultaneous callers into one statement. While one batch runs, the next one is filled. There is no timer, so
 * a single caller does not wait, and many callers share one commit.
 */
interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>
  /** How many items wait, for callers that refuse work when there are too many. */
  readonly size: number
  /** Resolves when everything added so far is written. */
  drain(): Promise<void>
}

export function createBatcher<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  {
    most = 200,
    lanes = 2,
    maxBytes = Number.POSITIVE_INFINITY,
    bytesOf = () => 0,
  }: { readonly most?: number; readonly lanes?: number; readonly maxBytes?: number; readonly bytesOf?: (item: Item) => number } = {},
): Batcher<Item, Result> {
  let queue: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  const running = new Set<Promise<void>>()

  /** Takes at least one item, and more while they fit. */
  const fitting = (): number => {
    let bytes = 0
    const over = queue.findIndex(({ item }, index) => index === most || ((bytes += bytesOf(item)) > maxBytes && index > 0))
    return over === -1 ? queue.length : over
  }

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const count = fitting()
      const batch = queue.slice(0, count)
      queue = queue.slice(count)
      try {
        const results = await write(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }
  const start = (): void => {
    // If more waits than one batch holds, another lane is needed.
    if (running.size >= (fitting() < queue.length ? lanes * 2 : lanes)) return
    const lane: Promise<void> = run().finally(() => running.delete(lane))
    running.add(lane)
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject })
        // After the current turn of the event loop, so that items added together share a batch.
        queueMicrotask(start)
      }),
    get size() {
      return queue.length
    },
    async drain() {
      while (queue.length > 0 || running.size > 0) await Promise.all([...running, Promise.resolve()])
    },
  }
}

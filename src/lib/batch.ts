/**
 * Gathers what many callers write at the same time into one statement: while one batch is under way the next one fills, with no timer, so
 * a lone caller waits for nobody and a crowd shares one commit.
 */
interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>
  /** How many wait: for callers that do not. */
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

  /** One at least, and then as many as fit. */
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
    // More than a batch holds is too much for the lanes that are enough for little.
    if (running.size >= (fitting() < queue.length ? lanes * 2 : lanes)) return
    const lane: Promise<void> = run().finally(() => running.delete(lane))
    running.add(lane)
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject })
        // After the current turn, so that what arrives together goes together.
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

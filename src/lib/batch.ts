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
  { most = 200, lanes = 2 }: { readonly most?: number; readonly lanes?: number } = {},
): Batcher<Item, Result> {
  let queue: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  const running = new Set<Promise<void>>()

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, most)
      queue = queue.slice(most)
      try {
        const results = await write(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }
  const start = (): void => {
    if (running.size >= lanes) return
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

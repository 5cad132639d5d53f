interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}

/** Every item of a list, page by page: `for await (const run of everyItem((cursor) => hub.runs.list({ status: 'failed', cursor })))`. */
export async function* everyItem<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item, void> {
  for (let cursor: string | undefined; ;) {
    const { items, next_cursor: next } = await list(cursor)
    yield* items
    if (next === null) return
    cursor = next
  }
}

/** What waits, by workspace. Workspaces take turns, so that one with much to do delays the others by one item each. */
export interface FairQueue<Item> {
  readonly size: number
  push(workspaceId: string, item: Item): void
  /** Removes and returns the next item that may be taken now. */
  take(isAllowed: (workspaceId: string, item: Item) => boolean): Item | undefined
  /** Removes and returns everything. */
  clear(): Item[]
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** The workspace whose turn is next comes first. */
  const waiting = new Map<string, Item[]>()
  let size = 0
  return {
    get size() {
      return size
    },
    push(workspaceId, item) {
      const items = waiting.get(workspaceId)
      if (items) items.push(item)
      else waiting.set(workspaceId, [item])
      size++
    },
    take(isAllowed) {
      for (const [workspaceId, items] of waiting) {
        const at = items.findIndex((item) => isAllowed(workspaceId, item))
        if (at < 0) continue
        const [item] = items.splice(at, 1)
        waiting.delete(workspaceId)
        if (items.length > 0) waiting.set(workspaceId, items)
        size--
        return item
      }
      return undefined
    },
    clear() {
      const items = [...waiting.values()].flat()
      waiting.clear()
      size = 0
      return items
    },
  }
}

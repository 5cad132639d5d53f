/** What waits, by workspace. Workspaces take turns, so that one with much to do does not delay the others. */
export interface FairQueue<Item> {
  readonly size: number
  push(workspaceId: string, item: Item): void
  /** Removes and returns the next item that may be taken now, of a workspace that has room. */
  take(hasRoom?: (workspaceId: string) => boolean, isAllowed?: (item: Item) => boolean): Item | undefined
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
    take(hasRoom = () => true, isAllowed = () => true) {
      for (const [workspaceId, items] of waiting) {
        if (!hasRoom(workspaceId)) continue
        const at = items.findIndex(isAllowed)
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

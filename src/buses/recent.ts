import type { BusName } from '#lib/bus-names'

export interface RecentMessage {
  readonly bus: BusName
  readonly direction: 'in' | 'out'
  readonly topic: string
  readonly key?: string | undefined
  readonly id?: string | undefined
  readonly bytes: number
  readonly at: Date
  /** What became of a message that came in. */
  readonly outcome?: string | undefined
}

export interface RecentMessages {
  add(workspaceId: string, message: Omit<RecentMessage, 'at'>): void
  /** The newest first. */
  list(workspaceId: string): readonly RecentMessage[]
}

const kept = 50
const mostWorkspaces = 1000

/** The last messages that this process sent and received, without their bodies. */
export function createRecentMessages(): RecentMessages {
  const byWorkspace = new Map<string, RecentMessage[]>()
  return {
    add(workspaceId, given) {
      const message = { ...given, at: new Date() }
      const messages = byWorkspace.get(workspaceId) ?? []
      messages.unshift(message)
      messages.length = Math.min(messages.length, kept)
      if (byWorkspace.size >= mostWorkspaces && !byWorkspace.has(workspaceId)) byWorkspace.clear()
      byWorkspace.set(workspaceId, messages)
    },
    list: (workspaceId) => [...(byWorkspace.get(workspaceId) ?? [])],
  }
}

/** What may change, as those who watch a workspace know it. */
export const hintKinds = [
  'approval',
  'call',
  'credential',
  'delivery',
  'endpoint',
  'event',
  'flow',
  'grant',
  'integration',
  'invitation',
  'member',
  'policy',
  'run',
  'session',
  'source',
  'token',
] as const

export type HintKind = (typeof hintKinds)[number]

/** What changed of one kind in one workspace. Null where more changed than is worth naming, or where it has no id. */
export interface NotedChange {
  readonly workspaceId: string
  readonly kind: HintKind
  readonly ids: readonly string[] | null
}

/** Collects what this process changed, until it is told to those who watch. Adding costs less than a microsecond and waits for nothing. */
export interface NoticeBuffer {
  /** Call it after the commit: whoever is told reads at once. */
  add(workspaceId: string, kind: HintKind, id?: string | null): void
  /** Resolves when there is something to take. Only one may wait. */
  filled(signal: AbortSignal): Promise<void>
  take(): NotedChange[]
}

/** Of a kind that changes more often, everything is stale. */
const mostIds = 50

export function createNoticeBuffer(): NoticeBuffer {
  const workspaces = new Map<string, Map<HintKind, Set<string> | null>>()
  let wake: (() => void) | undefined
  return {
    add(workspaceId, kind, id = null) {
      let kinds = workspaces.get(workspaceId)
      if (!kinds) workspaces.set(workspaceId, (kinds = new Map()))
      const ids = kinds.get(kind)
      if (id === null || (ids && ids.size >= mostIds && !ids.has(id))) kinds.set(kind, null)
      else if (ids === undefined) kinds.set(kind, new Set([id]))
      else ids?.add(id)
      wake?.()
    },
    filled: (signal) =>
      new Promise((resolve) => {
        if (workspaces.size > 0 || signal.aborted) return resolve()
        wake = () => {
          wake = undefined
          signal.removeEventListener('abort', wakeNow)
          resolve()
        }
        const wakeNow = wake
        signal.addEventListener('abort', wakeNow, { once: true })
      }),
    take() {
      const taken = [...workspaces].flatMap(([workspaceId, kinds]) =>
        [...kinds].map(([kind, ids]) => ({ workspaceId, kind, ids: ids && [...ids] })),
      )
      workspaces.clear()
      return taken
    },
  }
}

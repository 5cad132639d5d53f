import type { HintKind } from '#telemetry'
import type { Listener } from './reader.ts'
import type { Hint, Notice } from './types.ts'

/** The most that one client may have waiting. Beyond it, the client reads everything anew, which is cheaper than to be told of each. */
export const mostPending = 1000

export interface Interest {
  readonly workspaceId: string
  readonly mayRead: (kind: HintKind) => boolean
}

/** What waits for one client. */
export interface Watcher extends Listener {
  /** The hints since the last time, or that some were missed. Undefined when nothing changed. */
  take(): readonly Hint[] | 'resync' | undefined
  /** Resolves when there is something to take, after `wake`, or after this time. */
  wait(ms: number): Promise<void>
  wake(): void
}

export function createWatcher({ workspaceId, mayRead }: Interest): Watcher {
  const pending = new Map<string, Hint>()
  let isBehind = false
  let resume: (() => void) | undefined

  const wake = (): void => resume?.()
  const fallBehind = (): void => {
    isBehind = true
    pending.clear()
    wake()
  }
  return {
    wake,
    onGap: fallBehind,
    onNotice({ workspaceId: place, kind, ids, version }: Notice) {
      if (isBehind || place !== workspaceId || !mayRead(kind)) return
      for (const id of ids ?? [null]) pending.set(`${kind} ${id ?? ''}`, { kind, id, version })
      if (pending.size > mostPending) fallBehind()
      else wake()
    },
    take() {
      if (isBehind) {
        isBehind = false
        return 'resync'
      }
      if (pending.size === 0) return undefined
      const hints = [...pending.values()]
      pending.clear()
      return hints
    },
    wait: (ms) =>
      new Promise((resolve) => {
        if (isBehind || pending.size > 0) return resolve()
        const timer = setTimeout(() => resume?.(), ms)
        resume = () => {
          resume = undefined
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

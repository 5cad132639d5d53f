import type { Database } from '#db'
import { hubError } from '#errors'
import { sleep } from '#lib/clock'
import type { HintKind, Telemetry } from '#telemetry'
import { joinMs, startPublisher } from './publisher.ts'
import { createReader } from './reader.ts'
import type { Hint } from './types.ts'
import { createWatcher } from './watcher.ts'

export type { Hint } from './types.ts'

export interface WatchRequest {
  readonly workspaceId: string
  /** Who watches, as an actor. */
  readonly owner: string
  readonly mayRead: (kind: HintKind) => boolean
  /** The client was connected before, so it missed what happened since. */
  readonly isAgain: boolean
  readonly isActive?: (() => Promise<boolean>) | undefined
  readonly signal?: AbortSignal | undefined
}

export type HintMessage =
  /** From here on, nothing is missed. */
  | { readonly kind: 'ready' }
  /** Something was missed: everything may have changed. */
  | { readonly kind: 'resync' }
  | { readonly kind: 'hints'; readonly hints: readonly Hint[] }

/** Tells those who watch a workspace what changed in it, in any process. Hints contain no data, so nothing is missed that reading would not show. */
export interface Hints extends AsyncDisposable {
  /** `undefined` says that nothing changed. Throws when too many watch. */
  watch(request: WatchRequest): AsyncIterable<HintMessage | undefined>
}

interface HintsOptions {
  /** How often it is checked whether a client may still watch. */
  readonly checkMs?: number
}

const usualCheckMs = 30_000
const signMs = 10_000
/** A browser opens one for all its tabs. */
const limits = { all: 1000, ofOwner: 50 }

export function createHints(deps: Telemetry & { readonly db: Database }, { checkMs = usualCheckMs }: HintsOptions = {}): Hints {
  const publisher = startPublisher(deps)
  const reader = createReader(deps)
  const open = new Map<string, number>()
  let all = 0

  const ownerOf = ({ workspaceId, owner }: WatchRequest): string => `${workspaceId} ${owner}`

  const requireRoom = (owner: string): void => {
    const own = open.get(owner) ?? 0
    if (own >= limits.ofOwner || all >= limits.all)
      throw hubError('streams_limited', { detail: `${own >= limits.ofOwner ? own : all} streams of hints are open here`, retryAfter: 5 })
  }

  const enter = (owner: string): Disposable => {
    requireRoom(owner)
    all += 1
    open.set(owner, (open.get(owner) ?? 0) + 1)
    return {
      [Symbol.dispose]() {
        all -= 1
        const left = open.get(owner)! - 1
        if (left > 0) open.set(owner, left)
        else open.delete(owner)
      },
    }
  }

  async function* messages(request: WatchRequest): AsyncGenerator<HintMessage | undefined> {
    const { isAgain, isActive = async () => true, signal } = request
    using stack = new DisposableStack()
    stack.use(enter(ownerOf(request)))
    const watcher = createWatcher(request)
    signal?.addEventListener('abort', watcher.wake, { once: true })
    stack.defer(() => signal?.removeEventListener('abort', watcher.wake))
    stack.use(await reader.listen(watcher))
    yield { kind: isAgain ? 'resync' : 'ready' }
    let checkedAt = performance.now()
    for (;;) {
      const nextCheckMs = checkedAt + checkMs - performance.now()
      if (!signal?.aborted) await watcher.wait(Math.max(0, Math.min(nextCheckMs, signMs)))
      if (signal?.aborted || performance.now() - checkedAt >= checkMs) {
        if (!(await isActive()) || signal?.aborted) return
        checkedAt = performance.now()
      }
      const taken = watcher.take()
      if (taken === undefined) yield undefined
      else yield taken === 'resync' ? { kind: 'resync' } : { kind: 'hints', hints: taken }
      if (taken !== undefined) await sleep(joinMs, signal).catch(() => undefined)
    }
  }

  return {
    watch(request) {
      // Before the stream begins, so that the caller gets a problem instead of a stream that breaks.
      requireRoom(ownerOf(request))
      return messages(request)
    },
    async [Symbol.asyncDispose]() {
      await publisher[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()
    },
  }
}

import { actorOf, type Principal } from '#access'
import type { Database } from '#db'
import { hubError, type HubError } from '#errors'
import { digest } from '#lib/canonical'
import { takeCalls } from './limit-store.ts'
import type { Policies } from './policy.ts'
import type { CallLimit } from './policy-rule.ts'
import type { Tool } from './tool.ts'

/** Counts the calls of each actor against the limits of its workspace. */
export interface CallLimits {
  /** Counts one call, or throws `calls_limited`. */
  take(call: { readonly principal: Principal; readonly tool: Tool }): Promise<void>
}

/** What is left of the part of a minute's allowance that this process took. */
interface Bucket {
  left: number
  /** The whole minute's allowance is taken. */
  isExhausted: boolean
  /** By a clock that never goes back. */
  endsAt: number
  refill: Promise<void> | undefined
}

const mostBuckets = 10_000

/**
 * A process takes a twentieth of a minute's allowance at a time, so that a busy actor does not need a statement for each call. Calls that destroy
 * are few, and are counted one by one.
 */
export function createCallLimits({ sql }: Database, policies: Pick<Policies, 'limitsOf'>): CallLimits {
  const buckets = new Map<string, Bucket>()

  const bucketOf = (key: string): Bucket => {
    let bucket = buckets.get(key)
    if (!bucket) {
      // What they held is lost for this minute, which allows fewer calls and not more.
      if (buckets.size >= mostBuckets) buckets.clear()
      bucket = { left: 0, isExhausted: false, endsAt: 0, refill: undefined }
      buckets.set(key, bucket)
    }
    return bucket
  }

  /** Returns the milliseconds until the next call is allowed, or 0 and counts one. */
  const takeOfMinute = async (workspaceId: string, subject: string, limit: number): Promise<number> => {
    const bucket = bucketOf(`${workspaceId} ${limit} ${subject}`)
    for (;;) {
      const now = performance.now()
      if (bucket.endsAt > now) {
        if (bucket.isExhausted) return bucket.endsAt - now
        if (bucket.left > 0) {
          bucket.left -= 1
          return 0
        }
      }
      bucket.refill ??= takeCalls(sql, { workspaceId, subject, unit: 'minute', wanted: Math.ceil(limit / 20), limit })
        .then(({ granted, windowEndsInMs }) => {
          bucket.left = granted
          bucket.isExhausted = granted === 0
          bucket.endsAt = performance.now() + windowEndsInMs
        })
        .finally(() => (bucket.refill = undefined))
      await bucket.refill
    }
  }

  return {
    async take({ principal, tool }) {
      const applying = await policies.limitsOf({ principal, tool })
      if (applying.length === 0) return
      const { workspaceId } = principal
      for (const limit of applying) {
        const { calls_per_minute: calls, destructive_per_day: destructive } = limit
        const counted = subjectOf(principal, limit)
        if (calls !== undefined) {
          const wait = await takeOfMinute(workspaceId, `minute ${counted}`, calls)
          if (wait > 0) throw refused(`${calls} calls a minute`, limit, wait)
        }
        if (destructive === undefined || tool.action.effect !== 'destroy') continue
        const subject = `day ${counted}`
        const share = await takeCalls(sql, { workspaceId, subject, unit: 'day', wanted: 1, limit: destructive })
        if (share.granted === 0) throw refused(`${destructive} destructive calls a day`, limit, share.windowEndsInMs)
      }
    },
  }
}

/** Without the number, so that a limit that is raised keeps its count. */
function subjectOf(principal: Principal, { tokens, connectors }: CallLimit): string {
  return `${actorOf(principal)} ${digest([tokens ?? null, connectors ?? null])}`
}

function refused(what: string, { connectors }: CallLimit, waitMs: number): HubError {
  return hubError('calls_limited', {
    detail: `a limit of this workspace allows ${what}${connectors ? ` of ${connectors.join(', ')}` : ''}, and this caller has made them`,
    retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
  })
}

import type { Database } from '#db'
import { hubError } from '#errors'
import type { LimitNotice, RateLimiter } from '#http'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { pauseUntil, takeShare } from './store.ts'

/**
 * Limits the rate of each integration over all processes. A process takes a twentieth of the allowance per minute from the database at a
 * time, so that a busy integration does not need a query for each call. A limit that the outside system reports is applied in addition.
 */
export interface RateLimiters {
  /** For work in the background, which leaves a part of the allowance to live calls. */
  of(
    integration: { id: string; workspaceId: string; name: string; connector: string },
    perMinute: number,
    options?: { readonly isBackground?: boolean | undefined },
  ): RateLimiter
  forget(id: string): void
}

/** What this process may send before the end of the minute. */
interface Allowance {
  left: number
  endsAt: number
  refill: Promise<void> | undefined
}

interface Bucket {
  readonly live: Allowance
  readonly background: Allowance
  pausedUntil: number
  vendor: { remaining: number; limit: number; resetAt: number } | undefined
}

/** The shares of the hub's own limit and of the outside system's that are left to live calls. */
const keptForLive = { own: 0.2, vendor: 0.1 }

interface Taking {
  readonly allowance: Allowance
  readonly perMinute: number
  readonly isBackground: boolean
}

export function createRateLimiters(db: Database, { metrics, logger }: Telemetry): RateLimiters {
  const buckets = new Map<string, Bucket>()

  const bucketOf = (id: string): Bucket => {
    let bucket = buckets.get(id)
    if (!bucket) {
      const none = (): Allowance => ({ left: 0, endsAt: 0, refill: undefined })
      bucket = { live: none(), background: none(), pausedUntil: 0, vendor: undefined }
      buckets.set(id, bucket)
    }
    return bucket
  }

  const refill = async (id: string, bucket: Bucket, { allowance, perMinute }: Taking): Promise<void> => {
    const share = await takeShare(db.sql, id, { wanted: Math.max(1, Math.ceil(perMinute / 20)), limit: perMinute })
    allowance.left = share.granted
    allowance.endsAt = Date.now() + share.windowEndsInMs
    if (share.pausedForMs > 0) bucket.pausedUntil = Math.max(bucket.pausedUntil, Date.now() + share.pausedForMs)
  }

  /** Returns the milliseconds until the next request may be sent, or 0 and takes one from the allowance. */
  const takeNow = async (id: string, bucket: Bucket, taking: Taking): Promise<number> => {
    const { allowance, isBackground } = taking
    for (;;) {
      const now = Date.now()
      const { vendor } = bucket
      if (bucket.pausedUntil > now) return bucket.pausedUntil - now
      const kept = vendor && isBackground ? vendor.limit * keptForLive.vendor : 0
      if (vendor && vendor.resetAt > now && vendor.remaining <= kept) return vendor.resetAt - now
      if (allowance.left > 0 && allowance.endsAt > now) {
        allowance.left -= 1
        if (vendor) vendor.remaining -= 1
        return 0
      }
      allowance.refill ??= refill(id, bucket, taking).finally(() => (allowance.refill = undefined))
      await allowance.refill
      if (allowance.left === 0 && allowance.endsAt > Date.now()) return allowance.endsAt - Date.now()
    }
  }

  return {
    forget: (id) => void buckets.delete(id),
    of: ({ id, workspaceId: workspace, name, connector }, perMinute, { isBackground = false } = {}) => {
      const bucket = bucketOf(id)
      const taking: Taking = {
        isBackground,
        allowance: isBackground ? bucket.background : bucket.live,
        perMinute: isBackground ? Math.max(1, Math.floor(perMinute * (1 - keptForLive.own))) : perMinute,
      }
      return {
        async take(maxWaitMs, signal) {
          const until = Date.now() + maxWaitMs
          for (;;) {
            const wait = await takeNow(id, bucket, taking)
            if (wait === 0) return
            metrics.limitWaits.inc({ connector })
            if (Date.now() + wait > until) {
              throw hubError('rate_limited', {
                detail: `the rate limit of integration "${name}" is used up for now`,
                retryAfter: Math.max(1, Math.ceil(wait / 1000)),
              })
            }
            // A random delay, so that the waiting calls do not all continue at the same time.
            await sleep(wait + Math.random() * 50, signal)
          }
        },
        learn(notice: LimitNotice) {
          bucket.vendor = { remaining: notice.remaining, limit: notice.limit ?? 0, resetAt: notice.resetAt.getTime() }
          metrics.limitRemaining.set({ workspace, connector, integration: name }, notice.remaining)
          if (notice.limit !== undefined && notice.limit > 0) {
            metrics.limitUsed.set({ workspace, connector, integration: name }, 1 - notice.remaining / notice.limit)
          }
        },
        pause(ms) {
          const until = Date.now() + Math.min(ms, 3_600_000)
          if (until <= bucket.pausedUntil) return
          bucket.pausedUntil = until
          pauseUntil(db.sql, id, new Date(until)).catch((error: unknown) =>
            logger.warn({ err: error }, 'failed to share a pause with other processes'),
          )
        },
      }
    },
  }
}

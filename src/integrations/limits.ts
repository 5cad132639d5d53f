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
  of(integration: { id: string; workspaceId: string; name: string; connector: string }, perMinute: number): RateLimiter
  forget(id: string): void
}

interface Bucket {
  left: number
  endsAt: number
  pausedUntil: number
  refill: Promise<void> | undefined
  vendor: { remaining: number; resetAt: number } | undefined
}

export function createRateLimiters(db: Database, { metrics, logger }: Telemetry): RateLimiters {
  const buckets = new Map<string, Bucket>()

  const bucketOf = (id: string): Bucket => {
    let bucket = buckets.get(id)
    if (!bucket) {
      bucket = { left: 0, endsAt: 0, pausedUntil: 0, refill: undefined, vendor: undefined }
      buckets.set(id, bucket)
    }
    return bucket
  }

  const refill = async (id: string, bucket: Bucket, perMinute: number): Promise<void> => {
    const share = await takeShare(db.sql, id, { wanted: Math.max(1, Math.ceil(perMinute / 20)), limit: perMinute })
    bucket.left = share.granted
    bucket.endsAt = Date.now() + share.windowEndsInMs
    if (share.pausedForMs > 0) bucket.pausedUntil = Math.max(bucket.pausedUntil, Date.now() + share.pausedForMs)
  }

  /** Returns the milliseconds until the next request may be sent, or 0 and takes one from the allowance. */
  const takeNow = async (id: string, bucket: Bucket, perMinute: number): Promise<number> => {
    for (;;) {
      const now = Date.now()
      if (bucket.pausedUntil > now) return bucket.pausedUntil - now
      if (bucket.vendor && bucket.vendor.resetAt > now && bucket.vendor.remaining <= 0) return bucket.vendor.resetAt - now
      if (bucket.left > 0 && bucket.endsAt > now) {
        bucket.left -= 1
        if (bucket.vendor) bucket.vendor.remaining -= 1
        return 0
      }
      bucket.refill ??= refill(id, bucket, perMinute).finally(() => (bucket.refill = undefined))
      await bucket.refill
      if (bucket.left === 0 && bucket.endsAt > Date.now()) return bucket.endsAt - Date.now()
    }
  }

  return {
    forget: (id) => void buckets.delete(id),
    of: ({ id, workspaceId: workspace, name, connector }, perMinute) => {
      const bucket = bucketOf(id)
      return {
        async take(maxWaitMs, signal) {
          const until = Date.now() + maxWaitMs
          for (;;) {
            const wait = await takeNow(id, bucket, perMinute)
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
          bucket.vendor = { remaining: notice.remaining, resetAt: notice.resetAt.getTime() }
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

import { z } from 'zod'
import { allows, anyCaller, type Principal } from '#access'
import { hubError } from '#errors'
import { keptDays, type Counts, type Series } from '#stats'
import { operation, view } from './operation.ts'
import { dateOf, timestamp } from './shared.ts'

const counts = z.object({
  events: z.object({ received: z.int() }).optional().describe('Needs events:read.'),
  runs: z.object({ started: z.int(), completed: z.int(), failed: z.int() }).optional().describe('Needs flows:read.'),
  calls: z
    .object({ made: z.int(), failed: z.int(), p50_ms: z.int().nullable(), p95_ms: z.int().nullable() })
    .optional()
    .describe('Needs invocations:read. Within p95_ms, 95 % of the calls ended; it is read from a histogram.'),
  deliveries: z.object({ delivered: z.int(), dead: z.int() }).optional().describe('Needs events:read.'),
})

interface Shown {
  readonly principal: Principal
  readonly series: Series
}

/** A part needs the scope with which its rows can be listed, or the one for the metrics of the workspace. */
function renderCounts(principal: Principal, sums: Counts): z.output<typeof counts> {
  const may = (scope: string): boolean => allows(principal, scope) || allows(principal, 'metrics:read')
  return {
    ...(may('events:read') ? { events: { received: sums.eventsReceived } } : {}),
    ...(may('flows:read') ? { runs: { started: sums.runsStarted, completed: sums.runsCompleted, failed: sums.runsFailed } } : {}),
    ...(may('invocations:read') ? { calls: { made: sums.callsMade, failed: sums.callsFailed, p50_ms: sums.p50, p95_ms: sums.p95 } } : {}),
    ...(may('events:read') ? { deliveries: { delivered: sums.deliveriesDelivered, dead: sums.deliveriesDead } } : {}),
  }
}

const seriesView = view(
  z.object({
    from: timestamp,
    to: timestamp,
    bucket_seconds: z.int().describe('How much time each point covers.'),
    totals: counts,
    points: z.array(z.object({ at: timestamp.describe('Where its time begins.'), ...counts.shape })),
  }),
  ({ principal, series }: Shown) => ({
    from: series.from.toISOString(),
    to: series.to.toISOString(),
    bucket_seconds: series.bucketSeconds,
    totals: renderCounts(principal, series.totals),
    points: series.points.map(({ at, ...sums }) => ({ at: at.toISOString(), ...renderCounts(principal, sums) })),
  }),
)

const dayMs = 86_400_000

export const getStats = operation({
  name: 'stats.get',
  scope: anyCaller,
  effect: 'read',
  summary: 'Get how many events, runs, calls and deliveries there were over time',
  description: `Of at most ${keptDays} days, in about 200 points at most. Parts for which the caller lacks the scope are left out. The last seconds are added a little later.`,
  input: z.strictObject({
    from: timestamp.optional().describe('The last 24 hours when left out.'),
    to: timestamp.optional().describe('Now when left out.'),
  }),
  output: seriesView,
  http: { method: 'GET', path: '/api/v1/stats' },
  example: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  run: async ({ stats, principal }, input) => {
    const to = dateOf(input.to) ?? new Date()
    const from = dateOf(input.from) ?? new Date(to.getTime() - dayMs)
    const wrong =
      from >= to
        ? 'must be before `to`'
        : to.getTime() - from.getTime() > keptDays * dayMs
          ? `is more than ${keptDays} days before \`to\``
          : undefined
    if (wrong !== undefined) throw hubError('invalid_input', { errors: [{ path: 'from', message: wrong }] })
    return { principal, series: await stats.get(principal.workspaceId, { from, to }) }
  },
})

import { Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '#api'
import { durationText, Section, Sparkline } from '#ui'
import styles from './home.module.css'
import { texts } from './texts.ts'
import { useAllowed } from './use-allowed.ts'

const kinds = ['event', 'run', 'call', 'delivery'] as const

/** The last day, from sums by the minute. Each figure leads to its rows. */
export function Figures() {
  const stats = useAllowed<Outputs['stats']['get']>('stats.get', trpc.stats.get.queryOptions({}), kinds)
  if (!stats) return null
  const { totals, points } = stats
  const series = (of: (point: (typeof points)[number]) => number | undefined): number[] => points.map((point) => of(point) ?? 0)
  const number = (value: number): string => value.toLocaleString()
  return (
    <Section title={texts.day}>
      <div className={styles.figures}>
        {totals.events ? (
          <Figure
            path="/events"
            search={{ from: '-24h' }}
            title="Events"
            value={number(totals.events.received)}
            values={series(({ events }) => events?.received)}
          />
        ) : null}
        {totals.runs ? (
          <Figure
            path="/runs"
            search={{ from: '-24h' }}
            title="Runs"
            value={number(totals.runs.started)}
            note={totals.runs.failed > 0 ? `${number(totals.runs.failed)} failed` : undefined}
            values={series(({ runs }) => runs?.started)}
          />
        ) : null}
        {totals.calls ? (
          <Figure
            path="/calls"
            search={{ from: '-24h' }}
            title="Calls"
            value={number(totals.calls.made)}
            note={[
              totals.calls.failed > 0 ? `${number(totals.calls.failed)} failed` : '',
              totals.calls.p95_ms === null ? '' : `p95 ${durationText(totals.calls.p95_ms)}`,
            ]
              .filter(Boolean)
              .join(', ')}
            values={series(({ calls }) => calls?.made)}
          />
        ) : null}
        {totals.deliveries ? (
          <Figure
            path="/endpoints/deliveries"
            search={{ from: '-24h' }}
            title="Deliveries"
            value={number(totals.deliveries.delivered)}
            note={totals.deliveries.dead > 0 ? `${number(totals.deliveries.dead)} dead` : undefined}
            values={series(({ deliveries }) => deliveries?.delivered)}
          />
        ) : null}
      </div>
    </Section>
  )
}

interface FigureProps {
  readonly path: string
  readonly search: Readonly<Record<string, string>>
  readonly title: string
  readonly value: string
  readonly note?: string | undefined
  readonly values: readonly number[]
}

function Figure({ path, search, title, value, note, values }: FigureProps) {
  return (
    <Link to={path} search={search} className={styles.figure}>
      <span className={styles.label}>{title}</span>
      <span className={styles.value}>{value}</span>
      <span className={styles.label}>{note ?? ''}</span>
      <Sparkline values={values} sentence={`${title} over the last 24 hours: ${value}. The most at once: ${Math.max(0, ...values)}.`} />
    </Link>
  )
}

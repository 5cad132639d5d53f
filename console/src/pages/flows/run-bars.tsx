import { useQuery } from '@tanstack/react-query'
import { trpc, type Outputs } from '#api'
import { useLive } from '#app'
import { toneOf } from '#ui'
import styles from './flows.module.css'

type Run = Outputs['runs']['list']['items'][number]

const kinds = ['run'] as const
const shownRuns = 20
const barWidth = 5
const height = 20
const shortest = 4

/** How the last twenty runs ended: a bar for each, oldest first. Its height says how long the run took beside the others. */
export function RunBars({ flow }: { readonly flow: string }) {
  const options = trpc.runs.list.queryOptions({ flow, limit: shownRuns })
  const { data } = useQuery(options)
  useLive(kinds, options.queryKey)
  if (data === undefined) return null
  if (data.items.length === 0) return <span className={styles.muted}>no runs</span>
  const runs = data.items.toReversed()
  const longest = Math.max(1, ...runs.map(lengthOf))
  return (
    <svg className={styles.bars} width={shownRuns * barWidth} height={height} role="img" aria-label={sentenceOf(data.items)}>
      {runs.map((run, index) => {
        const size = Math.max(shortest, Math.round((lengthOf(run) / longest) * height))
        return (
          <rect
            key={run.id}
            data-tone={toneOf(run.status)}
            x={(shownRuns - runs.length + index) * barWidth}
            y={height - size}
            width={barWidth - 1}
            height={size}
            rx={1}
          />
        )
      })}
    </svg>
  )
}

function lengthOf({ created_at: created, started_at: started, finished_at: finished }: Run): number {
  return finished === null ? 0 : Date.parse(finished) - Date.parse(started ?? created)
}

function sentenceOf(runs: readonly Run[]): string {
  const counts = new Map<string, number>()
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1)
  const parts = [...counts].map(([status, count]) => `${count} ${status}`)
  return `Last ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: ${parts.join(', ')}`
}

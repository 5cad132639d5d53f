import { Link } from '@tanstack/react-router'
import { client, useRows, type Outputs } from '#api'
import { useFilters, useSearch, useSetSearch } from '#app'
import { Button, durationText, Empty, FilterBar, NothingMatches, StateBadge, StatesFilter, Time, visible } from '#ui'
import { ErrorNote, Skeleton } from '#ui'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { ScrollBox } from './scroll-box.tsx'
import { texts } from './texts.ts'

const filters = ['status'] as const

type Run = Outputs['runs']['list']['items'][number]

const kinds = ['run'] as const
const states = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const
const shownRuns = 50

/** The last runs of a flow, each with its page and with its steps in the graph. */
export function RunsTab({ flow }: { readonly flow: WholeFlow }) {
  const { status } = useSearch()
  const setSearch = useSetSearch()
  const list = useRows<Run>({
    key: ['runs-of-flow', flow.flow_id, status],
    kinds,
    fetchPage: (cursor) =>
      client.runs.list.query({ flow: flow.flow_id, status: status?.split(',') as Run['status'][] | undefined, cursor, limit: shownRuns }),
    idOf: ({ id }) => id,
  })
  const { isFiltered, clear } = useFilters(filters)
  return (
    <div className={styles.stack}>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
      </FilterBar>
      {list.isLoading ? <Skeleton rows={8} /> : null}
      {list.error ? <ErrorNote error={list.error} onRetry={list.retry} /> : null}
      {list.newer === 0 ? null : <Button kind="main" onClick={list.showNewer}>{`${list.newer} new`}</Button>}
      {list.isLoading || list.rows.length > 0 || list.error ? null : !isFiltered ? (
        <Empty title={texts.noRuns}>{texts.noRunsAbout}</Empty>
      ) : (
        <NothingMatches title={texts.noRunMatches} onClear={clear} />
      )}
      {list.rows.length === 0 ? null : (
        <ScrollBox label="Runs">
          <table className={styles.table}>
            <thead>
              <tr>
                <th>Started</th>
                <th>State</th>
                <th>Version</th>
                <th>By</th>
                <th>Took</th>
                <th>Error</th>
                <th>
                  <span className="hidden-visually">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.rows.map((run) => (
                <tr key={run.id}>
                  <td>
                    <Link to={`/runs/${run.id}`}>
                      <Time at={run.created_at} />
                    </Link>
                  </td>
                  <td>
                    <StateBadge state={run.status} />
                  </td>
                  <td>
                    v{run.version}
                    {run.dry_run ? ' dry' : ''}
                  </td>
                  <td>{visible(startedBy(run))}</td>
                  <td>
                    {run.finished_at === null
                      ? ''
                      : durationText(Date.parse(run.finished_at) - Date.parse(run.started_at ?? run.created_at))}
                  </td>
                  <td>{run.error === null ? '' : visible(String(run.error['code'] ?? run.error['message'] ?? ''))}</td>
                  <td>
                    {run.version === flow.version ? (
                      <Button kind="quiet" onClick={() => setSearch({ tab: undefined, run: run.id, status: undefined }, { isBack: true })}>
                        Show in the steps
                      </Button>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
      {list.hasMore ? (
        <Button isBusy={list.isLoadingMore} onClick={list.loadMore}>
          Show more
        </Button>
      ) : null}
    </div>
  )
}

function startedBy({ trigger, actor, actor_name: name }: Run): string {
  const kind = typeof trigger['kind'] === 'string' ? trigger['kind'] : typeof trigger['type'] === 'string' ? trigger['type'] : ''
  return kind === '' || kind === 'call' ? (name ?? actor) : kind
}

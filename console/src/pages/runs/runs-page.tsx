import { useCallback } from 'react'
import { client, useRows, type Outputs } from '#api'
import { ActorFilter, useFilters, useOpen, useSearch, useSetSearch } from '#app'
import {
  durationText,
  Empty,
  FilterBar,
  Grid,
  NothingMatches,
  Page,
  StateBadge,
  StatesFilter,
  TextFilter,
  Time,
  TimeFilter,
  visible,
  type Column,
} from '#ui'
import { Run } from './run.tsx'
import { texts } from './texts.ts'

const filters = ['status', 'flow', 'from', 'event', 'actor'] as const

type RunRow = Outputs['runs']['list']['items'][number]
type State = RunRow['status']

const kinds = ['run'] as const
const states: readonly State[] = ['queued', 'running', 'waiting', 'failed', 'quarantined', 'completed', 'cancelled', 'skipped']

const columns: readonly Column<RunRow>[] = [
  {
    key: 'flow',
    title: 'Flow',
    width: 'minmax(0, 2fr)',
    narrow: 'lead',
    render: ({ flow, version }) => `${visible(flow)} ${version === 0 ? 'not saved' : `v${version}`}`,
  },
  { key: 'status', title: 'State', width: '120px', narrow: 'end', render: ({ status }) => <StateBadge state={status} /> },
  {
    key: 'why',
    title: 'Result',
    width: 'minmax(0, 3fr)',
    narrow: 'second',
    render: ({ error }) => (error === null ? '' : visible(`${String(error['code'])}: ${String(error['message'])}`)),
  },
  {
    key: 'by',
    title: 'Started by',
    width: 'minmax(0, 1fr)',
    narrow: 'second',
    render: ({ trigger }) => visible(String(trigger['kind'] ?? '')),
  },
  {
    key: 'took',
    title: 'Took',
    width: '90px',
    narrow: 'second',
    render: ({ started_at: start, finished_at: end }) =>
      start === null || end === null ? '' : durationText(Date.parse(end) - Date.parse(start)),
  },
  { key: 'at', title: 'Started', width: '120px', narrow: 'second', render: ({ created_at: at }) => <Time at={at} /> },
]

/** The runs of all flows; one of them as a trace. */
export function RunsPage() {
  const { id, close } = useOpen('runs')
  return id === undefined ? <List /> : <Run key={id} id={id} onClose={close} />
}

function List() {
  const { status, flow, from, event, actor } = useSearch()
  const setSearch = useSetSearch()
  const { open } = useOpen('runs')
  const statuses = status?.split(',') as State[] | undefined
  const list = useRows<RunRow>({
    key: ['runs', status, flow, from, event, actor],
    kinds,
    fetchPage: (cursor) => client.runs.list.query({ status: statuses, flow, from, event, actor, cursor, limit: 100 }),
    idOf: ({ id }) => id,
  })
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page title={texts.title} about={texts.about} isFull>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
        <TextFilter
          label="Flow"
          value={flow}
          onValue={useCallback((value: string | undefined) => setSearch({ flow: value }), [setSearch])}
        />
        <ActorFilter label="With the rights of" value={actor} onValue={(value) => setSearch({ actor: value })} />
        <TimeFilter value={from} onValue={(value) => setSearch({ from: value })} />
      </FilterBar>
      <Grid
        label={texts.title}
        columns={columns}
        list={list}
        idOf={({ id }) => id}
        nameOf={(run) => `${run.flow} ${run.status}`}
        onOpen={({ id }) => open(id)}
        empty={isFiltered ? <NothingMatches title={texts.nothing} onClear={clear} /> : <Empty title={texts.none}>{texts.noneAbout}</Empty>}
      />
    </Page>
  )
}

import { RotateCw } from 'lucide-react'
import { useCallback } from 'react'
import { client, useRows, type Outputs } from '#api'
import { BulkBar, useBulk, useFilters, useOpen, useSearch, useSetSearch, type BulkAction } from '#app'
import {
  Empty,
  FilterBar,
  Grid,
  NothingMatches,
  Page,
  Split,
  StateBadge,
  StatesFilter,
  TextFilter,
  Time,
  TimeFilter,
  visible,
  type Column,
} from '#ui'
import { EventDetail } from './event-detail.tsx'
import { texts } from './texts.ts'

const filters = ['type', 'status', 'integration', 'from'] as const

type EventRow = Outputs['events']['list']['items'][number]

const kinds = ['event'] as const
const states = ['received', 'dispatched', 'unparsed', 'failed'] as const
type State = (typeof states)[number]

const columns: readonly Column<EventRow>[] = [
  { key: 'type', title: 'Type', width: 'minmax(0, 2fr)', narrow: 'lead', render: ({ type }) => visible(type) },
  { key: 'status', title: 'State', width: '120px', narrow: 'end', render: ({ status }) => <StateBadge state={status} /> },
  { key: 'subject', title: 'Subject', width: 'minmax(0, 2fr)', narrow: 'second', render: ({ subject }) => visible(subject ?? '') },
  {
    key: 'from',
    title: 'From',
    width: 'minmax(0, 1fr)',
    narrow: 'second',
    render: ({ integration, connector }) => integration ?? connector,
  },
  { key: 'at', title: 'Received', width: '120px', narrow: 'second', render: ({ received_at: at }) => <Time at={at} /> },
]

const idOf = ({ id }: EventRow): string => id

const bulkActions: readonly BulkAction[] = [
  { action: 'events.replay', operation: 'events.replay', label: 'Replay', icon: <RotateCw aria-hidden />, about: texts.replayMany },
]

/** What came from outside and from the hub itself, and what each event set off. */
export function EventsPage() {
  const search = useSearch()
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('events')
  const { type, status, integration, from } = search
  const filter = { type, status: status?.split(',') as State[] | undefined, integration, from }
  const list = useRows<EventRow>({
    key: ['events', filter],
    kinds,
    fetchPage: (cursor) => client.events.list.query({ ...filter, cursor, limit: 100 }),
    idOf,
  })
  const bulk = useBulk({ rows: list.rows, idOf, filter })
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page title={texts.title} about={texts.about} isFull>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <TextFilter
          label="Type"
          placeholder="github.*"
          value={type}
          onValue={useCallback((value: string | undefined) => setSearch({ type: value }), [setSearch])}
        />
        <TextFilter
          label="Integration"
          value={integration}
          onValue={useCallback((value: string | undefined) => setSearch({ integration: value }), [setSearch])}
        />
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
        <TimeFilter value={from} onValue={(value) => setSearch({ from: value })} />
      </FilterBar>
      <BulkBar bulk={bulk} actions={bulkActions} things={texts.things} />
      <Split
        list={
          <Grid
            label={texts.title}
            columns={columns}
            list={list}
            idOf={idOf}
            selection={bulk.selection}
            nameOf={({ type: of, subject }) => `${of} ${subject ?? ''}`}
            openId={id}
            onOpen={({ id: own }) => open(own)}
            empty={
              isFiltered ? <NothingMatches title={texts.nothing} onClear={clear} /> : <Empty title={texts.none}>{texts.noneAbout}</Empty>
            }
          />
        }
        detail={id === undefined ? undefined : <EventDetail key={id} id={id} onClose={close} />}
      />
    </Page>
  )
}

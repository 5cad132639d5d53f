import { Link } from '@tanstack/react-router'
import { SlidersHorizontal } from 'lucide-react'
import { useCallback, useState } from 'react'
import { client, useRows } from '#api'
import { ActorFilter, useFilters, useOpen, useSearch, useSetSearch } from '#app'
import {
  Button,
  buttonClass,
  ChoiceFilter,
  durationText,
  EffectBadge,
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
import { CallDetail } from './call-detail.tsx'
import type { CallRow, Effect, State } from './call.ts'
import { texts } from './texts.ts'

const kinds = ['call'] as const
const states = ['running', 'queued', 'completed', 'failed', 'outcome_unknown'] as const
const effects = ['read', 'write', 'destroy'] as const
const transports = ['rest', 'trpc', 'mcp', 'flow', 'tool', 'cli', 'amqp', 'pulsar'] as const
/** Those that stand behind "More filters". */
const more = [
  ['integration', 'Integration'],
  ['connector', 'Connector'],
  ['error', 'Error'],
  ['run', 'Run'],
] as const
const moreNames = ['actor', 'effect', 'transport', ...more.map(([name]) => name)] as const
const filters = ['status', 'tool', 'from', ...moreNames] as const

const tool: Column<CallRow> = { key: 'tool', title: 'Tool', width: 'minmax(0, 3fr)', narrow: 'lead', render: (row) => visible(row.tool) }
const state: Column<CallRow> = {
  key: 'status',
  title: 'State',
  width: '156px',
  narrow: 'end',
  render: ({ status }) => <StateBadge state={status} />,
}
const began: Column<CallRow> = {
  key: 'at',
  title: 'Began',
  width: '92px',
  narrow: 'second',
  render: ({ started_at: at }) => <Time at={at} />,
}
const columns: readonly Column<CallRow>[] = [
  tool,
  state,
  { key: 'effect', title: 'Effect', width: '96px', narrow: 'second', render: ({ effect }) => <EffectBadge effect={effect} /> },
  {
    key: 'integration',
    title: 'Integration',
    width: 'minmax(0, 1fr)',
    narrow: 'second',
    render: ({ integration, connector }) => visible(integration ?? connector),
  },
  {
    key: 'error',
    title: 'Error',
    width: 'minmax(0, 1fr)',
    narrow: 'second',
    render: ({ error }) => (error === null ? '' : visible(String(error['code'] ?? ''))),
  },
  {
    key: 'ms',
    title: 'Took',
    width: '72px',
    narrow: 'second',
    render: ({ started_at: from, finished_at: to }) => (to === null ? '' : durationText(Date.parse(to) - Date.parse(from))),
  },
  began,
]
/** Beside an open call. */
const fewColumns: readonly Column<CallRow>[] = [tool, state, began]

/** Every call of a tool that the journal has. */
export function CallsPage() {
  const search = useSearch()
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('calls')
  const { status, effect, transport, from, integration, connector, actor, error, run } = search
  const [isMoreAsked, setMoreAsked] = useState(false)
  const isMoreOpen = isMoreAsked || moreNames.some((name) => search[name] !== undefined)
  const filter = { tool: search['tool'], integration, connector, actor, error, run, transport, from, effect: effect as Effect | undefined }
  const list = useRows<CallRow>({
    key: ['calls', filter, status],
    kinds,
    fetchPage: (cursor) =>
      client.invocations.list.query({
        ...filter,
        ...(status === undefined ? {} : { status: status.split(',') as State[] }),
        cursor,
        limit: 100,
      }),
    idOf: ({ id: own }) => own,
  })
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page title={texts.title} about={texts.about} isFull>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
        <SearchFilter name="tool" label="Tool" />
        <TimeFilter value={from} onValue={(value) => setSearch({ from: value })} />
        {isMoreOpen ? (
          <>
            {more.map(([name, label]) => (
              <SearchFilter key={name} name={name} label={label} />
            ))}
            <ActorFilter label="Made by" value={actor} onValue={(value) => setSearch({ actor: value })} />
            <ChoiceFilter label="Effect" options={effects} value={effect} onValue={(value) => setSearch({ effect: value })} />
            <ChoiceFilter label="Came by" options={transports} value={transport} onValue={(value) => setSearch({ transport: value })} />
          </>
        ) : (
          <Button kind="quiet" icon={<SlidersHorizontal aria-hidden />} onClick={() => setMoreAsked(true)}>
            {texts.moreFilters}
          </Button>
        )}
      </FilterBar>
      <Split
        list={
          <Grid
            label={texts.title}
            columns={id === undefined ? columns : fewColumns}
            list={list}
            idOf={({ id: own }) => own}
            nameOf={(row) => `${row.tool} ${row.status}`}
            openId={id}
            onOpen={({ id: own }) => open(own)}
            empty={
              isFiltered ? (
                <NothingMatches title={texts.nothing} onClear={clear} />
              ) : (
                <Empty
                  title={texts.none}
                  action={
                    <Link to="/tools" className={buttonClass('main')}>
                      {texts.tryOne}
                    </Link>
                  }
                >
                  {texts.noneAbout}
                </Empty>
              )
            }
          />
        }
        detail={id === undefined ? undefined : <CallDetail key={id} id={id} onClose={close} />}
      />
    </Page>
  )
}

/** A filter whose text stands in the address under its name. */
function SearchFilter({ name, label }: { readonly name: string; readonly label: string }) {
  const setSearch = useSetSearch()
  return (
    <TextFilter
      label={label}
      value={useSearch()[name]}
      onValue={useCallback((value: string | undefined) => setSearch({ [name]: value }), [name, setSearch])}
    />
  )
}

import { useQuery } from '@tanstack/react-query'
import { Plug } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { trpc, wholeRows } from '#api'
import { ActionButton, useFilters, useLive, useOpen, useSearch, useSetSearch } from '#app'
import { ChoiceFilter, Empty, FilterBar, Grid, NothingMatches, Page, Split, StateBadge, TextFilter, Time, visible, type Column } from '#ui'
import { ConnectDialog } from './connect-dialog.tsx'
import { IntegrationDetail } from './integration-detail.tsx'
import { byNeed, lastUsed, stateOf, type Integration } from './state.ts'
import { texts } from './texts.ts'

const filters = ['name', 'state', 'connector'] as const

const kinds = ['integration'] as const
const states = ['works', 'failing', 'error', 'reconnect_needed', 'not_connected', 'untested', 'off'] as const

const columns: readonly Column<Integration>[] = [
  { key: 'name', title: 'Name', width: 'minmax(0, 1.2fr)', narrow: 'lead', render: ({ name }) => visible(name) },
  {
    key: 'state',
    title: 'State',
    width: '190px',
    narrow: 'end',
    render: (row) => {
      const { state, tone, word } = stateOf(row)
      return (
        <StateBadge state={state} tone={tone}>
          {word}
        </StateBadge>
      )
    },
  },
  { key: 'connector', title: 'Connector', width: 'minmax(0, 0.8fr)', narrow: 'second', render: ({ integration_type: type }) => type },
  {
    key: 'account',
    title: 'Account, or what is wrong',
    width: 'minmax(0, 2fr)',
    narrow: 'second',
    render: (row) => visible(stateOf(row).trouble?.what ?? row.connection?.account ?? row.external_user ?? ''),
  },
  {
    key: 'calls',
    title: 'Calls that worked',
    width: '130px',
    narrow: 'second',
    render: ({ success_rate: rate, success_count: good, error_count: bad }) =>
      rate === null ? 'none yet' : `${rate} % of ${(good + bad).toLocaleString('en')}`,
  },
  {
    key: 'used',
    title: 'Last used',
    width: '110px',
    narrow: 'second',
    render: (row) => {
      const at = lastUsed(row)
      return at === undefined ? '' : <Time at={at} />
    },
  },
]

const idOf = ({ id }: Integration): string => id

/** What is connected, broken ones first, and connecting more. */
export function IntegrationsPage() {
  const search = useSearch()
  const setSearch = useSetSearch()
  const { id, open, close } = useOpen('integrations')
  const query = useQuery(trpc.integrations.list.queryOptions({}))
  useLive(kinds, trpc.integrations.list.queryKey())
  const { name, state, connector } = search
  const all = useMemo(() => (query.data?.items ?? []).toSorted(byNeed), [query.data])
  const rows = all.filter(
    (row) =>
      (name === undefined || row.name.toLowerCase().includes(name.toLowerCase())) &&
      (state === undefined || stateOf(row).state === state) &&
      (connector === undefined || row.integration_type === connector),
  )
  const connectors = [...new Set(all.map(({ integration_type: type }) => type))].toSorted()
  const { isFiltered, clear } = useFilters(filters)
  const openRow = all.find((row) => row.id === id || row.name === id)
  const connect = useCallback(() => setSearch({ connect: 'new' }, { isBack: true }), [setSearch])
  const connectButton = (
    <ActionButton
      action={{ label: texts.connect, operation: 'integrations.create', kind: 'main', icon: <Plug aria-hidden />, run: connect }}
    />
  )
  return (
    <Page title={texts.title} about={texts.about} isFull actions={connectButton}>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <TextFilter
          label="Name"
          value={name}
          onValue={useCallback((value: string | undefined) => setSearch({ name: value }), [setSearch])}
        />
        <ChoiceFilter label="State" options={states} value={state} onValue={(value) => setSearch({ state: value })} />
        <ChoiceFilter label="Connector" options={connectors} value={connector} onValue={(value) => setSearch({ connector: value })} />
      </FilterBar>
      <Split
        list={
          <Grid
            label={texts.title}
            columns={columns}
            list={wholeRows(query, rows)}
            idOf={idOf}
            nameOf={(row) => `${row.name}, ${stateOf(row).word}`}
            openId={openRow?.id ?? id}
            onOpen={(row) => open(row.name)}
            empty={
              isFiltered ? (
                <NothingMatches title={texts.nothing} onClear={clear} />
              ) : (
                <Empty title={texts.none} action={connectButton}>
                  {texts.noneAbout}
                </Empty>
              )
            }
          />
        }
        detail={id === undefined ? undefined : <IntegrationDetail key={id} id={id} onClose={close} />}
      />
      {search.connect === undefined ? null : <ConnectDialog onClose={() => setSearch({ connect: undefined })} />}
    </Page>
  )
}

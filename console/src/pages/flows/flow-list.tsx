import { Plus } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { trpc, wholeRows } from '#api'
import { ActionButton, useFilters, useLive, useOpen, useSearch, useSetSearch } from '#app'
import { ChoiceFilter, Empty, FilterBar, Grid, NothingMatches, Page, StateBadge, TextFilter, Time, visible, type Column } from '#ui'
import { stateOf, stateTones, triggerText, type Flow } from './flow-state.ts'
import styles from './flows.module.css'
import { NewFlowDialog } from './new-flow.tsx'
import { RunBars } from './run-bars.tsx'
import { texts } from './texts.ts'

const filters = ['name', 'state'] as const

const kinds = ['flow'] as const
const states = ['on', 'off', 'blocked'] as const

const columns: readonly Column<Flow>[] = [
  {
    key: 'name',
    title: 'Flow',
    width: 'minmax(0, 3fr)',
    narrow: 'lead',
    render: ({ id, name }) => (
      <>
        <span className={styles.name}>{visible(name ?? id)}</span>
        {name === null ? null : <code className={styles.id}>{id}</code>}
      </>
    ),
  },
  {
    key: 'state',
    title: 'State',
    width: 'minmax(92px, 1.2fr)',
    narrow: 'end',
    render: (flow) => (
      <span title={flow.blocked ?? undefined}>
        <StateBadge state={stateOf(flow)} tone={stateTones[stateOf(flow)]} />
        {flow.blocked !== null && flow.enabled ? <span className={styles.muted}> {visible(flow.blocked)}</span> : null}
      </span>
    ),
  },
  { key: 'runs', title: 'Last 20 runs', width: '108px', narrow: 'second', render: ({ flow_id: flow }) => <RunBars flow={flow} /> },
  {
    key: 'on',
    title: 'Starts on',
    width: 'minmax(0, 2fr)',
    narrow: 'second',
    render: ({ on }) =>
      on.length === 0 ? (
        <span className={styles.muted}>call</span>
      ) : (
        <span className={styles.startsOn}>{visible(on.map(triggerText).join(', '))}</span>
      ),
  },
  {
    key: 'tool',
    title: 'Tool',
    width: 'minmax(0, 1.5fr)',
    narrow: 'second',
    render: ({ tool }) => (
      <span className={styles.wideOnly}>{tool === null ? <span className={styles.muted}>none</span> : <code>{tool}</code>}</span>
    ),
  },
  { key: 'updated', title: 'Changed', width: '104px', narrow: 'second', render: ({ updated_at: at }) => <Time at={at} /> },
]

export function FlowList() {
  const { name, state } = useSearch()
  const setSearch = useSetSearch()
  const { open } = useOpen('flows')
  const [isNewOpen, setNewOpen] = useState(false)
  const options = trpc.flows.list.queryOptions({})
  const query = useQuery(options)
  useLive(kinds, options.queryKey)

  const wanted = name?.toLowerCase()
  const rows = useMemo(
    () =>
      (query.data?.items ?? []).filter(
        (flow) =>
          (wanted === undefined ||
            [flow.id, flow.name, flow.description, flow.tool].some((text) => text?.toLowerCase().includes(wanted))) &&
          (state === undefined || stateOf(flow) === state),
      ),
    [query.data, wanted, state],
  )
  const { isFiltered, clear } = useFilters(filters)
  return (
    <Page
      title={texts.title}
      about={texts.about}
      isFull
      actions={
        <ActionButton
          action={{ label: texts.newFlow, operation: 'flows.save', kind: 'main', icon: <Plus aria-hidden />, run: () => setNewOpen(true) }}
        />
      }
    >
      <FilterBar isSet={isFiltered} onClear={clear}>
        <TextFilter
          label="Name"
          value={name}
          onValue={useCallback((value: string | undefined) => setSearch({ name: value }), [setSearch])}
        />
        <ChoiceFilter label="State" options={states} value={state} onValue={(value) => setSearch({ state: value })} />
      </FilterBar>
      <div className={styles.list}>
        <Grid
          label={texts.title}
          columns={columns}
          list={wholeRows(query, rows)}
          idOf={({ id }) => id}
          nameOf={(flow) => `${flow.name ?? flow.id}, ${stateOf(flow)}`}
          onOpen={({ id }) => open(id)}
          empty={
            isFiltered ? (
              <NothingMatches title={texts.nothing} onClear={clear} />
            ) : (
              <Empty
                title={texts.none}
                action={
                  <ActionButton action={{ label: texts.newFlow, operation: 'flows.save', kind: 'main', run: () => setNewOpen(true) }} />
                }
              >
                {texts.noneAbout}
              </Empty>
            )
          }
        />
      </div>
      <NewFlowDialog isOpen={isNewOpen} onClose={() => setNewOpen(false)} flows={query.data?.items ?? []} />
    </Page>
  )
}

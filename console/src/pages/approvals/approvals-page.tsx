import { useNavigate } from '@tanstack/react-router'
import { Check, X } from 'lucide-react'
import { useCallback, useEffect, useRef } from 'react'
import { BulkBar, useBulk, useFilters, useOpen, useSearch, useSetSearch, type BulkAction, type Search } from '#app'
import {
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
  useMedia,
  visible,
  type Column,
} from '#ui'
import { ApprovalDetail } from './approval-detail.tsx'
import { subjectOf, titleOf, type Approval, type State } from './approval.ts'
import styles from './approvals.module.css'
import { texts } from './texts.ts'
import { useApprovals } from './use-approvals.ts'

const filters = ['status', 'tool'] as const

const states = ['pending', 'approved', 'used', 'rejected', 'expired'] as const

const what: Column<Approval> = {
  key: 'what',
  title: 'What',
  width: 'minmax(0, 1fr)',
  narrow: 'lead',
  render: (row) => (
    <>
      {visible(titleOf(row) ?? row.message)} <span className={styles.subject}>{visible(subjectOf(row) ?? '')}</span>
    </>
  ),
}
const effect: Column<Approval> = {
  key: 'effect',
  title: 'Effect',
  width: '96px',
  narrow: 'end',
  render: (row) => (row.effect === null ? null : <EffectBadge effect={row.effect} />),
}
const age: Column<Approval> = {
  key: 'age',
  title: 'Asked',
  width: '92px',
  narrow: 'second',
  render: ({ created_at: at }) => <Time at={at} />,
}
const state: Column<Approval> = {
  key: 'state',
  title: 'State',
  width: '104px',
  narrow: 'second',
  render: ({ status }) => <StateBadge state={status} />,
}
const openColumns = [what, effect, age] as const
const allColumns = [what, effect, state, age] as const
const idOf = ({ id }: Approval): string => id
const nameOf = (row: Approval): string => `${titleOf(row) ?? row.message} ${subjectOf(row) ?? ''} ${row.status}`

/** What waits for a yes or a no, the oldest first, beside the one that is open. */
export function ApprovalsPage() {
  const { status, tool } = useSearch()
  const setSearch = useSetSearch()
  const navigate = useNavigate()
  const { id, open, close } = useOpen('approvals')
  const list = useApprovals({ status: status?.split(',') as State[] | undefined, tool })
  const bulk = useBulk({ rows: list.rows, idOf, filter: { status: status ?? 'pending', tool } })
  const { isFiltered, clear } = useFilters(filters)

  const show = useCallback(
    (next: string | undefined) =>
      void navigate({
        to: next === undefined ? '/approvals' : `/approvals/${next}`,
        search: (before: Search) => before,
        replace: true,
      } as never),
    [navigate],
  )
  const pending = list.rows.filter((row) => row.status === 'pending')
  const next = (pending[pending.findIndex((row) => row.id === id) + 1] ?? pending.find((row) => row.id !== id))?.id
  const selected = list.rows.filter((row) => bulk.selection.ids.has(row.id))
  useFirst(id === undefined && !isFiltered && selected.length === 0 ? pending[0]?.id : undefined, show)
  return (
    <Page title={texts.title} about={texts.about} isFull>
      <FilterBar isSet={isFiltered} onClear={clear}>
        <StatesFilter label="State" options={states} value={status} onValue={(value) => setSearch({ status: value })} />
        <TextFilter
          label="Tool"
          value={tool}
          onValue={useCallback((value: string | undefined) => setSearch({ tool: value }), [setSearch])}
        />
      </FilterBar>
      <BulkBar bulk={bulk} actions={bulkActions(selected)} things={texts.things} />
      <Split
        list={
          <Grid
            label={texts.title}
            columns={status === undefined ? openColumns : allColumns}
            list={list}
            idOf={idOf}
            nameOf={nameOf}
            selection={bulk.selection}
            openId={id}
            onOpen={({ id: own }) => open(own)}
            empty={
              isFiltered ? <NothingMatches title={texts.nothing} onClear={clear} /> : <Empty title={texts.none}>{texts.noneAbout}</Empty>
            }
          />
        }
        detail={id === undefined ? undefined : <ApprovalDetail key={id} id={id} onClose={close} onDecided={() => show(next)} />}
      />
    </Page>
  )
}

/** Opens the oldest one when the page is opened, where there is room beside the list. Whoever closes it has it closed. */
function useFirst(first: string | undefined, show: (id: string) => void): void {
  const isWide = useMedia('(min-width: 1101px)')
  const isDone = useRef(false)
  useEffect(() => {
    if (isDone.current || first === undefined || !isWide) return
    isDone.current = true
    show(first)
  }, [first, isWide, show])
}

/** Only calls of one tool are decided together, and none that destroys. */
function bulkActions(selected: readonly Approval[]): readonly BulkAction[] {
  const tools = new Set(selected.map(({ call }) => call?.tool))
  const blocked = tools.size > 1 ? texts.oneTool : selected.some((row) => row.effect === 'destroy') ? texts.destroysOne : undefined
  const operation = 'approvals.decide'
  return [
    { action: 'approvals.reject', operation, label: texts.reject, icon: <X aria-hidden />, about: texts.rejectMany, blocked },
    { action: 'approvals.approve', operation, label: texts.approve, icon: <Check aria-hidden />, about: texts.approveMany, blocked },
  ]
}

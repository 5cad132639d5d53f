import { useState } from 'react'
import { CheckCheck } from 'lucide-react'
import { Button, ButtonGroup, useSelection, type Selection } from '#ui'
import { ActionButton } from './actions.tsx'
import styles from './bulk.module.css'
import { BulkConfirm, BulkProgress } from './bulk-dialogs.tsx'
import { useSearch, useSetSearch } from './search.ts'
import { bulkTexts as texts } from './bulk-texts.ts'
import type { BulkAction, BulkTarget } from './bulk-types.ts'

interface BulkOptions<Row> {
  readonly rows: readonly Row[]
  idOf(row: Row): string
  /** What the list takes, without limit and cursor. Fields without a value are left out. */
  readonly filter: Readonly<Record<string, unknown>>
}

export interface Bulk {
  /** For the grid of the list. */
  readonly selection: Selection
  readonly target: BulkTarget
  readonly isAll: boolean
  readonly count: number
  /** Why everything that matches cannot be selected. */
  readonly allBlocked: string | undefined
  selectAll(): void
  clear(): void
  readonly asked: BulkAction['action'] | undefined
  /** Asks whoever clicked to confirm; with `isAll`, for everything that matches. */
  ask(action: BulkAction['action'] | undefined, isAll?: boolean): void
}

/** Selecting rows of a list, or all that match its filter, to do one thing with them. Show a `BulkBar` and give the selection to the grid. */
export function useBulk<Row>({ rows, idOf, filter }: BulkOptions<Row>): Bulk {
  const selection = useSelection(rows, idOf)
  const set = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
  const key = JSON.stringify(set)
  const [isAll, setAll] = useState(false)
  const [asked, ask] = useState<BulkAction['action']>()
  const all = new Set(isAll ? rows.map(idOf) : [])
  const clear = (): void => {
    setAll(false)
    selection.clear()
  }
  // Another filter finds others, which nobody selected.
  const [of, setOf] = useState(key)
  if (of !== key) {
    setOf(key)
    ask(undefined)
    clear()
  }
  return {
    selection: isAll
      ? {
          ids: all,
          toggle: (id) => {
            setAll(false)
            selection.replace([...all].filter((one) => one !== id))
          },
        }
      : selection,
    target: isAll ? { filter: set } : { ids: [...selection.ids] },
    isAll,
    count: isAll ? all.size : selection.ids.size,
    allBlocked: key === '{}' ? texts.needsFilter : undefined,
    selectAll: () => setAll(true),
    clear,
    asked,
    ask: (action, wantsAll = false) => {
      if (wantsAll) setAll(true)
      ask(action)
    },
  }
}

interface BulkBarProps {
  readonly bulk: Bulk
  readonly actions: readonly BulkAction[]
  /** What the rows are called: `['event', 'events']`. */
  readonly things: readonly [one: string, many: string]
}

/** What is selected and what can be done with it, above a list; the question before it starts; and how far it is, which the address keeps. */
export function BulkBar({ bulk, actions, things }: BulkBarProps) {
  const { bulk: openId } = useSearch()
  const setSearch = useSetSearch()
  const { count, isAll, clear, asked, ask } = bulk
  const action = actions.find((one) => one.action === asked)
  return (
    <>
      {count > 0 ? (
        <div className={styles.bar} role="group" aria-label={texts.selected}>
          <span className={styles.count} role="status">
            {isAll ? texts.allSelected(things[1]) : texts.someSelected(count, things)}
          </span>
          <ButtonGroup>
            {isAll ? null : (
              <Button icon={<CheckCheck aria-hidden />} blocked={bulk.allBlocked} onClick={bulk.selectAll}>
                {texts.selectAll}
              </Button>
            )}
            {actions.map((one) => (
              <ActionButton
                key={one.action}
                action={{
                  ...one,
                  label: texts.withSelected(one.label),
                  face: one.label,
                  kind: one.isDanger ? 'danger' : 'plain',
                  run: () => ask(one.action),
                }}
              />
            ))}
            <Button kind="quiet" onClick={clear}>
              {texts.clear}
            </Button>
          </ButtonGroup>
        </div>
      ) : null}
      {action ? (
        <BulkConfirm
          key={action.action}
          action={action}
          target={bulk.target}
          things={things}
          onClose={() => ask(undefined)}
          onStarted={(id) => {
            ask(undefined)
            clear()
            setSearch({ bulk: id })
          }}
        />
      ) : null}
      {openId === undefined ? null : (
        <BulkProgress key={openId} id={openId} things={things} onClose={() => setSearch({ bulk: undefined })} />
      )}
    </>
  )
}

interface BulkAllProps {
  readonly bulk: Bulk
  readonly action: BulkAction
  readonly label: string
  readonly kind?: 'main' | 'plain'
}

/** A button that acts on everything that the list shows, without selecting it before. */
export function BulkAllButton({ bulk, action, label, kind = 'plain' }: BulkAllProps) {
  return (
    <ActionButton
      action={{ ...action, label, kind, blocked: bulk.allBlocked ?? action.blocked, run: () => bulk.ask(action.action, true) }}
    />
  )
}

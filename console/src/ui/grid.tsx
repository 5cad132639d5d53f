import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Rows } from '#api'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import { ErrorNote, Skeleton } from './feedback.tsx'
import styles from './grid.module.css'
import { useKeys } from './keys.ts'
import { useMedia } from './media.ts'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  /** A track of a CSS grid: `120px`, `minmax(0, 2fr)`. */
  readonly width: string
  /** Where it stands when the window is narrow: in the first line, at its end, or in the second line. */
  readonly narrow: 'lead' | 'end' | 'second'
  render(row: Row): ReactNode
}

export interface Selection {
  readonly ids: ReadonlySet<string>
  toggle(id: string, isRange: boolean): void
}

interface GridProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly list: Rows<Row>
  idOf(row: Row): string
  /** What a row is called, for readers. */
  nameOf(row: Row): string
  readonly openId?: string | undefined
  onOpen(row: Row): void
  readonly selection?: Selection | undefined
  /** What stands there without rows. */
  readonly empty: ReactNode
}

const narrowHeight = 56
/** Beside an open detail there is no room for columns. */
const narrowWidth = 640
const overscan = 6

/** A list of any length: only the rows that are seen are in the page. Its keys: j, k, Enter, x. */
export function Grid<Row>({ label, columns, list, idOf, nameOf, openId, onOpen, selection, empty }: GridProps<Row>) {
  const { rows, hasMore, isLoadingMore } = list
  const scroller = useRef<HTMLDivElement>(null)
  const [width, measure] = useWidth()
  const isNarrow = useMedia('(max-width: 700px)') || width < narrowWidth
  const rowHeight = useRowHeight(isNarrow)
  // By id, so that rows that arrive above do not move it.
  const [cursorId, setCursor] = useState<string>()
  const cursor = cursorId === undefined ? -1 : rows.findIndex((row) => idOf(row) === cursorId)
  const prefix = useId()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
  })
  useEffect(() => virtual.measure(), [rowHeight, virtual])

  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  const { loadMore, setView } = list
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= rows.length - 30) loadMore()
  })
  const first = Math.round((scroller.current?.scrollTop ?? 0) / rowHeight)
  const isSelecting = (selection?.ids.size ?? 0) > 0 || openId !== undefined
  useEffect(() => setView({ first, last, isSelecting }))

  const move = (to: number): void => {
    if (rows.length === 0) return
    const index = Math.max(0, Math.min(rows.length - 1, to))
    setCursor(idOf(rows[index]!))
    virtual.scrollToIndex(index)
    scroller.current?.focus({ preventScroll: true })
  }
  const step = (by: number): void => {
    const open = openId === undefined ? -1 : rows.findIndex((row) => idOf(row) === openId)
    const row = rows[open + by]
    if (open >= 0 && row) onOpen(row)
  }
  const at = rows[cursor]
  useKeys(
    useMemo(
      () => [
        { key: 'j', label: 'Next row', run: () => move(cursor + 1) },
        { key: 'k', label: 'Previous row', run: () => move(cursor - 1) },
        { key: ']', label: 'Next one while one is open', run: () => step(1) },
        { key: '[', label: 'Previous one while one is open', run: () => step(-1) },
        ...(selection ? [{ key: 'x', label: 'Select the row', run: () => at && selection.toggle(idOf(at), false) }] : []),
      ],
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- the functions close over these only.
      [cursor, rows, openId, selection],
    ),
  )

  if (list.isLoading) return <Skeleton rows={12} />
  if (list.error && rows.length === 0) return <ErrorNote error={list.error} onRetry={list.retry} />
  if (rows.length === 0) return <>{empty}</>

  const template = [selection && '28px', ...columns.map(({ width }) => width)].filter(Boolean).join(' ')
  return (
    <div ref={measure} className={styles.frame}>
      {list.error ? <ErrorNote error={list.error} onRetry={list.retry} /> : null}
      {list.newer > 0 ? (
        <div className={styles.newer}>
          <Button kind="main" onClick={list.showNewer}>{`${list.newer}${list.newer >= 100 ? '+' : ''} new`}</Button>
        </div>
      ) : null}
      <div
        ref={scroller}
        className={styles.scroller}
        role="grid"
        aria-label={label}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
        aria-multiselectable={selection ? true : undefined}
        aria-activedescendant={at === undefined ? undefined : `${prefix}${idOf(at)}`}
        tabIndex={0}
        data-narrow={isNarrow || undefined}
        onKeyDown={(event) => {
          const moves: Readonly<Record<string, number>> = {
            ArrowDown: cursor + 1,
            ArrowUp: cursor - 1,
            Home: 0,
            End: rows.length - 1,
            PageDown: cursor + 10,
            PageUp: cursor - 10,
          }
          const to = moves[event.key]
          if (to !== undefined) move(to)
          else if (event.key === 'Enter' && at) onOpen(at)
          else if (event.key === ' ' && at && selection) selection.toggle(idOf(at), event.shiftKey)
          else return
          event.preventDefault()
        }}
      >
        <div className={styles.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {selection ? (
            <span role="columnheader">
              <span className="hidden-visually">Selected</span>
            </span>
          ) : null}
          {columns.map(({ key, title }) => (
            <span key={key} role="columnheader">
              {title}
            </span>
          ))}
        </div>
        <div className={styles.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {shown.map(({ index, start }) => {
            const row = rows[index]!
            const id = idOf(row)
            const isSelected = selection?.ids.has(id) ?? false
            return (
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid takes the keys.
              <div
                key={id}
                id={`${prefix}${id}`}
                role="row"
                aria-rowindex={index + 2}
                aria-label={nameOf(row)}
                aria-selected={selection ? isSelected : id === openId}
                className={classes(styles.row, index === cursor && styles.cursor, id === openId && styles.open)}
                style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${start}px)` }}
                onClick={(event) => {
                  if (getSelection()?.toString()) return
                  setCursor(id)
                  if (event.shiftKey && selection) selection.toggle(id, true)
                  else onOpen(row)
                }}
              >
                {selection ? (
                  <span role="gridcell" className={styles.select}>
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label={`Select ${nameOf(row)}`}
                      checked={isSelected}
                      onClick={(event) => {
                        event.stopPropagation()
                        selection.toggle(id, event.shiftKey)
                      }}
                      onChange={() => undefined}
                    />
                  </span>
                ) : null}
                {columns.map(({ key, narrow, render }) => (
                  <span key={key} role="gridcell" className={styles.cell} data-place={narrow}>
                    {render(row)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
        {isLoadingMore ? <p className={styles.more}>Loading more …</p> : null}
      </div>
    </div>
  )
}

/** The width of an element, which the returned ref names. */
function useWidth(): readonly [width: number, ref: (element: HTMLElement | null) => (() => void) | undefined] {
  const [width, setWidth] = useState(Number.POSITIVE_INFINITY)
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [width, ref]
}

function useRowHeight(isNarrow: boolean): number {
  const isCoarse = useMedia('(pointer: coarse)')
  if (isNarrow) return narrowHeight
  if (isCoarse) return 44
  return document.documentElement.dataset['density'] === 'compact' ? 32 : 36
}

interface Selected {
  readonly ids: ReadonlySet<string>
  /** Where a range begins. */
  readonly last: string | undefined
}

const nothing: Selected = { ids: new Set(), last: undefined }

/** Which rows are selected; with Shift everything between the last one and this one. */
export function useSelection<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
): Selection & { clear(): void; replace(ids: readonly string[]): void } {
  const [{ ids, last }, set] = useState(nothing)
  return {
    ids,
    clear: () => set(nothing),
    replace: (next) => set({ ids: new Set(next), last: undefined }),
    toggle(id, isRange) {
      const next = new Set(ids)
      const all = rows.map(idOf)
      const [from, to] = [all.indexOf(last ?? ''), all.indexOf(id)].toSorted((a, b) => a - b) as [number, number]
      if (isRange && from >= 0) all.slice(from, to + 1).forEach((between) => next.add(between))
      else if (!next.delete(id)) next.add(id)
      set({ ids: next, last: id })
    },
  }
}

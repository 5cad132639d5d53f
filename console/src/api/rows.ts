import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useHints } from './hints.ts'

interface Page<Row> {
  readonly items: readonly Row[]
  readonly next_cursor: string | null
}

/** What the reader has in front of them. */
export interface RowsView {
  readonly first: number
  readonly last: number
  readonly isSelecting: boolean
}

/** A list of the hub, page by page, and what came since. */
export interface Rows<Row> {
  readonly rows: readonly Row[]
  readonly isLoading: boolean
  readonly error: unknown
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  loadMore(): void
  /** How many rows came since and are not shown yet, so that nothing moves under the pointer. */
  readonly newer: number
  showNewer(): void
  setView(view: RowsView): void
  retry(): void
}

export interface RowsQuery<Row> {
  /** Everything that `fetchPage` depends on. */
  readonly key: readonly unknown[]
  /** The hints after which the list is looked at again. */
  readonly kinds: readonly string[]
  fetchPage(cursor: string | undefined): Promise<Page<Row>>
  idOf(row: Row): string
}

type Data<Row> = InfiniteData<Page<Row>, string | undefined>

/** The first part of the keys of lists. They are not read again whole, which may be a thousand pages. */
export const rowsKey = 'rows'

/** Pages of a list that stays in step: known rows change in place, new ones wait until they are asked for, unless the reader is at the top. */
export function useRows<Row>({ key: given, kinds, fetchPage, idOf }: RowsQuery<Row>): Rows<Row> {
  const cache = useQueryClient()
  const of = JSON.stringify(given)
  const key = useMemo(() => [rowsKey, of], [of])
  const view = useRef<RowsView>({ first: 0, last: 0, isSelecting: false })
  const latest = useRef({ fetchPage, idOf })
  useEffect(() => void (latest.current = { fetchPage, idOf }))
  const [waiting, setWaiting] = useState<{ readonly key: typeof key; readonly rows: readonly Row[]; readonly isGap: boolean }>()
  const newer = waiting?.key === key ? waiting : undefined

  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<Row>) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // Hints say what changed.
    refetchOnWindowFocus: false,
    refetchOnMount: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })

  const add = useCallback(
    (rows: readonly Row[], isGap: boolean) => {
      setWaiting(undefined)
      if (isGap) return void cache.resetQueries({ queryKey: key, exact: true })
      cache.setQueryData<Data<Row>>(key, (data) => withRows(data, rows))
    },
    [cache, key],
  )

  const lookAgain = useCallback(async () => {
    const data = cache.getQueryData<Data<Row>>(key)
    if (!data) return
    const { fetchPage: fetch, idOf: id } = latest.current
    const seen = pagesWithin(data, view.current)
    const [head, ...others] = await Promise.all([undefined, ...seen].map((cursor) => fetch(cursor)))
    if (!head) return
    const known = new Set(data.pages.flatMap((page) => page.items.map(id)))
    const changed = new Map([head, ...others].flatMap((page) => page.items.map((row) => [id(row), row] as const)))
    cache.setQueryData<Data<Row>>(key, (now) => withChanges(now, (row) => changed.get(id(row)) ?? row))
    const rows = head.items.filter((row) => !known.has(id(row)))
    // None of the first page is known: between it and the list there may be more.
    const isGap = rows.length > 0 && rows.length === head.items.length && known.size > 0
    if (view.current.first === 0 && !view.current.isSelecting) add(rows, isGap)
    else setWaiting({ key, rows, isGap })
  }, [cache, key, add])
  useHints(
    kinds,
    useCallback(() => void lookAgain().catch(() => undefined), [lookAgain]),
  )

  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  return {
    rows,
    isLoading: query.isPending,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage()
    },
    newer: newer?.rows.length ?? 0,
    showNewer: () => newer && add(newer.rows, newer.isGap),
    setView: (next) => void (view.current = next),
    retry: () => void query.refetch(),
  }
}

/** The cursors of the pages that the reader sees, without the first. */
function pagesWithin<Row>({ pages, pageParams }: Data<Row>, { first, last }: RowsView): string[] {
  let from = 0
  return pages.flatMap((page, index) => {
    const to = from + page.items.length
    const isSeen = to > first && from <= last
    from = to
    return isSeen && index > 0 ? [pageParams[index]!] : []
  })
}

function withRows<Row>(data: Data<Row> | undefined, rows: readonly Row[]): Data<Row> | undefined {
  const [first, ...others] = data?.pages ?? []
  if (!data || !first || rows.length === 0) return data
  return { ...data, pages: [{ ...first, items: [...rows, ...first.items] }, ...others] }
}

function withChanges<Row>(data: Data<Row> | undefined, change: (row: Row) => Row): Data<Row> | undefined {
  return data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(change) })) }
}

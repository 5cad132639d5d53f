import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
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
      cache.setQueryData<Data<Row>>(key, (data) => withRows(data, { rows, id: latest.current.idOf }))
    },
    [cache, key],
  )

  const lookAgain = useCallback(async () => {
    const data = cache.getQueryData<Data<Row>>(key)
    if (!data) return
    const { fetchPage: fetch, idOf: id } = latest.current
    const seen = pagesWithin(data, view.current)
    const fresh = await Promise.all(
      [{ index: 0, cursor: undefined }, ...seen].map(async (page) => ({ ...page, ...(await fetch(page.cursor)) })),
    )
    const now = cache.getQueryData<Data<Row>>(key)
    const head = fresh[0]
    if (!now || !head) return
    const known = new Set(now.pages.flatMap((page) => page.items.map(id)))
    cache.setQueryData<Data<Row>>(key, withAnswers(now, { fresh, id }))
    const rows = head.items.filter((row) => !known.has(id(row)))
    // None of the first page is known: between it and the list there may be more.
    const isGap = rows.length > 0 && rows.length === head.items.length && known.size > 0
    if (view.current.first === 0 && !view.current.isSelecting) add(rows, isGap)
    else setWaiting(rows.length === 0 ? undefined : { key, rows, isGap })
  }, [cache, key, add])
  const look = useCallback(() => void lookAgain().catch(() => undefined), [lookAgain])
  useHints(kinds, look)
  // The list was read before the reader went elsewhere, and may have changed since.
  useEffect(look, [look])

  return {
    ...usePages(query),
    newer: newer?.rows.length ?? 0,
    showNewer: () => newer && add(newer.rows, newer.isGap),
    setView: (next) => void (view.current = next),
  }
}

/** The pages of a query as one list, which is not followed. */
export function usePages<Row>(query: UseInfiniteQueryResult<InfiniteData<Page<Row>>, unknown>): Rows<Row> {
  const { data } = query
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  return {
    rows,
    isLoading: query.isPending,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage()
    },
    newer: 0,
    showNewer: () => undefined,
    setView: () => undefined,
    retry: () => void query.refetch(),
  }
}

/** Every item of a list, for pages that sort it themselves. */
export async function allItems<Row>(fetchPage: (cursor: string | undefined) => Promise<Page<Row>>): Promise<Row[]> {
  const all: Row[] = []
  for (let cursor: string | undefined; ;) {
    const { items, next_cursor: next } = await fetchPage(cursor)
    all.push(...items)
    if (next === null) return all
    cursor = next
  }
}

interface Answer<Row> extends Page<Row> {
  /** The number of the page. */
  readonly index: number
}

/** The pages that the reader sees, without the first. */
function pagesWithin<Row>({ pages, pageParams }: Data<Row>, { first, last }: RowsView): { index: number; cursor: string | undefined }[] {
  let from = 0
  return pages.flatMap((page, index) => {
    const to = from + page.items.length
    const isSeen = to > first && from <= last
    from = to
    return isSeen && index > 0 ? [{ index, cursor: pageParams[index] }] : []
  })
}

function withRows<Row>(
  data: Data<Row> | undefined,
  { rows, id }: { readonly rows: readonly Row[]; readonly id: (row: Row) => string },
): Data<Row> | undefined {
  const [first, ...others] = data?.pages ?? []
  if (!data || !first || rows.length === 0) return data
  const known = new Set(data.pages.flatMap((page) => page.items.map(id)))
  const added = rows.filter((row) => !known.has(id(row)))
  return { ...data, pages: [{ ...first, items: [...added, ...first.items] }, ...others] }
}

/**
 * Known rows as they are now. A row that an answer leaves out, although it has the rows before and behind it, is not in the list any more: it was
 * deleted, or the filter does not fit it.
 */
function withAnswers<Row>(
  data: Data<Row>,
  { fresh, id }: { readonly fresh: readonly Answer<Row>[]; readonly id: (row: Row) => string },
): Data<Row> {
  const changed = new Map(fresh.flatMap((page) => page.items.map((row) => [id(row), row] as const)))
  const all = data.pages.flatMap((page) => page.items.map(id))
  const starts = data.pages.map((_, index) => data.pages.slice(0, index).reduce((sum, page) => sum + page.items.length, 0))
  const gone = new Set(
    fresh.flatMap(({ index, items, next_cursor: next }) => {
      const last = items.at(-1)
      const end = next === null ? all.length : last === undefined ? 0 : all.indexOf(id(last))
      return all.slice(starts[index], Math.max(0, end)).filter((row) => !changed.has(row))
    }),
  )
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      items: page.items.filter((row) => !gone.has(id(row))).map((row) => changed.get(id(row)) ?? row),
    })),
  }
}

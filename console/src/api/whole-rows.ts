import type { Rows } from './rows.ts'

interface WholeQuery {
  readonly isPending: boolean
  readonly error: unknown
  refetch(): unknown
}

/** A list that the hub answers whole, for the grid. The page sorts and filters it. */
export function wholeRows<Row>(query: WholeQuery, rows: readonly Row[]): Rows<Row> {
  return {
    rows,
    isLoading: query.isPending,
    error: query.error,
    hasMore: false,
    isLoadingMore: false,
    loadMore: nothing,
    newer: 0,
    showNewer: nothing,
    setView: nothing,
    retry: () => void query.refetch(),
  }
}

const nothing = (): void => undefined

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { client, useHints, usePages, type Rows } from '#api'
import type { Approval, State } from './approval.ts'

const kinds = ['approval'] as const

interface Filter {
  /** Undefined: those that are open. */
  readonly status: readonly State[] | undefined
  readonly tool: string | undefined
}

/** Open approvals from the oldest on, and decided ones from the newest. Those that were decided leave the list of open ones by themselves. */
export function useApprovals({ status, tool }: Filter): Rows<Approval> {
  const filter = { status: status === undefined ? ['pending' as const] : [...status], tool }
  const order = status === undefined ? ('oldest' as const) : ('newest' as const)
  const query = useInfiniteQuery({
    queryKey: ['approvals', filter, order],
    queryFn: ({ pageParam }) => client.approvals.list.query({ ...filter, order, cursor: pageParam, limit: 100 }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const { refetch } = query
  useHints(
    kinds,
    useCallback(() => void refetch(), [refetch]),
  )
  return usePages(query)
}

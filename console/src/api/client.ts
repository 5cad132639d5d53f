import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import type { AppRouter } from '#client/trpc.ts'
import { connection } from './connection.ts'
import { workspace } from './place.ts'
import { problemOf } from './problem.ts'

const retryable = new Set(['unreachable', 'unavailable', 'database_unavailable'])

function noticed(error: unknown): void {
  const { code } = problemOf(error)
  if (code === 'token_missing' || code === 'token_invalid' || code === 'session_invalid') connection.signedOut()
  if (code === 'unreachable') connection.lost()
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticed, onSuccess: () => connection.found() }),
  mutationCache: new MutationCache({ onError: noticed, onSuccess: () => connection.found() }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 5 * 60_000,
      retry: (count, error) => count < 2 && retryable.has(problemOf(error).code),
      refetchOnWindowFocus: true,
    },
  },
})

export const client = createTRPCClient<AppRouter>({
  links: [
    httpBatchLink({
      url: '/trpc',
      maxItems: 20,
      maxURLLength: 6000,
      headers: (): Record<string, string> => (workspace === undefined ? {} : { 'hub-workspace': encodeURIComponent(workspace) }),
    }),
  ],
})

/** `trpc.runs.list.queryOptions(input)`: options for the hooks of React Query, for every operation of the hub. */
export const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient })

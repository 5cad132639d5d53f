import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink, splitLink } from '@trpc/client'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import type { AppRouter } from '#client/trpc.ts'
import { connection } from './connection.ts'
import { workspace } from './place.ts'
import { problemOf } from './problem.ts'

const retryable = new Set(['unreachable', 'unavailable', 'database_unavailable'])

function noticed(error: unknown): void {
  const { code } = problemOf(error)
  if (code === 'token_missing' || code === 'token_invalid' || code === 'session_ended') connection.signedOut()
  if (code === 'unreachable') connection.lost('answers')
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticed, onSuccess: () => connection.found('answers') }),
  mutationCache: new MutationCache({ onError: noticed, onSuccess: () => connection.found('answers') }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 5 * 60_000,
      retry: (count, error) => count < 2 && retryable.has(problemOf(error).code),
      refetchOnWindowFocus: true,
    },
  },
})

const connectionOptions = {
  url: '/trpc',
  headers: (): Record<string, string> => (workspace === undefined ? {} : { 'hub-workspace': encodeURIComponent(workspace) }),
}
/** An input of this length, such as the text of a flow, does not fit in an address. */
const longInput = 3000

export const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type, input }) => type === 'query' && JSON.stringify(input ?? {}).length > longInput,
      true: httpBatchLink({ ...connectionOptions, maxItems: 1, methodOverride: 'POST' }),
      false: httpBatchLink({ ...connectionOptions, maxItems: 20, maxURLLength: 6000 }),
    }),
  ],
})

/** `trpc.runs.list.queryOptions(input)`: options for the hooks of React Query, for every operation of the hub. */
export const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient })

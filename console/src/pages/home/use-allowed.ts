import { useQuery, type QueryKey, type UseQueryOptions } from '@tanstack/react-query'
import { useMissing, type OperationName } from '#api'
import { useLive } from '#app'

/** Home reads many things, which on a busy hub all change every second. */
const pauseMs = 5000

interface Allowed<Data> {
  readonly data: Data | undefined
  readonly error: unknown
  /** The person may see it, and it is not here yet. */
  readonly isAwaited: boolean
  refetch(): unknown
}

/** Reads something that the person may see, and nothing otherwise. Several at the same time are one request. */
export function useAllowedQuery<Data>(
  operation: OperationName,
  options: UseQueryOptions<Data, never, Data, never> | { readonly queryKey: QueryKey },
  kinds: readonly string[],
): Allowed<Data> {
  const isAllowed = useMissing(operation) === undefined
  const { queryKey } = options as { readonly queryKey: QueryKey }
  useLive(kinds, queryKey, { pauseMs })
  const { data, error, isPending, refetch } = useQuery<Data>({ ...(options as unknown as UseQueryOptions<Data>), enabled: isAllowed })
  return { data, error, isAwaited: isAllowed && isPending, refetch }
}

/** Only what was read, for whoever shows nothing without it. */
export function useAllowed<Data>(...of: Parameters<typeof useAllowedQuery<Data>>): Data | undefined {
  return useAllowedQuery<Data>(...of).data
}

import { useQuery, type QueryKey, type UseQueryOptions } from '@tanstack/react-query'
import { useMissing, type OperationName } from '#api'
import { useLive } from '#app'

/** Reads something that the person may see, and nothing otherwise. Several at the same time are one request. */
export function useAllowed<Data>(
  operation: OperationName,
  options: UseQueryOptions<Data, never, Data, never> | { readonly queryKey: QueryKey },
  kinds: readonly string[],
): Data | undefined {
  const isAllowed = useMissing(operation) === undefined
  const { queryKey } = options as { readonly queryKey: QueryKey }
  useLive(kinds, queryKey)
  return useQuery<Data>({ ...(options as unknown as UseQueryOptions<Data>), enabled: isAllowed }).data
}

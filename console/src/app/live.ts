import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useHints, type HintsOptions } from '#api'

/** Reads a query again when hints of these kinds come, or only when they name certain ids. Give a list of kinds that does not change between renders. */
export function useLive(kinds: readonly string[], queryKey: QueryKey, options?: HintsOptions): void {
  const cache = useQueryClient()
  const text = JSON.stringify(queryKey)
  useHints(
    kinds,
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the text stands for the key.
    useCallback(() => void cache.invalidateQueries({ queryKey }), [cache, text]),
    options,
  )
}

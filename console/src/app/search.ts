import { useNavigate, useParams, useSearch as useRouterSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** What stands behind the `?` of the address: filters, the open tab, the selected step. Every value is a text. */
export type Search = Readonly<Record<string, string | undefined>>

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

export function searchText(search: Search): string {
  const set = Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '')
  const text = new URLSearchParams(set).toString().replaceAll('%2C', ',')
  return text === '' ? '' : `?${text}`
}

export function useSearch(): Search {
  return useRouterSearch({ strict: false })
}

/** Changes some values of the address. `back` makes a new entry in the history, so that Back undoes the change. */
export function useSetSearch(): (change: Search, options?: { readonly isBack?: boolean }) => void {
  const navigate = useNavigate()
  return useCallback(
    (change, { isBack = false } = {}) =>
      void navigate({ to: '.', search: (before: Search) => ({ ...before, ...change }), replace: !isBack } as never),
    [navigate],
  )
}

/** The open row of a page `/runs/ID`: its id, and functions that open another one or close it. Filters stay. */
export function useOpen(page: string): { readonly id: string | undefined; open(id: string): void; close(): void } {
  const navigate = useNavigate()
  const { id } = useParams({ strict: false })
  const go = useCallback(
    (path: string) => void navigate({ to: path, search: (before: Search) => ({ ...before, tab: undefined, step: undefined }) } as never),
    [navigate],
  )
  return {
    id,
    open: useCallback((next: string) => go(`/${page}/${encodeURIComponent(next)}`), [go, page]),
    close: useCallback(() => go(`/${page}`), [go, page]),
  }
}

/** What a list is filtered by: values of the address with these names. Give a list of names that does not change between renders. */
export function useFilters(names: readonly string[]): { readonly isFiltered: boolean; clear(): void } {
  const search = useSearch()
  const setSearch = useSetSearch()
  return {
    isFiltered: names.some((name) => search[name] !== undefined),
    clear: () => setSearch(Object.fromEntries(names.map((name) => [name, undefined]))),
  }
}

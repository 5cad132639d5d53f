import type { Http, RequestOptions } from './types.ts'
import { nextLink } from './path.ts'

/** The four common kinds of paging. Each function yields pages and stops after the last one. */
interface PagingOptions {
  /** A limit, in case a vendor always answers that there is another page. */
  readonly maxPages?: number
  readonly options?: RequestOptions
}

export async function* pagesByLink<T>(http: Http, first: string, { maxPages = 100, options = {} }: PagingOptions = {}): AsyncGenerator<T> {
  let next: string | undefined = first
  for (let count = 0; next !== undefined && count < maxPages; count++) {
    // The next URL already contains the query.
    const reply = await http.request<T>({ ...(count === 0 ? options : { ...options, query: {} }), method: 'GET', path: next })
    yield reply.data
    next = nextLink(reply.headers)
  }
}

export async function* pagesByCursor<T>(
  http: Http,
  path: string,
  paging: PagingOptions & { readonly parameter: string; readonly cursorOf: (page: T) => string | undefined | null },
): AsyncGenerator<T> {
  let cursor: string | undefined
  for (let count = 0; count < (paging.maxPages ?? 100); count++) {
    const page: T = await http.get<T>(path, { ...paging.options, query: { ...paging.options?.query, [paging.parameter]: cursor } })
    yield page
    const next = paging.cursorOf(page) || undefined
    if (next === undefined || next === cursor) return
    cursor = next
  }
}

export async function* pagesByNumber<T>(
  http: Http,
  path: string,
  paging: PagingOptions & { readonly parameter?: string; readonly first?: number; readonly isLast: (page: T) => boolean },
): AsyncGenerator<T> {
  const { parameter = 'page', first = 1 } = paging
  for (let count = 0; count < (paging.maxPages ?? 100); count++) {
    const page = await http.get<T>(path, { ...paging.options, query: { ...paging.options?.query, [parameter]: first + count } })
    yield page
    if (paging.isLast(page)) return
  }
}

export async function* pagesByOffset<T>(
  http: Http,
  path: string,
  paging: PagingOptions & {
    readonly parameter?: string
    readonly sizeOf: (page: T) => number
    readonly totalOf?: (page: T) => number | undefined
  },
): AsyncGenerator<T> {
  const { parameter = 'startAt' } = paging
  let offset = 0
  for (let count = 0; count < (paging.maxPages ?? 100); count++) {
    const page = await http.get<T>(path, { ...paging.options, query: { ...paging.options?.query, [parameter]: offset } })
    yield page
    const size = paging.sizeOf(page)
    offset += size
    const total = paging.totalOf?.(page)
    if (size === 0 || (total !== undefined && offset >= total)) return
  }
}

import type { Http, RequestOptions } from './types.ts'
import { nextLink } from './path.ts'

/**
 * The four ways in which APIs hand out long lists, each as a stream of pages that stops by itself. `most` bounds the pages, as a vendor
 * that keeps saying "there is more" must not keep us.
 */
interface Walk {
  readonly most?: number
  readonly options?: RequestOptions
}

export async function* pagesByLink<T>(http: Http, first: string, { most = 100, options = {} }: Walk = {}): AsyncGenerator<T> {
  let next: string | undefined = first
  for (let count = 0; next !== undefined && count < most; count++) {
    // The next address is whole: the first one's query is in it.
    const reply = await http.request<T>({ ...(count === 0 ? options : { ...options, query: {} }), method: 'GET', path: next })
    yield reply.data
    next = nextLink(reply.headers)
  }
}

export async function* pagesByCursor<T>(
  http: Http,
  path: string,
  how: Walk & { readonly parameter: string; readonly cursorOf: (page: T) => string | undefined | null },
): AsyncGenerator<T> {
  let cursor: string | undefined
  for (let count = 0; count < (how.most ?? 100); count++) {
    const page: T = await http.get<T>(path, { ...how.options, query: { ...how.options?.query, [how.parameter]: cursor } })
    yield page
    const next = how.cursorOf(page) || undefined
    if (next === undefined || next === cursor) return
    cursor = next
  }
}

export async function* pagesByNumber<T>(
  http: Http,
  path: string,
  how: Walk & { readonly parameter?: string; readonly first?: number; readonly isLast: (page: T) => boolean },
): AsyncGenerator<T> {
  const { parameter = 'page', first = 1 } = how
  for (let count = 0; count < (how.most ?? 100); count++) {
    const page = await http.get<T>(path, { ...how.options, query: { ...how.options?.query, [parameter]: first + count } })
    yield page
    if (how.isLast(page)) return
  }
}

export async function* pagesByOffset<T>(
  http: Http,
  path: string,
  how: Walk & { readonly parameter?: string; readonly sizeOf: (page: T) => number; readonly totalOf?: (page: T) => number | undefined },
): AsyncGenerator<T> {
  const { parameter = 'startAt' } = how
  let offset = 0
  for (let count = 0; count < (how.most ?? 100); count++) {
    const page = await http.get<T>(path, { ...how.options, query: { ...how.options?.query, [parameter]: offset } })
    yield page
    const size = how.sizeOf(page)
    offset += size
    const total = how.totalOf?.(page)
    if (size === 0 || (total !== undefined && offset >= total)) return
  }
}

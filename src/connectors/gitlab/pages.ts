import { nextLink, type Http, type RequestOptions } from '#kit'

interface PageContext {
  readonly http: Http
  readonly input: { readonly cursor?: string | undefined; readonly per_page: number }
}

/** One page of a list, and where the next one begins. */
export async function list<T>({ http, input }: PageContext, path: string, query: NonNullable<RequestOptions['query']> = {}) {
  const { data, headers } = await http.request<T[]>({
    method: 'GET',
    path,
    query: { ...query, per_page: input.per_page, ...placeOf(input.cursor) },
  })
  return { items: data, next_cursor: nextOf(headers) }
}

// GitLab has three ways to page. Each list knows one of them, and its Link header names it.
const parameters = ['page', 'page_token', 'cursor', 'id_after', 'id_before'] as const

/** `page=2`, or the parameter of keyset paging. */
export function nextOf(headers: Readonly<Record<string, string>>): string | null {
  const query = new URLSearchParams(nextLink(headers)?.split('?')[1] ?? '')
  const found = (['page_token', 'cursor', 'id_after', 'id_before', 'page'] as const).find((name) => (query.get(name) ?? '') !== '')
  if (found !== undefined) return `${found}=${query.get(found)!}`
  const page = headers['x-next-page'] ?? ''
  return /^\d{1,9}$/.test(page) ? `page=${page}` : null
}

/** The parameter that a cursor stands for; other texts are taken as the number of a page or as nothing. */
export function placeOf(cursor: string | undefined): Record<string, string> {
  const [, name, value] = /^(\w+)=(.+)$/s.exec(cursor ?? '') ?? []
  return name !== undefined && (parameters as readonly string[]).includes(name) ? { [name]: value! } : {}
}

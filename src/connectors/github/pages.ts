import { nextLink, type Http, type RequestOptions } from '#kit'

/** The part of an action's context that reads a page. */
interface PageContext {
  readonly http: Http
  readonly input: { readonly page: number; readonly per_page: number }
}

/** Gets one page of a list, with the number of the next page from the Link header. */
export async function page<T>(
  { http, input }: PageContext,
  path: string,
  query: NonNullable<RequestOptions['query']> = {},
): Promise<{ data: T; next_page: number | null }> {
  const { data, headers } = await http.request<T>({ method: 'GET', path, query: { ...query, page: input.page, per_page: input.per_page } })
  const next = nextLink(headers)
  const number = next === undefined ? Number.NaN : Number(new URL(next).searchParams.get('page'))
  return { data, next_page: Number.isInteger(number) && number > 0 ? number : null }
}

/** The same for lists that are plain arrays, as most of them are. */
export async function list<T>(context: PageContext, path: string, query: NonNullable<RequestOptions['query']> = {}) {
  const { data, next_page } = await page<T[]>(context, path, query)
  return { items: data, next_page }
}

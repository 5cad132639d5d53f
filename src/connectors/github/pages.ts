import { nextLink, type Http, type RequestOptions } from '#kit'

/** The part of an action's context that reads a page. */
interface PageContext {
  readonly http: Http
  readonly input: { readonly page: number; readonly per_page: number; readonly after?: string | undefined }
}

interface Next {
  readonly next_page: number | null
  readonly next_cursor: string | null
}

/** Gets one page of a list, with what the Link header says about the next page. */
export async function page<T>(
  { http, input }: PageContext,
  path: string,
  query: NonNullable<RequestOptions['query']> = {},
): Promise<{ data: T; next: Next }> {
  const { page: number, per_page, after } = input
  const place = after === undefined ? { page: number } : { after }
  const { data, headers } = await http.request<T>({ method: 'GET', path, query: { ...query, ...place, per_page } })
  return { data, next: nextOf(nextLink(headers)) }
}

function nextOf(link: string | undefined): Next {
  const query = new URLSearchParams(link?.split('?')[1] ?? '')
  const number = Number(query.get('page') ?? Number.NaN)
  return { next_page: Number.isInteger(number) && number > 0 ? number : null, next_cursor: query.get('after') }
}

/** The same for lists that are plain arrays, as most of them are. */
export async function list<T>(context: PageContext, path: string, query: NonNullable<RequestOptions['query']> = {}) {
  const { data, next } = await page<T[]>(context, path, query)
  return { items: data, ...next }
}

/** What a browser does with the hub's pages: it keeps cookies, names the origin of its forms, and follows no redirect. */
export interface SimpleBrowser {
  get(url: string): Promise<Response>
  post(url: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export function simpleBrowser(origin: string): SimpleBrowser {
  const cookies = new Map<string, string>()
  const send = async (
    url: string,
    init: { method?: string; body?: URLSearchParams; headers?: Readonly<Record<string, string>> },
  ): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...init.headers, ...(cookie === '' ? {} : { cookie }) }
    const response = await fetch(new URL(url, origin), { ...init, redirect: 'manual', headers })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return response
  }
  return {
    get: (url) => send(url, {}),
    post: (url, form, headers = {}) => send(url, { method: 'POST', body: new URLSearchParams(form), headers: { origin, ...headers } }),
  }
}

/** The hub, asked over HTTP as any program asks it. */
export interface Api {
  readonly url: string
  readonly token: string
  call<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
}

export function createApi(url: string, token: string): Api {
  return {
    url,
    token,
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const reply = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await reply.text()
      if (!reply.ok) throw new Error(`${method} ${path} was answered ${reply.status}: ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
  }
}

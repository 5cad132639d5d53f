import { hubError, HubError } from '#errors'
import { readBounded, type Egress } from '#http'

interface FetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: URLSearchParams | string | undefined
}

export type OAuthFetch = (url: string, options: FetchOptions) => Promise<Response>

/** Larger answers than these are no tokens. */
const maxBytes = 1_000_000

/** `fetch` over the hub's own way out. It follows no redirect, because a secret would follow it. */
export function createOAuthFetch({ egress, timeoutMs }: { readonly egress: Egress; readonly timeoutMs: number }): OAuthFetch {
  return async (text, { method = 'GET', headers = {}, body }) => {
    const url = new URL(text)
    egress.assertUrl(url)
    try {
      const reply = await egress.dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'user-agent': 'integration-hub', ...headers },
        body: body === undefined ? null : body.toString(),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const bytes = await readBounded(reply.body, maxBytes, () =>
        hubError('oauth_failed', { detail: 'the answer of the provider is too large' }),
      )
      if (reply.statusCode >= 500 || reply.statusCode === 429)
        throw hubError('oauth_unavailable', {
          detail: `the provider answered ${reply.statusCode}`,
          ...retryAfterOf(reply.headers['retry-after']),
        })
      if (reply.statusCode >= 300 && reply.statusCode < 400)
        throw hubError('oauth_failed', {
          detail: `the provider answered ${reply.statusCode}, and a redirect is not followed with a secret`,
        })
      const type = reply.headers['content-type']
      return new Response(bodiless.has(reply.statusCode) ? null : new Uint8Array(bytes), {
        status: reply.statusCode,
        headers: typeof type === 'string' ? { 'content-type': type } : {},
      })
    } catch (error) {
      if (error instanceof HubError) throw error
      const { cause } = error as Error
      if (cause instanceof HubError) throw cause
      throw hubError('oauth_unavailable', { detail: `the provider at ${url.host} did not answer`, cause: error })
    }
  }
}

const bodiless: ReadonlySet<number> = new Set([204, 205])

function retryAfterOf(header: string | string[] | undefined): { retryAfter: number } | object {
  const seconds = Number(header)
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfter: Math.min(seconds, 3600) } : {}
}

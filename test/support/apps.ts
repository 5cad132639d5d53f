import { createHash, randomBytes } from 'node:crypto'
import type { Browser } from './person.ts'

export interface AppClient {
  readonly clientId: string
  readonly secret?: string | undefined
  readonly redirectUri: string
}

export interface TokenAnswer {
  readonly status: number
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
  readonly error?: string
  readonly error_description?: string
}

export interface AuthorizationRequest {
  readonly scope?: string | undefined
  readonly query?: string
  /** Parameters that replace those of a right request; undefined leaves one out. */
  readonly parameters?: Readonly<Record<string, string | undefined>>
}

/** What an app does at the hub's authorization server, and what its person does in the browser. */
export interface TestApp {
  readonly client: AppClient
  readonly verifier: string
  authorizeUrl(request?: AuthorizationRequest): string
  /** Walks to the page that asks, and answers as the person; returns where the browser is sent. */
  decide(browser: Browser, request?: AuthorizationRequest, form?: Readonly<Record<string, string>>): Promise<URL>
  token(form: Readonly<Record<string, string>>): Promise<TokenAnswer>
  exchange(code: string, more?: Readonly<Record<string, string>>): Promise<TokenAnswer>
  /** The whole way: a person allows the app, and it gets its tokens. */
  tokens(browser: Browser, request?: AuthorizationRequest): Promise<TokenAnswer>
}

export async function registerApp(address: string, metadata: Readonly<Record<string, unknown>> = {}): Promise<TestApp> {
  const redirectUri = 'https://app.example/callback'
  const response = await fetch(`${address}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Notes', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none', ...metadata }),
  })
  const made = (await response.json()) as { client_id: string; client_secret?: string; redirect_uris: string[] }
  if (response.status !== 201) throw new Error(`the app could not register: ${response.status} ${JSON.stringify(made)}`)
  return appAt(address, { clientId: made.client_id, secret: made.client_secret, redirectUri: made.redirect_uris[0]! })
}

export function appAt(address: string, client: AppClient): TestApp {
  const verifier = randomBytes(32).toString('base64url')
  const authorizeUrl: TestApp['authorizeUrl'] = ({ scope = 'tools:call', query = '', parameters = {} } = {}) => {
    const all: Readonly<Record<string, string | undefined>> = {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: client.redirectUri,
      scope,
      state: 'a state',
      resource: `${address}/mcp${query}`,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    }
    const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]))
    return `${address}/oauth/authorize?${new URLSearchParams(given).toString()}`
  }

  const token: TestApp['token'] = async (form) => {
    const own = { client_id: client.clientId, ...(client.secret === undefined ? {} : { client_secret: client.secret }) }
    const response = await fetch(`${address}/oauth/token`, { method: 'POST', body: new URLSearchParams({ ...own, ...form }) })
    return { status: response.status, ...((await response.json()) as Omit<TokenAnswer, 'status'>) }
  }

  const decide: TestApp['decide'] = async (browser, request, form = {}) => {
    const sent = await browser.call('GET', authorizeUrl(request))
    const asks = new URL(sent.headers.get('location') ?? '', address)
    if (asks.origin !== address) return asks
    const page = await browser.call('GET', asks.href)
    if (page.status !== 200) throw new Error(`no page asks: ${page.status} ${page.text}`)
    const answer = await browser.form('/oauth/consent', { ...fieldsOf(page.text), decision: 'allow', ...form })
    return new URL(answer.headers.get('location') ?? `${address}/?nothing=${answer.status}`, address)
  }

  const exchange: TestApp['exchange'] = (code, more = {}) =>
    token({ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: verifier, ...more })

  return {
    client,
    verifier,
    authorizeUrl,
    decide,
    token,
    exchange,
    async tokens(browser, request) {
      const back = await decide(browser, request)
      const code = back.searchParams.get('code')
      if (code === null) throw new Error(`the app got no code: ${back.href}`)
      return exchange(code)
    },
  }
}

/** What the form of a page sends when nothing in it was changed. */
export function fieldsOf(page: string): Record<string, string> {
  const fields = [...page.matchAll(/<input\s+type="(?:hidden|checkbox)"\s+name="([^"]+)"\s+value="([^"]*)"/g)].map(([, name, value]) => [
    name!,
    value!.replaceAll('&amp;', '&').replaceAll('&quot;', '"'),
  ])
  const [, select] = /<select name="([^"]+)"/.exec(page) ?? []
  const [, option] = /<option value="([^"]+)"/.exec(page) ?? []
  return { ...(select !== undefined && option !== undefined ? { [select]: option } : {}), ...(Object.fromEntries(fields) as object) }
}

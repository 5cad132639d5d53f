import { randomBytes } from 'node:crypto'
import { bearerOf, clientOf, fieldsOf, html, json, passOn, pkceHolds, redirect, withConsent, type Answer, type Asked } from './front.ts'
import { page } from './pages.ts'

export interface GitHubApps {
  /** Of the OAuth app. */
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  /** Access tokens end after eight hours and are refreshed, as an app can choose. */
  readonly expiringTokens: boolean
  /** Where the GitHub App sends whoever installed it. */
  readonly setupUrl: string | undefined
  /** The App asks whoever installs it to authorize it too, and sends them there with a code. As on GitHub, the setup URL does not count then. */
  readonly appCallback: string | undefined
}

export const githubApp = {
  id: '4242',
  slug: 'hub-stand-in',
  installation: '77',
  clientId: 'Iv23.app0123456789',
  clientSecret: 'secret-of-the-app-itself',
} as const

interface Issued {
  readonly behind: string
  readonly scopes: readonly string[]
  readonly code: string
  /** The client that it was issued to. */
  readonly client: string
}

/** GitHub's sign-in in front of the emulator's, with what that leaves out: PKCE, refusals, redirect addresses, refresh, revocation, form encoding. */
export interface GitHubOAuth {
  /** Answers what belongs to the sign-in and to installing the App, and nothing else. */
  answer(asked: Asked): Promise<Answer | undefined>
  /** With which token, and which scopes, the emulator is asked for this header; undefined if it opens nothing. */
  opens(asked: Asked): { readonly behind: string; readonly scopes?: readonly string[] } | undefined
  /** Remembers a token that the emulator gave to the GitHub App. */
  remember(token: string): void
}

export function githubOAuth(emulator: string, apps: GitHubApps): GitHubOAuth {
  const codes = new Map<string, { client: string; challenge: string; redirectUri: string; scopes: string[] }>()
  const access = new Map<string, Issued>()
  const refresh = new Map<string, Issued>()
  const installations = new Set<string>()
  const secretOf: Readonly<Record<string, string>> = { [apps.clientId]: apps.clientSecret, [githubApp.clientId]: githubApp.clientSecret }
  const random = (prefix: string): string => `${prefix}_${randomBytes(18).toString('hex')}`

  const issue = (issued: Issued): Record<string, string | number> => {
    const token = random(apps.expiringTokens ? 'ghu' : 'gho')
    access.set(token, issued)
    const shown = { access_token: token, scope: issued.scopes.join(','), token_type: 'bearer' }
    if (!apps.expiringTokens) return shown
    const refreshToken = random('ghr')
    refresh.set(refreshToken, issued)
    return { ...shown, expires_in: 28_800, refresh_token: refreshToken, refresh_token_expires_in: 15_897_600 }
  }
  const forget = (tokens: Map<string, Issued>, code: string): void => {
    for (const [token, issued] of tokens) if (issued.code === code) tokens.delete(token)
  }
  /** GitHub answers 200 to what it refuses, as a form unless JSON is asked for. */
  const said = (asked: Asked, fields: Record<string, string | number>): Answer => {
    if (asked.headers.accept?.includes('json')) return json(fields)
    const body = new URLSearchParams(Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)])).toString()
    return { status: 200, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body }
  }
  const refused = (asked: Asked, error: string, description: string): Answer => said(asked, { error, error_description: description })

  const exchange = async (asked: Asked): Promise<Answer> => {
    const fields = fieldsOf(asked)
    const client = clientOf(asked, fields)
    if (secretOf[client.id] === undefined || client.secret !== secretOf[client.id])
      return refused(asked, 'incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.')
    if (fields['grant_type'] === 'refresh_token') {
      const old = refresh.get(fields['refresh_token'] ?? '')
      if (old?.client !== client.id) return refused(asked, 'bad_refresh_token', 'The refresh token passed is incorrect or expired.')
      forget(refresh, old.code)
      forget(access, old.code)
      return said(asked, issue(old))
    }
    const code = fields['code'] ?? ''
    const known = codes.get(code)
    if (known && fields['redirect_uri'] && fields['redirect_uri'] !== known.redirectUri)
      return refused(asked, 'redirect_uri_mismatch', 'The redirect_uri MUST match the registered callback URL for this application.')
    if (known?.client !== client.id || !pkceHolds(known.challenge, fields['code_verifier']))
      return refused(asked, 'bad_verification_code', 'The code passed is incorrect or expired.')
    codes.delete(code)
    // The emulator knows one client, which has the codes of both.
    const form = { client_id: apps.clientId, client_secret: apps.clientSecret, code }
    const answer = await fetch(`${emulator}/login/oauth/access_token`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(form),
    })
    const { access_token: behind } = (await answer.json()) as { access_token?: string }
    if (!behind) return refused(asked, 'bad_verification_code', 'The code passed is incorrect or expired.')
    return said(asked, issue({ behind, scopes: known.scopes, code, client: client.id }))
  }

  const authorize = async (asked: Asked): Promise<Answer> => {
    const query = asked.url.searchParams
    const answer = await passOn(emulator, asked, { accept: 'text/html' })
    if (answer.status !== 200) return answer
    if (query.get('code_challenge') && query.get('code_challenge_method') !== 'S256')
      return html(page('Refused', '<p>Only S256 is known.</p>'), 400)
    return { ...answer, body: withConsent(answer.body.toString(), { code_challenge: query.get('code_challenge') ?? '' }) }
  }
  const decide = async (asked: Asked): Promise<Answer> => {
    const fields = fieldsOf(asked)
    const back = new URL(fields['redirect_uri'] || apps.redirectUris[0]!)
    if (fields['decision'] === 'deny') {
      back.searchParams.set('error', 'access_denied')
      back.searchParams.set('error_description', 'The user has denied your application access.')
      if (fields['state']) back.searchParams.set('state', fields['state'])
      return redirect(back)
    }
    const body = Buffer.from(new URLSearchParams({ ...fields, redirect_uri: back.href }).toString())
    const answer = await passOn(emulator, { ...asked, body }, {})
    const code = new URL(answer.headers['location']!).searchParams.get('code')!
    const scopes = (fields['scope'] ?? '').split(/[\s,]+/).filter(Boolean)
    codes.set(code, { client: apps.clientId, challenge: fields['code_challenge'] ?? '', redirectUri: back.href, scopes })
    return answer
  }

  /** What a client with its secret does to its own tokens. */
  const manage = (asked: Asked, what: string): Answer => {
    const client = clientOf(asked, {})
    if (client.id !== apps.clientId || client.secret !== apps.clientSecret) return json({ message: 'Not Found' }, 404)
    const token = fieldsOf(asked)['access_token'] ?? ''
    const issued = access.get(token)
    if (!issued) return json({ message: 'Not Found' }, 404)
    if (asked.method === 'POST') return json({ token, scopes: issued.scopes, app: { client_id: client.id } })
    access.delete(token)
    if (what === 'grant') for (const tokens of [access, refresh]) forget(tokens, issued.code)
    return { status: 204, headers: {}, body: '' }
  }
  const codeFor = async (login: string, redirectUri: string): Promise<string> => {
    const body = new URLSearchParams({ login, redirect_uri: redirectUri, client_id: apps.clientId })
    const answer = await fetch(`${emulator}/login/oauth/callback`, { method: 'POST', body, redirect: 'manual' })
    return new URL(answer.headers.get('location')!).searchParams.get('code')!
  }
  /** The installations that a person can reach, for tokens that the App got from them. */
  const reachable = (asked: Asked): Answer => {
    const issued = access.get(bearerOf(asked.headers.authorization) ?? '')
    if (!issued) return json({ message: 'Bad credentials' }, 401)
    if (issued.client !== githubApp.clientId)
      return json({ message: 'You must authenticate with an access token authorized to a GitHub App' }, 403)
    const account = { login: 'octocat', type: 'User' }
    const installation = { id: Number(githubApp.installation), app_id: Number(githubApp.id), app_slug: githubApp.slug, account }
    return json({ total_count: 1, installations: [installation] })
  }
  const install = async (asked: Asked): Promise<Answer> => {
    const state = asked.url.searchParams.get('state') ?? ''
    if (asked.method === 'GET')
      return html(
        page(
          'Install the app',
          `<form method="post" action="?state=${encodeURIComponent(state)}"><button type="submit">Install</button></form>`,
        ),
      )
    const target = apps.appCallback ?? apps.setupUrl
    if (!target) return html(page('Installed', ''))
    const back = new URL(target)
    if (apps.appCallback) {
      const code = await codeFor('octocat', apps.appCallback)
      codes.set(code, { client: githubApp.clientId, challenge: '', redirectUri: apps.appCallback, scopes: [] })
      back.searchParams.set('code', code)
    }
    back.searchParams.set('installation_id', githubApp.installation)
    back.searchParams.set('setup_action', 'install')
    if (state) back.searchParams.set('state', state)
    return redirect(back)
  }

  return {
    async answer(asked) {
      const { pathname } = asked.url
      if (pathname === '/login/oauth/authorize') return authorize(asked)
      if (pathname === '/login/oauth/callback') return decide(asked)
      if (pathname === '/login/oauth/access_token' && asked.method === 'POST') return exchange(asked)
      if (pathname === `/apps/${githubApp.slug}/installations/new`) return install(asked)
      if (pathname === '/user/installations') return reachable(asked)
      const [, what] = /^\/applications\/[^/]+\/(token|grant)$/.exec(pathname) ?? []
      return what === undefined ? undefined : manage(asked, what)
    },
    opens({ headers, url }) {
      const token = bearerOf(headers.authorization) ?? ''
      const issued = access.get(token)
      if (issued) return issued
      // The emulator checks the signature of the App itself.
      if (installations.has(token) || (/^\/app(\/|$)/.test(url.pathname) && token.split('.').length === 3)) return { behind: token }
      return undefined
    },
    remember: (token) => installations.add(token),
  }
}

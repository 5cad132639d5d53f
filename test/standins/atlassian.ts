import { randomBytes } from 'node:crypto'
import { jiraStandIn, type JiraStandIn } from './jira.ts'
import { bearerOf, html, json, passOn, redirect, served, type Answer, type Asked } from './oauth/front.ts'
import { page } from './oauth/pages.ts'

/**
 * Atlassian's sign-in for apps (OAuth 2.0, three-legged) with one Jira site or two, of our own and after Atlassian's documentation, as there is none to be
 * had. Behind each site is a stand-in for Jira. The token endpoint takes JSON only, as documented, so that a client that sends forms is noticed.
 */
export interface AtlassianStandIn extends AsyncDisposable {
  readonly url: string
  readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly authorizeUrl: string; readonly tokenUrl: string }
  readonly sites: readonly { readonly id: string; readonly url: string; readonly name: string }[]
  /** Ends access of everything that was issued before. */
  expireAccess(): void
}

interface Grant {
  readonly scopes: readonly string[]
  readonly redirectUri: string
}

export async function atlassianStandIn(
  options: { readonly redirectUris?: readonly string[]; readonly sites?: 1 | 2 } = {},
): Promise<AtlassianStandIn> {
  const redirectUris = options.redirectUris ?? ['http://127.0.0.1/callback']
  const client = { id: 'atlassian-client', secret: 'secret-of-the-atlassian-client' }
  const sites = [
    { id: '11111111-2222-4333-8444-555555555555', url: 'https://acme.atlassian.example', name: 'acme' },
    { id: '66666666-7777-4888-8999-000000000000', url: 'https://labs.atlassian.example', name: 'labs' },
  ].slice(0, options.sites ?? 2)
  await using stack = new AsyncDisposableStack()
  const jiras = new Map<string, JiraStandIn>()
  for (const { id } of sites) jiras.set(id, stack.use(await jiraStandIn()))
  const codes = new Map<string, Grant>()
  const access = new Map<string, Grant>()
  const refresh = new Map<string, Grant>()
  const random = (): string => randomBytes(24).toString('base64url')

  const issue = (grant: Grant): Answer => {
    const token = random()
    access.set(token, grant)
    const shown = { access_token: token, expires_in: 3600, token_type: 'Bearer', scope: grant.scopes.join(' ') }
    if (!grant.scopes.includes('offline_access')) return json(shown)
    const next = random()
    refresh.set(next, grant)
    return json({ ...shown, refresh_token: next })
  }
  const refused = (error: string, description: string, status: number): Answer => json({ error, error_description: description }, status)

  const exchange = ({ headers, body }: Asked): Answer => {
    if (!headers['content-type']?.includes('json')) return refused('invalid_request', 'The body must be JSON.', 400)
    const fields = JSON.parse(body.toString()) as Record<string, string>
    if (fields['client_id'] !== client.id || fields['client_secret'] !== client.secret) return refused('access_denied', 'Unauthorized', 401)
    if (fields['grant_type'] === 'refresh_token') {
      const token = fields['refresh_token'] ?? ''
      const grant = refresh.get(token)
      if (!grant) return refused('unauthorized_client', 'refresh_token is invalid', 403)
      refresh.delete(token)
      return issue(grant)
    }
    const grant = codes.get(fields['code'] ?? '')
    if (!grant || grant.redirectUri !== fields['redirect_uri']) return refused('invalid_grant', 'Invalid authorization code', 403)
    codes.delete(fields['code']!)
    return issue(grant)
  }
  const authorize = ({ method, url }: Asked, decision: string): Answer => {
    const query = url.searchParams
    const redirectUri = query.get('redirect_uri') ?? ''
    const wanted = { audience: 'api.atlassian.com', client_id: client.id, response_type: 'code', prompt: 'consent' }
    const wrong = Object.entries(wanted).find(([name, value]) => query.get(name) !== value)
    if (wrong) return html(page('Refused', `<p>${wrong[0]} is wrong</p>`), 400)
    if (!redirectUris.includes(redirectUri)) return html(page('Refused', '<p>redirect_uri is not registered for this client</p>'), 400)
    if (method === 'GET') {
      const buttons = ['allow', 'deny']
        .map((choice) => `<button type="submit" name="decision" value="${choice}">${choice}</button>`)
        .join('')
      return html(
        page('Allow access to your sites?', `<form method="post" action="${url.search.replaceAll('&', '&amp;')}">${buttons}</form>`),
      )
    }
    const back = new URL(redirectUri)
    if (query.get('state')) back.searchParams.set('state', query.get('state')!)
    if (decision === 'deny') {
      back.searchParams.set('error', 'access_denied')
      back.searchParams.set('error_description', 'User did not authorize the request')
      return redirect(back)
    }
    const code = random()
    codes.set(code, { scopes: (query.get('scope') ?? '').split(' ').filter(Boolean), redirectUri })
    back.searchParams.set('code', code)
    return redirect(back)
  }
  const api = async (asked: Asked): Promise<Answer> => {
    const grant = access.get(bearerOf(asked.headers.authorization) ?? '')
    if (!grant) return json({ code: 401, message: 'Unauthorized' }, 401)
    const scopes = grant.scopes.filter((scope) => scope !== 'offline_access')
    const { pathname, search } = asked.url
    if (pathname === '/oauth/token/accessible-resources')
      return json(sites.map((site) => ({ ...site, scopes, avatarUrl: `${site.url}/avatar.png` })))
    const [, id = '', path] = /^\/ex\/jira\/([^/]+)(\/rest\/.*)$/.exec(pathname) ?? []
    const jira = jiras.get(id)
    if (!jira || !path) return json({ code: 404, message: 'Not Found' }, 404)
    if (!scopes.some((scope) => scope.includes(asked.method === 'GET' ? 'read' : 'write')))
      return json({ code: 401, message: 'Unauthorized; scope does not match' }, 401)
    const { username, api_token: token } = jira.login
    const authorization = `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`
    return passOn(jira.url, { ...asked, url: new URL(path + search, jira.url) }, { authorization, accept: 'application/json' })
  }
  const front = stack.use(
    await served(async (asked) => {
      const { pathname } = asked.url
      if (pathname === '/authorize') return authorize(asked, new URLSearchParams(asked.body.toString()).get('decision') ?? '')
      return pathname === '/oauth/token' ? exchange(asked) : api(asked)
    }),
  )
  const kept = stack.move()
  return {
    url: front.url,
    oauth: {
      clientId: client.id,
      clientSecret: client.secret,
      authorizeUrl: `${front.url}/authorize`,
      tokenUrl: `${front.url}/oauth/token`,
    },
    sites,
    expireAccess: () => access.clear(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

import { auth, hubError, type OAuthContext, type OAuthFinish } from '#kit'
import { apiOf, webOf } from './urls.ts'

/** An OAuth App of GitHub acts as the person who allows it. */
export const oauthApp = auth.oauth2({
  title: 'OAuth',
  environment: { client_id: 'GITHUB_CLIENT_ID', client_secret: 'GITHUB_CLIENT_SECRET' },
  clientCredential: 'github-oauth-app',
  redirectSetting: 'GITHUB_INTEGRATION_REDIRECT_URI',
  features: {
    issues: ['repo'],
    prs: ['repo'],
    code: ['repo'],
    projects: ['project'],
    workflows: ['repo', 'workflow'],
    organizations: ['read:org'],
  },
  provider: (config) => ({
    authorizeUrl: `${webOf(config)}/login/oauth/authorize`,
    tokenUrl: `${webOf(config)}/login/oauth/access_token`,
    deviceUrl: `${webOf(config)}/login/device/code`,
    scopes: ['repo', 'read:org'],
  }),
  finish: async (context) => ({ account: await loginOf(context) }),
  revoke,
})

async function loginOf({ tokens, config, request }: OAuthContext): Promise<string> {
  const user = await request('GET', `${apiOf(config)}/user`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  return String((user as { login?: unknown }).login)
}

/** Takes this token back. Not the whole permission: that would end what the person connected elsewhere with the same application. */
async function revoke({ tokens, client, config, request }: OAuthContext): Promise<void> {
  const { client_id: id, client_secret: key = '' } = client
  await request('DELETE', `${apiOf(config)}/applications/${encodeURIComponent(id)}/token`, {
    headers: { authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}` },
    json: { access_token: tokens.access_token },
  })
}

interface Installation {
  readonly id: number
  readonly account?: { readonly login?: string; readonly type?: string }
}

/**
 * Connects an installation of the app. The number of the installation comes through the person's browser, and the credential can do all that the app
 * may: so the person has to own the account, or administer the organization, in which it is installed.
 */
export async function finishInstallation(
  { tokens, client, config, request }: OAuthContext,
  parameters: URLSearchParams,
): Promise<OAuthFinish> {
  const ask = (path: string): Promise<unknown> =>
    request('GET', `${apiOf(config)}${path}`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  const wanted = parameters.get('installation_id')
  const { installations = [] } = (await ask('/user/installations?per_page=100')) as { installations?: Installation[] }
  const found = installations.find(({ id }) => wanted === null || String(id) === wanted)
  const login = found?.account?.login
  if (found === undefined || login === undefined) throw notTheirs('this person cannot reach an installation of the app with that number')
  if (found.account?.type === 'Organization') {
    const membership = await ask(`/user/memberships/orgs/${encodeURIComponent(login)}`).catch((cause: unknown) => {
      throw notTheirs(`GitHub does not say that this person administers ${login}`, cause)
    })
    if ((membership as { role?: unknown }).role !== 'admin') throw notTheirs(`this person does not administer ${login}`)
  } else if (((await ask('/user')) as { login?: unknown }).login !== login) throw notTheirs(`the account ${login} belongs to somebody else`)
  const credential = { app_id: String(client['app_id']), private_key: String(client['private_key']), installation_id: String(found.id) }
  return { account: `${login} (GitHub App)`, credential }
}

function notTheirs(detail: string, cause?: unknown) {
  const hint = 'let an owner of the account install the app and connect; for an organization the app needs the permission to read members'
  return hubError('oauth_failed', { detail, hint, cause })
}

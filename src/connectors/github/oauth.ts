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

/**
 * Connects an installation of the app. The number of the installation comes through the person's browser, so it counts only if GitHub says that
 * this person can reach the installation: otherwise anybody could name somebody else's.
 */
export async function finishInstallation(context: OAuthContext, parameters: URLSearchParams): Promise<OAuthFinish> {
  const { tokens, client, config, request } = context
  const wanted = parameters.get('installation_id')
  const answer = await request('GET', `${apiOf(config)}/user/installations?per_page=100`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  const { installations = [] } = answer as { installations?: { id: number; account?: { login?: string }; app_id?: number }[] }
  const first = installations.find(({ id }) => wanted === null || String(id) === wanted)
  const credentialOf = (id: number) => ({
    app_id: String(client['app_id']),
    private_key: String(client['private_key']),
    installation_id: String(id),
  })
  if (!first)
    throw hubError('oauth_failed', {
      detail:
        wanted === null
          ? 'the app is installed nowhere that this person can reach'
          : 'this person cannot reach the installation that was named',
      hint: 'install the app on GitHub, for an account that you own, and connect again',
    })
  return { account: `${first.account?.login ?? 'installation'} (GitHub App)`, credential: credentialOf(first.id) }
}

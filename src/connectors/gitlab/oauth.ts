import { auth, type OAuthContext } from '#kit'
import { apiOf, webOf } from './urls.ts'

/** An application of GitLab acts as the person who allows it. Its access tokens live for two hours, and each refresh token serves once. */
export const application = auth.oauth2({
  title: 'OAuth',
  environment: { client_id: 'GITLAB_CLIENT_ID', client_secret: 'GITLAB_CLIENT_SECRET' },
  clientCredential: 'gitlab-oauth-app',
  features: {
    issues: ['api'],
    merge_requests: ['api'],
    code: ['api'],
    reading: ['read_api'],
  },
  provider: (config) => ({
    authorizeUrl: `${webOf(config)}/oauth/authorize`,
    tokenUrl: `${webOf(config)}/oauth/token`,
    deviceUrl: `${webOf(config)}/oauth/authorize_device`,
    revokeUrl: `${webOf(config)}/oauth/revoke`,
    scopes: ['api'],
  }),
  finish: async (context) => ({ account: await nameOf(context) }),
})

async function nameOf({ tokens, config, request }: OAuthContext): Promise<string> {
  const user = await request('GET', `${apiOf(config)}/user`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  return String((user as { username?: unknown }).username)
}

import { auth, type OAuthContext, type OAuthDeclaration, type OAuthFinish } from '#kit'

const scopes = ['chat:write', 'channels:read', 'channels:history', 'users:read', 'users:read.email', 'reactions:write', 'files:write']
const defaultApi = 'https://slack.com/api'

function urlsOf({ api_url: api = defaultApi }: Readonly<Record<string, unknown>>) {
  const base = String(api).replace(/\/+$/, '')
  return { authorizeUrl: `${new URL(base).origin}/oauth/v2/authorize`, tokenUrl: `${base}/oauth.v2.access` }
}

const shared = {
  environment: { client_id: 'SLACK_CLIENT_ID', client_secret: 'SLACK_CLIENT_SECRET' },
  clientCredential: 'slack-app',
  finish,
  revoke,
} satisfies Partial<OAuthDeclaration>

/** Acts as the bot of the app. */
export const bot = auth.oauth2({
  ...shared,
  title: 'OAuth, as a bot',
  features: { messages: ['chat:write', 'channels:read', 'channels:history', 'users:read'], files: ['files:write'] },
  provider: (config) => ({ ...urlsOf(config), scopes, scopeSeparator: ',', pkce: false }),
})

/** Acts as the person who allows it. */
export const person = auth.oauth2({
  ...shared,
  type: 'oauth2_user',
  title: 'OAuth, as a person',
  provider: (config) => ({
    ...urlsOf(config),
    scopes: [],
    scopeSeparator: ',',
    pkce: false,
    authorizeParameters: { user_scope: scopes.join(',') },
    tokensAt: ['authed_user'],
  }),
})

async function ask({ tokens, config, request }: OAuthContext, method: string): Promise<Record<string, unknown>> {
  const base = String(config['api_url'] ?? defaultApi).replace(/\/+$/, '')
  return (await request('POST', `${base}/${method}`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
    form: {},
  })) as Record<string, unknown>
}

async function finish(context: OAuthContext): Promise<OAuthFinish> {
  const { user, team } = await ask(context, 'auth.test')
  return { account: `${String(user)} in ${String(team)}` }
}

async function revoke(context: OAuthContext): Promise<void> {
  await ask(context, 'auth.revoke')
}

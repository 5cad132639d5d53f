import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { auth, hubError, path, secret, type CredentialValues, type RequestOptions } from '#kit'
import { finishInstallation } from './oauth.ts'
import { webOf } from './urls.ts'

/** Authenticates as an installed app: a short-lived JWT is exchanged for an installation token, which is valid for one hour. */
export const githubApp = auth.custom({
  type: 'github_app',
  title: 'GitHub App',
  fields: z.object({
    app_id: z.union([z.string(), z.number()]).describe('Id of the app.'),
    installation_id: z.union([z.string(), z.number()]).describe('Id of its installation.'),
    private_key: secret('Private key in PEM.'),
  }),
  // Installed by a person on GitHub. "Request user authorization (OAuth) during installation" has to be on in the settings of the app.
  oauth: {
    environment: {
      client_id: 'GITHUB_APP_CLIENT_ID',
      client_secret: 'GITHUB_APP_CLIENT_SECRET',
      app_id: 'GITHUB_APP_ID',
      private_key: 'GITHUB_APP_PRIVATE_KEY',
      slug: 'GITHUB_APP_SLUG',
    },
    clientCredential: 'github-app',
    provider: (config, { slug }) => ({
      authorizeUrl: `${webOf(config)}/apps/${encodeURIComponent(String(slug))}/installations/new`,
      tokenUrl: `${webOf(config)}/login/oauth/access_token`,
      scopes: [],
      pkce: false,
    }),
    finish: finishInstallation,
  },
  async authorize({ credential, http, remember }) {
    const installation = String(credential['installation_id'])
    const token = await remember(`installation ${installation}`, async () => {
      const jwt = await signedAsApp(String(credential['app_id']), String(credential['private_key']))
      const reply = await http.post<{ token: string; expires_at: string }>(
        path`/app/installations/${installation}/access_tokens`,
        undefined,
        {
          headers: { authorization: `Bearer ${jwt}` },
          // A repeated exchange only creates another token, so it may be repeated.
          repeatable: 'state',
        },
      )
      return { value: reply.token, expiresAt: new Date(reply.expires_at) }
    })
    return { headers: { authorization: `Bearer ${token}` } }
  },
})

/** Sends a request as the app itself and not as one of its installations; undefined if the credential is not an app's. */
export async function asApp({ app_id: id, private_key: key }: CredentialValues): Promise<RequestOptions | undefined> {
  if (id === undefined || key === undefined) return undefined
  return { authorize: false, headers: { authorization: `Bearer ${await signedAsApp(String(id), String(key))}` } }
}

async function signedAsApp(appId: string, pem: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'))
    // The time is one minute in the past, because GitHub rejects times that are ahead of its clock. GitHub allows at most ten minutes of validity.
    return await new SignJWT()
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(appId)
      .setIssuedAt(now - 60)
      .setExpirationTime(now + 540)
      .sign(key)
  } catch (cause) {
    throw hubError('vendor_unauthorized', { detail: 'the private key of the GitHub App is not a PEM key', cause })
  }
}

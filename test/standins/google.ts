import { randomBytes } from 'node:crypto'
import { createEmulator } from 'emulate'
import {
  bearerOf,
  clientOf,
  fieldsOf,
  html,
  json,
  passOn,
  pkceHolds,
  redirect,
  served,
  withConsent,
  type Answer,
  type Asked,
} from './oauth/front.ts'
import { freePort } from './oauth/free-port.ts'
import { page } from './oauth/pages.ts'

/**
 * Somebody else's Google (`emulate`), behind a front that gives refresh tokens as Google does: for offline access only, and not again for a consent that was
 * given before. It refuses tokens that it did not issue, and ends a grant when one of its tokens is revoked.
 */
export interface GoogleStandIn extends AsyncDisposable {
  readonly url: string
  readonly oauth: {
    readonly clientId: string
    readonly clientSecret: string
    readonly authorizeUrl: string
    readonly tokenUrl: string
    readonly revokeUrl: string
  }
}

interface Code {
  readonly account: string
  readonly redirectUri: string
  readonly offline: boolean
  readonly challenge: string
}

/** What one code gave. */
interface Grant {
  readonly account: string
  readonly behindRefresh: string
}

export async function googleStandIn(options: { readonly redirectUris?: readonly string[] } = {}): Promise<GoogleStandIn> {
  const client = { id: 'hub.apps.googleusercontent.com', secret: 'secret-of-the-google-client' }
  const front = await served((asked) => answer(asked))
  // With an address of its own the emulator names that one in `url`, so its port has to be known.
  const port = await freePort()
  const behindUrl = `http://localhost:${port}`
  const emulator = await createEmulator({
    service: 'google',
    port,
    baseUrl: front.url,
    seed: {
      google: {
        users: [
          { email: 'ada@example.com', name: 'Ada Lovelace' },
          { email: 'unverified@example.com', name: 'Mallory', email_verified: false },
        ],
        oauth_clients: [
          {
            client_id: client.id,
            client_secret: client.secret,
            name: 'Hub',
            redirect_uris: options.redirectUris ?? ['http://127.0.0.1/callback'],
          },
        ],
      },
    },
  } as never)
  const codes = new Map<string, Code>()
  const consented = new Set<string>()
  const access = new Map<string, { behind: string; grant: Grant }>()
  const refresh = new Map<string, Grant>()

  const behind = async (form: Record<string, string>): Promise<Record<string, string>> => {
    const body = new URLSearchParams({ ...form, client_id: client.id, client_secret: client.secret })
    return (await (await fetch(`${behindUrl}/oauth2/token`, { method: 'POST', body })).json()) as Record<string, string>
  }
  const issue = (given: Record<string, string>, grant: Grant): Record<string, string> => {
    const token = `ya29.${randomBytes(24).toString('base64url')}`
    access.set(token, { behind: given['access_token']!, grant })
    const { refresh_token: _own, ...shown } = given
    return { ...shown, access_token: token }
  }
  const refused = (error: string, description: string, status = 400): Answer => json({ error, error_description: description }, status)

  const exchange = async (asked: Asked): Promise<Answer> => {
    const fields = fieldsOf(asked)
    const { id, secret } = clientOf(asked, fields)
    if (id !== client.id) return refused('invalid_client', 'The OAuth client was not found.', 401)
    if (secret !== client.secret) return refused('invalid_client', 'Unauthorized', 401)
    if (fields['grant_type'] === 'refresh_token') {
      const grant = refresh.get(fields['refresh_token'] ?? '')
      if (!grant) return refused('invalid_grant', 'Token has been expired or revoked.')
      return json(issue(await behind({ grant_type: 'refresh_token', refresh_token: grant.behindRefresh }), grant))
    }
    const code = fields['code'] ?? ''
    const known = codes.get(code)
    if (!known) return refused('invalid_grant', 'Malformed auth code.')
    if (fields['redirect_uri'] !== known.redirectUri) return refused('redirect_uri_mismatch', 'Bad Request')
    if (!pkceHolds(known.challenge, fields['code_verifier'])) return refused('invalid_grant', 'Invalid code verifier.')
    codes.delete(code)
    const given = await behind({ grant_type: 'authorization_code', ...fields })
    const grant = { account: known.account, behindRefresh: given['refresh_token']! }
    const shown = issue(given, grant)
    if (!known.offline) return json(shown)
    const token = `1//${randomBytes(24).toString('base64url')}`
    refresh.set(token, grant)
    return json({ ...shown, refresh_token: token })
  }
  const authorize = async (asked: Asked): Promise<Answer> => {
    const answer = await passOn(behindUrl, asked, { accept: 'text/html' })
    const query = asked.url.searchParams
    if (answer.status !== 200) return answer
    if (query.get('response_type') !== 'code') return html(page('Refused', '<p>invalid_request: response_type</p>'), 400)
    const kept = { access_type: query.get('access_type') ?? 'online', prompt: query.get('prompt') ?? '' }
    return { ...answer, body: withConsent(answer.body.toString(), kept) }
  }
  const decide = async (asked: Asked): Promise<Answer> => {
    const fields = fieldsOf(asked)
    const redirectUri = fields['redirect_uri'] ?? ''
    if (fields['decision'] === 'deny') {
      const back = new URL(redirectUri)
      back.searchParams.set('error', 'access_denied')
      if (fields['state']) back.searchParams.set('state', fields['state'])
      return redirect(back)
    }
    const answer = await passOn(behindUrl, asked, {})
    const account = fields['email'] ?? ''
    const offline = fields['access_type'] === 'offline' && (fields['prompt'] === 'consent' || !consented.has(account))
    consented.add(account)
    codes.set(new URL(answer.headers['location']!).searchParams.get('code')!, {
      account,
      redirectUri,
      offline,
      challenge: fields['code_challenge'] ?? '',
    })
    return answer
  }
  const revoke = (asked: Asked): Answer => {
    const token = fieldsOf(asked)['token'] ?? asked.url.searchParams.get('token') ?? ''
    const grant = refresh.get(token) ?? access.get(token)?.grant
    if (!grant) return refused('invalid_token', 'Token expired or revoked')
    for (const [one, { grant: its }] of access) if (its === grant) access.delete(one)
    for (const [one, its] of refresh) if (its === grant) refresh.delete(one)
    consented.delete(grant.account)
    return json({})
  }

  const answer = async (asked: Asked): Promise<Answer> => {
    const { pathname } = asked.url
    if (pathname === '/o/oauth2/v2/auth') return authorize(asked)
    if (pathname === '/o/oauth2/v2/auth/callback') return decide(asked)
    if (pathname === '/oauth2/token') return exchange(asked)
    if (pathname === '/oauth2/revoke') return revoke(asked)
    if (pathname === '/oauth2/v3/certs' || pathname.startsWith('/.well-known/')) return passOn(behindUrl, asked, {})
    const opened = access.get(bearerOf(asked.headers.authorization) ?? '')
    if (opened) return passOn(behindUrl, asked, { authorization: `Bearer ${opened.behind}` })
    return json({ error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } }, 401)
  }
  return {
    url: front.url,
    oauth: {
      clientId: client.id,
      clientSecret: client.secret,
      authorizeUrl: `${front.url}/o/oauth2/v2/auth`,
      tokenUrl: `${front.url}/oauth2/token`,
      revokeUrl: `${front.url}/oauth2/revoke`,
    },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await emulator.close()
    },
  }
}

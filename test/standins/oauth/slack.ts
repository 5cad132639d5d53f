import { randomBytes } from 'node:crypto'
import { bearerOf, clientOf, fieldsOf, json, passOn, redirect, withConsent, type Answer, type Asked } from './front.ts'

export interface SlackApp {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  /** Tokens end after twelve hours and are refreshed, as an app can choose. */
  readonly rotation: boolean
}

interface Installed {
  readonly behind: string
  readonly type: 'bot' | 'user'
  /** What the exchange answered beside the token. */
  readonly shown: Record<string, unknown>
}

/** Slack's OAuth v2 in front of the emulator's, with what that leaves out: refusals, token rotation, revocation, and tokens that nobody issued. */
export interface SlackOAuth {
  answer(asked: Asked): Promise<Answer | undefined>
  /** With which token the emulator is asked for this header; undefined if it opens nothing. */
  opens(authorization: string | undefined): string | undefined
}

export function slackOAuth(emulator: string, app: SlackApp): SlackOAuth {
  const access = new Map<string, Installed>()
  const refresh = new Map<string, Installed>()
  const random = (prefix: string): string => `${prefix}-${randomBytes(18).toString('hex')}`

  const issue = (installed: Installed): Record<string, unknown> => {
    const kind = installed.type === 'bot' ? 'xoxb' : 'xoxp'
    const token = random(app.rotation ? `xoxe.${kind}-1` : kind)
    access.set(token, installed)
    if (!app.rotation) return { access_token: token }
    const refreshToken = random('xoxe-1')
    refresh.set(refreshToken, installed)
    return { access_token: token, refresh_token: refreshToken, expires_in: 43_200 }
  }
  const exchange = async (asked: Asked): Promise<Answer> => {
    const fields = fieldsOf(asked)
    const client = clientOf(asked, fields)
    if (client.id !== app.clientId) return json({ ok: false, error: 'invalid_client_id' })
    if (client.secret !== app.clientSecret) return json({ ok: false, error: 'bad_client_secret' })
    if (fields['grant_type'] === 'refresh_token') {
      const old = refresh.get(fields['refresh_token'] ?? '')
      if (!old) return json({ ok: false, error: 'invalid_refresh_token' })
      refresh.delete(fields['refresh_token']!)
      return json({ ok: true, token_type: old.type, ...old.shown, ...issue(old) })
    }
    const answer = await passOn(emulator, asked, { authorization: asked.headers.authorization ?? '' })
    const given = JSON.parse(answer.body.toString()) as Record<string, any>
    if (!given['ok']) return json(given)
    const { access_token: bot, authed_user: user, ...shown } = given
    const userToken = user.access_token as string | undefined
    return json({
      ...shown,
      ...issue({
        behind: bot,
        type: 'bot',
        shown: { scope: given['scope'], bot_user_id: given['bot_user_id'], app_id: given['app_id'], team: given['team'] },
      }),
      authed_user: userToken ? { ...user, ...issue({ behind: userToken, type: 'user', shown: { scope: user.scope } }) } : user,
    })
  }
  const authorize = async (asked: Asked): Promise<Answer> => {
    const answer = await passOn(emulator, asked, { accept: 'text/html' })
    return answer.status === 200 ? { ...answer, body: withConsent(answer.body.toString(), {}) } : answer
  }
  const decide = (asked: Asked): Promise<Answer> | Answer => {
    const fields = fieldsOf(asked)
    if (fields['decision'] !== 'deny') return passOn(emulator, asked, {})
    const back = new URL(fields['redirect_uri'] || app.redirectUris[0]!)
    back.searchParams.set('error', 'access_denied')
    if (fields['state']) back.searchParams.set('state', fields['state'])
    return redirect(back)
  }
  return {
    async answer(asked) {
      const { pathname } = asked.url
      if (pathname === '/oauth/v2/authorize') return authorize(asked)
      if (pathname === '/oauth/v2/authorize/callback') return decide(asked)
      if (pathname === '/api/oauth.v2.access') return exchange(asked)
      if (pathname !== '/api/auth.revoke') return undefined
      const token = bearerOf(asked.headers.authorization) ?? fieldsOf(asked)['token'] ?? ''
      return json(access.delete(token) ? { ok: true, revoked: true } : { ok: false, error: 'invalid_auth' })
    },
    opens: (authorization) => access.get(bearerOf(authorization) ?? '')?.behind,
  }
}

import { createEmulator } from 'emulate'
import { json, served, type Answer, type Asked } from './oauth/front.ts'
import { slackOAuth, type SlackApp } from './oauth/slack.ts'

/** Somebody else's Slack (`emulate`), behind a front that knows one token and those that its own OAuth issued, and can say that the limit is reached. */
export interface SlackStandIn extends AsyncDisposable {
  readonly url: string
  readonly token: string
  limited: number
  /** The app, whose pages are `/oauth/v2/authorize` and `/api/oauth.v2.access`. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly authorizeUrl: string }
}

export async function slackStandIn(options: Partial<Pick<SlackApp, 'redirectUris' | 'rotation'>> = {}): Promise<SlackStandIn> {
  const app: SlackApp = {
    redirectUris: ['http://127.0.0.1/callback'],
    rotation: false,
    ...options,
    clientId: '12345.67890',
    clientSecret: 'secret-of-the-slack-app',
  }
  const token = 'xoxb-standin-0123456789'
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      tokens: { [token]: { login: 'U000000001', scopes: ['chat:write', 'channels:read', 'users:read'] } },
      slack: {
        team: { name: 'Acme', domain: 'acme' },
        users: [{ name: 'ada', real_name: 'Ada Lovelace', email: 'ada@example.com' }],
        channels: [
          { name: 'general', topic: 'All' },
          { name: 'ops', topic: 'Work' },
        ],
        oauth_apps: [{ client_id: app.clientId, client_secret: app.clientSecret, name: 'Hub', redirect_uris: app.redirectUris }],
      },
    },
  } as never)
  const standIn = { limited: 0 }
  const oauth = slackOAuth(emulator.url, app)
  const answer = async (asked: Asked): Promise<Answer> => {
    const signIn = await oauth.answer(asked)
    if (signIn) return signIn
    const { authorization, 'content-type': given } = asked.headers
    const upload = asked.url.pathname.includes('upload')
    const opened = upload || authorization === `Bearer ${token}` ? token : oauth.opens(authorization)
    if (opened === undefined) return json({ ok: false, error: 'invalid_auth' })
    if (standIn.limited > 0) {
      standIn.limited -= 1
      const limited = json({ ok: false, error: 'ratelimited' }, 429)
      return { ...limited, headers: { ...limited.headers, 'retry-after': '1' } }
    }
    // Slack answers GET for what only looks; the emulator knows POST alone, with the query as a form.
    const looking = asked.method === 'GET'
    const body = looking ? Buffer.from(asked.url.searchParams.toString()) : withPlainName(asked.body)
    const type = looking ? 'application/x-www-form-urlencoded' : given
    const headers = { authorization: `Bearer ${opened}`, ...(type ? { 'content-type': type } : {}) }
    const target = new URL(asked.url.pathname + (looking ? '' : asked.url.search), emulator.url)
    const behind = await fetch(target, { method: 'POST', headers, body: new Uint8Array(body) })
    return {
      status: behind.status,
      headers: { 'content-type': behind.headers.get('content-type') ?? 'application/json' },
      body: Buffer.from(await behind.arrayBuffer()),
    }
  }
  const front = await served(answer)
  return Object.assign(standIn, {
    url: `${front.url}/api`,
    token,
    oauth: { clientId: app.clientId, clientSecret: app.clientSecret, authorizeUrl: `${front.url}/oauth/v2/authorize` },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await emulator.close()
    },
  })
}

/** Slack takes a channel by its name with and without #; the emulator without alone. */
function withPlainName(body: Buffer): Buffer {
  const text = body.toString()
  return text.startsWith('{') ? Buffer.from(text.replace(/"channel":"#/, '"channel":"')) : body
}

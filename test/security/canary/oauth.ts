import { upstream } from '#kit/testing'
import type { Exercise, Given } from './exercises.ts'

/** Somebody connects an integration at a provider that repeats what it is sent, and the tokens are renewed until the provider refuses. */
export const oauthExercise: Exercise = {
  name: 'OAuth: links, states, codes, verifiers and tokens',
  async run(hub, secrets) {
    let count = 0
    await using provider = await upstream(({ path, body, headers }) => {
      if (path !== '/token') return { body: { repeated: headers.authorization } }
      const form = new URLSearchParams(body)
      for (const field of ['code_verifier', 'code', 'refresh_token']) {
        const value = form.get(field)
        if (value) secrets.add(`${field} at the provider`, value)
      }
      count += 1
      if (count > 3) return { status: 400, body: { error: 'invalid_grant', error_description: `I got ${headers.authorization} ${body}` } }
      const tokens = { access_token: secrets.mint(`access token ${count}`), refresh_token: secrets.mint(`refresh token ${count}`) }
      return { body: { ...tokens, token_type: 'bearer', expires_in: 1 } }
    })
    await hub.call('PUT', '/api/v1/credentials/http-oauth-app', {
      data: { client_id: 'canary-client', client_secret: secrets.mint('secret of an OAuth client') },
    })
    await hub.call('POST', '/api/v1/integrations', {
      name: 'by-oauth',
      integration_type: 'http',
      auth_type: 'oauth2',
      config: { base_url: provider.url, oauth: { authorize_url: `${provider.url}/authorize`, token_url: `${provider.url}/token` } },
    })
    const connect = async (answer: (state: string) => Record<string, string>): Promise<string> => {
      let path = ''
      let link = ''
      const linking = {
        gives: ({ json }: Given) => {
          link = String(json['id'])
          path = new URL(String(json['url'])).pathname
          return { 'token of a connect link': path.split('/').at(-1)! }
        },
      }
      await hub.with(linking).call('POST', '/api/v1/integrations/by-oauth/connect', {})
      const browser = { token: null, headers: { origin: hub.url } }
      await hub.with({ token: null }).call('GET', `/connect/${'x'.repeat(43)}`)
      let cookie = ''
      let state = ''
      const beginning = {
        ...browser,
        headers: { ...browser.headers, 'content-type': 'application/x-www-form-urlencoded' },
        raw: '',
        gives: ({ cookies, location }: Given) => {
          cookie = /hub_connect=([^;]+)/.exec(cookies.join())?.[1] ?? ''
          state = new URL(location ?? '').searchParams.get('state') ?? ''
          return { 'cookie of a connection': cookie, 'state of a connection': state }
        },
      }
      await hub.with(beginning).call('POST', path)
      const query = new URLSearchParams({ state, ...answer(state) }).toString()
      const end = await hub.with({ token: null, headers: { cookie: `hub_connect=${cookie}` } }).call('GET', `/oauth/callback?${query}`)
      const { status } = await hub.call('GET', `/api/v1/connections/${link}`)
      if (status !== 200) throw new Error(`the connection could not be read: ${status}`)
      return end.body
    }
    await connect(() => ({ error: 'access_denied', error_description: 'no' }))
    const page = await connect(() => ({ code: secrets.mint('code of a provider') }))
    if (!page.includes('Connected')) throw new Error(`it was not connected: ${page}`)
    for (let call = 0; call < 4; call++) {
      await new Promise((resolve) => setTimeout(resolve, 1100))
      await hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/thing' }, integration: 'by-oauth' })
    }
    for (const path of ['/api/v1/integrations/by-oauth', '/api/v1/events?type=integration.reconnect_needed']) await hub.call('GET', path)
  },
}

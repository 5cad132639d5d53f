import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import type { Browser } from './person.ts'
import { browserAt } from './person.ts'

export interface Identity {
  readonly sub: string
  readonly email: string
  readonly email_verified?: boolean
  readonly name: string
}

/** A certified OpenID provider, which signs in whoever the test says. */
export interface IdentityProvider extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>
  /** From now on, everybody who comes from this hub is this identity. */
  be(identity: Identity, hub: string): void
  /** Signs somebody in at the provider and goes back to the hub. Returns the path at which the browser arrives. */
  signIn(browser: Browser, hub: string, identity: Identity): Promise<string>
  /** Follows an address that leads to the provider, and from there back to the hub. */
  follow(browser: Browser, address: string): Promise<string>
}

const client = { client_id: 'the-hub', client_secret: 'secret-of-the-hub-at-the-provider' }

export async function identityProvider(): Promise<IdentityProvider> {
  let provider: Provider | undefined
  let current: Identity | undefined
  const server = createServer((request, response) => {
    if (!provider) return void response.writeHead(503).end()
    if (request.url?.startsWith('/interaction/')) {
      return void provider.interactionFinished(request, response, { login: { accountId: current!.sub } })
    }
    void provider.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const providerFor = (hub: string): Provider =>
    new Provider(issuer, {
      clients: [{ ...client, redirect_uris: [`${hub}/auth/callback/sso`] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: false,
      cookies: { keys: ['only for tests'] },
      features: { devInteractions: { enabled: false } },
      findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ ...current!, sub: id }) }),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    })

  const be = (identity: Identity, hub: string): void => {
    provider ??= providerFor(hub)
    current = identity
  }

  const follow: IdentityProvider['follow'] = async (browser, address) => {
    const atProvider = browserAt(issuer)
    let url = new URL(address)
    for (let steps = 0; steps < 10; steps++) {
      const visitor = url.origin === issuer ? atProvider : browser
      const answer = await visitor.call('GET', url.pathname + url.search)
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`${url.pathname} answered ${answer.status} ${answer.text}`)
      const arrived = url.origin !== issuer
      url = new URL(location, url)
      if (arrived) return url.pathname + url.search
    }
    throw new Error('single sign-on came to no end')
  }

  return {
    environment: {
      HUB_OIDC_ISSUER: issuer,
      HUB_OIDC_CLIENT_ID: client.client_id,
      HUB_OIDC_CLIENT_SECRET: client.client_secret,
      HUB_OIDC_NAME: 'Example Login',
    },
    be,
    async signIn(browser, hub, identity) {
      be(identity, hub)
      const started = await browser.call('POST', '/auth/sign-in/social', {
        provider: 'sso',
        callbackURL: '/account',
        errorCallbackURL: '/sign-in',
      })
      if (started.status !== 200) throw new Error(`single sign-on did not start: ${started.text}`)
      return follow(browser, String(started.json()['url']))
    },
    follow,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

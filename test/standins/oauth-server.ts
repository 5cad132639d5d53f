import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Provider, type InteractionResults } from 'oidc-provider'
import { accountsOf, clients, configurationOf, type OAuthServerOptions } from './oauth/configuration.ts'
import { consentPage, loginPage } from './oauth/pages.ts'
import { tokenFaults, type TokenFaults } from './oauth/token-faults.ts'

/**
 * Somebody else's OAuth server and OpenID provider: `oidc-provider`, with pages of our own and an API that its tokens open. Its addresses are in
 * `/.well-known/openid-configuration`; `authorizeAs` walks over its pages.
 */
export interface OAuthServer extends AsyncDisposable {
  readonly url: string
  readonly clients: typeof clients
  readonly endpoints: {
    readonly authorization: string
    readonly token: string
    readonly device: string
    readonly revocation: string
    readonly introspection: string
    readonly userinfo: string
    readonly registration: string
    /** Answers `{account, scope}` for a token that is valid now, otherwise 401. */
    readonly api: string
  }
  /** How often the token endpoint was asked, by grant type; requests that a fault answered count as `fault`. */
  readonly asked: Readonly<Record<string, number>>
  readonly tokenFaults: TokenFaults
  /** Ends a grant as its owner would on the server's own pages: no token of this account is valid afterwards. */
  revokeAll(account: string): Promise<void>
}

export async function oauthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const configuration = await configurationOf(url, options)
  const provider = new Provider(url, configuration)
  const asked: Record<string, number> = {}
  const faults = tokenFaults()
  const grants = new Map<string, Set<string>>()
  const count = (kind: string): void => {
    asked[kind] = (asked[kind] ?? 0) + 1
  }
  provider.use(async (context, next) => {
    await next()
    if (context['oidc']?.route === 'token') count(String(context['oidc'].params?.grant_type ?? 'none'))
  })
  const handle = provider.callback()
  const keys = createRemoteJWKSet(new URL(`${url}/jwks`))

  /** Whose token it is, if it is valid now. */
  const ownerOf = async (token: string): Promise<{ account: string; scope: string } | undefined> => {
    if (token.split('.').length === 3) {
      const { payload } = await jwtVerify(token, keys, { issuer: url, audience: `${url}/api` }).catch(() => ({ payload: undefined }))
      return payload && { account: String(payload.sub), scope: String(payload['scope'] ?? '') }
    }
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token))
    if (!found?.isValid) return undefined
    return { account: 'accountId' in found ? found.accountId : String(found.clientId), scope: found.scope ?? '' }
  }

  const api = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const owner = await ownerOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '')
    const json = { 'content-type': 'application/json' }
    if (owner) response.writeHead(200, json).end(JSON.stringify(owner))
    else response.writeHead(401, { ...json, 'www-authenticate': 'Bearer error="invalid_token"' }).end('{"error":"invalid_token"}')
  }

  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const interaction = await provider.interactionDetails(request, response)
    const { params, prompt, session, uid } = interaction
    const scopes = String(params['scope'] ?? '').split(' ')
    if (request.method === 'GET') {
      const html = prompt.name === 'login' ? loginPage(uid) : consentPage(uid, { client: String(params['client_id']), scopes })
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
      return
    }
    const form = await formOf(request)
    const finish = (result: InteractionResults): Promise<void> =>
      provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
    if (form.get('decision') === 'deny') return finish({ error: 'access_denied', error_description: 'the account refused' })
    if (prompt.name === 'login') {
      const login = form.get('login') ?? ''
      if (accountsOf(options)[login] === undefined) return finish({ error: 'access_denied', error_description: 'nobody has this account' })
      return finish({ login: { accountId: login } })
    }
    const accountId = session!.accountId
    const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
    const allowed = scopes.filter((scope) => options.granted?.includes(scope) ?? true)
    const refused = scopes.filter((scope) => !allowed.includes(scope))
    grant.addOIDCScope(allowed)
    if (refused.length > 0) grant.rejectOIDCScope(refused)
    grant.addResourceScope(`${url}/api`, allowed.join(' '))
    if (refused.length > 0) grant.rejectResourceScope(`${url}/api`, refused.join(' '))
    const grantId = await grant.save()
    grants.set(accountId, (grants.get(accountId) ?? new Set()).add(grantId))
    return finish({ consent: { grantId } })
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', url)
    if (pathname === '/api/me') return api(request, response)
    if (pathname.startsWith('/interaction/')) return interact(request, response)
    if (pathname === '/token' && (await faults.apply(request, response))) return count('fault')
    return handle(request, response)
  }
  server.on('request', (request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(400, { 'content-type': 'text/plain' }).end(error.message))
  })

  return {
    url,
    clients,
    endpoints: {
      authorization: `${url}/auth`,
      token: `${url}/token`,
      device: `${url}/device/auth`,
      revocation: `${url}/token/revocation`,
      introspection: `${url}/token/introspection`,
      userinfo: `${url}/me`,
      registration: `${url}/reg`,
      api: `${url}/api/me`,
    },
    asked,
    tokenFaults: faults,
    async revokeAll(account) {
      for (const id of grants.get(account) ?? []) {
        await provider.AccessToken.revokeByGrantId(id)
        await provider.RefreshToken.revokeByGrantId(id)
        await (await provider.Grant.find(id))?.destroy()
      }
      grants.delete(account)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return new URLSearchParams(Buffer.concat(parts).toString())
}

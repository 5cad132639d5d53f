import * as oauth from 'oauth4webapi'
import { hubError, type HubError } from '#errors'
import type { Egress } from '#http'
import type { OAuthClient, OAuthProvider, OAuthRequest, OAuthTokens } from '#kit'
import { isRecord } from '#lib/is-record'
import { createOAuthFetch, type OAuthFetch } from './fetch.ts'
import { problemIn, tokensIn, valueAt } from './answer.ts'

/** One authorization server, as one client of it. */
export interface Party {
  readonly provider: OAuthProvider
  readonly client: OAuthClient
}

export interface AuthorizationRequest {
  readonly state: string
  readonly redirectUri: string
  readonly verifier: string
  readonly scopes: readonly string[]
}

export interface DeviceCode {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string | undefined
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

/** What OAuth says, over the hub's own way out: every address is checked, and every answer is bounded in time and size. */
export interface Protocol {
  authorizationUrl(party: Party, request: AuthorizationRequest): Promise<string>
  /** `parameters` are those with which the provider sent the browser back. */
  exchangeCode(
    party: Party,
    parameters: URLSearchParams,
    request: Pick<AuthorizationRequest, 'redirectUri' | 'verifier' | 'scopes'>,
  ): Promise<OAuthTokens>
  /** Without a refresh token in the answer, the old one stays valid. */
  refresh(party: Party, refreshToken: string): Promise<OAuthTokens>
  startDevice(party: Party, scopes: readonly string[]): Promise<DeviceCode>
  /** Undefined while the person has not decided; `slower` asks for a longer interval. */
  pollDevice(party: Party, deviceCode: string): Promise<OAuthTokens | 'pending' | 'slower'>
  revoke(party: Party, token: string): Promise<void>
  readonly request: OAuthRequest
}

/** What the token endpoint said, and what is wrong with it. */
interface Answer {
  readonly answer: unknown
  readonly problem: HubError | undefined
}

export interface ProtocolDeps {
  readonly egress: Egress
  readonly timeoutMs: number
}

export function createProtocol(deps: ProtocolDeps): Protocol {
  const send = createOAuthFetch(deps)

  const tokenRequest = async ({ provider, client }: Party, grant: string, parameters: Record<string, string>): Promise<Answer> => {
    const response = await oauth.genericTokenEndpointRequest(
      serverOf(provider),
      { client_id: client.client_id },
      authenticationOf({ provider, client }),
      grant,
      { ...provider.tokenParameters, ...parameters },
      optionsOf(provider, send),
    )
    const answer = await readJson(response)
    // A provider may repeat what it was sent.
    const secrets = [client.client_secret ?? '', ...Object.values(parameters)]
    const alsoGone = grant === 'refresh_token' ? provider.refreshEnded : []
    return { answer, problem: problemIn(answer, { secrets, alsoGone }) }
  }

  /** Reads the tokens, or throws what the provider says. */
  const tokensFrom = ({ answer, problem }: Answer, { provider }: Party, asked: readonly string[]): OAuthTokens => {
    if (problem) throw problem
    return tokensIn(answer, provider, asked)
  }

  return {
    async authorizationUrl({ provider, client }, { state, redirectUri, verifier, scopes }) {
      if (provider.authorizeUrl === undefined)
        throw hubError('invalid_input', { detail: 'this provider has no page on which a person could allow it' })
      const url = new URL(provider.authorizeUrl)
      const { pkce = true, scopeSeparator = ' ', authorizeParameters = {} } = provider
      const parameters: Record<string, string> = {
        response_type: 'code',
        client_id: client.client_id,
        redirect_uri: redirectUri,
        ...(scopes.length > 0 ? { scope: scopes.join(scopeSeparator) } : {}),
        ...(pkce ? { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' } : {}),
        ...authorizeParameters,
        state,
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return url.href
    },

    async exchangeCode(party, parameters, { redirectUri, verifier, scopes }) {
      const code = parameters.get('code') ?? ''
      const { pkce = true } = party.provider
      const answer = await tokenRequest(party, 'authorization_code', {
        code,
        redirect_uri: redirectUri,
        ...(pkce ? { code_verifier: verifier } : {}),
      })
      return tokensFrom(answer, party, scopes)
    },

    async refresh(party, refreshToken) {
      const answer = await tokenRequest(party, 'refresh_token', { refresh_token: refreshToken })
      // Some providers put the tokens of a person at the top of this answer, although they are deeper in the first one.
      const deeper = valueAt(answer.answer, party.provider.tokensAt ?? [])
      const provider = isRecord(deeper) && 'access_token' in deeper ? party.provider : { ...party.provider, tokensAt: [] }
      return tokensFrom(answer, { ...party, provider }, [])
    },

    async startDevice({ provider, client }, scopes) {
      const { deviceUrl, scopeSeparator = ' ' } = provider
      if (deviceUrl === undefined) throw hubError('invalid_input', { detail: 'this provider offers no device code' })
      const response = await oauth.deviceAuthorizationRequest(
        serverOf(provider),
        { client_id: client.client_id },
        authenticationOf({ provider, client }),
        scopes.length > 0 ? { scope: scopes.join(scopeSeparator) } : {},
        optionsOf(provider, send),
      )
      const answer = (await readJson(response)) as Record<string, unknown>
      const problem = problemIn(answer, { secrets: [client.client_secret ?? ''] })
      if (problem) throw problem
      const { device_code: deviceCode, user_code: userCode, verification_uri: uri, verification_uri_complete: complete } = answer
      if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof uri !== 'string')
        throw hubError('oauth_failed', { detail: 'the answer of the provider has no device code' })
      return {
        deviceCode,
        userCode,
        verificationUri: uri,
        verificationUriComplete: typeof complete === 'string' ? complete : undefined,
        expiresInSeconds: positive(answer['expires_in']) ?? 600,
        intervalSeconds: positive(answer['interval']) ?? 5,
      }
    },

    async pollDevice(party, deviceCode) {
      const answer = await tokenRequest(party, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: deviceCode })
      const { error } = (answer.answer ?? {}) as { error?: unknown }
      if (error === 'authorization_pending') return 'pending'
      if (error === 'slow_down') return 'slower'
      return tokensFrom(answer, party, party.provider.scopes)
    },

    async revoke({ provider, client }, token) {
      if (provider.revokeUrl === undefined) return
      const response = await oauth.revocationRequest(
        serverOf(provider),
        { client_id: client.client_id },
        authenticationOf({ provider, client }),
        token,
        optionsOf(provider, send),
      )
      if (response.status >= 400) throw hubError('oauth_failed', { detail: `the provider answered ${response.status} to the revocation` })
    },

    request: async (method, url, { headers = {}, json, form } = {}) => {
      const response = await send(url, {
        method,
        headers: {
          accept: 'application/json',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
        body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
      })
      if (response.status >= 400)
        throw hubError('oauth_failed', { detail: `the provider answered ${response.status} to a question about the account` })
      const answer = response.status === 204 ? null : await readJson(response)
      const secrets = Object.values(headers).map((value) => value.replace(/^\w+ /, ''))
      const problem = problemIn(answer, { secrets })
      if (problem) throw problem
      return answer
    },
  }
}

function serverOf({ tokenUrl, deviceUrl, revokeUrl }: OAuthProvider): oauth.AuthorizationServer {
  return {
    // Nothing is compared with it: providers without discovery have none.
    issuer: new URL(tokenUrl).origin,
    token_endpoint: tokenUrl,
    ...(deviceUrl === undefined ? {} : { device_authorization_endpoint: deviceUrl }),
    ...(revokeUrl === undefined ? {} : { revocation_endpoint: revokeUrl }),
  }
}

function authenticationOf({ provider, client }: Party): oauth.ClientAuth {
  const { client_secret: secret } = client
  const { clientAuthentication = 'body' } = provider
  if (secret === undefined || clientAuthentication === 'none') return oauth.None()
  return clientAuthentication === 'basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret)
}

function optionsOf({ tokenBody = 'form' }: OAuthProvider, send: OAuthFetch) {
  return {
    // The address guard decides which addresses are allowed, and an operator may allow one without TLS.
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (url: string, options: oauth.CustomFetchOptions<string, URLSearchParams | undefined>) =>
      tokenBody === 'form' || options.body === undefined
        ? send(url, options)
        : send(url, {
            ...options,
            headers: { ...options.headers, 'content-type': 'application/json' },
            body: JSON.stringify(Object.fromEntries(options.body)),
          }),
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Answers of some providers are forms unless the request asks for JSON, and so are their errors.
    if (response.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded'))
      return Object.fromEntries(new URLSearchParams(text))
    throw hubError(response.status >= 500 ? 'oauth_unavailable' : 'oauth_failed', {
      detail: `the provider answered ${response.status} with something that is not JSON`,
    })
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}

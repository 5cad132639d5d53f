import { isRegistered } from './redirect-uris.ts'
import { OAuthRefusal, type OAuthError } from './refusal.ts'
import { requestedScopes } from './scopes.ts'
import type { Clients } from './clients.ts'
import type { App } from './types.ts'

/** What an app asks a person for, after everything in it was checked. */
export interface Authorization {
  readonly app: App
  readonly redirectUri: string
  readonly state: string | undefined
  readonly scopes: readonly string[]
  readonly audience: string
  /** The query of the resource, in one spelling. */
  readonly view: string
  readonly challenge: string
  /** Whether the app wants the person to be asked although they allowed it before. */
  readonly asks: boolean
}

/** Where a browser is sent back to, with what the app needs to know. */
export type Answer = { readonly code: string } | { readonly error: OAuthError; readonly error_description: string }

/** A request that is wrong in a way that the app is told, at its own redirect URI. */
export interface Refused {
  readonly url: string
}

export interface AuthorizationPlace {
  readonly issuer: string
  /** The resource that the hub protects: `https://hub.example.com/mcp`. */
  readonly audience: string
  /** The query of a resource in one spelling; undefined when it cannot be understood. */
  readonly viewIn: (query: URLSearchParams) => string | undefined
  readonly address: string
}

/**
 * Checks a request to the authorization endpoint. Throws where the client or its redirect URI is wrong: then the browser must not be sent
 * there, and a page says so.
 */
export async function readAuthorization(
  clients: Pick<Clients, 'find'>,
  query: URLSearchParams,
  place: AuthorizationPlace,
): Promise<Authorization | Refused> {
  const clientId = single(query, 'client_id')
  const redirectUri = single(query, 'redirect_uri')
  if (clientId === undefined) throw new OAuthRefusal('invalid_request', 'the request does not say which client it comes from')
  const app = await clients.find(clientId, place.address)
  if (redirectUri === undefined || !isRegistered(redirectUri, app.redirectUris))
    throw new OAuthRefusal('invalid_redirect_uri', 'the client has not registered the redirect URI of this request')
  const state = single(query, 'state')
  try {
    return { app, redirectUri, state, ...rest(query, place) }
  } catch (error) {
    if (!(error instanceof OAuthRefusal)) throw error
    const answer = { error: error.error, error_description: error.message }
    return { url: answerUrl({ redirectUri, state }, answer, place.issuer) }
  }
}

function rest(
  query: URLSearchParams,
  place: AuthorizationPlace,
): Pick<Authorization, 'scopes' | 'audience' | 'view' | 'challenge' | 'asks'> {
  for (const name of ['response_type', 'scope', 'state', 'code_challenge', 'code_challenge_method', 'resource', 'prompt'])
    if (query.getAll(name).length > 1)
      throw new OAuthRefusal(name === 'resource' ? 'invalid_target' : 'invalid_request', `${name} is given more than once`)
  if (query.get('response_type') !== 'code') throw new OAuthRefusal('unsupported_response_type', 'response_type must be code')
  const challenge = query.get('code_challenge') ?? ''
  if (query.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge))
    throw new OAuthRefusal('invalid_request', 'PKCE is needed: code_challenge with code_challenge_method=S256')
  const scopes = requestedScopes(query.get('scope'))
  if (!scopes) throw new OAuthRefusal('invalid_scope', 'none of these scopes can be given to an app here')
  const prompt = query.get('prompt')
  if (prompt === 'none') throw new OAuthRefusal('access_denied', 'a person has to be asked')
  return { scopes, challenge, asks: prompt !== null, ...target(query.get('resource'), place) }
}

/** RFC 8707. Older clients name no resource; there is one here. */
function target(resource: string | null, { audience, viewIn }: AuthorizationPlace): { readonly audience: string; readonly view: string } {
  if (resource === null) return { audience, view: '' }
  const url = URL.canParse(resource) ? new URL(resource) : undefined
  const view = url && isAudience(resource, audience) ? viewIn(url.searchParams) : undefined
  if (view === undefined) throw new OAuthRefusal('invalid_target', `resource must be ${audience}`)
  return { audience, view }
}

/** Whether a resource is that one, whichever of its tools its query names. */
export function isAudience(resource: string, audience: string): boolean {
  if (!URL.canParse(resource) || resource.includes('#')) return false
  const { origin, pathname, username, password } = new URL(resource)
  return origin + pathname === audience && username === '' && password === ''
}

/** RFC 9207: the answer says who gave it. */
export function answerUrl({ redirectUri, state }: Pick<Authorization, 'redirectUri' | 'state'>, answer: Answer, issuer: string): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries({ ...answer, ...(state === undefined ? {} : { state }), iss: issuer }))
    url.searchParams.set(name, value)
  return url.href
}

function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw new OAuthRefusal('invalid_request', `${name} is given more than once`)
  return values[0]
}

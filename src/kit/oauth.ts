import type { CredentialValues } from './credential-values.ts'

/**
 * The endpoints of an authorization server and what is special about it, as data. Connectors declare it, and integrations of the connector
 * `http` describe theirs in the config.
 */
export interface OAuthProvider {
  /** Where the person is asked. Without it, the provider offers no authorization code. */
  readonly authorizeUrl?: string | undefined
  readonly tokenUrl: string
  /** Where a device code comes from, for providers that offer that. */
  readonly deviceUrl?: string | undefined
  /** Takes a token back (RFC 7009). */
  readonly revokeUrl?: string | undefined
  readonly scopes: readonly string[]
  readonly scopeSeparator?: ' ' | ',' | undefined
  /** On by default; a provider that does not know it ignores it. */
  readonly pkce?: boolean | undefined
  /** How the client authenticates at the token endpoint: in the body by default. */
  readonly clientAuthentication?: 'basic' | 'body' | 'none' | undefined
  readonly tokenBody?: 'form' | 'json' | undefined
  /** More parameters of the authorization request, such as `access_type: offline`. */
  readonly authorizeParameters?: Readonly<Record<string, string>> | undefined
  /** More parameters of the requests to the token endpoint, such as `audience`. */
  readonly tokenParameters?: Readonly<Record<string, string>> | undefined
  /** The object in the token endpoint's answer that contains the tokens, as a path of names; the answer itself when left out. */
  readonly tokensAt?: readonly string[] | undefined
  /** More words with which the token endpoint says that a refresh token has ended, beside `invalid_grant` and the other usual ones. */
  readonly refreshEnded?: readonly string[] | undefined
}

/** The application that the outside system knows: what a person allows to act for them. */
export type OAuthClient = CredentialValues & { readonly client_id: string; readonly client_secret?: string }

/** What a person allowed, as the provider answered. */
export interface OAuthTokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_at?: string
  readonly scopes: readonly string[]
}

/** Sends a request to the provider and reads the JSON of its answer; statuses from 400 on are errors. */
export type OAuthRequest = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  options?: {
    readonly headers?: Readonly<Record<string, string>>
    readonly json?: unknown
    readonly form?: Readonly<Record<string, string>>
  },
) => Promise<unknown>

export interface OAuthContext {
  readonly tokens: OAuthTokens
  readonly client: OAuthClient
  readonly config: Readonly<Record<string, unknown>>
  readonly request: OAuthRequest
}

/** One of several accounts or sites that a person allowed. */
export interface OAuthChoice {
  readonly id: string
  readonly title: string
  /** Settings of the integration when this is chosen. */
  readonly config: Readonly<Record<string, unknown>>
}

export interface OAuthFinish {
  /** Who is connected, for people. */
  readonly account?: string
  /** The fields of the credential, where they are not the tokens. */
  readonly credential?: CredentialValues
  /** One of these is connected. With more than one, the person chooses. */
  readonly choices?: readonly OAuthChoice[]
}

/** How the credential of an auth method is got from a person in a browser. */
export interface OAuthDeclaration {
  /** Undefined where the config does not describe one. */
  provider(config: Readonly<Record<string, unknown>>, client: Readonly<Record<string, unknown>>): OAuthProvider | undefined
  /**
   * The fields of the application, and the environment variables that give them. A credential with these fields, named `clientCredential`, counts
   * before them. Undefined for methods whose application exists only as a credential.
   */
  readonly environment?: Readonly<Record<string, string>>
  readonly clientCredential: string | ((config: Readonly<Record<string, unknown>>) => string)
  /** The variable that names the redirect URL of an application of one's own. */
  readonly redirectSetting?: string
  /** The scopes that a feature needs, by its name; `scopes` of the provider when no feature is asked for. */
  readonly features?: Readonly<Record<string, readonly string[]>>
  /** Addresses that get a person's access token beside the provider's; the base URL of the API when left out. */
  readonly tokensGoTo?: (config: Readonly<Record<string, unknown>>) => readonly string[]
  /** Settings that an integration has until the person has allowed it, and which `finish` replaces. */
  readonly configBefore?: Readonly<Record<string, unknown>>
  /** Looks at what was allowed, after the code was exchanged. `parameters` are those with which the provider sent the browser back. */
  readonly finish?: (context: OAuthContext, parameters: URLSearchParams) => Promise<OAuthFinish>
  /** Takes the tokens back where the provider has no `revokeUrl`. */
  readonly revoke?: (context: OAuthContext) => Promise<void>
}

import type { Credentials } from '#credentials'
import { hubError, type HubError } from '#errors'
import type { AuthMethod, Connector, EnvironmentVariables, OAuthClient, OAuthDeclaration, OAuthProvider } from '#kit'
import type { Party } from '#oauth'
import type { HomeEnvironment } from '../environment.ts'
import type { IntegrationRow } from '../store.ts'

type Integration = Pick<IntegrationRow, 'workspaceId' | 'config' | 'name'>

/** The applications with which integrations are connected: those that outside systems know by a client id. */
export interface OAuthClients {
  /** The provider and the client of an integration; `oauth_client_missing` where there is none. */
  party(integration: Integration, connector: Connector, method: AuthMethod): Promise<Party>
  /** Where an application is looked for: the credential with its fields, and the variables of the environment that name it too. */
  wanted(method: AuthMethod, config: Readonly<Record<string, unknown>>): WantedClient | undefined
  /** Where secrets of the integration go: see `oauthPlace`. */
  placeOf(connector: Connector, config: Readonly<Record<string, unknown>>): string
  /** Whether the config names the places that the connector or the operator names, and nobody else. */
  isOwnPlace(workspaceId: string, connector: Connector, config: Readonly<Record<string, unknown>>): boolean
}

export interface WantedClient {
  readonly credential: string
  readonly fields: readonly string[]
  readonly variables: readonly string[]
}

interface ClientsDeps {
  readonly credentials: Credentials
  readonly environment: HomeEnvironment
  readonly variables: EnvironmentVariables
}

export function createOAuthClients({ credentials, environment, variables }: ClientsDeps): OAuthClients {
  const isOwnPlace: OAuthClients['isOwnPlace'] = (workspaceId, connector, config) => {
    const own = connector.config.safeParse({
      ...connector.auth.find(({ oauth }) => oauth)?.oauth?.configBefore,
      ...environment.complete(workspaceId, connector, {}),
    })
    return own.success && oauthPlace(connector, own.data) === oauthPlace(connector, config)
  }

  const clientOf = async (
    { workspaceId, config, name }: Integration,
    connector: Connector,
    oauth: OAuthDeclaration,
  ): Promise<OAuthClient> => {
    const credential = clientCredentialOf(oauth, config)
    const stored = await credentials.read(workspaceId, credential)
    if (stored) {
      if (typeof stored['client_id'] === 'string') return stored as OAuthClient
      throw missing(connector, { credential, oauth, because: `credential "${credential}" has no client_id` })
    }
    const fields = Object.entries(oauth.environment ?? {}).map(([field, variable]) => [field, variables[variable]] as const)
    if (fields.length === 0 || fields.some(([, value]) => value === undefined || value === ''))
      throw missing(connector, { credential, oauth, because: `there is no application to connect integration "${name}" with` })
    // The operator's secret is not sent to an address that somebody else wrote into the config.
    if (!isOwnPlace(workspaceId, connector, config))
      throw missing(connector, {
        credential,
        oauth,
        because: `integration "${name}" has an address of its own, so it needs an application of its own`,
      })
    return Object.fromEntries(fields) as OAuthClient
  }

  return {
    async party(integration, connector, method) {
      const { oauth } = method
      if (!oauth) throw hubError('invalid_input', { errors: [{ path: 'auth_type', message: `${method.type} is not connected by OAuth` }] })
      const client = await clientOf(integration, connector, oauth)
      return { client, provider: providerOf(oauth, integration.config, client) }
    },
    wanted: ({ oauth }, config) => oauth && wantedClient(oauth, config),
    placeOf: oauthPlace,
    isOwnPlace,
  }
}

function wantedClient(oauth: OAuthDeclaration, config: Readonly<Record<string, unknown>>): WantedClient {
  return {
    credential: clientCredentialOf(oauth, config),
    fields: Object.keys(oauth.environment ?? { client_id: '', client_secret: '' }),
    variables: Object.values(oauth.environment ?? {}),
  }
}

function clientCredentialOf({ clientCredential }: OAuthDeclaration, config: Readonly<Record<string, unknown>>): string {
  return typeof clientCredential === 'string' ? clientCredential : clientCredential(config)
}

function providerOf(oauth: OAuthDeclaration, config: Readonly<Record<string, unknown>>, client: OAuthClient): OAuthProvider {
  const provider = oauth.provider(config, client)
  if (!provider) throw hubError('invalid_input', { errors: [{ path: 'config.oauth', message: 'is needed: it describes the provider' }] })
  return provider
}

/** Where the client's secret and a person's tokens are sent, and which client it is, for comparisons. */
export function oauthPlace({ auth, baseUrl }: Connector, config: Readonly<Record<string, unknown>>): string {
  const places = auth.flatMap(({ oauth }) => {
    const provider = oauth?.provider(config, {})
    if (!oauth || !provider) return []
    const { authorizeUrl, tokenUrl, deviceUrl, revokeUrl } = provider
    const api = oauth.tokensGoTo?.(config) ?? [baseUrl?.(config) ?? '']
    const origins = [authorizeUrl, tokenUrl, deviceUrl, revokeUrl, ...api].flatMap((url) => (url ? [new URL(url).origin] : []))
    return typeof oauth.clientCredential === 'string' ? origins : [...origins, oauth.clientCredential(config)]
  })
  return [...new Set(places)].toSorted().join(' ')
}

interface Missing {
  readonly credential: string
  readonly oauth: OAuthDeclaration
  readonly because: string
}

function missing({ title }: Connector, { credential, oauth, because }: Missing): HubError {
  const variables = Object.values(oauth.environment ?? {})
  const fields = Object.keys(oauth.environment ?? { client_id: '', client_secret: '' })
  return hubError('oauth_client_missing', {
    detail: because,
    hint: `register an application at ${title}, and store credential ${credential} {${fields.map((field) => `"${field}": "…"`).join(', ')}}${variables.length > 0 ? `, or set ${variables.join(', ')}` : ''}`,
  })
}

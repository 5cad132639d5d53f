import { z } from 'zod'
import type { Authorization, Http } from '#http'
import type { CredentialValues } from './credential-values.ts'
import type { OAuthDeclaration } from './oauth.ts'

export interface AuthContext {
  readonly credential: CredentialValues
  readonly config: Readonly<Record<string, unknown>>
  /** The connector's HTTP client without this authorization, for methods that fetch a token first. */
  readonly http: Http
  /** Caches a fetched value per integration until it expires. */
  remember(key: string, make: () => Promise<{ value: string; expiresAt: Date }>): Promise<string>
}

export interface AuthMethod {
  /** The `auth_type` of an integration. */
  readonly type: string
  readonly title: string
  /** The fields of the credential. Secret fields are marked with `.meta({ secret: true })`. */
  readonly fields: z.ZodObject
  /** Other accepted names of fields: alias to field name. */
  readonly aliases: Readonly<Record<string, string>>
  readonly oauth?: OAuthDeclaration
  authorize(context: AuthContext): Authorization | Promise<Authorization>
}

export const secret = (describe: string) => z.string().min(1).meta({ secret: true }).describe(describe)

interface TokenOptions {
  readonly title?: string
  readonly describe?: string
  readonly header?: string
  readonly prefix?: string
  readonly aliases?: readonly string[]
}

/** One secret in one header. The default is `Authorization: Bearer …`. */
function token(options: TokenOptions = {}): AuthMethod {
  const { header = 'authorization', prefix = 'Bearer ', title = 'Token', describe = 'The token.', aliases = [] } = options
  return {
    type: 'token',
    title,
    fields: z.object({ token: secret(describe) }),
    aliases: Object.fromEntries(['access_token', ...aliases].map((alias) => [alias, 'token'])),
    authorize: ({ credential }) => ({ headers: { [header]: `${prefix}${String(credential['token'])}` } }),
  }
}

interface BasicOptions {
  readonly title?: string
  readonly username?: { name: string; describe: string }
  readonly password?: { name: string; describe: string }
  readonly aliases?: Readonly<Record<string, string>>
}

function basic(options: BasicOptions = {}): AuthMethod {
  const { title = 'User name and password', aliases = {} } = options
  const { username = { name: 'username', describe: 'User name.' }, password = { name: 'password', describe: 'Password.' } } = options
  return {
    type: 'basic',
    title,
    fields: z.object({ [username.name]: z.string().min(1).describe(username.describe), [password.name]: secret(password.describe) }),
    aliases,
    authorize: ({ credential }) => {
      const pair = `${String(credential[username.name])}:${String(credential[password.name])}`
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
    },
  }
}

function apiKey(options: { in: 'header' | 'query'; name: string; title?: string; describe?: string }): AuthMethod {
  return {
    type: 'api_key',
    title: options.title ?? 'API key',
    fields: z.object({ api_key: secret(options.describe ?? 'The key.') }),
    aliases: { token: 'api_key', access_token: 'api_key', key: 'api_key' },
    authorize: ({ credential }) => {
      const value = String(credential['api_key'])
      return options.in === 'header' ? { headers: { [options.name]: value } } : { query: { [options.name]: value } }
    },
  }
}

/** The fields of a credential that a person's permission makes. */
const tokenFields = z.object({
  access_token: secret('Access token.'),
  refresh_token: z.string().min(1).optional().meta({ secret: true }).describe('Refresh token.'),
  expires_at: z.iso.datetime().optional().describe('When the access token expires.'),
})

interface OAuth2Options extends OAuthDeclaration {
  /** `oauth2` when left out. */
  readonly type?: string
  readonly title?: string
  readonly authorize?: AuthMethod['authorize']
}

/** A person allows it in a browser, and the hub keeps the access token fresh. Tokens that were got elsewhere are accepted too. */
function oauth2({ type = 'oauth2', title = 'OAuth 2', authorize, ...oauth }: OAuth2Options): AuthMethod {
  return {
    type,
    title,
    fields: tokenFields,
    aliases: {},
    oauth,
    authorize: authorize ?? (({ credential }) => ({ headers: { authorization: `Bearer ${String(credential['access_token'])}` } })),
  }
}

/** Adds nothing to requests. If there is a credential, the connector uses it itself. */
function none(options: { title?: string } = {}): AuthMethod {
  return { type: 'none', title: options.title ?? 'None', fields: z.object({}), aliases: {}, authorize: () => ({}) }
}

/** A method that only one vendor has. It is declared in the connector's folder. */
function custom(method: Omit<AuthMethod, 'aliases'> & { aliases?: AuthMethod['aliases'] }): AuthMethod {
  return { aliases: {}, ...method }
}

export const auth = { token, basic, apiKey, oauth2, none, custom } as const

/** The credential with its aliases replaced by field names; undefined if its fields do not match the method. */
export function fitCredential(method: AuthMethod, given: CredentialValues): CredentialValues | undefined {
  // A method without fields matches only an empty credential. Other credentials belong to another method.
  if (Object.keys(method.fields.shape).length === 0) return Object.keys(given).length === 0 ? {} : undefined
  const renamed: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(given)) {
    const known = name in method.fields.shape ? name : (method.aliases[name] ?? name)
    // If both the field name and an alias are given, the value under the field name is used.
    if (!(known in renamed) || name === known) renamed[known] = value
  }
  return method.fields.safeParse(renamed).success ? renamed : undefined
}

import { passkey } from '@better-auth/passkey'
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { genericOAuth, twoFactor } from 'better-auth/plugins'
import { Kysely, PostgresDialect } from 'kysely'
import type { Database } from '#db'
import { newId } from '#lib/ids'
import type { Logger } from '#telemetry'

/*
 * The only file that imports better-auth. It stores accounts, sign-in sessions, passkeys and second factors, and answers `/auth/*`.
 * Workspaces, members, roles and rights are ours.
 */

export const authPath = '/auth'
export const cookiePrefix = 'hub'
/** The header in which our route tells the client's address; what a client sends in it is dropped. */
export const addressHeader = 'x-hub-address'
const ssoProvider = 'sso'
const sessionSeconds = 7 * 24 * 3600

/** Where single sign-on leads. */
export interface Sso {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
}

export interface SignInRules {
  /** Why somebody whom nobody knows yet may not come in by single sign-on; undefined lets them in. */
  refuse(newcomer: { readonly email: string }): Promise<string | undefined>
  /** Makes whoever signs in for the first time a member. False when they may not come in any more. */
  admit(userId: string): Promise<boolean>
}

export interface AuthDeps {
  readonly db: Database
  readonly logger: Logger
  readonly rules: SignInRules
}

export interface AuthSettings {
  /** Without a path: `https://hub.example.com`. */
  readonly origin: string
  readonly secret: string
  readonly sso?: Sso | undefined
}

export interface Auth {
  handle(request: Request): Promise<Response>
  hashPassword(password: string): Promise<string>
  /** Whether it is the password of who sends these headers: an answer with an error if not. */
  checkPassword(headers: Headers, password: string): Promise<Response>
  /** The id of the account by which they sign in through single sign-on. */
  ssoAccountOf(headers: Headers): Promise<string | undefined>
  /** False when the provider of single sign-on did not answer when this was created. */
  isComplete(): Promise<boolean>
}

export function createAuth(deps: AuthDeps, settings: AuthSettings): Auth {
  const auth = betterAuth(authOptions(deps, settings))
  return {
    handle: (request) => auth.handler(request),
    isComplete: async () => !settings.sso || (await auth.$context).socialProviders.some(({ id }) => id === ssoProvider),
    checkPassword: (headers, password) => auth.api.verifyPassword({ headers, body: { password }, asResponse: true }),
    ssoAccountOf: async (headers) =>
      (await auth.api.listUserAccounts({ headers })).find(({ providerId }) => providerId === ssoProvider)?.id,
    hashPassword: async (password) => (await auth.$context).password.hash(password),
  }
}

export function authOptions({ db, logger, rules }: AuthDeps, { origin, secret, sso }: AuthSettings) {
  return {
    appName: 'IntegrationHub',
    baseURL: origin,
    basePath: authPath,
    secret,
    // Our pool, with a query builder that keeps better-auth's names and names its schema in every statement.
    database: {
      db: new Kysely({ dialect: new PostgresDialect({ pool: db.pool }) }),
      type: 'postgres',
      schemaName: 'auth',
      transaction: true,
    },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      // Without the arguments, which may contain what somebody typed.
      log: (level, message) => logger[level === 'error' ? 'error' : 'warn']({ part: 'sign-in' }, message),
    },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 200 },
    // Where better-auth sends a browser when single sign-on fails.
    // Other errors are ours to answer and to log: better-auth would print them whole.
    onAPIError: { errorURL: '/sign-in', throw: true },
    session: { expiresIn: sessionSeconds, disableSessionRefresh: true, cookieCache: { enabled: false } },
    account: {
      // Only whoever is signed in links an identity, with their password and under the same verified address: see linking.ts.
      accountLinking: { enabled: true, disableImplicitLinking: true, trustedProviders: [], allowDifferentEmails: false },
      encryptOAuthTokens: true,
    },
    verification: { storeIdentifier: 'hashed' },
    // Per process and address, beside our own limit on failed attempts.
    rateLimit: {
      enabled: true,
      window: 60,
      max: 100,
      customRules: { '/sign-in/*': { window: 60, max: 100 }, '/two-factor/*': { window: 60, max: 100 } },
    },
    advanced: {
      cookiePrefix,
      useSecureCookies: origin.startsWith('https:'),
      ipAddress: { ipAddressHeaders: [addressHeader] },
      // A test compares the tables with what this version expects.
      database: { generateId: ({ model }) => newId(model === 'user' ? 'usr' : model === 'session' ? 'sin' : 'ath'), validateSchema: false },
    },
    user: {
      validateUserInfo: async ({ user, source }) => {
        if (source.action === 'link-account') return user.emailVerified === true ? undefined : { error: 'email_not_verified' }
        if (source.action !== 'create-user') return
        const email = typeof user.email === 'string' ? user.email.toLowerCase() : ''
        if (source.method !== 'oauth' || user.emailVerified !== true) return { error: 'email_not_verified' }
        const reason = await rules.refuse({ email })
        return reason === undefined ? undefined : { error: reason }
      },
    },
    databaseHooks: {
      // Not when the account is made: a process that dies in between would leave an account that nobody lets in and nobody can make again.
      session: { create: { before: ({ userId }) => rules.admit(userId) } },
    },
    plugins: [
      twoFactor({ issuer: 'IntegrationHub', allowPasswordless: true }),
      passkey({ rpName: 'IntegrationHub' }),
      ...(sso ? [genericOAuth({ config: [providerOf(sso)] })] : []),
    ],
  } satisfies BetterAuthOptions
}

function providerOf({ issuer, clientId, clientSecret, name }: Sso) {
  return {
    providerId: ssoProvider,
    name,
    discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    requireIdTokenVerification: true,
    clientId,
    clientSecret,
    scopes: ['openid', 'email', 'profile'],
  }
}

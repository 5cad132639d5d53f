import type { CredentialData, Credentials } from '#credentials'
import { hubError, HubError } from '#errors'
import {
  createEffects,
  createEtagCache,
  createHttp,
  DryRun,
  unlimited,
  type Authorization,
  type CallScope,
  type Effects,
  type Http,
  type HttpRuntime,
  type RequestLog,
} from '#http'
import type { ActionContext, AuthContext, Connector, CredentialValues, WebhookTarget } from '#kit'
import { digest } from '#lib/canonical'
import { once } from '#lib/once'
import { coalesce } from '#lib/coalesce'
import { newId } from '#lib/ids'
import type { Refresher } from '#oauth'
import type { Telemetry } from '#telemetry'
import { createKnownSecrets, type KnownSecrets } from './known-secrets.ts'
import type { RateLimiters } from './limits.ts'
import { requireConnected, type RenewableTokens } from './oauth/renewable-tokens.ts'
import type { IntegrationRow } from './store.ts'
import { createTokenCache } from './token-cache.ts'
import type { IntegrationsOptions } from './types.ts'
import { authMethodOf } from './validate.ts'

/** What one call of one action works with: the integration's credential, config and HTTP client. */
export interface Connection {
  readonly http: Http
  readonly credential: CredentialValues
  readonly config: Record<string, unknown>
  /** The value without the secrets of the credential, which the outside system may have repeated in its answer. */
  hide<T>(value: T): T
  /** The action's context around an input. */
  context<T>(input: T): ActionContext<T>
}

export interface ConnectionScope extends Pick<CallScope, 'signal' | 'dryRun' | 'readOnly' | 'purpose'> {
  readonly workspaceId: string
  readonly effects?: Effects
  readonly requests?: RequestLog | undefined
  /** What the outside system recognises a repetition of this call by; a new one when left out. */
  readonly idempotencyKey?: string
  readonly idempotencyHeader?: string | undefined
  readonly onProgress?: ((progress: CallProgress) => void) | undefined
  /** Where a webhook that the call sets up goes. */
  readonly webhookTarget?: WebhookTarget | undefined
  /** Work that nobody waits for: it leaves a part of the rate limit to live calls. */
  readonly isBackground?: boolean | undefined
}

/** How far a call has come, as its action counts. */
export interface CallProgress {
  readonly done: number
  readonly total: number | undefined
}

export interface Connections extends AsyncDisposable {
  /** Without an integration for tools of the hub itself. */
  connect(integration: IntegrationRow | undefined, connector: Connector, scope: ConnectionScope): Promise<Connection>
  /** Forgets what was kept for an integration, which was changed or deleted. */
  changed(integrationId: string): void
}

interface ConnectionDeps extends Telemetry {
  readonly credentials: Credentials
  readonly refresher: Refresher
  readonly renewableTokens: RenewableTokens
  readonly http: Omit<HttpRuntime, 'measure' | 'log' | 'etags'>
  readonly rateLimiters: RateLimiters
  readonly ratePerMinute: number
  readonly demoEgress: IntegrationsOptions['demoEgress']
}

export function createConnections(deps: ConnectionDeps): Connections {
  const { credentials, refresher, renewableTokens, http: base, rateLimiters, ratePerMinute, demoEgress, logger, metrics } = deps
  const runtime: HttpRuntime = {
    ...base,
    etags: createEtagCache(),
    log: logger,
    measure: ({ connector, method, status, seconds }) => metrics.httpClient.observe({ connector, method, status }, seconds),
  }
  /** An integration of the demo reaches the demo systems of its workspace, whatever its settings say. */
  const runtimeOf = ({ origin, workspaceId }: IntegrationRow): HttpRuntime =>
    origin === 'demo' ? { ...runtime, egress: demoEgress(workspaceId) } : runtime
  const tokens = createTokenCache()
  /** Objects that outlive a call, such as pools of connections: by integration, then by key. */
  const kept = new Map<string, Map<string, AsyncDisposable>>()

  const readShared = coalesce((key: string) => {
    const at = key.indexOf(' ')
    return credentials.read(key.slice(0, at), key.slice(at + 1))
  })

  const openCredential = async (integration: IntegrationRow, connector: Connector): Promise<CredentialData> => {
    const { workspaceId, credential, name } = integration
    requireConnected(integration)
    if (credential === null) return {}
    const values = await readShared(`${workspaceId} ${credential}`)
    if (values) return values
    throw hubError('credential_missing', {
      detail: `integration "${name}" uses credential "${credential}", which does not exist`,
      hint: connector.connect,
    })
  }

  const keep = <T extends AsyncDisposable>(owner: string, key: string, make: () => T): T => {
    const objects = kept.get(owner) ?? new Map<string, AsyncDisposable>()
    kept.set(owner, objects)
    const held = (objects.get(key) as T | undefined) ?? make()
    objects.set(key, held)
    return held
  }

  const dispose = async (owner: string): Promise<void> => {
    const objects = kept.get(owner)
    kept.delete(owner)
    for (const held of objects?.values() ?? []) await held[Symbol.asyncDispose]()
  }

  /** The context of a call: everything that an action may use. */
  const connectionOf = (connector: Connector, scope: ConnectionScope, parts: ConnectionParts): Connection => {
    const { owner, secrets, idempotencyKey, egress, ...connection } = parts
    return {
      ...connection,
      hide: (value) => secrets.hide(value),
      context: (input) => ({
        ...connection,
        input,
        idempotencyKey,
        signal: scope.signal,
        progress: (done, total) => scope.onProgress?.({ done, total }),
        workspaceId: scope.workspaceId,
        target: scope.webhookTarget,
        logger,
        resolve: egress.resolve,
        keep: (key, make) => keep(owner, key, make),
        send: (preview, work) => send({ connector, scope, secrets: secrets.values }, preview, work),
      }),
    }
  }

  return {
    async connect(integration, connector, scope) {
      const { effects = createEffects(), idempotencyKey = newId('inv'), idempotencyHeader: header } = scope
      if (!integration) {
        const http = createHttp(runtime, { ...ownTarget(connector), ...scope, effects })
        return connectionOf(connector, scope, {
          http,
          credential: {},
          config: {},
          secrets: createKnownSecrets(undefined, {}),
          owner: 'hub',
          egress: base.egress,
          idempotencyKey,
        })
      }
      const own = runtimeOf(integration)
      const method = authMethodOf(connector, integration.authType)
      const renewable = renewableTokens.of(integration, connector, method)
      const raw = withAliases(method.aliases, await openCredential(integration, connector))
      let credential = renewable ? await refresher.fresh(renewable, raw) : raw
      const secrets = createKnownSecrets(method, credential)
      if (scope.webhookTarget) secrets.add({ query: { secret: scope.webhookTarget.secret } })
      const { config } = integration
      const perMinute = typeof config['rate_limit_per_minute'] === 'number' ? config['rate_limit_per_minute'] : ratePerMinute
      const target = {
        connector,
        integrationId: integration.id,
        baseUrl: connector.baseUrl?.(config) ?? '',
        secrets: secrets.values,
        rateLimiter: rateLimiters.of(integration, perMinute, scope),
        ...scope,
        effects,
      }
      // For methods that fetch a token first: it is sent even in a dry run, which could show nothing without it.
      const unauthorized = createHttp(own, {
        ...target,
        effects: createEffects(),
        purpose: 'authorization',
        dryRun: false,
        authorization: async () => ({}),
      })
      // What was fetched with another credential, or for other settings, is not used any more.
      const state = once(() => digest({ credential, config }))
      const remember: AuthContext['remember'] = (key, make) => tokens.of(integration.id)(`${state()} ${key}`, make)
      let authorized: Promise<Authorization> | undefined
      // The outside system refused what was sent: what a method had fetched is fetched again, and an access token is renewed, once.
      let isRenewed = false
      const renewAuthorization = async (): Promise<boolean> => {
        if (isRenewed) return false
        isRenewed = true
        const refused = await authorized
        tokens.forget(integration.id)
        if (renewable) credential = await refresher.renew(renewable, credential)
        authorized = undefined
        return digest(await authorization()) !== digest(refused)
      }
      const authorization = (): Promise<Authorization> =>
        (authorized ??= Promise.resolve(method.authorize({ credential, config, http: unauthorized, remember })).then((added) => {
          secrets.add(added)
          return added
        }))
      const idempotency = header === undefined ? undefined : { header, key: idempotencyKey }
      const http = createHttp(own, { ...target, authorization, renewAuthorization, idempotency })
      return connectionOf(connector, scope, {
        http,
        credential,
        config,
        secrets,
        owner: integration.id,
        idempotencyKey,
        egress: own.egress,
      })
    },

    changed(integrationId) {
      tokens.forget(integrationId)
      dispose(integrationId).catch((error: unknown) => logger.warn({ err: error }, 'failed to close what an integration had kept open'))
    },

    async [Symbol.asyncDispose]() {
      for (const owner of kept.keys()) await dispose(owner)
    },
  }
}

interface ConnectionParts extends Omit<Connection, 'context' | 'hide'> {
  /** The integration, or `hub`. */
  readonly owner: string
  /** Values that must not be shown. */
  readonly secrets: KnownSecrets
  readonly idempotencyKey: string
  readonly egress: HttpRuntime['egress']
}

function ownTarget(connector: Connector) {
  return { connector, integrationId: '', baseUrl: '', secrets: [], rateLimiter: unlimited, authorization: async () => ({}) }
}

function withAliases(aliases: Readonly<Record<string, string>>, raw: CredentialData): CredentialValues {
  const values: Record<string, string | number | boolean> = { ...raw }
  for (const [alias, name] of Object.entries(aliases)) if (alias in raw && !(name in raw)) values[name] = raw[alias]!
  return values
}

interface Sender {
  readonly connector: Connector
  readonly scope: ConnectionScope
  readonly secrets: readonly string[]
}

/** The effect of an action that does not use `http`. A dry run shows it instead. */
async function send<T>({ connector, scope, secrets }: Sender, preview: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
  if (scope.dryRun) {
    const shown = secrets.reduce((text, value) => text.replaceAll(value, '[redacted]'), JSON.stringify(preview))
    throw new DryRun(JSON.parse(shown) as Record<string, unknown>)
  }
  const note = scope.requests?.begin({ method: 'SEND', purpose: 'call', attempt: 1, bytes_sent: 0 })
  const began = performance.now()
  try {
    return await work()
  } catch (error) {
    if (note) note.error = error instanceof HubError ? error.code : 'outcome_unknown'
    if (error instanceof HubError) throw error
    throw hubError('outcome_unknown', { detail: `${connector.title} was sent the request and no clear answer came`, cause: error })
  } finally {
    if (note) note.ms = Math.round(performance.now() - began)
  }
}

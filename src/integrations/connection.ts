import type { CredentialData, Credentials } from '#credentials'
import type { Database } from '#db'
import { createEtagCache, createHttp, openGate, type CallScope, type Http, type HttpRuntime, DryRun } from '#http'
import { hubError, HubError } from '#errors'
import type { ActionContext, Authorization, Connector, CredentialValues } from '#kit'
import { ttlCache } from '#lib/ttl-cache'
import { coalesce } from '#lib/coalesce'
import type { Telemetry } from '#telemetry'
import type { Gates } from './limits.ts'
import type { Health } from './health.ts'
import { findIntegration, listIntegrations, type IntegrationRow } from './store.ts'
import { authMethodOf } from './validate.ts'

/** What one call of one action runs with. */
export interface Caller {
  readonly http: Http
  readonly credential: CredentialValues
  readonly config: Record<string, unknown>
  /** Texts that must not be shown. */
  readonly secrets: readonly string[]
  /** An action's context around an input. */
  context<T>(input: T, idempotencyKey: string | undefined): ActionContext<T>
}

export type Scope = Pick<CallScope, 'signal' | 'dryRun' | 'readOnly'> & { readonly workspaceId: string }

export interface Callers extends AsyncDisposable {
  choose(workspaceId: string, connector: Connector, ref: string | undefined, discover: () => Promise<void>): Promise<IntegrationRow>
  /** Without an integration for tools of the hub itself. */
  open(integration: IntegrationRow | undefined, connector: Connector, scope: Scope): Promise<Caller>
  test(
    integration: IntegrationRow,
    connector: Connector,
    health: Health,
  ): Promise<{ ok: boolean; account?: string; ms: number; error?: Record<string, unknown> }>
  /** An integration was changed: what was known of it no longer holds. */
  changed(integration: Pick<IntegrationRow, 'id' | 'workspaceId'>): void
}

interface CallerDeps extends Telemetry {
  readonly db: Database
  readonly credentials: Credentials
  readonly http: Omit<HttpRuntime, 'measure' | 'log' | 'etags'>
}

/** A change made by another process holds here after this at the latest; one made here holds at once. */
const cacheTtlMs = 500

export function createCallers({ db, credentials, http: base, logger, metrics }: CallerDeps, gates: Gates, ratePerMinute: number): Callers {
  const tokens = new Map<string, { value: string; expiresAt: number }>()
  const runtime: HttpRuntime = {
    ...base,
    etags: createEtagCache(),
    log: logger,
    measure: ({ connector, method, status, seconds }) => metrics.httpClient.observe({ connector, method, status }, seconds),
  }

  const lists = ttlCache(cacheTtlMs, (workspaceId: string) => listIntegrations(db.sql, workspaceId))
  const readShared = coalesce((key: string) => {
    const at = key.indexOf(' ')
    return credentials.read(key.slice(0, at), key.slice(at + 1))
  })

  const remember =
    (integrationId: string) =>
    async (key: string, make: () => Promise<{ value: string; expiresAt: Date }>): Promise<string> => {
      const id = `${integrationId} ${key}`
      const held = tokens.get(id)
      if (held && held.expiresAt > Date.now()) return held.value
      const { value, expiresAt } = await make()
      // A minute early: clocks differ, and a call takes its time.
      tokens.set(id, { value, expiresAt: expiresAt.getTime() - 60_000 })
      return value
    }

  const openCredential = async ({ workspaceId, credential, name }: IntegrationRow, connector: Connector): Promise<CredentialData> => {
    if (credential === null) return {}
    const values = await readShared(`${workspaceId} ${credential}`)
    if (values) return values
    throw hubError('credential_missing', {
      detail: `integration "${name}" uses credential "${credential}", which does not exist`,
      hint: connector.connect,
    })
  }

  const open = async (integration: IntegrationRow | undefined, connector: Connector, scope: Scope): Promise<Caller> => {
    if (!integration) return builtInCaller(scope, connector)
    const method = authMethodOf(connector, integration.authType)
    const raw = await openCredential(integration, connector)
    const credential = renamed(method.aliases, raw)
    const secrets = Object.values(raw).filter((value): value is string => typeof value === 'string' && value.length >= 8)
    const { config } = integration
    const perMinute = typeof config['rate_limit_per_minute'] === 'number' ? config['rate_limit_per_minute'] : ratePerMinute
    const shared = {
      connector,
      integrationId: integration.id,
      baseUrl: connector.baseUrl?.(config) ?? '',
      secrets,
      gate: gates.of(integration, perMinute),
      ...scope,
    }
    // For methods that fetch a token first: sent even in a dry run, as without it nothing could be shown.
    const bare = createHttp(runtime, { ...shared, dryRun: false, authorization: async () => ({}) })
    let authorized: Promise<Authorization> | undefined
    const authorization = (): Promise<Authorization> =>
      (authorized ??= Promise.resolve(method.authorize({ credential, config, http: bare, remember: remember(integration.id) })))
    const http = createHttp(runtime, { ...shared, authorization })
    return {
      http,
      credential,
      config,
      secrets,
      context: (input, idempotencyKey) => ({
        input,
        config,
        http,
        credential,
        idempotencyKey,
        signal: scope.signal,
        workspaceId: scope.workspaceId,
        logger,
        resolve: base.egress.resolve,
        keep: keeper(integration.id),
        send: sender(scope, connector, secrets),
      }),
    }
  }

  const kept = new Map<string, AsyncDisposable>()
  const keeper =
    (owner: string): ActionContext['keep'] =>
    <T extends AsyncDisposable>(key: string, make: () => T): T => {
      const held = (kept.get(`${owner} ${key}`) as T | undefined) ?? make()
      kept.set(`${owner} ${key}`, held)
      return held
    }
  const letGo = async (owner: string): Promise<void> => {
    for (const [key, held] of kept) {
      if (!key.startsWith(owner)) continue
      kept.delete(key)
      await held[Symbol.asyncDispose]()
    }
  }

  const builtInCaller = (scope: Scope, connector: Connector): Caller => {
    const http = createHttp(runtime, {
      connector,
      integrationId: '',
      baseUrl: '',
      secrets: [],
      gate: openGate,
      ...scope,
      authorization: async () => ({}),
    })
    const nothing = { http, credential: {}, config: {}, secrets: [] }
    const { signal, workspaceId } = scope
    return {
      ...nothing,
      context: (input, idempotencyKey) => ({
        ...nothing,
        input,
        idempotencyKey,
        signal,
        workspaceId,
        logger,
        resolve: base.egress.resolve,
        keep: keeper('hub'),
        send: sender(scope, connector, []),
      }),
    }
  }

  return {
    open,
    async choose(workspaceId, connector, ref, discover) {
      if (ref !== undefined) {
        let named = find(await lists.get(workspaceId), ref)
        if (!named) {
          await discover()
          named = await findIntegration(db.sql, workspaceId, ref)
        }
        if (!named) throw hubError('integration_unknown', { detail: `there is no integration "${ref}" in this workspace` })
        if (named.connector !== connector.name) {
          throw hubError('invalid_input', {
            errors: [
              {
                path: 'integration',
                message: `"${named.name}" is an integration of ${named.connector}, this tool needs ${connector.name}`,
              },
            ],
          })
        }
        return assertEnabled(named)
      }
      let fitting = (await lists.get(workspaceId)).filter((row) => row.connector === connector.name)
      if (fitting.length === 0) {
        await discover()
        fitting = (await listIntegrations(db.sql, workspaceId)).filter((row) => row.connector === connector.name)
      }
      const enabled = fitting.filter((row) => row.enabled)
      if (enabled.length === 1) return enabled[0]!
      if (enabled.length > 1) throw ambiguous(connector, enabled)
      if (fitting.length > 0) return assertEnabled(fitting[0]!)
      throw hubError('integration_missing', {
        detail: `no integration of ${connector.title} is connected in this workspace`,
        hint: `${connector.connect} Then: POST /api/v1/integrations {"integration_type": "${connector.name}", …}, or \`hub integration add ${connector.name}\`.`,
      })
    },

    async test(integration, connector, health) {
      const began = performance.now()
      const ms = (): number => Math.round(performance.now() - began)
      try {
        const scope = {
          workspaceId: integration.workspaceId,
          signal: AbortSignal.timeout(runtime.timeoutMs * 2),
          dryRun: false,
          readOnly: true,
        }
        const caller = await open(integration, connector, scope)
        const { account } = (await connector.test?.(caller.context(undefined, undefined))) ?? { account: '' }
        health.succeeded(integration)
        return { ok: true, account, ms: ms() }
      } catch (error) {
        if (!(error instanceof HubError)) throw error
        await health.failed(integration, error)
        const { hint } = error.details
        return {
          ok: false,
          ms: ms(),
          error: { code: error.code, kind: error.entry.kind, detail: error.message, ...(hint ? { hint } : {}) },
        }
      }
    },

    changed({ id, workspaceId }) {
      lists.forget(workspaceId)
      for (const key of tokens.keys()) if (key.startsWith(`${id} `)) tokens.delete(key)
      letGo(`${id} `).catch((error: unknown) => logger.warn({ err: error }, 'could not let go of what an integration kept'))
    },
    [Symbol.asyncDispose]: () => letGo(''),
  }
}

function find(rows: readonly IntegrationRow[], ref: string): IntegrationRow | undefined {
  return rows.find(({ id }) => id === ref) ?? rows.find(({ name }) => name === ref)
}

function assertEnabled(row: IntegrationRow): IntegrationRow {
  if (row.enabled) return row
  const why =
    row.status === 'error'
      ? `after ${row.consecutiveErrors} failures in a row; the last: ${String(row.lastError?.['message'] ?? 'unknown')}`
      : 'by hand'
  throw hubError('integration_disabled', {
    detail: `integration "${row.name}" was disabled ${why}`,
    hint: `mend the cause, then PATCH /api/v1/integrations/${row.id} {"enabled": true, "status": "active"}`,
  })
}

function ambiguous(connector: Connector, rows: readonly IntegrationRow[]): Error {
  return hubError('integration_ambiguous', {
    detail: `${rows.length} integrations of ${connector.title} are enabled: ${rows.map(({ name }) => name).join(', ')}`,
    hint: 'name one in "integration"',
    errors: rows.map(({ id, name }) => ({ path: 'integration', message: `${name} (${id})` })),
  })
}

function renamed(aliases: Readonly<Record<string, string>>, raw: CredentialData): CredentialValues {
  const values: Record<string, string | number | boolean> = { ...raw }
  for (const [alias, name] of Object.entries(aliases)) if (alias in raw && !(name in raw)) values[name] = raw[alias]!
  return values
}

/** The effect of an action that does not go through `http`. */
function sender(scope: Scope, connector: Connector, secrets: readonly string[]): ActionContext['send'] {
  return async (preview, work) => {
    if (scope.dryRun)
      throw new DryRun(
        JSON.parse(secrets.reduce((text, value) => text.replaceAll(value, '[redacted]'), JSON.stringify(preview))) as Record<
          string,
          unknown
        >,
      )
    try {
      return await work()
    } catch (error) {
      if (error instanceof HubError) throw error
      throw hubError('outcome_unknown', { detail: `${connector.title} was sent the request and no clear answer came`, cause: error })
    }
  }
}

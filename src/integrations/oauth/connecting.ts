import { randomBytes } from 'node:crypto'
import { actorOf, requireScope, type Principal } from '#access'
import { hubError, HubError } from '#errors'
import type { AuthMethod } from '#kit'
import { sha256 } from '#lib/canonical'
import type { Attempt, Party } from '#oauth'
import type { IntegrationRow } from '../store.ts'
import { authMethodOf } from '../validate.ts'
import type { WantedClient } from './clients.ts'
import { refusalOf, unknownAttempt } from './failure.ts'
import { createReceiving, type ReceivingDeps } from './receiving.ts'
import type { Granted } from './store-grant.ts'

export interface ConnectRequest {
  /** The id of the attempt, where a page knows it before the attempt begins. */
  readonly id?: string
  /** Names of the connector's features; its usual scopes when there are none. */
  readonly features?: readonly string[] | undefined
  readonly redirectUri: string
  readonly returnUrl?: string | null
  /** What only the browser of the person has. Without it, whoever begins the attempt also completes it. */
  readonly browser?: string
}

/** Who completes an attempt: the browser in which it began, or the principal that began it. */
export type Completer = { readonly browser: string } | { readonly principal: Principal }

export interface Connecting {
  /** Where the person is sent, and the attempt that ends there. */
  begin(
    principal: Principal,
    integration: IntegrationRow,
    request: ConnectRequest,
  ): Promise<{ attempt: Attempt; url: string; state: string }>
  /** The same in the name of whoever made a connect link, which was checked when it was made. */
  beginFor(actor: string, integration: IntegrationRow, request: ConnectRequest): Promise<{ attempt: Attempt; url: string; state: string }>
  beginDevice(principal: Principal, integration: IntegrationRow, request: Pick<ConnectRequest, 'features'>): Promise<Attempt>
  /** Takes the provider's answer, once. Throws `attempt_unknown` if it belongs to no attempt of this browser or principal. */
  complete(parameters: URLSearchParams, completer: Completer): Promise<Attempt>
  choose(attemptId: string, choice: string, completer: Completer): Promise<Attempt>
  /** How an attempt stands. For a device code, the provider is asked. */
  look(workspaceId: string, attemptId: string): Promise<Attempt | undefined>
  cancel(workspaceId: string, attemptId: string): Promise<Attempt>
  /** The host to which a person is sent; undefined where nothing names one. */
  hostOf(integration: IntegrationRow): string | undefined
  /** What a person has to correct before anybody can connect it. */
  problemWith(integration: IntegrationRow): Promise<HubError | undefined>
  /** Where the application is looked for with which it is connected; undefined where nobody connects it by OAuth. */
  clientOf(integration: IntegrationRow): WantedClient | undefined
  /** Throws unless the principal may send what is secret to where the integration's config leads. */
  requirePlace(principal: Principal, integration: IntegrationRow): void
}

const attemptMs = 600_000

interface Secrets {
  readonly verifier?: string
  readonly deviceCode?: string
  readonly granted?: Granted
}

export function createConnecting(deps: ReceivingDeps): Connecting {
  const { oauth, clients } = deps
  const { protocol, attempts } = oauth
  const { partsOf, integrationOf, placeOf, found, fail, receive, store } = createReceiving(deps)

  const requirePlace = (principal: Principal, { workspaceId, connector, config }: IntegrationRow): void => {
    if (!clients.isOwnPlace(workspaceId, deps.connector(connector), config)) requireScope(principal, 'credentials:write')
  }

  const started = (startedBy: string, integration: IntegrationRow, features: readonly string[]) => ({
    workspaceId: integration.workspaceId,
    integrationId: integration.id,
    place: placeOf(integration),
    startedBy,
    features,
    userCode: null,
    verificationUri: null,
    intervalSeconds: 0,
    nextPollAt: 0,
  })

  const requireCompleter = ({ browserHash, startedBy }: Attempt, completer: Completer): void => {
    const fits =
      'browser' in completer
        ? browserHash !== null && browserHash === sha256(completer.browser)
        : browserHash === null && startedBy === actorOf(completer.principal)
    if (!fits) throw unknownAttempt()
  }

  const poll = async (attempt: Attempt, deviceCode: string): Promise<Attempt> => {
    if (attempt.nextPollAt > Date.now()) return attempt
    // Whoever moves it asks; others get the attempt as it is.
    const asking = await attempts.move(attempt, { nextPollAt: Date.now() + attempt.intervalSeconds * 1000 }, { deviceCode })
    if (!asking) return found(attempt.id)
    try {
      const { party } = await partsOf(await integrationOf(attempt))
      const answer = await protocol.pollDevice(party, deviceCode)
      if (answer === 'pending') return asking
      if (answer === 'slower') {
        const intervalSeconds = asking.intervalSeconds + 5
        return (await attempts.move(asking, { intervalSeconds, nextPollAt: Date.now() + intervalSeconds * 1000 }, { deviceCode })) ?? asking
      }
      return await receive(asking, answer, new URLSearchParams())
    } catch (error) {
      if (error instanceof HubError && error.code === 'oauth_unavailable') return asking
      return fail(asking, error)
    }
  }

  const beginFor: Connecting['beginFor'] = async (actor, integration, { id, features = [], redirectUri, returnUrl = null, browser }) => {
    const { method, party } = await partsOf(integration)
    const state = randomText()
    const verifier = randomText()
    const scopes = scopesOf(method, party, features)
    const url = await protocol.authorizationUrl(party, { state, verifier, redirectUri, scopes })
    const attempt = await attempts.begin(
      {
        ...started(actor, integration, features),
        grant: 'authorization_code',
        browserHash: browser === undefined ? null : sha256(browser),
        redirectUri,
        scopes,
        returnUrl,
        expiresAt: new Date(Date.now() + attemptMs).toISOString(),
      },
      { verifier } satisfies Secrets,
      { state, id },
    )
    return { attempt, url, state }
  }

  return {
    requirePlace,
    hostOf({ connector, authType, config }) {
      const url = authMethodOf(deps.connector(connector), authType).oauth?.provider(config, {})?.authorizeUrl
      return url === undefined ? undefined : new URL(url).host
    },
    clientOf: ({ connector, authType, config }) => clients.wanted(authMethodOf(deps.connector(connector), authType), config),
    problemWith: (integration) =>
      partsOf(integration).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof HubError) return error
          throw error
        },
      ),

    beginFor,
    async begin(principal, integration, request) {
      requirePlace(principal, integration)
      return beginFor(actorOf(principal), integration, request)
    },

    async beginDevice(principal, integration, { features = [] }) {
      requirePlace(principal, integration)
      const { method, party } = await partsOf(integration)
      const scopes = scopesOf(method, party, features)
      const device = await protocol.startDevice(party, scopes)
      return attempts.begin(
        {
          ...started(actorOf(principal), integration, features),
          grant: 'device_code',
          browserHash: null,
          redirectUri: '',
          scopes,
          returnUrl: null,
          userCode: device.userCode,
          verificationUri: device.verificationUriComplete ?? device.verificationUri,
          intervalSeconds: device.intervalSeconds,
          nextPollAt: Date.now() + device.intervalSeconds * 1000,
          expiresAt: new Date(Date.now() + Math.min(device.expiresInSeconds * 1000, attemptMs * 3)).toISOString(),
        },
        { deviceCode: device.deviceCode } satisfies Secrets,
        { state: null },
      )
    },

    async complete(parameters, completer) {
      const claimed = await attempts.claim(parameters.get('state') ?? '')
      if (!claimed) throw unknownAttempt()
      const { attempt } = claimed
      requireCompleter(attempt, completer)
      if (attempt.status !== 'waiting') return attempt
      const { verifier = '' } = claimed.secrets as Secrets
      try {
        const problem = parameters.get('error')
        if (problem !== null) throw refusalOf(problem, parameters.get('error_description'))
        if (!parameters.get('code')) throw hubError('oauth_failed', { detail: 'the provider sent no code' })
        const { party } = await partsOf(await integrationOf(attempt))
        const { redirectUri, scopes } = attempt
        const tokens = await protocol.exchangeCode(party, parameters, { redirectUri, verifier, scopes })
        return await receive(attempt, tokens, parameters)
      } catch (error) {
        return fail(attempt, error)
      }
    },

    async choose(attemptId, choice, completer) {
      const known = await attempts.find(attemptId)
      if (!known) throw unknownAttempt()
      const { attempt } = known
      requireCompleter(attempt, completer)
      if (attempt.status !== 'choosing') return attempt
      if (!attempt.choices.some(({ id }) => id === choice))
        throw hubError('invalid_input', { errors: [{ path: 'choice', message: 'is not one of those offered' }] })
      try {
        await integrationOf(attempt)
        return await store(attempt, (known.secrets as Secrets).granted!, choice)
      } catch (error) {
        return fail(attempt, error)
      }
    },

    async look(workspaceId, attemptId) {
      const known = await attempts.find(attemptId)
      if (known?.attempt.workspaceId !== workspaceId) return undefined
      const { deviceCode } = known.secrets as Secrets
      return known.attempt.status === 'waiting' && deviceCode !== undefined ? poll(known.attempt, deviceCode) : known.attempt
    },

    async cancel(workspaceId, attemptId) {
      const known = await attempts.find(attemptId)
      if (known?.attempt.workspaceId !== workspaceId) throw unknownAttempt()
      const { attempt } = known
      if (attempt.status !== 'waiting' && attempt.status !== 'choosing') return attempt
      return (await attempts.move(attempt, { status: 'cancelled' })) ?? (await found(attemptId))
    },
  }
}

function scopesOf({ oauth }: AuthMethod, { provider }: Party, features: readonly string[]): readonly string[] {
  if (features.length === 0) return provider.scopes
  const known = oauth?.features ?? {}
  const scopes = features.flatMap((feature) => {
    // Features of another kind than scopes, such as what is synced, need what is usual.
    return known[feature] ?? provider.scopes
  })
  return [...new Set(scopes)]
}

function randomText(): string {
  return randomBytes(32).toString('base64url')
}

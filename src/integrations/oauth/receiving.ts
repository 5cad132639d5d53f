import type { Access } from '#access'
import { hubError } from '#errors'
import type { AuthMethod, Connector, OAuthTokens } from '#kit'
import type { Attempt, OAuth, Party } from '#oauth'
import type { Telemetry } from '#telemetry'
import type { IntegrationRow } from '../store.ts'
import { authMethodOf } from '../validate.ts'
import type { OAuthClients } from './clients.ts'
import { failureOf, lacking, unknownAttempt } from './failure.ts'
import { reasonAgainst } from './may-connect.ts'
import type { Granted, StoreGrant } from './store-grant.ts'

/** What happens to an attempt once the provider has answered. */
export interface Receiving {
  partsOf(integration: IntegrationRow): Promise<{ connector: Connector; method: AuthMethod; party: Party }>
  /** The integration of an attempt; refuses one that was led to other addresses since the attempt began. */
  integrationOf(attempt: Attempt): Promise<IntegrationRow>
  placeOf(integration: IntegrationRow): string
  found(id: string): Promise<Attempt>
  fail(attempt: Attempt, error: unknown): Promise<Attempt>
  /** Looks at what the person allowed, and stores it, unless they have to choose first. */
  receive(attempt: Attempt, tokens: OAuthTokens, parameters: URLSearchParams): Promise<Attempt>
  store(attempt: Attempt, granted: Granted, choice: string | undefined): Promise<Attempt>
}

export interface ReceivingDeps extends Pick<Telemetry, 'logger'> {
  readonly oauth: OAuth
  readonly access: Access
  readonly clients: OAuthClients
  readonly storeGrant: StoreGrant
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  connector(name: string): Connector
}

interface Given {
  readonly method: AuthMethod
  readonly party: Party
  readonly tokens: OAuthTokens
  readonly integration: IntegrationRow
}

export function createReceiving(deps: ReceivingDeps): Receiving {
  const { oauth, access, clients, storeGrant, logger } = deps
  const { protocol, attempts } = oauth

  const partsOf = async (integration: IntegrationRow): Promise<{ connector: Connector; method: AuthMethod; party: Party }> => {
    const connector = deps.connector(integration.connector)
    const method = authMethodOf(connector, integration.authType)
    return { connector, method, party: await clients.party(integration, connector, method) }
  }

  const placeOf = ({ connector, config }: IntegrationRow): string => clients.placeOf(deps.connector(connector), config)

  /** Refuses an integration that was led to other addresses since the attempt began. */
  const integrationOf = async ({ workspaceId, integrationId, place }: Attempt): Promise<IntegrationRow> => {
    const integration = await deps.get(workspaceId, integrationId)
    if (placeOf(integration) === place) return integration
    throw hubError('oauth_failed', {
      detail: `the addresses of integration "${integration.name}" were changed meanwhile`,
      hint: 'start again',
    })
  }

  const fail = async (attempt: Attempt, error: unknown): Promise<Attempt> => {
    const { status, problem } = failureOf(error)
    if (problem.code === 'internal') logger.error({ err: error, attempt: attempt.id }, 'an attempt to connect failed')
    return (await attempts.move(attempt, { status, problem })) ?? (await found(attempt.id))
  }

  const found = async (id: string): Promise<Attempt> => {
    const known = await attempts.find(id)
    if (!known) throw unknownAttempt()
    return known.attempt
  }

  /** Looks at what the person allowed, and stores it, unless they have to choose first. */
  const receive = async (attempt: Attempt, tokens: OAuthTokens, parameters: URLSearchParams): Promise<Attempt> => {
    const integration = await integrationOf(attempt)
    const { method, party } = await partsOf(integration)
    const problem = lacking(attempt.scopes, tokens)
    if (problem) {
      await takeBack({ method, party, tokens, integration })
      throw problem
    }
    const context = { tokens, client: party.client, config: integration.config, request: protocol.request }
    const finish =
      (await method.oauth!.finish?.(context, parameters).catch(async (error: unknown) => {
        await takeBack({ method, party, tokens, integration })
        throw error
      })) ?? {}
    const { choices = [] } = finish
    const granted: Granted = { tokens, finish }
    if (choices.length < 2) return store(attempt, granted, choices[0]?.id)
    const shown = choices.map(({ id, title }) => ({ id, title }))
    const moved = await attempts.move(attempt, { status: 'choosing', choices: shown }, { granted })
    return moved ?? (await found(attempt.id))
  }

  /** What was given for nothing is given back; if the provider cannot take it, it expires there by itself. */
  const takeBack = async ({ method, party, tokens, integration }: Given): Promise<void> => {
    const context = { tokens, client: party.client, config: integration.config, request: protocol.request }
    await (method.oauth?.revoke?.(context) ?? protocol.revoke(party, tokens.access_token)).catch((error: unknown) =>
      logger.warn({ err: error, integration: integration.name }, 'could not give a token back'),
    )
  }

  const store = async (attempt: Attempt, granted: Granted, choice: string | undefined): Promise<Attempt> => {
    const reason = await reasonAgainst(access, attempt.workspaceId, attempt.startedBy)
    if (reason) throw hubError('scope_missing', { detail: `whoever began this may not connect any more: ${reason}` })
    const account = await storeGrant.prepare(attempt, granted, choice)
    // From here nobody cancels it, and nobody else stores it.
    const storing = await attempts.move(attempt, { status: 'storing' })
    if (!storing) {
      const integration = await deps.get(attempt.workspaceId, attempt.integrationId)
      const now = await found(attempt.id)
      if (now.status === 'cancelled') await takeBack({ ...(await partsOf(integration)), tokens: granted.tokens, integration })
      return now
    }
    try {
      await account.store()
    } catch (error) {
      return fail(storing, error)
    }
    return (await attempts.move(storing, { status: 'connected', account: account.name, problem: null })) ?? found(attempt.id)
  }

  return { partsOf, integrationOf, placeOf, found, fail, receive, store }
}

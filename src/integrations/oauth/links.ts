import { randomBytes } from 'node:crypto'
import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { hubError, type HubError } from '#errors'
import type { Connector } from '#kit'
import { sha256 } from '#lib/canonical'
import { newId } from '#lib/ids'
import type { Attempt } from '#oauth'
import type { IntegrationRow } from '../store.ts'
import type { OAuthClients } from './clients.ts'
import type { Connecting } from './connecting.ts'
import { reasonAgainst } from './may-connect.ts'
import { deleteLink, deleteOldLinks, findLink, findLinkByToken, insertLink, setLinkAttempt, useLink, type LinkRow } from './link-store.ts'

export interface LinkRequest {
  readonly returnUrl?: string | undefined
  readonly expiresInSeconds: number
}

/** Links with which people connect an integration who have no account in the hub. */
export interface ConnectLinks {
  /** Only this answer contains the token. */
  create(principal: Principal, integration: IntegrationRow, request: LinkRequest): Promise<{ link: LinkRow; token: string }>
  /** What a page shows before anything happens; `link_invalid` without a valid link. */
  look(token: string): Promise<{ integration: IntegrationRow; connector: Connector; workspace: string; host: string | undefined }>
  /** Uses the link up and begins an attempt in this browser. */
  use(token: string, browser: string, redirectUri: string): Promise<{ url: string; attempt: Attempt }>
  /** How the attempt of a link stands; undefined while nobody has used it. */
  stateOf(workspaceId: string, id: string): Promise<{ link: LinkRow; attempt: Attempt | undefined } | undefined>
  revoke(principal: Principal, id: string): Promise<void>
}

interface LinksDeps {
  readonly db: Database
  readonly access: Access
  readonly clients: OAuthClients
  readonly connecting: Connecting
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  connector(name: string): Connector
}

export function createConnectLinks({ db, access, clients, connecting, ...deps }: LinksDeps): ConnectLinks {
  const placeOf = ({ connector, config }: IntegrationRow): string => clients.placeOf(deps.connector(connector), config)

  /** Refuses a link whose maker may not connect any more, and one whose integration leads elsewhere since. */
  const integrationOf = async (link: LinkRow): Promise<IntegrationRow> => {
    const integration = await deps.get(link.workspaceId, link.integrationId)
    if ((await reasonAgainst(access, link.workspaceId, link.createdBy)) !== undefined || placeOf(integration) !== link.place)
      throw invalid()
    return integration
  }

  return {
    async create(principal, integration, { returnUrl, expiresInSeconds }) {
      connecting.requirePlace(principal, integration)
      const token = randomBytes(32).toString('base64url')
      await deleteOldLinks(db.sql)
      const link = await db.transaction(async (trx) => {
        const made = await insertLink(trx, {
          id: newId('lnk'),
          workspaceId: integration.workspaceId,
          integrationId: integration.id,
          tokenHash: sha256(token),
          returnUrl: returnUrl ?? null,
          place: placeOf(integration),
          createdBy: actorOf(principal),
          expiresAt: new Date(Date.now() + expiresInSeconds * 1000),
        })
        await access.audit.record(trx, {
          workspaceId: integration.workspaceId,
          actor: actorOf(principal),
          action: 'connect_link.created',
          subject: made.id,
          detail: { integration: integration.name, expires_at: made.expiresAt.toISOString() },
        })
        return made
      })
      return { link, token }
    },

    async look(token) {
      const link = await findLinkByToken(db.sql, sha256(token))
      if (!link) throw invalid()
      const integration = await integrationOf(link)
      const workspace = await access.workspaces.find({ id: link.workspaceId })
      return {
        integration,
        connector: deps.connector(integration.connector),
        workspace: workspace?.name ?? '',
        host: connecting.hostOf(integration),
      }
    },

    async use(token, browser, redirectUri) {
      const found = await findLinkByToken(db.sql, sha256(token))
      if (!found) throw invalid()
      const integration = await integrationOf(found)
      const problem = await connecting.problemWith(integration)
      if (problem) throw problem
      // Used up only now: a link that could not have worked is not spent.
      const link = await useLink(db.sql, sha256(token))
      if (!link) throw invalid()
      const { attempt, url } = await connecting.beginFor(link.createdBy, integration, { redirectUri, browser, returnUrl: link.returnUrl })
      await setLinkAttempt(db.sql, link.id, attempt.id)
      return { url, attempt }
    },

    async stateOf(workspaceId, id) {
      const link = await findLink(db.sql, workspaceId, id)
      if (!link) return undefined
      return { link, attempt: link.attemptId === null ? undefined : await connecting.look(workspaceId, link.attemptId) }
    },

    async revoke(principal, id) {
      const { workspaceId } = principal
      const link = await db.transaction(async (trx) => {
        const deleted = await deleteLink(trx, workspaceId, id)
        if (!deleted) throw hubError('not_found', { detail: `there is no link "${id}" in this workspace` })
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'connect_link.revoked', subject: id })
        return deleted
      })
      // Somebody may have opened it already.
      if (link.attemptId !== null) await connecting.cancel(workspaceId, link.attemptId)
    },
  }
}

function invalid(): HubError {
  return hubError('link_invalid', { hint: 'ask for a new link where you got this one' })
}

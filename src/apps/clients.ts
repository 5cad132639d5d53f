import { z } from 'zod'
import type { Database } from '#db'
import { createThrottle, hashToken, network, type Throttle } from '#access'
import type { Egress } from '#http'
import { coalesce } from '#lib/coalesce'
import { newId } from '#lib/ids'
import { appName, isDocumentUrl, readDocument } from './documents.ts'
import { mostRedirectUris, problemOfRedirectUri } from './redirect-uris.ts'
import { OAuthRefusal } from './refusal.ts'
import { isSecretOf, makeSecret } from './secrets.ts'
import { findApp, insertApp, makeRoom, putDocument } from './store.ts'
import type { App } from './types.ts'

const hourMs = 3_600_000
/** Apps that nobody has allowed anything yet. Beyond that, an older one is deleted for each new one, so that a flood ends nobody's registration. */
const mostUnused = 1000
/** Registrations, and documents that are read, per address and minute. */
const perMinute = 10

export interface Clients {
  /** The client of this id, whose document is read if that was not done within the last hour. */
  find(clientId: string, address: string): Promise<App>
  /** Registers a client (RFC 7591). Returns its secret if it has one. */
  register(metadata: unknown, address: string): Promise<{ readonly app: App; readonly secret: string | undefined }>
  /** The client that sends a request to the token endpoint, with what proves that. */
  authenticate(proof: ClientProof): Promise<App>
}

export interface ClientProof {
  readonly clientId: string
  readonly secret: string | undefined
  readonly address: string
}

const metadataSchema = z.looseObject({
  client_name: appName.optional(),
  redirect_uris: z.array(z.string()).min(1).max(mostRedirectUris),
  token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  grant_types: z.array(z.string()).max(10).optional(),
  response_types: z.array(z.string()).max(10).optional(),
})

export interface ClientsDeps {
  readonly db: Database
  readonly egress: Egress
  readonly throttle: Throttle
}

export function createClients({ db, egress, throttle }: ClientsDeps): Clients {
  const registrations = createThrottle(perMinute)
  // Simultaneous requests of one client read its document once.
  const read = coalesce(async (clientId: string) => {
    const known = await findApp(db.sql, clientId)
    if (known?.readAt && known.readAt.getTime() > Date.now() - hourMs) return known
    const document = await readDocument(egress, clientId)
    if (!known) await makeRoom(db.sql, mostUnused)
    return putDocument(db.sql, { id: known?.id ?? newId('app'), clientId, registeredFrom: new URL(clientId).host, ...document })
  })

  return {
    async find(clientId, address) {
      if (!isDocumentUrl(clientId)) {
        const known = await findApp(db.sql, clientId)
        if (known?.kind === 'registered') return known
        throw new OAuthRefusal('invalid_client', 'this client is not registered here')
      }
      const known = await findApp(db.sql, clientId)
      if (known?.readAt && known.readAt.getTime() > Date.now() - hourMs) return known
      await registrations.count(address)
      return read(clientId)
    },

    async register(given, address) {
      // Each registration counts, because each leaves a row.
      await registrations.count(address)
      const parsed = metadataSchema.safeParse(given)
      if (!parsed.success) {
        const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue]
        const error = path[0] === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata'
        throw new OAuthRefusal(error, `${path.join('.') || 'the body'}: ${message}`)
      }
      const {
        client_name: name = 'An app without a name',
        redirect_uris: redirectUris,
        token_endpoint_auth_method: authMethod,
      } = parsed.data
      for (const uri of redirectUris) {
        const problem = problemOfRedirectUri(uri)
        if (problem !== undefined) throw new OAuthRefusal('invalid_redirect_uri', `a redirect URI ${problem}`)
      }
      await makeRoom(db.sql, mostUnused)
      const secret = authMethod === 'none' ? undefined : makeSecret('client')
      const id = newId('app')
      const app = await insertApp(db.sql, {
        id,
        clientId: id,
        kind: 'registered',
        name,
        redirectUris,
        authMethod,
        secretHash: secret === undefined ? null : hashToken(secret),
        readAt: null,
        registeredFrom: network(address),
      })
      return { app, secret }
    },

    async authenticate({ clientId, secret, address }) {
      const app = await throttle.read(address, () => findApp(db.sql, clientId))
      if (app && (app.secretHash === null || (secret !== undefined && isSecretOf(secret, app.secretHash)))) return app
      await throttle.note(address)
      throw new OAuthRefusal('invalid_client', 'the client is not known here, or its secret is wrong')
    },
  }
}

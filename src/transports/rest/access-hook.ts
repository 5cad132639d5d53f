import type { FastifyInstance, FastifyRequest } from 'fastify'
import { allows, coversRights, requireScope, sessionCookieName, type Access, type People, type Principal } from '#access'
import { secretPrefixes, type Apps } from '#apps'
import { hubError, type HubError } from '#errors'
import type { Origins } from './origin.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The scope that the route needs; `public`; or `authenticated` for a route whose operations differ in scope, which `execute` checks. A route
     * without it does not register, so none is open by mistake.
     */
    access?: string
    /** Also takes the tokens of apps that people let act for them, for this resource. No other route does. */
    apps?: string
    /** A scope that suffices for what the caller caused itself, which the operation checks. */
    own?: string | undefined
    /** False where the cookie of a sign-in session does not count: a page must not act there in the name of whoever is signed in. */
    cookies?: boolean
    /** The content types of bodies, where they are not only JSON. */
    types?: readonly string[]
  }
  interface FastifyRequest {
    principal: Principal
  }
}

export interface AccessDeps {
  readonly access: Access
  readonly people: Pick<People, 'authenticate'>
  readonly apps: Pick<Apps, 'authenticate'>
  readonly origins: Origins
}

export function addAccess(app: FastifyInstance, deps: AccessDeps, nothingHere: (request: FastifyRequest) => HubError): void {
  app.decorateRequest('principal')
  app.addHook('onRoute', (route) => {
    if (!route.config?.access) throw new Error(`${String(route.method)} ${route.url} does not say which scope it needs`)
  })
  app.addHook('onRequest', async (request) => {
    // Before the body is read, so that a request to an unknown path costs nothing.
    if (request.is404) throw nothingHere(request)
    const { access: needed, own } = request.routeOptions.config
    if (needed === undefined || needed === 'public') return
    const principal = await callerOf(deps, request)
    if (own === undefined || !allows(principal, own)) requireScope(principal, needed)
    const workspace = request.headers['hub-workspace']
    request.principal =
      typeof workspace === 'string' && principal.kind !== 'user' ? await deps.access.enter(principal, workspace) : principal
  })
}

/** Whoever sends the request: by its token or, without one, by the cookie of a sign-in session. */
export async function callerOf({ access, people, apps, origins }: AccessDeps, request: FastifyRequest): Promise<Principal> {
  const { authorization, cookie, 'hub-workspace': workspace } = request.headers
  const { apps: resource, cookies = true } = request.routeOptions.config
  if (resource !== undefined && authorization?.includes(secretPrefixes.access))
    return apps.authenticate(bearer(request), { address: request.ip, audience: origins.base(request) + resource })
  if (authorization !== undefined || !cookies || !hasSession(cookie)) return access.authenticate(bearer(request), request.ip)
  if (request.method !== 'GET' && request.method !== 'HEAD') origins.requireOwn(request)
  return people.authenticate(cookie, typeof workspace === 'string' ? workspace : undefined)
}

/** Whether a caller still is where it was and may do what it could: a person may have left the workspace, or have another role. */
export function keepsRights(now: Principal, before: Principal): boolean {
  return (now.kind !== 'user' || now.workspaceId === before.workspaceId) && coversRights(now, before)
}

function hasSession(cookie: string | undefined): cookie is string {
  return cookie?.includes(sessionCookieName) ?? false
}

/** Clients of GitHub’s kind write `Authorization: token …`. */
function bearer({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const [, token] = /^(?:Bearer|token) +([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '') ?? []
  if (!token) throw hubError('token_missing')
  return token
}

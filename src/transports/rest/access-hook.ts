import type { FastifyInstance, FastifyRequest } from 'fastify'
import { allows, requireScope, type Access, type Principal } from '#access'
import { hubError, type HubError } from '#errors'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The scope that the route needs; `public`; or `authenticated` for a route whose operations differ in scope, which `execute` checks. A route
     * without it does not register, so none is open by mistake.
     */
    access?: string
    /** A scope that suffices for what the caller caused itself, which the operation checks. */
    own?: string | undefined
    /** The content types of bodies, where they are not only JSON. */
    types?: readonly string[]
  }
  interface FastifyRequest {
    principal: Principal
  }
}

export function addAccess(app: FastifyInstance, access: Access, nothingHere: (request: FastifyRequest) => HubError): void {
  app.decorateRequest('principal')
  app.addHook('onRoute', (route) => {
    if (!route.config?.access) throw new Error(`${String(route.method)} ${route.url} does not say which scope it needs`)
  })
  app.addHook('onRequest', async (request) => {
    // Before the body is read, so that a request to an unknown path costs nothing.
    if (request.is404) throw nothingHere(request)
    const { access: needed, own } = request.routeOptions.config
    if (needed === undefined || needed === 'public') return
    const principal = await access.authenticate(bearer(request), request.ip)
    if (needed !== 'authenticated' && (own === undefined || !allows(principal, own))) requireScope(principal, needed)
    const workspace = request.headers['hub-workspace']
    request.principal = typeof workspace === 'string' ? await access.enter(principal, workspace) : principal
  })
}

/** Clients of GitHub’s kind write `Authorization: token …`. */
export function bearer({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const [, token] = /^(?:Bearer|token) +([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '') ?? []
  if (!token) throw hubError('token_missing')
  return token
}

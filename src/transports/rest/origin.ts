import type { FastifyRequest } from 'fastify'
import { isIP } from 'node:net'
import { hubError } from '#errors'

/**
 * Whether a request was sent to this hub under one of its own names. A page in a browser may send requests here under a name of its own whose
 * address it changed to ours, so names that are not ours are refused. Addresses cannot be changed so.
 */
export interface OriginCheck {
  /** Returns what is wrong. */
  (headers: { readonly host?: string | undefined; readonly origin?: string | undefined }): string | undefined
}

export interface OriginOptions {
  readonly publicUrl: string | undefined
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
}

export function createOriginCheck({ publicUrl, allowedHosts, corsOrigins }: OriginOptions): OriginCheck {
  const names = new Set(['localhost', ...allowedHosts.map((host) => host.toLowerCase())])
  if (publicUrl !== undefined) names.add(new URL(publicUrl).hostname)
  const isOurs = (hostname: string): boolean => names.has(hostname) || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0

  return ({ host, origin }) => {
    const hostname = host === undefined ? undefined : hostnameOf(`http://${host}`)
    if (hostname === undefined || !isOurs(hostname))
      return 'the header Host does not name this hub; HUB_PUBLIC_URL and HUB_ALLOWED_HOSTS name it'
    if (origin === undefined || corsOrigins.includes(origin)) return undefined
    const from = hostnameOf(origin)
    return from !== undefined && isOurs(from) ? undefined : 'the header Origin is not one of HUB_CORS_ORIGINS'
  }
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined
}

/** What browsers say of where a request comes from, and under which name the hub was reached. */
export interface Origins {
  /** What this hub is called in front of the paths of its resources, as the request names it. It may be a name that is not ours. */
  base(request: FastifyRequest): string
  /** The same as `own`, and undefined under a name that is not ours: links are not made with it. */
  known(request: FastifyRequest): string | undefined
  /** The origin of this hub as the browser knows it. Throws `origin_refused` when `Host` is not one of the hub's names. */
  own(request: FastifyRequest): string
  /** Throws `origin_refused` for a request that another site may have made a browser send with its cookies. */
  requireOwn(request: FastifyRequest): void
}

export function createOrigins(options: OriginOptions): Origins {
  const check = createOriginCheck({ ...options, corsOrigins: [] })
  const own: Origins['own'] = (request) => {
    if (options.publicUrl !== undefined) return new URL(options.publicUrl).origin
    // The name that a trusted proxy passes on, if there is one.
    const problem = check({ host: request.host })
    if (problem !== undefined) throw hubError('origin_refused', { detail: problem })
    return `${request.protocol}://${request.host}`
  }
  const base: Origins['base'] = ({ protocol, host }) => options.publicUrl ?? `${protocol}://${host}`
  return {
    base,
    own,
    known: (request) => (options.publicUrl !== undefined || check({ host: request.host }) === undefined ? base(request) : undefined),
    requireOwn(request) {
      const { origin, 'sec-fetch-site': site } = request.headers
      const ours = own(request)
      if (origin === undefined ? site === 'same-origin' : isSame(origin, ours)) return
      throw hubError('origin_refused', {
        detail: 'a request with a sign-in cookie must come from a page of this hub: its header Origin names another one, or none',
        hint: `open the hub at ${ours}; programs send a token instead of the cookie`,
      })
    },
  }
}

/** A proxy that ends TLS without saying so makes http of https, so only the host counts where HUB_PUBLIC_URL does not say more. */
function isSame(origin: string, ours: string): boolean {
  if (!URL.canParse(origin)) return false
  return origin === ours || (ours.startsWith('http:') && new URL(origin).host === new URL(ours).host)
}

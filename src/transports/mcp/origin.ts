import { isIP } from 'node:net'

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

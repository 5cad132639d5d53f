import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'

/**
 * Loaded into the hub that is asked random requests: no name but localhost has an address, so that none of them reaches a system outside, whatever
 * it makes the hub do.
 */
const lookup = dns.lookup

function refuse(host: string, ...rest: unknown[]): unknown {
  if (host === 'localhost' || isIP(host) !== 0) return Reflect.apply(lookup, dns, [host, ...rest])
  const callback = rest.at(-1) as (error: NodeJS.ErrnoException) => void
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host })
  return setImmediate(callback, error)
}

Object.assign(dns, { lookup: refuse })
syncBuiltinESMExports()

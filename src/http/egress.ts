import { lookup as resolve, type LookupAddress } from 'node:dns'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { hubError, HubError } from '#errors'

/**
 * Decides what the hub may connect to. The check runs after the DNS lookup, on the address that the socket is opened to, and again for
 * every redirect, so that a host name or a redirect cannot bypass it. Private, loopback, link-local, metadata and reserved networks are
 * refused in every notation.
 */
export interface Egress {
  readonly dispatcher: Agent
  /** Returns an address of the host, or refuses if the host is not allowed. */
  resolve(host: string): Promise<string>
  /** Refuses other protocols and literal addresses without a DNS lookup. */
  assertUrl(url: URL): void
  close(): Promise<void>
}

const reservedV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

const reservedV6 = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const

const reserved = new BlockList()
for (const [network, prefix] of reservedV4) reserved.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of reservedV6) reserved.addSubnet(network, prefix, 'ipv6')

/**
 * The IPv4 address inside an IPv6 address (mapped, NAT64, 6to4). It decides whether the IPv6 address is allowed. A network that chose its own NAT64
 * prefix puts the IPv4 address at a place that we cannot know, so that prefix is reserved as a whole.
 */
function embeddedV4(address: string): string | undefined {
  if (!isIPv6(address)) return undefined
  const groups = expand(address)
  const v4 = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')
  const zeros = (count: number): boolean => groups.slice(0, count).every((group) => group === 0)
  if (zeros(5) && groups[5] === 0xffff) return v4(groups[6]!, groups[7]!)
  if (zeros(4) && groups[4] === 0xffff && groups[5] === 0) return v4(groups[6]!, groups[7]!)
  if (groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return v4(groups[6]!, groups[7]!)
  if (groups[0] === 0x2002) return v4(groups[1]!, groups[2]!)
  return undefined
}

function expand(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address.replace(/%.*$/, ''))
  const plain = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : address.replace(/%.*$/, '')
  const [left = '', right] = plain.split('::')
  const head = left.split(':').filter(Boolean)
  const tail = (right ?? '').split(':').filter(Boolean)
  const gap = right === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array<string>(gap).fill('0'), ...tail].map((group) => Number.parseInt(group, 16))
}

/** An ISATAP address ends with an IPv4 address behind this mark, and leads into the network of that address. */
function isIsatap(address: string): boolean {
  if (!isIPv6(address)) return false
  const groups = expand(address)
  return (groups[4]! & 0xfdff) === 0 && groups[5] === 0x5efe
}

function isReserved(address: string): boolean {
  if (isIsatap(address)) return true
  const embedded = embeddedV4(address)
  if (embedded !== undefined) return isReserved(embedded)
  return reserved.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

export interface EgressOptions {
  /** Private hosts, addresses and networks that may be reached. */
  readonly allow: readonly string[]
}

/** Whether a URL names this machine or an address of a private network. What a name resolves to is not looked up. */
export function isPrivatePlace(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && isReserved(host))
}

export function createEgress({ allow }: EgressOptions): Egress {
  const hosts = new Set<string>()
  const networks = new BlockList()
  for (const entry of allow) {
    const [network = '', prefix] = entry.split('/')
    const version = isIP(network)
    if (version === 0) hosts.add(entry.toLowerCase())
    else networks.addSubnet(network, prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix), version === 4 ? 'ipv4' : 'ipv6')
  }

  const allowed = (host: string, address: string): boolean => {
    if (!isReserved(address) || hosts.has(host.toLowerCase())) return true
    const effective = embeddedV4(address) ?? address
    return networks.check(effective, isIPv6(effective) ? 'ipv6' : 'ipv4')
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0)
      const accepted = addresses.filter(({ address }) => allowed(hostname, address))
      // A name that also resolves to a refused address is refused completely, because this is how DNS rebinding attacks work.
      if (accepted.length < addresses.length || accepted.length === 0) return callback(refused(hostname), '', 0)
      if (options.all) return (callback as unknown as (e: null, a: LookupAddress[]) => void)(null, accepted)
      callback(null, accepted[0]!.address, accepted[0]!.family)
    })
  }

  const assertUrl = (url: URL): void => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw hubError('address_refused', { detail: `the URL has the protocol ${url.protocol} but only http: and https: are allowed` })
    }
    const host = withoutBrackets(url.hostname)
    if (isIP(host) !== 0 && !allowed(host, host)) throw refused(host)
  }

  const connect = buildConnector({ lookup, timeout: 10_000 })
  const dispatcher = new Agent({
    connect: (options, callback) => {
      // Sockets to literal addresses are opened without a lookup, so these addresses are checked here too.
      const host = withoutBrackets(options.hostname)
      if (isIP(host) !== 0 && !allowed(host, host)) return callback(refused(host), null)
      connect(options, callback)
    },
    connections: 64,
    keepAliveTimeout: 4000,
  })
  const resolveHost = (given: string): Promise<string> =>
    new Promise((done, reject) => {
      const host = withoutBrackets(given)
      if (isIP(host) !== 0) return allowed(host, host) ? done(host) : reject(refused(host))
      lookup(host, {}, (error, address) => (error ? reject(asUnreachable(host, error)) : done(String(address))))
    })

  return { dispatcher, assertUrl, resolve: resolveHost, close: () => dispatcher.destroy() }
}

/** URLs write IPv6 addresses in brackets, and people copy them. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

function asUnreachable(host: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof HubError) return error
  return hubError('vendor_unreachable', {
    detail: `the host name ${host} has no address (${error.code ?? 'the lookup failed'})`,
    hint: 'check the host in the config of the integration',
    cause: error,
  })
}

function refused(host: string): Error {
  return hubError('address_refused', {
    detail: `${host} is a private or reserved address`,
    hint: 'to allow it, the operator of the hub adds it to HUB_EGRESS_ALLOW',
  })
}

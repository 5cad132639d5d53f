import { Agent, buildConnector } from 'undici'
import { hubError, type HubError } from '#errors'
import type { Egress } from './egress.ts'

/** Reaches these origins, which may be on this machine, and nothing else. */
export function createClosedEgress(origins: readonly string[]): Egress {
  const allowed = new Set(origins)
  const assertUrl = (url: URL): void => {
    if (!allowed.has(url.origin)) throw refused(url.origin)
  }
  const connect = buildConnector({ timeout: 10_000 })
  const dispatcher = new Agent({
    connect: (options, callback) => {
      const origin = `${options.protocol}//${options.hostname}:${options.port}`
      if (!allowed.has(origin)) return callback(refused(origin), null)
      connect(options, callback)
    },
  })
  // A host without a port says too little.
  return { dispatcher, assertUrl, resolve: (host) => Promise.reject(refused(host)), close: () => dispatcher.destroy() }
}

function refused(place: string): HubError {
  return hubError('address_refused', { detail: `an integration of the demo reaches the demo systems only, and not ${place}` })
}

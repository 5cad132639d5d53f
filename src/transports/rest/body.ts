import type { IncomingMessage } from 'node:http'
import { network } from '#access'
import { hubError, type HubError } from '#errors'

/** Bytes of bodies that this process keeps in memory before their sender is known. */
export interface BodyBudget {
  /** Reserves bytes for a request from an address, until `give`. Returns false if they do not fit. */
  take(address: string, bytes: number): boolean
  give(address: string, bytes: number): void
}

export interface BodyLimits {
  /** In all. */
  readonly total: number
  /** From one address: less than all, so that one sender does not lock out the others. */
  readonly perAddress: number
}

export function createBodyBudget({ total, perAddress }: BodyLimits): BodyBudget {
  let all = 0
  const byNetwork = new Map<string, number>()
  return {
    take(address, bytes) {
      const key = network(address)
      const held = byNetwork.get(key) ?? 0
      if (all + bytes > total || held + bytes > perAddress) return false
      all += bytes
      byNetwork.set(key, held + bytes)
      return true
    },
    give(address, bytes) {
      const key = network(address)
      const left = (byNetwork.get(key) ?? 0) - bytes
      all -= bytes
      if (left > 0) byNetwork.set(key, left)
      else byNetwork.delete(key)
    },
  }
}

export interface Reading {
  readonly maxBytes: number
  /** How long the sender may pause. */
  readonly idleMs: number
  /** Called for each piece. Returns false if there is no room for it. */
  readonly take: (bytes: number) => boolean
  /** Called when the rest of the body is not read. */
  readonly giveUp: () => void
}

/** Reads a body piece by piece, and gives up as soon as it is too long, too slow or more than there is room for. */
export function readBody(payload: IncomingMessage, reading: Reading): Promise<Buffer> {
  const { maxBytes, idleMs, take, giveUp } = reading
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const stop = (error: HubError): void => {
      clearTimeout(timer)
      pieces.length = 0
      payload.off('data', add).resume()
      giveUp()
      reject(error)
    }
    const add = (piece: Buffer): void => {
      timer.refresh()
      bytes += piece.length
      if (bytes > maxBytes) return stop(tooLarge(maxBytes))
      if (!take(piece.length)) return stop(hubError('bodies_in_flight', { retryAfter: 5 }))
      pieces.push(piece)
    }
    const timer = setTimeout(() => stop(hubError('request_timeout')), idleMs)
    if (Number(payload.headers['content-length'] ?? 0) > maxBytes) return stop(tooLarge(maxBytes))
    payload.on('data', add)
    payload.once('end', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces, bytes))
    })
    payload.once('error', () => stop(hubError('request_timeout')))
  })
}

function tooLarge(maxBytes: number): HubError {
  return hubError('body_too_large', { detail: `the body has more than ${maxBytes} bytes` })
}

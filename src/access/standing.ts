import type { Sql } from '#db'
import type { Clock } from '#lib/clock'
import { findTokens } from './store.ts'

/** What became of the rights of an actor. */
export interface Standing {
  /** Why the actor has no rights any more; null while it has them. */
  readonly lost: string | null
  /** The tokens that it comes from, as actors. */
  readonly ancestors: readonly string[]
}

export interface Standings {
  of(sql: Sql, actors: readonly string[]): Promise<ReadonlyMap<string, Standing>>
  forget(tokenId: string): void
}

const prefix = 'token:'
const lasting: Standing = { lost: null, ancestors: [] }
const maxCached = 10_000

/** Looks tokens up by id, and caches them for `ttlMs`. Only tokens lose their rights; the operator and the hub itself keep them. */
export function createStandings(ttlMs: number, clock: Clock): Standings {
  const cached = new Map<string, { readonly standing: Standing; readonly until: number }>()

  return {
    forget: (tokenId) => void cached.delete(tokenId),
    async of(sql, actors) {
      const now = clock.millis()
      const standings = new Map<string, Standing>()
      const unknown: string[] = []
      for (const actor of new Set(actors)) {
        const id = actor.startsWith(prefix) ? actor.slice(prefix.length) : undefined
        const held = id === undefined ? { standing: lasting, until: Number.POSITIVE_INFINITY } : cached.get(id)
        if (held && held.until > now) standings.set(actor, held.standing)
        else unknown.push(id!)
      }
      const rows = unknown.length === 0 ? [] : await findTokens(sql, unknown)
      if (cached.size > maxCached) cached.clear()
      for (const id of unknown) {
        const row = rows.find((found) => found.id === id)
        const standing = { lost: lossOf(row, now), ancestors: row?.ancestors ?? [] }
        cached.set(id, { standing, until: Math.min(now + ttlMs, row?.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) })
        standings.set(`${prefix}${id}`, standing)
      }
      return standings
    },
  }
}

function lossOf(row: { readonly revokedAt: Date | null; readonly expiresAt: Date | null } | undefined, now: number): string | null {
  if (!row) return 'the token does not exist'
  if (row.revokedAt) return 'the token was revoked'
  if (row.expiresAt && row.expiresAt.getTime() <= now) return 'the token has expired'
  return null
}

import type { Sql } from '#db'
import type { Clock } from '#lib/clock'
import { scopesIn } from './roles.ts'
import { findGrantsInForce, findPeopleIn, findTokens, type PersonIn } from './store.ts'

/** What became of the rights of an actor. */
export interface Standing {
  /** Why the actor has no rights any more; null while it has them. */
  readonly lost: string | null
  /** What a person may still do, with a token or without; undefined for actors whose own scopes count alone. */
  readonly within?: readonly string[] | undefined
  /** The tokens and people that it comes from, as actors. */
  readonly ancestors: readonly string[]
}

export interface Standings {
  of(sql: Sql, workspaceId: string, actors: readonly string[]): Promise<ReadonlyMap<string, Standing>>
  /** Forgets what is cached, after a change by this process. */
  forget(): void
}

const lasting: Standing = { lost: null, ancestors: [] }
const mortal = /^(token|user|grant):(.+)$/
const maxCached = 10_000

type Token = Awaited<ReturnType<typeof findTokens>>[number]

/**
 * Looks tokens and members up by id, and caches them for `ttlMs`. Only those lose their rights; the operator and the hub itself keep
 * them.
 */
export function createStandings(ttlMs: number, clock: Clock): Standings {
  const cached = new Map<string, { readonly standing: Standing; readonly until: number }>()

  return {
    forget: () => cached.clear(),
    async of(sql, workspaceId, actors) {
      const now = clock.millis()
      const keyOf = (actor: string): string => `${workspaceId} ${actor}`
      const standings = new Map<string, Standing>()
      const unknown: string[] = []
      for (const actor of new Set(actors)) {
        const held = mortal.test(actor) ? cached.get(keyOf(actor)) : { standing: lasting, until: Number.POSITIVE_INFINITY }
        if (held && held.until > now) standings.set(actor, held.standing)
        else unknown.push(actor)
      }
      if (unknown.length === 0) return standings
      const found = await lookUp(sql, workspaceId, unknown)
      if (cached.size > maxCached) cached.clear()
      for (const actor of unknown) {
        const standing = standingOf(found, actor, now)
        const { expiresAt } = found.tokens.get(actor) ?? {}
        cached.set(keyOf(actor), { standing, until: Math.min(now + ttlMs, expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) })
        standings.set(actor, standing)
      }
      return standings
    },
  }
}

interface Found {
  readonly tokens: ReadonlyMap<string, Token>
  readonly people: ReadonlyMap<string, PersonIn>
  /** Those of the grants that are in force. */
  readonly grants: ReadonlySet<string>
}

async function lookUp(sql: Sql, workspaceId: string, actors: readonly string[]): Promise<Found> {
  const idsOf = (kind: string): string[] => actors.flatMap((actor) => (actor.startsWith(`${kind}:`) ? [actor.slice(kind.length + 1)] : []))
  const tokenIds = idsOf('token')
  const tokens = tokenIds.length === 0 ? [] : await findTokens(sql, tokenIds)
  const userIds = [...new Set([...idsOf('user'), ...tokens.flatMap(({ userId }) => userId ?? [])])]
  const people = userIds.length === 0 ? [] : await findPeopleIn(sql, workspaceId, userIds)
  const grantIds = idsOf('grant')
  const grants = grantIds.length === 0 ? [] : await findGrantsInForce(sql, workspaceId, grantIds)
  return {
    grants: new Set(grants),
    tokens: new Map(tokens.map((token) => [`token:${token.id}`, token])),
    people: new Map(people.map((person) => [person.userId, person])),
  }
}

function standingOf({ tokens, people, grants }: Found, actor: string, now: number): Standing {
  const [, kind, id = ''] = mortal.exec(actor)!
  const personal = (userId: string): Pick<Standing, 'lost' | 'within'> => {
    const person = people.get(userId)
    const within = person && scopesIn(person.role, person.hubAdmin)
    return within ? { lost: null, within } : { lost: 'the person is not a member of the workspace any more' }
  }
  if (kind === 'grant') return { lost: grants.has(id) ? null : 'the person does not allow the app any more', ancestors: [] }
  if (kind === 'user') return { ...personal(id), ancestors: [] }
  const token = tokens.get(actor)
  const lost = lossOf(token, now)
  const ancestors = token?.ancestors ?? []
  if (lost !== null || !token || token.userId === null) return { lost, ancestors }
  return { ...personal(token.userId), ancestors }
}

function lossOf(row: { readonly revokedAt: Date | null; readonly expiresAt: Date | null } | undefined, now: number): string | null {
  if (!row) return 'the token does not exist'
  if (row.revokedAt) return 'the token was revoked'
  if (row.expiresAt && row.expiresAt.getTime() <= now) return 'the token has expired'
  return null
}

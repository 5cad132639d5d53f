import type { Database } from '#db'
import { hubError } from '#errors'
import type { Audit } from '../audit.ts'
import { actorOf, type Principal } from '../scopes.ts'
import { recordEverywhere, workspacesOf } from './sign-in-audit.ts'
import { endSessions, findPerson, listSessions, type SessionRow } from './store.ts'

/** The sign-in sessions of a person. */
export interface OwnSessions {
  list(userId: string): Promise<SessionRow[]>
  /** Ends one of the person who acts. */
  end(principal: Principal, id: string): Promise<void>
}

export interface OwnSessionsDeps {
  readonly db: Database
  readonly audit: Audit
  readonly changed: () => void
}

export function createOwnSessions({ db, audit, changed }: OwnSessionsDeps): OwnSessions {
  return {
    list: (userId) => listSessions(db.sql, userId),
    async end(principal, id) {
      await db.transaction(async (trx) => {
        const { workspaceId, userId } = principal
        const ended = userId === undefined ? 0 : await endSessions(trx, { userId, id })
        if (ended === 0) throw hubError('not_found', { detail: `you have no sign-in session ${id}` })
        const person = await findPerson(trx, userId!)
        const workspaceIds = [workspaceId, ...(person ? workspacesOf(person) : [])]
        await recordEverywhere(trx, audit, { workspaceIds, entry: { actor: actorOf(principal), action: 'session.ended', subject: id } })
      })
      changed()
    },
  }
}

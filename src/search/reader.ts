import { actorOf, allows, type People, type Principal } from '#access'
import { ttlCache } from '#lib/ttl-cache'

/** With this scope somebody sees all content of the workspace, whoever may read it in the outside systems. */
export const allContent = 'content:all'

/** What a caller is by which documents are chosen that it may see. */
export interface Reader {
  readonly workspaceId: string
  readonly seesAll: boolean
  /** As members of audiences: everybody in the workspace, and addresses that a sign-in provider verified. */
  readonly members: readonly string[]
  /** The caller and its person, for those who are known by name in an outside system. */
  readonly actors: readonly string[]
  /** The user of an application for whom it asks. Content of integrations that belong to other users is not seen. */
  readonly externalUser: string | null
}

export interface Readers {
  of(principal: Principal, externalUser?: string): Promise<Reader>
}

const keptMs = 500

export function createReaders({ people }: { readonly people: Pick<People, 'verifiedAddress'> }): Readers {
  const addresses = ttlCache(keptMs, (userId: string) => people.verifiedAddress(userId))
  return {
    async of(principal, externalUser) {
      const { workspaceId, userId } = principal
      const address = userId === undefined ? undefined : await addresses.get(userId)
      return {
        workspaceId,
        seesAll: allows(principal, allContent),
        members: ['*', ...(address === undefined ? [] : [`email:${address.toLowerCase()}`])],
        actors: [actorOf(principal), ...(userId === undefined ? [] : [`user:${userId}`])],
        externalUser: externalUser ?? null,
      }
    },
  }
}

import type { Database } from '#db'
import { listActors, namesOf, type ActorKind, type NamedActor } from './store.ts'

export type { ActorKind, NamedActor } from './store.ts'

/** What those who act in a workspace are called there. */
export interface ActorNames {
  /** The names of these actors. Those that the workspace does not know, such as tokens of other workspaces, have none. */
  of(workspaceId: string, actors: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Those of these kinds that can act in the workspace, by name. */
  list(workspaceId: string, kinds: readonly ActorKind[]): Promise<NamedActor[]>
}

const operator = 'operator:'

export function createActorNames({ db }: { readonly db: Pick<Database, 'sql'> }): ActorNames {
  return {
    async of(workspaceId, actors) {
      const names = new Map<string, string>()
      for (const actor of actors) if (actor.startsWith(operator)) names.set(actor, actor.slice(operator.length))
      const asked = [...new Set(actors)].filter((actor) => /^(token|user|system:flow):/.test(actor))
      if (asked.length === 0) return names
      for (const { actor, name } of await namesOf(db.sql, workspaceId, asked)) names.set(actor, name)
      return names
    },
    list: (workspaceId, kinds) => listActors(db.sql, workspaceId, kinds),
  }
}

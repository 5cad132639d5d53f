import { sql as raw } from 'kysely'
import type { Sql } from '#db'

export type ActorKind = 'token' | 'user' | 'flow'

export interface NamedActor {
  readonly actor: string
  readonly kind: ActorKind
  readonly name: string
}

/** The most of one kind that a list has. */
const mostOfKind = 200

export async function namesOf(sql: Sql, workspaceId: string, actors: readonly string[]): Promise<Pick<NamedActor, 'actor' | 'name'>[]> {
  const idsAfter = (prefix: string): string[] => actors.flatMap((actor) => (actor.startsWith(prefix) ? [actor.slice(prefix.length)] : []))
  const { rows } = await raw<Pick<NamedActor, 'actor' | 'name'>>`
    select 'token:' || id as actor, name from hub.tokens
     where workspace_id = ${workspaceId} and id = any(${idsAfter('token:')}::text[])
    union all
    select 'user:' || m.user_id, u.name from hub.members m join auth."user" u on u.id = m.user_id
     where m.workspace_id = ${workspaceId} and m.user_id = any(${idsAfter('user:')}::text[])
    union all
    select 'system:flow:' || id, 'flow ' || name from hub.flows
     where workspace_id = ${workspaceId} and id = any(${idsAfter('system:flow:')}::text[])`.execute(sql)
  return rows
}

export async function listActors(sql: Sql, workspaceId: string, kinds: readonly ActorKind[]): Promise<NamedActor[]> {
  const { rows } = await raw<NamedActor>`
    select actor, kind, name from (
      (select 'token:' || id as actor, 'token' as kind, name from hub.tokens
        where workspace_id = ${workspaceId} and ${kinds.includes('token')} order by revoked_at is not null, id desc limit ${mostOfKind})
      union all
      (select 'user:' || m.user_id, 'user', u.name from hub.members m join auth."user" u on u.id = m.user_id
        where m.workspace_id = ${workspaceId} and ${kinds.includes('user')} order by u.name limit ${mostOfKind})
      union all
      (select 'system:flow:' || id, 'flow', 'flow ' || name from hub.flows
        where workspace_id = ${workspaceId} and ${kinds.includes('flow')} order by name limit ${mostOfKind})
    ) as listed order by lower(name), actor`.execute(sql)
  return rows
}

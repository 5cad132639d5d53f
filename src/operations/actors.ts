import { z } from 'zod'
import { allows, anyCaller, type Principal } from '#access'
import type { ActorNames, NamedActor } from '#actors'
import { operation, view } from './operation.ts'
import { allOf, pageOf } from './shared.ts'

/** Of the field beside one that has an actor. */
export const actorNameSchema = z
  .string()
  .nullable()
  .describe('What the workspace calls the actor: the name of a token, a person or a flow. Null where it knows none.')

export type Named<Row> = Row & { readonly actorName: string | null }

interface Context {
  readonly actorNames: ActorNames
  readonly principal: Principal
}

/** Rows with the names of their actors, which are read once for all of them. */
export async function named<Row extends { readonly actor: string }>(
  { actorNames, principal }: Context,
  rows: readonly Row[],
): Promise<Named<Row>[]> {
  const actors = rows.map(({ actor }) => actor)
  const names = await actorNames.of(principal.workspaceId, actors)
  return rows.map((row) => ({ ...row, actorName: names.get(row.actor) ?? null }))
}

export async function namedOne<Row extends { readonly actor: string }>(context: Context, row: Row): Promise<Named<Row>> {
  return (await named(context, [row]))[0]!
}

/** What the caller needs to see each kind. */
const scopeOf = { token: 'tokens:read', user: 'people:read', flow: 'flows:read' } as const

const actorView = view(
  z.object({
    actor: z.string().describe('What lists take as `actor`.'),
    kind: z.enum(['token', 'user', 'flow']),
    name: z.string(),
  }),
  ({ actor, kind, name }: NamedActor) => ({ actor, kind, name }),
)

export const listActors = operation({
  name: 'actors.list',
  scope: anyCaller,
  effect: 'read',
  summary: 'List who can act in the workspace, by name: tokens, people and flows',
  description:
    'At most 200 of a kind, valid and newer tokens first. Tokens need `tokens:read`, people `people:read`, flows `flows:read`: kinds for which the caller lacks the scope are left out.',
  input: z.strictObject({}),
  output: pageOf(actorView),
  http: { method: 'GET', path: '/api/v1/actors' },
  example: {},
  run: async ({ actorNames, principal }) => {
    const kinds = (['token', 'user', 'flow'] as const).filter((kind) => allows(principal, scopeOf[kind]))
    return allOf(await actorNames.list(principal.workspaceId, kinds))
  },
})

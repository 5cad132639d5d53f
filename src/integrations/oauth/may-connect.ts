import { covers, type Access } from '#access'

/** Why an actor may not connect integrations of the workspace any more; undefined while it may. */
export async function reasonAgainst(access: Access, workspaceId: string, actor: string): Promise<string | undefined> {
  const standing = (await access.standings(workspaceId, [actor])).get(actor)
  if (standing?.lost) return standing.lost
  const { within } = standing ?? {}
  return within === undefined || within.some((scope) => covers(scope, 'integrations:write')) ? undefined : 'the person has another role now'
}

import { hubError, type Http } from '#kit'

/** GitLab names people by id where something is written. */
export async function idsOf(http: Http, usernames: readonly string[] | undefined): Promise<number[] | undefined> {
  if (usernames === undefined) return undefined
  const ids: number[] = []
  for (const username of usernames) {
    const found = await http.get<{ id: number; username: string }[]>('/users', { query: { username: username.replace(/^@/, '') } })
    const id = found[0]?.id
    if (id === undefined) throw hubError('vendor_not_found', { detail: `GitLab has no user "${username}"` })
    ids.push(id)
  }
  // GitLab takes the id 0 for nobody.
  return ids.length === 0 ? [0] : ids
}

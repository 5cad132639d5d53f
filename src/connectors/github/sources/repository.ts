import { z } from 'zod'
import { path, type Http, type Member } from '#kit'

/** The repository of a source, as people write it. */
export const repositoryOption = z
  .string()
  .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'must be OWNER/NAME')
  .transform((name) => name.toLowerCase())
  .describe('OWNER/NAME.')

export function placeOf(repository: string): string {
  const [owner = '', name = ''] = repository.split('/')
  return path`/repos/${owner}/${name}`
}

/** The only audience of a repository: whoever may read it may read all of it. */
export const audience = 'repository'

const mostPages = 100

/** Everybody where it is public, otherwise its collaborators. */
export async function readersOf(http: Http, repository: string): Promise<Member[]> {
  const place = placeOf(repository)
  const { private: isPrivate } = await http.get<{ private?: boolean }>(place)
  if (isPrivate === false) return ['*']
  const members: Member[] = []
  for (let page = 1; page <= mostPages; page++) {
    const found = await http.get<{ login: string }[]>(`${place}/collaborators`, { query: { affiliation: 'all', per_page: 100, page } })
    members.push(...found.map(({ login }) => `user:${login.toLowerCase()}` as const))
    if (found.length < 100) return members
  }
  return members
}

/** Whether the event is about this repository. */
export function isAbout(data: unknown, repository: string): boolean {
  const { repository: found } = (data ?? {}) as { repository?: { full_name?: unknown } }
  return typeof found?.full_name === 'string' && found.full_name.toLowerCase() === repository
}

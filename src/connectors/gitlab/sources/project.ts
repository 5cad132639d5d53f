import { z } from 'zod'
import { path, type Http, type Member } from '#kit'

/** The project of a source, by its path: an id would not tell whether an event is about it. */
export const projectOption = z
  .string()
  .max(500)
  .regex(/^[\w.-]+(?:\/[\w.-]+)+$/, 'must be GROUP/NAME')
  .transform((name) => name.toLowerCase())
  .describe('GROUP/NAME, with subgroups between.')

export const placeOf = (project: string): string => path`/projects/${project}`

/** Who may read: all who see the part of the project, or only its members from the role reporter on. */
export type Audience = 'project' | 'members'
type Part = 'issues_access_level' | 'merge_requests_access_level' | 'repository_access_level'

type Project = Readonly<Partial<Record<Part | 'visibility', string>>>

interface Person {
  readonly username: string
  readonly state?: string
  readonly access_level: number
  readonly public_email?: string | null
}

const reporter = 20
const mostPages = 100

/**
 * Everybody where project and part are public. In all other cases, internal projects included, those members who may read code and confidential
 * issues: what a guest may read depends on more than the API tells.
 */
export async function readersOf(http: Http, project: string, { part, audience }: { part: Part; audience: string }): Promise<Member[]> {
  const place = placeOf(project)
  const found = await http.get<Project>(place)
  if (found[part] === 'disabled') return []
  // A part for members only says so, and a part that does not say is not taken for public.
  if (audience === 'project' && found.visibility === 'public' && (found[part] === 'enabled' || found[part] === 'public')) return ['*']
  const members: Member[] = []
  for (let page = 1; page <= mostPages; page++) {
    const people = await http.get<Person[]>(`${place}/members/all`, { query: { per_page: 100, page } })
    for (const { username, state, access_level: level, public_email: email } of people) {
      if (level < reporter || (state !== undefined && state !== 'active')) continue
      members.push(`user:${username.toLowerCase()}`)
      if (typeof email === 'string' && email.includes('@')) members.push(`email:${email.toLowerCase()}`)
    }
    if (people.length < 100) break
  }
  return members
}

/** Whether the event is about this project. */
export function isAbout(data: unknown, project: string): boolean {
  const { project: found } = (data ?? {}) as { project?: { path_with_namespace?: unknown } | null }
  return typeof found?.path_with_namespace === 'string' && found.path_with_namespace.toLowerCase() === project
}

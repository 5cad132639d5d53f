import { z } from 'zod'
import { ifThere, path, readEach, type Http, type Member, type SourceDocument } from '#kit'
import type { JiraConfig } from '../config.ts'
import { jira } from '../declaration.ts'
import { quote } from '../jql.ts'
import { isCloud, issueFields, renderIssue, renderUser, textOf, type RawIssue, type RawUser } from '../shapes.ts'

interface RawComment {
  readonly author?: RawUser
  readonly body?: unknown
  readonly created?: string
  /** Only some may read it. */
  readonly visibility?: unknown
}

interface Issue extends RawIssue {
  readonly fields?: RawIssue['fields'] & {
    readonly security?: { readonly id?: string } | null
    readonly comment?: { readonly total?: number; readonly comments?: readonly RawComment[] }
  }
}

interface Cursor {
  /** What changed before this was read before. */
  readonly since?: number
  /** Of the sync that runs: where its next page begins, and when it began. */
  readonly next?: string
  readonly began?: number
}

const perPage = 50
const fields = [...issueFields, 'comment', 'security']
/** Lists lag behind, and the clocks of both sides differ. */
const overlapMs = 5 * 60_000
const mostCommentPages = 10
const mostPeople = 1000

export const issues = jira.source({
  title: 'Issues',
  description: 'The issues of a project, with their comments.',
  types: ['issue'],
  options: z.strictObject({
    project: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_]{1,254}$/, 'must be the key of a project, such as OPS')
      .transform((key) => key.toUpperCase())
      .describe('Key of the project.'),
  }),
  example: { project: 'OPS' },
  named: ({ project }) => `${project} issues`,
  events: [
    'jira.issue_created',
    'jira.issue_updated',
    'jira.issue_deleted',
    'jira.comment_created',
    'jira.comment_updated',
    'jira.comment_deleted',
  ],
  changedBy: ({ data }, { project }) => {
    const { issue } = (data ?? {}) as { issue?: { id?: unknown; key?: unknown } }
    if (typeof issue?.key !== 'string' || !issue.key.startsWith(`${project}-`)) return []
    return typeof issue.id === 'string' || typeof issue.id === 'number' ? [String(issue.id)] : 'all'
  },

  pull: async ({ http, input, config }, given) => {
    const { since, next, began = Date.now() } = (given as Cursor | undefined) ?? {}
    // By the time that has passed: a time of day would be read in the time zone of the account.
    const changed = since === undefined ? '' : ` AND updated >= "-${Math.ceil(Math.max(0, began - since) / 60_000) + 1}m"`
    const page = await searchFor({ http, config }, `project = ${quote(input.project)}${changed} ORDER BY created ASC`, {
      fields,
      next,
      limit: perPage,
    })
    const { documents, failed } = await readAll({ http, config }, page.issues)
    const isLast = page.next === undefined
    const cursor: Cursor = isLast ? { since: began - overlapMs } : { ...(since === undefined ? {} : { since }), next: page.next, began }
    return { documents, failed, cursor, isLast }
  },

  list: async ({ http, input, config }, given) => {
    const jql = `project = ${quote(input.project)} ORDER BY created ASC`
    const page = await searchFor({ http, config }, jql, { fields: ['created'], next: given as string | undefined, limit: 100 })
    return { ids: page.issues.map(({ id }) => id), next: page.next }
  },

  fetch: async ({ http, input, config }, ids) => {
    const { found, failed } = await readEach(
      ids,
      (id) => id,
      async (id) => {
        const issue = await ifThere(http.get<Issue>(path`/issue/${id}`, { query: { fields: fields.join(',') } }))
        // One that was moved belongs to another source.
        return issue?.key.startsWith(`${input.project}-`) ? issue : undefined
      },
    )
    const read = await readAll({ http, config }, found)
    return { documents: read.documents, failed: [...failed, ...read.failed] }
  },

  readers: async ({ http, input, config }, audience) => {
    // Who may see a security level is not told to programs.
    if (audience !== 'project') return []
    const { id } = await http.get<{ id: string }>(path`/project/${input.project}`)
    const members: Member[] = []
    for (const user of await peopleOf(http, input.project)) {
      if (!(await mayBrowse(http, { user, project: id }, config))) continue
      const { id: account, email } = renderUser(user)!
      members.push(`user:${account.toLowerCase()}`, ...(email === null ? [] : [`email:${email.toLowerCase()}` as const]))
    }
    return members
  },
})

interface Calling {
  readonly http: Http
  readonly config: JiraConfig
}

async function searchFor(
  { http, config }: Calling,
  jql: string,
  { fields: wanted, next, limit }: { readonly fields: readonly string[]; readonly next: string | undefined; readonly limit: number },
): Promise<{ readonly issues: readonly Issue[]; readonly next: string | undefined }> {
  if (isCloud(config)) {
    const body = { jql, fields: wanted, maxResults: limit, nextPageToken: next }
    const page = await http.post<{ issues: Issue[]; nextPageToken?: string; isLast?: boolean }>('/search/jql', body, { effect: 'read' })
    return { issues: page.issues, next: page.isLast === true ? undefined : page.nextPageToken }
  }
  const startAt = Number(next ?? 0) || 0
  const page = await http.post<{ issues: Issue[]; total: number }>(
    '/search',
    { jql, fields: wanted, startAt, maxResults: limit },
    { effect: 'read' },
  )
  const end = startAt + page.issues.length
  return { issues: page.issues, next: end < page.total && page.issues.length > 0 ? String(end) : undefined }
}

async function readAll(calling: Calling, given: readonly Issue[]) {
  const { found, failed } = await readEach(
    given,
    ({ id }) => id,
    (issue) => documentOf(calling, issue),
  )
  return { documents: found, failed }
}

async function documentOf(calling: Calling, raw: Issue): Promise<SourceDocument> {
  const issue = renderIssue(raw, calling.config)
  const { comments, isCut } = await commentsOf(calling.http, raw)
  const facts = [
    `${issue.issue_type ?? 'Issue'} ${issue.key}${issue.status === null ? '' : `, ${issue.status}`}`,
    issue.priority === null ? '' : `Priority: ${issue.priority}`,
    issue.labels.length === 0 ? '' : `Labels: ${issue.labels.join(', ')}`,
    issue.assignee === null ? '' : `Assigned to: ${issue.assignee.name}`,
  ]
  const open = comments.filter(({ visibility }) => visibility === undefined || visibility === null)
  const remarks = open.map(({ author, body, created = '' }) => {
    const name = renderUser(author)?.name || 'somebody'
    return `## ${name}, ${created.slice(0, 10)}\n\n${textOf(body) ?? ''}`
  })
  const parts = [`# ${issue.summary ?? issue.key}`, facts.filter(Boolean).join('. '), issue.description ?? '', ...remarks]
  const security = raw.fields?.security?.id
  return {
    id: raw.id,
    type: 'issue',
    title: `${issue.key}: ${issue.summary ?? ''}`,
    url: issue.url,
    author: issue.reporter?.name,
    createdAt: issue.created ?? undefined,
    updatedAt: issue.updated ?? undefined,
    content: parts.filter((part) => part !== '').join('\n\n'),
    truncated: isCut ? `only the first ${mostCommentPages * 100} comments are indexed` : undefined,
    audience: security === undefined ? 'project' : `security ${security}`,
  }
}

/** A search gives the first comments only. */
async function commentsOf(
  http: Http,
  { id, fields: given }: Issue,
): Promise<{ readonly comments: readonly RawComment[]; readonly isCut: boolean }> {
  const { comments = [], total = 0 } = given?.comment ?? {}
  if (comments.length >= total) return { comments, isCut: false }
  const all: RawComment[] = []
  for (let page = 0; page < mostCommentPages; page++) {
    const found = await http.get<{ comments: RawComment[]; total: number }>(path`/issue/${id}/comment`, {
      query: { startAt: all.length, maxResults: 100 },
    })
    all.push(...found.comments)
    if (found.comments.length === 0 || all.length >= found.total) return { comments: all, isCut: false }
  }
  return { comments: all, isCut: true }
}

interface Actor {
  readonly actorUser?: { readonly accountId?: string }
  readonly actorGroup?: { readonly groupId?: string; readonly name?: string }
  readonly name?: string
  readonly type?: string
}

/** Everybody who has a role in the project, by themselves or by a group. */
async function peopleOf(http: Http, project: string): Promise<readonly RawUser[]> {
  const roles = await http.get<Record<string, string>>(path`/project/${project}/role`)
  const people = new Map<string, RawUser>()
  const add = (user: RawUser): void => {
    const key = user.accountId ?? user.name
    if (key !== undefined && user.active !== false && people.size < mostPeople) people.set(key, user)
  }
  for (const address of Object.values(roles)) {
    const id = /\/(\d{1,20})$/.exec(address)?.[1]
    if (id === undefined) continue
    const { actors = [] } = await http.get<{ actors?: Actor[] }>(path`/project/${project}/role/${id}`)
    for (const actor of actors) {
      if (actor.type === 'atlassian-group-role-actor') for (const user of await groupOf(http, actor)) add(user)
      else add(actor.actorUser?.accountId === undefined ? { name: actor.name ?? '' } : { accountId: actor.actorUser.accountId })
    }
  }
  return [...people.values()]
}

async function groupOf(http: Http, { actorGroup, name }: Actor): Promise<RawUser[]> {
  const group = actorGroup?.groupId === undefined ? { groupname: actorGroup?.name ?? name } : { groupId: actorGroup.groupId }
  const people: RawUser[] = []
  while (people.length < mostPeople) {
    const page = await http.get<{ values: RawUser[]; isLast?: boolean }>('/group/member', {
      query: { ...group, startAt: people.length, maxResults: 50 },
    })
    people.push(...page.values)
    if (page.isLast !== false || page.values.length === 0) break
  }
  return people
}

/** A role alone does not say that somebody may see the project. On a Jira without this question, nobody is found. */
async function mayBrowse(http: Http, { user, project }: { user: RawUser; project: string }, config: JiraConfig): Promise<boolean> {
  if (!isCloud(config) || user.accountId === undefined) return false
  const { projectPermissions: allowed = [] } = await http.post<{
    projectPermissions?: { permission: string; projects?: (number | string)[] }[]
  }>(
    '/permissions/check',
    { accountId: user.accountId, projectPermissions: [{ permissions: ['BROWSE_PROJECTS'], projects: [Number(project)] }] },
    { effect: 'read' },
  )
  return allowed.some(({ permission, projects = [] }) => permission === 'BROWSE_PROJECTS' && projects.map(String).includes(project))
}

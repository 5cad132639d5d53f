import { z } from 'zod'
import { ifThere, readEach, type ChangedFile, type Http, type SourceDocument } from '#kit'
import { github } from '../declaration.ts'
import { audience, isAbout, placeOf, readersOf, repositoryOption } from './repository.ts'

interface Issue {
  readonly number: number
  readonly title: string
  readonly body: string | null
  readonly state: string
  readonly html_url: string
  readonly user: { readonly login: string } | null
  readonly labels: readonly (string | { readonly name?: string | null })[]
  readonly assignees?: readonly { readonly login: string }[] | null
  readonly comments: number
  readonly created_at: string
  readonly updated_at: string
  readonly pull_request?: unknown
  readonly repository_url?: string
}

interface Remark {
  readonly body: string | null
  readonly user: { readonly login: string } | null
  readonly created_at?: string
  readonly submitted_at?: string | null
  readonly state?: string
  readonly path?: string
}

/** Where the next page begins. Issues that changed in the last minute are asked for again, because lists lag behind. */
interface Cursor {
  readonly since?: string
  readonly page: number
  /** When those at the end of the last page changed, by number. */
  readonly seen: Readonly<Record<string, string>>
}

const perPage = 30
/** How many pages of comments of one issue are read. */
const mostCommentPages = 10
const overlapMs = 60_000

export const issues = github.source({
  title: 'Issues and pull requests',
  description: 'The issues and pull requests of a repository, with their comments, reviews and changed files.',
  types: ['issue', 'pull_request'],
  options: z.strictObject({
    repository: repositoryOption,
    pull_requests: z.boolean().default(true).describe('Also pull requests.'),
  }),
  example: { repository: 'octocat/hello-world' },
  named: ({ repository }) => `${repository} issues`,
  events: [
    'github.issues',
    'github.issue_comment',
    'github.pull_request',
    'github.pull_request_review',
    'github.pull_request_review_comment',
  ],
  changedBy: ({ data }, { repository }) => {
    if (!isAbout(data, repository)) return []
    const { issue, pull_request: pull } = data as { issue?: { number?: unknown }; pull_request?: { number?: unknown } }
    const number = issue?.number ?? pull?.number
    return Number.isSafeInteger(number) ? [String(number)] : 'all'
  },
  readers: ({ http, input }) => readersOf(http, input.repository),

  pull: async ({ http, input }, given) => {
    const { since, page, seen } = (given as Cursor | undefined) ?? { page: 1, seen: {} }
    const place = placeOf(input.repository)
    const found = await http.get<Issue[]>(`${place}/issues`, {
      query: { state: 'all', sort: 'updated', direction: 'asc', since, per_page: perPage, page },
    })
    const fresh = found.filter(({ number, updated_at: changed }) => seen[number] !== changed)
    const { documents, failed } = await readAll(http, place, input.pull_requests ? fresh : fresh.filter((issue) => !issue.pull_request))
    const last = found.at(-1)?.updated_at ?? since
    const isLast = found.length < perPage
    // Many issues may have changed in the same second; then the next page of that second is read.
    const cursor: Cursor =
      isLast || last !== since
        ? { ...(last === undefined ? {} : { since: isLast ? before(last) : last }), page: 1, seen: recent(found, last) }
        : { since: last!, page: page + 1, seen }
    return { documents, failed, cursor, isLast }
  },

  list: async ({ http, input }, given) => {
    const page = (given as number | undefined) ?? 1
    const found = await http.get<Issue[]>(`${placeOf(input.repository)}/issues`, {
      query: { state: 'all', sort: 'created', direction: 'asc', per_page: 100, page },
    })
    const ids = found.filter((issue) => input.pull_requests || !issue.pull_request).map(({ number }) => String(number))
    return { ids, next: found.length < 100 ? undefined : page + 1 }
  },

  fetch: async ({ http, input }, ids) => {
    const place = placeOf(input.repository)
    const { found, failed } = await readEach(
      ids,
      (id) => id,
      async (id) => {
        const issue = await ifThere(http.get<Issue>(`${place}/issues/${encodeURIComponent(id)}`))
        // One that was transferred answers from its new repository.
        const isHere = issue?.repository_url?.toLowerCase().endsWith(`/${input.repository}`) ?? true
        return isHere && (input.pull_requests || !issue?.pull_request) ? issue : undefined
      },
    )
    const read = await readAll(http, place, found)
    return { documents: read.documents, failed: [...failed, ...read.failed] }
  },
})

const before = (time: string): string => new Date(Date.parse(time) - overlapMs).toISOString()

/** Those of a page that the next one may name again. */
function recent(found: readonly Issue[], last: string | undefined): Record<string, string> {
  if (last === undefined) return {}
  const from = Date.parse(last) - overlapMs
  return Object.fromEntries(found.filter((issue) => Date.parse(issue.updated_at) >= from).map((issue) => [issue.number, issue.updated_at]))
}

async function readAll(http: Http, place: string, issues: readonly Issue[]) {
  const { found, failed } = await readEach(
    issues,
    ({ number }) => String(number),
    (issue) => documentOf(http, place, issue),
  )
  return { documents: found, failed }
}

async function documentOf(http: Http, place: string, issue: Issue): Promise<SourceDocument> {
  const { number } = issue
  const isPull = issue.pull_request !== undefined
  const comments = issue.comments > 0 ? await remarksOf(http, `${place}/issues/${number}/comments`) : none
  const reviews = isPull ? await remarksOf(http, `${place}/pulls/${number}/reviews`) : none
  const inline = isPull ? await remarksOf(http, `${place}/pulls/${number}/comments`) : none
  const remarks = [...comments.items, ...reviews.items, ...inline.items].toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
  const isCut = comments.isCut || reviews.isCut || inline.isCut
  const facts = [
    `${isPull ? 'Pull request' : 'Issue'} #${number}, ${issue.state}`,
    namesOf(
      'Labels',
      issue.labels.flatMap((label) => (typeof label === 'string' ? label : (label.name ?? []))),
    ),
    namesOf(
      'Assigned to',
      (issue.assignees ?? []).map(({ login }) => login),
    ),
  ].filter((line) => line !== '')
  const parts = [`# ${issue.title}`, facts.join('. '), issue.body ?? '', ...remarks.map(remarkText)]
  return {
    id: String(number),
    type: isPull ? 'pull_request' : 'issue',
    title: `${issue.title} (#${number})`,
    url: issue.html_url,
    author: issue.user?.login,
    createdAt: issue.created_at,
    updatedAt: issue.updated_at,
    content: parts.filter((part) => part !== '').join('\n\n'),
    truncated: isCut ? `only the first ${mostCommentPages * 100} comments of each kind are indexed` : undefined,
    audience,
    changedFiles: isPull ? await filesOf(http, place, number) : undefined,
  }
}

const none = { items: [] as readonly Remark[], isCut: false }

async function remarksOf(http: Http, path: string): Promise<{ readonly items: readonly Remark[]; readonly isCut: boolean }> {
  const items: Remark[] = []
  for (let page = 1; page <= mostCommentPages; page++) {
    const found = await http.get<Remark[]>(path, { query: { per_page: 100, page } })
    items.push(...found.filter(({ body }) => (body ?? '').trim() !== ''))
    if (found.length < 100) return { items, isCut: false }
  }
  return { items, isCut: true }
}

const timeOf = ({ created_at: created, submitted_at: submitted }: Remark): string => created ?? submitted ?? ''

function remarkText(remark: Remark): string {
  const where = remark.path === undefined ? '' : ` on ${remark.path}`
  return `## ${remark.user?.login ?? 'somebody'}${where}, ${timeOf(remark).slice(0, 10)}\n\n${remark.body ?? ''}`
}

const namesOf = (what: string, names: readonly string[]): string => (names.length === 0 ? '' : `${what}: ${names.join(', ')}`)

const statuses = new Map([
  ['added', 'added'],
  ['removed', 'removed'],
  ['renamed', 'renamed'],
] as const)

async function filesOf(http: Http, place: string, number: number): Promise<ChangedFile[]> {
  const files = await http.get<{ filename: string; previous_filename?: string; status: string; additions: number; deletions: number }[]>(
    `${place}/pulls/${number}/files`,
    { query: { per_page: 100 } },
  )
  return files.map((file) => ({
    change: `#${number}`,
    path: file.filename,
    previousPath: file.previous_filename,
    status: statuses.get(file.status as 'added') ?? 'modified',
    additions: file.additions,
    deletions: file.deletions,
  }))
}

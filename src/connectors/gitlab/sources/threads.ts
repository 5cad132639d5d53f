import { ifThere, readEach, type ChangedFile, type Http, type SourceDocument, type SourcePage } from '#kit'
import type { Audience } from './project.ts'

/** What issues and merge requests have in common for a sync. */
export interface Thread {
  readonly iid: number
  readonly title: string
  readonly description: string | null
  readonly state: string
  readonly confidential?: boolean
  readonly labels: readonly string[]
  readonly author: { readonly username: string } | null
  readonly assignees?: readonly { readonly username: string }[] | null
  readonly user_notes_count?: number
  readonly source_branch?: string
  readonly target_branch?: string
  readonly web_url: string
  readonly created_at: string
  readonly updated_at: string
}

interface Note {
  readonly body: string
  readonly system: boolean
  readonly internal?: boolean | null
  readonly confidential?: boolean | null
  readonly author: { readonly username: string } | null
  readonly created_at: string
  readonly position?: { readonly new_path?: string | null } | null
}

interface Diff {
  readonly old_path: string
  readonly new_path: string
  readonly new_file: boolean
  readonly renamed_file: boolean
  readonly deleted_file: boolean
  readonly diff: string
}

export interface Kind {
  readonly type: 'issue' | 'merge_request'
  /** Its part of the path. */
  readonly segment: 'issues' | 'merge_requests'
  readonly mark: '#' | '!'
}

interface At {
  readonly http: Http
  readonly place: string
  readonly kind: Kind
}

/** Where the next page begins. What changed in the last minute is asked for again, because a change may be committed later than it is dated. */
interface Cursor {
  readonly since?: string
  readonly page: number
  /** When those at the end of the last page changed, by number. */
  readonly seen: Readonly<Record<string, string>>
}

const perPage = 30
const mostNotePages = 10
const mostDiffPages = 5
const overlapMs = 60_000

export async function pullThreads(at: At, given: unknown): Promise<SourcePage> {
  const { since, page, seen } = (given as Cursor | undefined) ?? { page: 1, seen: {} }
  const found = await at.http.get<Thread[]>(`${at.place}/${at.kind.segment}`, {
    query: { scope: 'all', state: 'all', order_by: 'updated_at', sort: 'asc', updated_after: since, per_page: perPage, page },
  })
  const { documents, failed } = await readAll(
    at,
    found.filter(({ iid, updated_at: changed }) => seen[iid] !== changed),
  )
  const last = found.at(-1)?.updated_at ?? since
  const isLast = found.length < perPage
  // Many may have changed at the same time; then the next page of that time is read.
  const cursor: Cursor =
    isLast || last !== since
      ? { ...(last === undefined ? {} : { since: isLast ? before(last) : last }), page: 1, seen: recent(found, last) }
      : { since: last!, page: page + 1, seen }
  return { documents, failed, cursor, isLast }
}

export async function listThreads({ http, place, kind }: At, given: unknown) {
  const page = (given as number | undefined) ?? 1
  const found = await http.get<Thread[]>(`${place}/${kind.segment}`, {
    query: { scope: 'all', state: 'all', order_by: 'created_at', sort: 'asc', per_page: 100, page },
  })
  return { ids: found.map(({ iid }) => String(iid)), next: found.length < 100 ? undefined : page + 1 }
}

export async function fetchThreads(at: At, ids: readonly string[]) {
  const { found, failed } = await readEach(
    ids,
    (id) => id,
    (id) => ifThere(at.http.get<Thread>(`${at.place}/${at.kind.segment}/${encodeURIComponent(id)}`)),
  )
  const read = await readAll(at, found)
  return { documents: read.documents, failed: [...failed, ...read.failed] }
}

const before = (time: string): string => new Date(Date.parse(time) - overlapMs).toISOString()

/** Those of a page that the next one may name again. */
function recent(found: readonly Thread[], last: string | undefined): Record<string, string> {
  if (last === undefined) return {}
  const from = Date.parse(last) - overlapMs
  return Object.fromEntries(found.filter((one) => Date.parse(one.updated_at) >= from).map((one) => [one.iid, one.updated_at]))
}

async function readAll(at: At, threads: readonly Thread[]) {
  const { found, failed } = await readEach(
    threads,
    ({ iid }) => String(iid),
    (thread) => documentOf(at, thread),
  )
  return { documents: found, failed }
}

async function documentOf(at: At, thread: Thread): Promise<SourceDocument> {
  const { kind } = at
  const name = `${kind.mark}${thread.iid}`
  const one = `${at.place}/${kind.segment}/${thread.iid}`
  const { notes, isCut } = thread.user_notes_count === 0 ? { notes: [], isCut: false } : await notesOf(at.http, `${one}/notes`)
  const branches = thread.source_branch === undefined ? '' : `From branch ${thread.source_branch} into ${String(thread.target_branch)}`
  const facts = [
    `${kind.type === 'issue' ? 'Issue' : 'Merge request'} ${name}, ${thread.state}`,
    branches,
    namesOf('Labels', thread.labels),
    namesOf(
      'Assigned to',
      (thread.assignees ?? []).map(({ username }) => username),
    ),
  ]
  const parts = [`# ${thread.title}`, facts.filter((fact) => fact !== '').join('. '), thread.description ?? '', ...notes.map(noteText)]
  const audience: Audience = thread.confidential === true ? 'members' : 'project'
  return {
    id: String(thread.iid),
    type: kind.type,
    title: `${thread.title} (${name})`,
    url: thread.web_url,
    author: thread.author?.username,
    createdAt: thread.created_at,
    updatedAt: thread.updated_at,
    content: parts.filter((part) => part !== '').join('\n\n'),
    truncated: isCut ? `only the first ${mostNotePages * 100} comments are indexed` : undefined,
    audience,
    changedFiles: kind.type === 'merge_request' ? await filesOf(at.http, one, name) : undefined,
  }
}

/** Internal comments are left out, because fewer people may read them than the rest. */
async function notesOf(http: Http, path: string): Promise<{ notes: Note[]; isCut: boolean }> {
  const notes: Note[] = []
  for (let page = 1; page <= mostNotePages; page++) {
    const found = await http.get<Note[]>(path, { query: { sort: 'asc', order_by: 'created_at', per_page: 100, page } })
    notes.push(...found.filter((note) => !note.system && note.internal !== true && note.confidential !== true && note.body.trim() !== ''))
    if (found.length < 100) return { notes, isCut: false }
  }
  return { notes, isCut: true }
}

function noteText(note: Note): string {
  const where = typeof note.position?.new_path === 'string' ? ` on ${note.position.new_path}` : ''
  return `## ${note.author?.username ?? 'somebody'}${where}, ${note.created_at.slice(0, 10)}\n\n${note.body}`
}

const namesOf = (what: string, names: readonly string[]): string => (names.length === 0 ? '' : `${what}: ${names.join(', ')}`)

async function filesOf(http: Http, one: string, change: string): Promise<ChangedFile[]> {
  const files: ChangedFile[] = []
  for (let page = 1; page <= mostDiffPages; page++) {
    const found = await http.get<Diff[]>(`${one}/diffs`, { query: { per_page: 100, page }, maxBytes: 30_000_000 })
    files.push(...found.map((diff) => fileOf(diff, change)))
    if (found.length < 100) break
  }
  return files
}

function fileOf(file: Diff, change: string): ChangedFile {
  const status = file.new_file ? 'added' : file.deleted_file ? 'removed' : file.renamed_file ? 'renamed' : 'modified'
  const lines = file.diff.split('\n')
  const count = (mark: string): number => lines.filter((line) => line.startsWith(mark)).length
  return {
    change,
    path: file.new_path,
    previousPath: file.renamed_file ? file.old_path : undefined,
    status,
    additions: count('+'),
    deletions: count('-'),
  }
}

import { z } from 'zod'
import { CursorLost, HubError, hubError, path, readEach, type ChangedFile, type Http, type SourceDocument } from '#kit'
import { gitlab } from '../declaration.ts'
import { nextOf, placeOf as pageAt } from '../pages.ts'
import { webOf } from '../urls.ts'
import { isAbout, placeOf, projectOption, readersOf } from './project.ts'

interface Entry {
  readonly id: string
  readonly type: string
  readonly path: string
}

interface Cursor {
  /** The commit that is stored. */
  readonly commit?: string
  /** The commit that is being read. */
  readonly target?: string
  /** Where its next page of files begins, when it is read for the first time. */
  readonly next?: string
  /** How many files of it were read, or how many of its changes. */
  readonly done: number
}

const perPage = 40
const mostFiles = 50_000
/** How many folders are compared for one change. Beyond that, everything is read again. */
const mostFolders = 2000

const text =
  /\.(?:md|mdx|markdown|rst|txt|asciidoc|adoc|html?|css|scss|[cm]?[jt]sx?|json|ya?ml|toml|ini|py|go|rs|java|kt|rb|php|cs|c|h|cc|cpp|hpp|swift|scala|sh|sql|graphql|proto|tf|vue|svelte|xml)$|(?:^|\/)(?:README|LICENSE|CHANGELOG|Dockerfile|Makefile)$/i

const options = z.strictObject({
  project: projectOption,
  branch: z.string().min(1).max(250).optional().describe('The default branch when left out.'),
  paths: z.array(z.string().min(1).max(500)).max(50).default([]).describe('Only files below these paths; all when empty.'),
  max_bytes: z.int().min(1).max(1_000_000).default(300_000).describe('Larger files are left out.'),
})

type Options = z.output<typeof options>

interface At {
  readonly http: Http
  readonly place: string
  readonly commit: string
  readonly input: Options
  readonly web: string
}

export const files = gitlab.source({
  title: 'Files',
  description: 'The text files of one branch of a project: documentation and code.',
  types: ['file'],
  options,
  example: { project: 'octo-group/hello-world', paths: ['docs/'] },
  named: ({ project, branch }) => `${project} files${branch === undefined ? '' : ` (${branch})`}`,
  events: ['gitlab.push'],
  changedBy: ({ data }, { project, branch }) => {
    if (!isAbout(data, project)) return []
    const { ref, project: found } = data as { ref?: unknown; project: { default_branch?: unknown } }
    return ref === `refs/heads/${branch ?? String(found.default_branch)}` ? 'all' : []
  },
  readers: ({ http, input }, audience) => readersOf(http, input.project, { part: 'repository_access_level', audience }),

  pull: async ({ http, input, config }, given) => {
    const cursor = (given as Cursor | undefined) ?? { done: 0 }
    const place = placeOf(input.project)
    const target = cursor.target ?? (await headOf(http, place, input.branch))
    if (target === undefined || target === cursor.commit) return { documents: [], cursor, isLast: true }
    const at: At = { http, place, commit: target, input, web: webOf(config) }
    return cursor.commit === undefined ? readPage(at, cursor) : readChanges(at, { ...cursor, commit: cursor.commit })
  },

  fetch: async ({ http, input, config }, ids) => {
    const place = placeOf(input.project)
    const commit = await headOf(http, place, input.branch)
    if (commit === undefined) return { documents: [] }
    const entries: Entry[] = []
    for (const id of ids) {
      const { status, headers } = await http.request({
        method: 'HEAD',
        path: `${place}${path`/repository/files/${id}`}`,
        query: { ref: commit },
        allow: [404],
      })
      const blob = headers['x-gitlab-blob-id']
      if (status !== 404 && blob !== undefined) entries.push({ id: blob, type: 'blob', path: id })
    }
    return readAll({ http, place, commit, input, web: webOf(config) }, entries.filter(wanted(input)))
  },
})

/** The first time, all files of one commit are listed and read, page by page. */
async function readPage(at: At, { next, done }: Cursor) {
  const { entries, next: following } = await treeOf(at, { recursive: true, per_page: perPage, ...pageAt(next) })
  const page = entries.filter(wanted(at.input))
  if (done + page.length > mostFiles) throw tooLarge()
  const { documents, failed } = await readAll(at, page)
  const isLast = following === null
  const cursor: Cursor = isLast ? { commit: at.commit, done: 0 } : { target: at.commit, next: following, done: done + page.length }
  return { documents, failed, cursor, isLast }
}

/** Afterwards, only folders whose ids differ are compared, so force pushes and renames need nothing special. */
async function readChanges(at: At, { commit, done }: Cursor & { commit: string }) {
  const { changed, removed, added } = await differences(at, commit)
  const page = changed.slice(done, done + perPage)
  const { documents, failed } = await readAll(at, page)
  const isLast = done + perPage >= changed.length
  const gone = isLast ? removed : []
  const changedFiles: ChangedFile[] = [
    ...page.map(({ path: name }) => ({
      change: at.commit,
      path: name,
      status: added.has(name) ? ('added' as const) : ('modified' as const),
    })),
    ...gone.map((name) => ({ change: at.commit, path: name, status: 'removed' as const })),
  ]
  const cursor: Cursor = isLast ? { commit: at.commit, done: 0 } : { commit, target: at.commit, done: done + perPage }
  return { documents, failed, removed: gone, changedFiles, cursor, isLast, remaining: Math.max(0, changed.length - done - perPage) }
}

async function differences(at: At, before: string): Promise<{ changed: Entry[]; removed: string[]; added: ReadonlySet<string> }> {
  const changed: Entry[] = []
  const removed: string[] = []
  const added = new Set<string>()
  let folders = 0
  const isWanted = wanted(at.input)
  const folderOf = async (commit: string, folder: string | undefined, isThere: boolean): Promise<Map<string, Entry>> => {
    const found = new Map<string, Entry>()
    if (!isThere) return found
    for (let next: string | null = ''; next !== null;) {
      if (++folders > mostFolders) throw new CursorLost('too much has changed to compare it folder by folder')
      const page: Page = await treeOf({ ...at, commit }, { path: folder, per_page: 100, ...pageAt(next) })
      for (const entry of page.entries) found.set(entry.path, entry)
      next = page.next
    }
    return found
  }
  const walk = async (folder: string | undefined, { was, is }: { was: boolean; is: boolean }): Promise<void> => {
    const old = await folderOf(before, folder, was)
    const now = await folderOf(at.commit, folder, is)
    for (const name of [...new Set([...old.keys(), ...now.keys()])].toSorted()) {
      const [one, other] = [old.get(name), now.get(name)]
      if (one?.id === other?.id && one?.type === other?.type) continue
      if (one?.type === 'tree' || other?.type === 'tree') await walk(name, { was: one?.type === 'tree', is: other?.type === 'tree' })
      if (other !== undefined && isWanted(other)) {
        changed.push(other)
        if (one === undefined || !isWanted(one)) added.add(name)
      } else if (one !== undefined && isWanted(one)) removed.push(name)
    }
  }
  await walk(undefined, { was: true, is: true })
  return { changed, removed, added }
}

function wanted({ paths }: Options): (entry: Entry) => boolean {
  const below = paths.map((prefix) => prefix.replace(/^\/+/, ''))
  return ({ type, path: at }) => type === 'blob' && text.test(at) && (below.length === 0 || below.some((prefix) => at.startsWith(prefix)))
}

/** Undefined of a project without commits. */
async function headOf(http: Http, place: string, branch: string | undefined): Promise<string | undefined> {
  const name = branch ?? (await http.get<{ default_branch: string | null }>(place)).default_branch
  if (name === null) return undefined
  const { status, data } = await http.request<{ commit?: { id?: string } }>({
    method: 'GET',
    path: `${place}${path`/repository/branches/${name}`}`,
    allow: [404],
  })
  if (status === 404 && branch !== undefined) throw hubError('vendor_not_found', { detail: `there is no branch "${branch}"` })
  return data.commit?.id
}

interface Page {
  readonly entries: readonly Entry[]
  readonly next: string | null
}

async function treeOf({ http, place, commit }: At, query: Record<string, string | number | boolean | undefined>): Promise<Page> {
  try {
    const { data, headers } = await http.request<Entry[]>({
      method: 'GET',
      path: `${place}/repository/tree`,
      query: { ref: commit, pagination: 'keyset', ...query },
    })
    return { entries: data, next: nextOf(headers) }
  } catch (error) {
    if (error instanceof HubError && error.code === 'vendor_not_found')
      throw new CursorLost(`commit ${commit.slice(0, 12)} does not exist any more`)
    throw error
  }
}

const tooLarge = () =>
  hubError('vendor_rejected', {
    detail: `the project has more than ${mostFiles} text files`,
    hint: 'name the folders that matter in `paths`',
  })

async function readAll(at: At, entries: readonly Entry[]) {
  const { found, failed } = await readEach(
    entries,
    (entry) => entry.path,
    async (entry) => {
      const content = await contentOf(at, entry)
      return content && documentOf(at, entry, content)
    },
  )
  return { documents: found, failed }
}

/** Undefined of a file that is too large: GitLab's lists do not tell the size. */
async function contentOf({ http, place, input }: At, { id }: Entry): Promise<Uint8Array | undefined> {
  try {
    return await http.get<Uint8Array>(`${place}${path`/repository/blobs/${id}`}/raw`, { accept: 'bytes', maxBytes: input.max_bytes })
  } catch (error) {
    if (error instanceof HubError && error.code === 'vendor_too_large') return undefined
    throw error
  }
}

function documentOf({ web, input, commit }: At, entry: Entry, content: Uint8Array): SourceDocument {
  const isMarkdown = /\.(?:md|mdx|markdown)$/i.test(entry.path)
  const isHtml = /\.html?$/i.test(entry.path)
  return {
    id: entry.path,
    type: 'file',
    title: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: entry.path,
    url: `${web}/${input.project}/-/blob/${commit}/${entry.path.split('/').map(encodeURIComponent).join('/')}`,
    content,
    format: isMarkdown ? 'markdown' : isHtml ? 'html' : 'code',
    audience: 'project',
  }
}

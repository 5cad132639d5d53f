import { z } from 'zod'
import { CursorLost, HubError, hubError, path, readEach, type ChangedFile, type Http, type SourceDocument } from '#kit'
import { github } from '../declaration.ts'
import { audience, isAbout, placeOf, readersOf, repositoryOption } from './repository.ts'

interface Entry {
  readonly path: string
  readonly type: string
  readonly sha: string
  readonly size?: number
}

interface Cursor {
  /** The commit that is stored. */
  readonly commit?: string
  /** The commit that is being read, and how many of its changes are. */
  readonly target?: string
  readonly done: number
}

const perPage = 40
/** GitHub gives at most 100,000 entries in one answer; beyond that, folder by folder. */
const mostTrees = 500
const mostFiles = 50_000

const text =
  /\.(?:md|mdx|markdown|rst|txt|asciidoc|html?|css|scss|[cm]?[jt]sx?|json|ya?ml|toml|ini|py|go|rs|java|kt|rb|php|cs|c|h|cc|cpp|hpp|swift|scala|sh|sql|graphql|proto|tf|vue|svelte|xml)$|(?:^|\/)(?:README|LICENSE|CHANGELOG|Dockerfile|Makefile)$/i

export const files = github.source({
  title: 'Files',
  description: 'The text files of one branch of a repository: documentation and code.',
  types: ['file'],
  options: z.strictObject({
    repository: repositoryOption,
    branch: z.string().min(1).max(250).optional().describe('The default branch when left out.'),
    paths: z.array(z.string().min(1).max(500)).max(50).default([]).describe('Only files below these paths; all when empty.'),
    max_bytes: z.int().min(1).max(1_000_000).default(300_000).describe('Larger files are left out.'),
  }),
  example: { repository: 'octocat/hello-world', paths: ['docs/'] },
  named: ({ repository, branch }) => `${repository} files${branch === undefined ? '' : ` (${branch})`}`,
  events: ['github.push'],
  changedBy: ({ data }, { repository, branch }) => {
    if (!isAbout(data, repository)) return []
    const { ref, repository: found } = data as { ref?: unknown; repository: { default_branch?: unknown } }
    return ref === `refs/heads/${branch ?? String(found.default_branch)}` ? 'all' : []
  },
  readers: ({ http, input }) => readersOf(http, input.repository),

  pull: async ({ http, input }, given) => {
    const { commit, target: begun, done } = (given as Cursor | undefined) ?? { done: 0 }
    const place = placeOf(input.repository)
    const target = begun ?? (await headOf(http, place, input.branch))
    if (target === undefined || (target === commit && done === 0)) return { documents: [], cursor: given ?? { done: 0 }, isLast: true }
    const isWanted = wanted(input)
    const before = commit === undefined ? new Map<string, Entry>() : await filesAt(http, { place, commit }, isWanted)
    const after = await filesAt(http, { place, commit: target }, isWanted)
    const changed = [...after.values()].filter((entry) => before.get(entry.path)?.sha !== entry.sha).toSorted(byPath)
    const removed = [...before.values()].filter((entry) => !after.has(entry.path))
    const page = changed.slice(done, done + perPage)
    const { documents, failed } = await readAll(http, { place, repository: input.repository, commit: target }, page)
    const isLast = done + perPage >= changed.length
    return {
      documents,
      failed,
      removed: isLast ? removed.map((entry) => entry.path) : [],
      changedFiles: commit === undefined ? [] : changesOf(target, page, { before, removed: isLast ? removed : [] }),
      cursor: isLast ? { commit: target, done: 0 } : { commit, target, done: done + perPage },
      isLast,
      remaining: Math.max(0, changed.length - done - perPage),
    }
  },

  fetch: async ({ http, input }, ids) => {
    const place = placeOf(input.repository)
    const commit = await headOf(http, place, input.branch)
    if (commit === undefined) return { documents: [] }
    const existing = await filesAt(http, { place, commit }, wanted(input))
    return readAll(
      http,
      { place, repository: input.repository, commit },
      ids.flatMap((id) => existing.get(id) ?? []),
    )
  },
})

const byPath = (one: Entry, other: Entry): number => (one.path < other.path ? -1 : 1)

function wanted({ paths, max_bytes: most }: { readonly paths: readonly string[]; readonly max_bytes: number }): (entry: Entry) => boolean {
  const below = paths.map((prefix) => prefix.replace(/^\/+/, ''))
  return ({ type, path: at, size = 0 }) =>
    type === 'blob' && size <= most && text.test(at) && (below.length === 0 || below.some((prefix) => at.startsWith(prefix)))
}

/** Undefined of a repository without commits. */
async function headOf(http: Http, place: string, branch: string | undefined): Promise<string | undefined> {
  const name = branch ?? (await http.get<{ default_branch: string }>(place)).default_branch
  const { status, data } = await http.request<{ commit?: { sha?: string } }>({
    method: 'GET',
    path: `${place}${path`/branches/${name}`}`,
    allow: [404],
  })
  if (status === 404 && branch !== undefined) throw hubError('vendor_not_found', { detail: `there is no branch "${branch}"` })
  return data.commit?.sha
}

/** The files of a commit, by path. */
async function filesAt(
  http: Http,
  { place, commit }: Pick<At, 'place' | 'commit'>,
  isWanted: (entry: Entry) => boolean,
): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>()
  let trees = 0
  const walk = async (sha: string, prefix: string): Promise<void> => {
    if (++trees > mostTrees) throw tooLarge()
    const at = `${place}${path`/git/trees/${sha}`}`
    const { truncated, tree } = await treeOf(http, at, true)
    const entries = truncated ? (await treeOf(http, at, false)).tree : tree
    for (const entry of entries) {
      const full = { ...entry, path: prefix + entry.path }
      if (isWanted(full)) found.set(full.path, full)
      if (found.size > mostFiles) throw tooLarge()
      if (truncated && entry.type === 'tree') await walk(entry.sha, `${full.path}/`)
    }
  }
  try {
    await walk(commit, '')
  } catch (error) {
    if (error instanceof HubError && error.code === 'vendor_not_found')
      throw new CursorLost(`commit ${commit.slice(0, 12)} does not exist any more`)
    throw error
  }
  return found
}

const tooLarge = () =>
  hubError('vendor_rejected', {
    detail: `the repository has more than ${mostFiles} text files`,
    hint: 'name the folders that matter in `paths`',
  })

function treeOf(http: Http, at: string, isRecursive: boolean): Promise<{ truncated?: boolean; tree: Entry[] }> {
  return http.get(at, { query: isRecursive ? { recursive: 1 } : {}, maxBytes: 30_000_000 })
}

interface At {
  readonly place: string
  readonly repository: string
  readonly commit: string
}

async function readAll(http: Http, at: At, entries: readonly Entry[]) {
  const { found, failed } = await readEach(
    entries,
    (entry) => entry.path,
    async (entry) => {
      const blob = await http.get<{ content: string; encoding: string }>(`${at.place}${path`/git/blobs/${entry.sha}`}`, {
        maxBytes: 3_000_000,
      })
      return documentOf(entry, at, blob.encoding === 'base64' ? Buffer.from(blob.content, 'base64') : blob.content)
    },
  )
  return { documents: found, failed }
}

const isMarkdown = /\.(?:md|mdx|markdown)$/i

function documentOf(entry: Entry, { repository, commit }: At, content: string | Uint8Array): SourceDocument {
  const isHtml = /\.html?$/i.test(entry.path)
  return {
    id: entry.path,
    type: 'file',
    title: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: entry.path,
    url: `https://github.com/${repository}/blob/${commit}/${entry.path.split('/').map(encodeURIComponent).join('/')}`,
    content,
    format: isMarkdown.test(entry.path) ? 'markdown' : isHtml ? 'html' : 'code',
    audience,
  }
}

function changesOf(
  change: string,
  page: readonly Entry[],
  { before, removed }: { readonly before: ReadonlyMap<string, Entry>; readonly removed: readonly Entry[] },
): ChangedFile[] {
  return [
    ...page.map((entry) => ({ change, path: entry.path, status: before.has(entry.path) ? ('modified' as const) : ('added' as const) })),
    ...removed.map((entry) => ({ change, path: entry.path, status: 'removed' as const })),
  ]
}

import { z } from 'zod'
import { hubError, path, type Http } from '#kit'
import { github } from '../declaration.ts'
import { branchName, repository } from '../shapes.ts'
import { restoreFile, writeAgain } from '../undo.ts'

const file = z.string().min(1).max(4096).describe('Path in the repository, e.g. src/index.ts.')
const ref = branchName.optional().describe('Branch, tag or commit; the default branch when left out.')

interface RawContent {
  type: string
  name: string
  path: string
  sha: string
  size: number
  encoding?: string
  content?: string
  html_url: string | null
}

/** Encodes each segment of a path and keeps the slashes. */
function place(owner: string, repo: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '')
  return path`/repos/${owner}/${repo}/contents` + parts.map((part) => path`/${part}`).join('')
}

const getContents = github.action({
  title: 'Get a file or folder',
  description:
    'Reads a file of a repository as text, or lists a folder. Use it to read code or documentation without a clone; files up to 1 MB are returned completely. Returns text and SHA of a file, or names, types and sizes of a folder’s entries.',
  words:
    'read a file, open a file, show a file, file content, readme, look at the code, source file, what is in the folder, list files in a directory, config file, download a file from the repo, view documentation, cat, package.json, dockerfile, look inside a file, what does the file say, print the file, contents of package.json, see the config, directory listing, file tree, list the folder, read the code, read the docs in the repo, changelog file, license file, get the source',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world', path: 'README.md' },
  input: z.strictObject({
    ...repository,
    path: z.string().max(4096).default('').describe('Path of the file or folder; empty for the root.'),
    ref,
  }),
  output: z.object({
    type: z.enum(['file', 'folder', 'other']),
    path: z.string(),
    sha: z.string().nullable(),
    size: z.number().nullable(),
    text: z.string().nullable(),
    base64: z.string().nullable(),
    entries: z.array(z.object({ name: z.string(), path: z.string(), type: z.string(), size: z.number() })),
  }),
  run: async ({ input, http }) => {
    const found = await http.get<RawContent | RawContent[]>(place(input.owner, input.repo, input.path), { query: { ref: input.ref } })
    if (Array.isArray(found)) {
      return {
        type: 'folder' as const,
        path: input.path,
        sha: null,
        size: null,
        text: null,
        base64: null,
        entries: found.map(({ name, path: where, type, size }) => ({ name, path: where, type, size })),
      }
    }
    const bytes = found.encoding === 'base64' ? Buffer.from(found.content ?? '', 'base64') : undefined
    const text = bytes && !bytes.includes(0) ? bytes.toString('utf8') : null
    return {
      type: found.type === 'file' ? ('file' as const) : ('other' as const),
      path: found.path,
      sha: found.sha,
      size: found.size,
      text,
      base64: bytes && text === null ? bytes.toString('base64') : null,
      entries: [],
    }
  },
})

interface Located {
  readonly owner: string
  readonly repo: string
  readonly path: string
  readonly branch?: string | undefined
}

/** The file as it is; null if there is none. */
async function currentFile({ input, http }: { input: Located; http: Http }): Promise<unknown> {
  const { status, data } = await http.request<RawContent | RawContent[]>({
    method: 'GET',
    path: place(input.owner, input.repo, input.path),
    query: { ref: input.branch },
    allow: [404],
  })
  if (status === 404) return null
  if (Array.isArray(data)) return { type: 'folder' }
  const { sha, size, content = '' } = data
  return { sha, size, text: Buffer.from(content, 'base64').toString('utf8') }
}

const putContents = github.action({
  title: 'Write a file',
  description:
    'Creates or replaces one file by a commit. Use it for small changes of single files; to replace a file give the SHA you read, so that no other change is overwritten. Returns the file’s new SHA and the commit.',
  words:
    'write a file, edit a file, change a file, update a file, save a file, add a file to the repo, commit a file, commit a change, push a change, replace a file, fix a typo in the readme, modify code, bump the version in package.json, put a file in the repo, fix a line in a file, overwrite a file, add a line, set a value in the config file, create a file, upload a file to the repo, check in a file, add a readme, add a license, write code to a file, patch a file, update the docs in the repo, alter the config',
  effect: 'write',
  // A repetition is refused: with the SHA because the file has changed, without it because the file already exists.
  idempotent: false,
  example: { owner: 'octocat', repo: 'hello-world', path: 'notes.txt', content: 'hello', message: 'Add notes' },
  input: z.strictObject({
    ...repository,
    path: file,
    content: z.string().max(1_000_000).describe('The complete text of the file.'),
    message: z.string().min(1).max(65_536).describe('Commit message.'),
    branch: branchName.optional().describe('Branch; the default branch when left out.'),
    sha: z.string().min(7).max(64).optional().describe('SHA of the file that is replaced; leave out for a new file.'),
  }),
  output: z.object({
    content: z.object({ path: z.string(), sha: z.string(), html_url: z.string().nullish() }).nullable(),
    commit: z.object({ sha: z.string().optional(), html_url: z.string().optional() }),
  }),
  run: ({ input, http }) => {
    const { message, branch, sha } = input
    return http.put(place(input.owner, input.repo, input.path), {
      message,
      branch,
      sha,
      content: Buffer.from(input.content).toString('base64'),
    })
  },
  current: currentFile,
  verify: async ({ input, http }) => {
    const { status, data } = await http.request<RawContent | RawContent[]>({
      method: 'GET',
      path: place(input.owner, input.repo, input.path),
      query: { ref: input.branch },
      allow: [404],
    })
    if (status === 404 || Array.isArray(data)) return { happened: false }
    if (Buffer.from(data.content ?? '', 'base64').toString('utf8') !== input.content) return { happened: false }
    return { happened: true, output: { content: { path: data.path, sha: data.sha, html_url: data.html_url }, commit: {} } }
  },
  undo: {
    needsBefore: true,
    plan: ({ input, output, before }) =>
      output.content === null ? { impossible: 'GitHub did not say which file it wrote' } : restoreFile(input, output.content.sha, before),
  },
})

const deleteContents = github.action({
  title: 'Delete a file',
  description:
    'Deletes one file by a commit; the history of the branch keeps it. Use it only when the deletion was requested; give the SHA you read, so that no other change is lost. Returns the commit.',
  words:
    'delete a file, remove a file, git rm, take a file out of the repo, erase a file, get rid of a file, drop the file, the file is not needed any more, remove it from the repository, delete the config file',
  effect: 'destroy',
  example: {
    owner: 'octocat',
    repo: 'hello-world',
    path: 'notes.txt',
    message: 'Remove notes',
    sha: 'aa218f56b14c9653891f9e74264a383fa43fefbd',
  },
  input: z.strictObject({
    ...repository,
    path: file,
    message: z.string().min(1).max(65_536).describe('Commit message.'),
    branch: branchName.optional().describe('Branch; the default branch when left out.'),
    sha: z.string().min(7).max(64).describe('SHA of the file, as it was read.'),
  }),
  output: z.object({ commit: z.object({ sha: z.string().optional(), html_url: z.string().optional() }) }),
  run: ({ input: { owner, repo, path: name, message, branch, sha }, http }) =>
    http.delete(place(owner, repo, name), { json: { message, branch, sha } }),
  labels: () => ({ author: 'trusted' }),
  current: currentFile,
  verify: async ({ input, http }) =>
    (await currentFile({ input, http })) === null ? { happened: true, output: { commit: {} } } : { happened: false },
  undo: { needsBefore: true, plan: ({ input, before }) => writeAgain(input, before) },
})

const searchCode = github.action({
  title: 'Search code',
  description:
    'Searches code on GitHub by words and qualifiers (repo:owner/name, language:, path:). Use it to find where something is used or defined. Returns repository, path and matching fragments, best first.',
  words:
    'search the code, code search, grep, find in code, where is a function used, where is it defined, usages of a function, find references, which files mention, look for a string in the codebase, find where we call, where do we use, which file contains, occurrences, who calls this function, find the definition, where in the code, look through the source, search for a string, all usages, where is the setting read',
  effect: 'read',
  example: { query: 'addClass repo:octocat/hello-world' },
  input: z.strictObject({
    query: z.string().min(1).max(256).describe('Words and qualifiers; at least one word.'),
    per_page: z.number().int().min(1).max(100).default(30).describe('How many at most.'),
    page: z.number().int().min(1).max(10).default(1).describe('Which page.'),
  }),
  output: z.object({
    total_count: z.number(),
    items: z.array(
      z.object({
        path: z.string(),
        sha: z.string(),
        html_url: z.string(),
        repository: z.object({ full_name: z.string() }),
        text_matches: z.array(z.object({ fragment: z.string().optional() })).optional(),
      }),
    ),
  }),
  run: ({ input, http }) => {
    if (/^\s*\w+:\S+\s*$/.test(input.query))
      throw hubError('invalid_input', {
        errors: [{ path: 'input.query', message: 'must contain at least one search word in addition to qualifiers' }],
      })
    const { query: q, per_page, page } = input
    return http.get('/search/code', { query: { q, per_page, page }, headers: { accept: 'application/vnd.github.text-match+json' } })
  },
})

export const contentActions = {
  get_contents: getContents,
  put_contents: putContents,
  delete_contents: deleteContents,
  search_code: searchCode,
}

import { z } from 'zod'
import { path, type Http } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { listOf, paging, project, ref, sha } from '../shapes.ts'
import { restoreFile } from '../undo.ts'

const file = z.string().min(1).max(4096).describe('Path in the repository, e.g. src/index.ts.')
const example = { project: 'octo-group/hello-world', path: 'README.md' }

interface Raw {
  readonly file_path: string
  readonly size: number
  readonly content: string
  readonly blob_id: string
  readonly last_commit_id: string
}

interface Place {
  readonly project: string
  readonly path: string
}

// GitLab takes the whole path as one segment, with its slashes encoded.
const placeOf = (input: Place): string => path`/projects/${input.project}/repository/files/${input.path}`

const largest = 3_000_000

async function readFile({ input, http }: { input: Place & { ref?: string | undefined }; http: Http }) {
  const { data } = await askFile(http, input, [])
  return shapeOf(data)
}

function askFile(http: Http, input: Place & { ref?: string | undefined }, allow: readonly number[]) {
  return http.request<Raw>({ method: 'GET', path: placeOf(input), query: { ref: input.ref ?? 'HEAD' }, maxBytes: largest, allow })
}

function shapeOf(found: Raw) {
  const bytes = Buffer.from(found.content, 'base64')
  const text = bytes.toString('utf8')
  // Bytes that are no text would be changed by writing them back.
  const isText = !text.includes('\u0000') && Buffer.from(text).equals(bytes)
  return {
    path: found.file_path,
    size: found.size,
    blob_id: found.blob_id,
    last_commit_id: found.last_commit_id,
    text: isText ? text : null,
    base64: isText ? null : found.content,
  }
}

const getFile = gitlab.action({
  title: 'Get a file of a GitLab project',
  description:
    'Reads a file of a GitLab project at a branch, tag or commit. Use it to read code or documentation without a clone. Returns its text, or base64 where it is no text, its size, and the last commit that changed it.',
  words: 'read a gitlab file, open a file on gitlab, file content on gitlab, gitlab readme, show the gitlab source, look at code on gitlab',
  effect: 'read',
  example,
  input: z.strictObject({ project, path: file, ref: ref.optional().describe('Branch, tag or commit; the default branch when left out.') }),
  output: z.object({
    path: z.string(),
    size: z.number(),
    blob_id: z.string(),
    last_commit_id: z.string(),
    text: z.string().nullable(),
    base64: z.string().nullable(),
  }),
  run: readFile,
})

const entryShape = z.object({ id: z.string(), name: z.string(), type: z.string(), path: z.string() })

const listFiles = gitlab.action({
  title: 'List files of a GitLab project',
  description:
    'Lists files and folders of a GitLab project, of one folder or of all below it. Use it to find the path of a file. Returns name, path and type (blob is a file, tree a folder) of each.',
  words:
    'gitlab file tree, list files on gitlab, gitlab folder, directory listing on gitlab, which files are in the gitlab project, gitlab repository tree',
  effect: 'read',
  example: { project: 'octo-group/hello-world' },
  input: z.strictObject({
    project,
    path: z.string().min(1).max(4096).optional().describe('The folder; the root when left out.'),
    ref: ref.optional().describe('Branch, tag or commit; the default branch when left out.'),
    recursive: z.boolean().default(false).describe('Also everything in the folders below.'),
    ...paging,
  }),
  output: listOf(entryShape),
  run: ({ input, http }) => {
    const { path: folder, ref: at, recursive } = input
    const query = { path: folder, ref: at, recursive, pagination: 'keyset' }
    return list<z.input<typeof entryShape>>({ http, input }, path`/projects/${input.project}/repository/tree`, query)
  },
})

const written = {
  project,
  path: file,
  branch: ref.describe('Branch that gets the commit.'),
  message: z.string().min(1).max(10_000).describe('Commit message.'),
  last_commit_id: sha.optional().describe('The last commit that changed the file as you read it; another one is refused.'),
}

/** The file on the branch as it is, or null where there is none. */
async function currentFile({ input, http }: { input: Place & { branch: string }; http: Http }) {
  const { status, data } = await askFile(http, { ...input, ref: input.branch }, [404])
  if (status === 404) return null
  const { path: at, text, size, last_commit_id } = shapeOf(data)
  return { path: at, text: size > 1_000_000 ? null : text, size, last_commit_id }
}

const putFile = gitlab.action({
  title: 'Write a file in GitLab',
  description:
    'Creates or replaces one file of a GitLab project by a commit. Use it for small changes; to replace a file give the last commit id that you read, so that no other change is overwritten. Returns path, branch and the last commit of the file.',
  words:
    'write a gitlab file, edit a file on gitlab, commit a file to gitlab, change a gitlab file, add a file to the gitlab project, update the gitlab readme',
  effect: 'write',
  // With the last commit id, a repetition is refused.
  idempotent: false,
  example: { ...example, path: 'notes.txt', branch: 'main', content: 'hello', message: 'Add notes' },
  input: z.strictObject({ ...written, content: z.string().max(1_000_000).describe('The complete text of the file.') }),
  output: z.object({ path: z.string(), branch: z.string(), last_commit_id: z.string() }),
  run: async ({ input, http }) => {
    const { path: at, branch, content, message: commit_message, last_commit_id } = input
    const found = await http.request({ method: 'HEAD', path: placeOf(input), query: { ref: branch }, allow: [404] })
    const body = { branch, content, commit_message, last_commit_id }
    await (found.status === 404 ? http.post(placeOf(input), body) : http.put(placeOf(input), body))
    return { path: at, branch, last_commit_id: await lastCommitOf(http, input) }
  },
  current: currentFile,
  verify: async ({ input, http }) => {
    const now = await currentFile({ input, http })
    if (now?.text !== input.content) return { happened: false }
    return { happened: true, output: { path: input.path, branch: input.branch, last_commit_id: now.last_commit_id } }
  },
  undo: {
    needsBefore: true,
    plan: ({ input, output, before }) =>
      output.last_commit_id === ''
        ? { impossible: 'GitLab did not say which commit it made' }
        : restoreFile(input, output.last_commit_id, before),
  },
})

/** GitLab answers a write without the commit that it made. The write is done, so that nothing fails where it cannot be read. */
async function lastCommitOf(http: Http, input: Place & { branch: string }): Promise<string> {
  const { headers } = await http.request({ method: 'HEAD', path: placeOf(input), query: { ref: input.branch }, allow: [403, 404] })
  return headers['x-gitlab-last-commit-id'] ?? ''
}

const deleteFile = gitlab.action({
  title: 'Delete a file in GitLab',
  description:
    'Deletes one file of a GitLab project by a commit; older commits keep it. Use it when a file is not needed any more. Returns a confirmation.',
  words:
    'delete a gitlab file, remove a file on gitlab, drop the file from the gitlab project, erase the gitlab file, get rid of a file on gitlab',
  effect: 'destroy',
  example: { ...example, branch: 'main', message: 'Remove it' },
  input: z.strictObject(written),
  output: z.object({ deleted: z.literal(true) }),
  run: async ({ input, http }) => {
    const { branch, message: commit_message, last_commit_id } = input
    await http.delete(placeOf(input), { json: { branch, commit_message, last_commit_id } })
    return { deleted: true as const }
  },
  current: currentFile,
  verify: async ({ input, http }) =>
    (await currentFile({ input, http })) === null ? { happened: true, output: { deleted: true as const } } : { happened: false },
  undo: {
    needsBefore: true,
    plan: ({ input: { project: place, path: at, branch, message }, before }) => {
      const { text } = (before ?? {}) as { text?: string | null }
      if (typeof text !== 'string') return { impossible: 'the file was not a text of 1 MB at most' }
      return {
        action: 'put_file',
        input: { project: place, path: at, branch, content: text, message: `Undo: ${message}`.slice(0, 10_000) },
      }
    },
  },
})

export const fileActions = { get_file: getFile, list_files: listFiles, put_file: putFile, delete_file: deleteFile }

import { z } from 'zod'
import { path, type Http } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { issueNumber, listOf, markdown, mergeNumber, noteShape, paging, project } from '../shapes.ts'

type Note = z.input<typeof noteShape>

const about = {
  project,
  issue: issueNumber.optional().describe('Number of the issue; or a merge request instead.'),
  merge_request: mergeNumber.optional().describe('Number of the merge request; or an issue instead.'),
}
type About = { readonly project: string; readonly issue?: number | undefined; readonly merge_request?: number | undefined }

const example = { project: 'octo-group/hello-world', issue: 1 }
const isOne = ({ issue, merge_request: merge }: About): boolean => (issue === undefined) !== (merge === undefined)
const needsOne = { error: 'needs the number of an issue, or of a merge request instead', path: ['issue'] }

function notesOf({ project: place, issue, merge_request: merge }: About): string {
  return issue === undefined ? path`/projects/${place}/merge_requests/${merge ?? ''}/notes` : path`/projects/${place}/issues/${issue}/notes`
}

const listNotes = gitlab.action({
  title: 'List comments of GitLab',
  description:
    'Lists the comments on an issue or merge request of GitLab, oldest first. Use it to read a discussion before you answer. Returns text, author and time of each; system notes say what was changed.',
  words:
    'gitlab comments, comments on the merge request, read the gitlab discussion, gitlab notes, what was said on the merge request, replies on the gitlab issue, mr comments',
  effect: 'read',
  example,
  input: z.strictObject({ ...about, ...paging }).refine(isOne, needsOne),
  output: listOf(noteShape),
  run: ({ input, http }) => list<Note>({ http, input }, notesOf(input), { sort: 'asc', order_by: 'created_at' }),
})

const createNote = gitlab.action({
  title: 'Comment in GitLab',
  description:
    'Writes a comment on an issue or merge request of GitLab. Use it to answer, report or review as one text. Returns the comment with its id.',
  words:
    'comment on the merge request, comment on a gitlab issue, reply on gitlab, leave a note on the mr, answer on the merge request, write on the gitlab issue, add a gitlab comment',
  effect: 'write',
  example: { ...example, body: 'Thank you!' },
  input: z
    .strictObject({
      ...about,
      body: markdown.min(1).describe('Text in Markdown.'),
      internal: z.boolean().optional().describe('Only members from the role reporter on see it.'),
    })
    .refine(isOne, needsOne),
  output: noteShape,
  run: ({ input, http }) => http.post(notesOf(input), { body: input.body, internal: input.internal }),
  labels: () => ({ author: 'trusted' }),
  // If none is found, the request may still be on its way.
  verify: async ({ input, http }) => {
    const found = await http.get<Note[]>(notesOf(input), { query: { sort: 'desc', order_by: 'created_at', per_page: 100 } })
    const since = Date.now() - 3_600_000
    const same = found.find(({ body, created_at: made }) => body === input.body && Date.parse(made) >= since)
    return same ? { happened: true, output: same } : 'unknown'
  },
  undo: {
    plan: ({ input: { project: place, issue, merge_request }, output: { id, body } }) => ({
      action: 'delete_note',
      input: { project: place, issue, merge_request, note_id: id },
      left: { body },
    }),
  },
})

const deleteNote = gitlab.action({
  title: 'Delete a comment of GitLab',
  description:
    'Deletes a comment on an issue or merge request of GitLab for good. Use it to take back what was written by mistake. Returns a confirmation.',
  words:
    'delete a gitlab comment, remove my comment on the merge request, take back a gitlab note, remove the note, erase the gitlab comment',
  effect: 'destroy',
  example: { ...example, note_id: 1 },
  input: z.strictObject({ ...about, note_id: z.number().int().min(1).describe('Id of the comment.') }).refine(isOne, needsOne),
  output: z.object({ deleted: z.literal(true) }),
  run: async ({ input, http }) => {
    await http.delete(`${notesOf(input)}/${input.note_id}`)
    return { deleted: true as const }
  },
  verify: async ({ input, http }) => {
    const { status } = await http.request({ method: 'GET', path: `${notesOf(input)}/${input.note_id}`, allow: [404] })
    return status === 404 ? { happened: true, output: { deleted: true as const } } : { happened: false }
  },
  current: currentNote,
  undo: { plan: () => ({ impossible: 'GitLab does not keep deleted comments' }) },
})

async function currentNote({ input, http }: { input: About & { note_id: number }; http: Http }): Promise<Note> {
  return noteShape.parse(await http.get(`${notesOf(input)}/${input.note_id}`))
}

export const noteActions = { list_notes: listNotes, create_note: createNote, delete_note: deleteNote }

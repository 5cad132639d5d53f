import { z } from 'zod'
import { path, type Http } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { idsOf } from '../people.ts'
import { diffShape, labelNames, listOf, markdown, mergeNumber, mergeShape, paging, project, ref, sha, title, username } from '../shapes.ts'
import { restoreMerge } from '../undo.ts'

type Merge = z.input<typeof mergeShape>

const one = { project, merge_request: mergeNumber }
type One = { readonly project: string; readonly merge_request: number }
const example = { project: 'octo-group/hello-world', merge_request: 1 }
const placeOf = (input: One): string => path`/projects/${input.project}/merge_requests/${input.merge_request}`

async function currentMerge({ input, http }: { input: One; http: Http }): Promise<Merge> {
  const found = mergeShape.parse(await http.get(placeOf(input)))
  return { ...found, description: found.description ?? '' }
}

const listMerges = gitlab.action({
  title: 'List merge requests',
  description:
    'Lists merge requests of a GitLab project, newest first, by state, branches, people, labels or words. Use it to see what waits for review. Returns number, title, state, branches and people of each.',
  words:
    'merge requests, open merge requests, gitlab mrs, list mrs, merge requests waiting for review, merge requests to review on gitlab, merge requests of a branch, which mrs are open, merged mrs',
  effect: 'read',
  example: { project: 'octo-group/hello-world', state: 'opened' },
  input: z.strictObject({
    project,
    state: z.enum(['opened', 'closed', 'merged', 'locked', 'all']).default('opened').describe('Which ones.'),
    source_branch: ref.optional().describe('Only from this branch.'),
    target_branch: ref.optional().describe('Only into this branch.'),
    author: username.optional().describe('Only of this user.'),
    reviewer: username.optional().describe('Only those that this user reviews.'),
    labels: labelNames.optional().describe('Only those that have all of these.'),
    search: z.string().min(1).max(1000).optional().describe('Only those with these words in title or text.'),
    updated_after: z.iso.datetime().optional().describe('Only those changed after this time.'),
    order_by: z.enum(['created_at', 'updated_at']).default('created_at').describe('Order.'),
    ...paging,
  }),
  output: listOf(mergeShape),
  run: ({ input, http }) => {
    const { project: place, cursor: _, per_page: __, author, reviewer, labels, ...query } = input
    return list<Merge>({ http, input }, path`/projects/${place}/merge_requests`, {
      ...query,
      author_username: author,
      reviewer_username: reviewer,
      labels: labels?.join(','),
      scope: 'all',
    })
  },
})

const getMerge = gitlab.action({
  title: 'Get a merge request',
  description:
    'Gets one merge request of GitLab with its text, branches, people and state. Use it to see whether it can be merged. Returns the merge request; its changes and comments have tools of their own.',
  words:
    'read the merge request, merge request details, show the mr, status of the merge request, can the mr be merged, is the merge request merged, who reviews the merge request, mr conflicts',
  effect: 'read',
  example,
  input: z.strictObject(one),
  output: mergeShape,
  run: ({ input, http }) => http.get(placeOf(input)),
})

const createMerge = gitlab.action({
  title: 'Create a merge request',
  description:
    'Opens a merge request from one branch of a GitLab project into another. Use it when the commits are on the source branch. Returns the merge request with its number and address.',
  words:
    'open a merge request, create an mr, new merge request, propose my branch on gitlab, submit a merge request, ask to merge the gitlab branch, make an mr',
  effect: 'write',
  example: { project: 'octo-group/hello-world', source_branch: 'feature', target_branch: 'main', title: 'Add a feature' },
  input: z.strictObject({
    project,
    source_branch: ref.describe('Branch with the changes.'),
    target_branch: ref.describe('Branch that they go into.'),
    title: title.describe('Title; with `Draft: ` before it, it cannot be merged yet.'),
    description: markdown.optional().describe('Text in Markdown.'),
    labels: labelNames.optional().describe('Labels by name.'),
    assignees: z.array(username).max(10).optional().describe('User names; free GitLab takes one.'),
    reviewers: z.array(username).max(10).optional().describe('User names; free GitLab takes one.'),
    remove_source_branch: z.boolean().optional().describe('Delete the source branch after the merge.'),
    squash: z.boolean().optional().describe('Make one commit of all when it is merged.'),
  }),
  output: mergeShape,
  run: async ({ input: { project: place, labels, assignees, reviewers, ...body }, http }) => {
    const people = { assignee_ids: await idsOf(http, assignees), reviewer_ids: await idsOf(http, reviewers) }
    return http.post(path`/projects/${place}/merge_requests`, { ...body, labels: labels?.join(','), ...people })
  },
  labels: () => ({ author: 'trusted' }),
  // GitLab refuses a second open merge request from the same branch into the same branch.
  verify: async ({ input, http }) => {
    const { source_branch, target_branch } = input
    const [same] = await http.get<Merge[]>(path`/projects/${input.project}/merge_requests`, {
      query: { state: 'opened', source_branch, target_branch, scope: 'all' },
    })
    return same ? { happened: true, output: same } : { happened: false }
  },
  undo: {
    plan: ({ input, output: { iid } }) => ({
      action: 'update_merge_request',
      input: { project: input.project, merge_request: iid, state: 'closed' },
      left: { state: 'opened' },
    }),
  },
})

const updateMerge = gitlab.action({
  title: 'Update a merge request',
  description:
    'Changes title, text, labels, reviewers, target or state of a merge request of GitLab; omitted fields are not changed. Use it to edit, close or reopen it. Returns the changed merge request.',
  words:
    'edit the merge request, close the merge request, reopen the mr, change the title of the mr, request a review on the merge request, add a reviewer to the mr, label the merge request, mark the mr as ready',
  effect: 'write',
  idempotent: true,
  example: { ...example, title: 'A better title' },
  input: z.strictObject({
    ...one,
    title: title.optional().describe('New title.'),
    description: markdown.optional().describe('New text in Markdown.'),
    labels: labelNames.optional().describe('The complete list of labels.'),
    target_branch: ref.optional().describe('Branch that it goes into.'),
    state: z.enum(['opened', 'closed']).optional().describe('Close or reopen.'),
    assignees: z.array(username).max(10).optional().describe('The complete list of user names; free GitLab takes one.'),
    reviewers: z.array(username).max(10).optional().describe('The complete list of user names; free GitLab takes one.'),
  }),
  output: mergeShape,
  run: async ({ input, http }) => {
    const { project: _, merge_request: __, state, labels, assignees, reviewers, ...body } = input
    const people = { assignee_ids: await idsOf(http, assignees), reviewer_ids: await idsOf(http, reviewers) }
    const event = state === undefined ? undefined : state === 'closed' ? 'close' : 'reopen'
    return http.put(placeOf(input), { ...body, state_event: event, labels: labels?.join(','), ...people }, { repeatable: 'state' })
  },
  current: currentMerge,
  undo: restoreMerge,
})

const mergeMerge = gitlab.action({
  title: 'Merge a merge request',
  description:
    'Merges a merge request of GitLab into its target branch, at once or when its pipeline succeeds. Use it when it is approved and green; give the SHA that was reviewed, so that nothing newer is merged. Returns the merge request with its state and merge commit.',
  words:
    'merge the mr, merge the merge request, accept the merge request, land the mr, merge when the pipeline succeeds, auto-merge on gitlab, squash and merge on gitlab',
  effect: 'write',
  // Without the SHA, a repetition might merge commits that came in between; of a merged one, GitLab refuses it.
  idempotent: false,
  example,
  input: z.strictObject({
    ...one,
    sha: sha.optional().describe('The head of the source branch must be this commit.'),
    squash: z.boolean().optional().describe('Make one commit of all.'),
    auto_merge: z.boolean().optional().describe('Merge when the pipeline succeeds.'),
    remove_source_branch: z.boolean().optional().describe('Delete the source branch afterwards.'),
    message: z.string().max(10_000).optional().describe('Message of the merge commit.'),
  }),
  output: mergeShape,
  run: ({ input, http }) =>
    http.put(`${placeOf(input)}/merge`, {
      sha: input.sha,
      squash: input.squash,
      auto_merge: input.auto_merge,
      should_remove_source_branch: input.remove_source_branch,
      merge_commit_message: input.message,
    }),
  current: currentMerge,
  verify: async ({ input, http }) => {
    const found = await http.get<Merge>(placeOf(input))
    if (found.state === 'merged') return { happened: true, output: found }
    return input.auto_merge === true || found.state === 'locked' ? 'unknown' : { happened: false }
  },
  undo: { plan: () => ({ impossible: 'a merge stays in the history of the branch; to revert it is a change of its own' }) },
})

const listChanges = gitlab.action({
  title: 'List the changes of a merge request',
  description:
    'Lists the files that a merge request of GitLab changes, with their diffs. Use it to review. Returns old and new path, what happened to the file, and the diff of each; GitLab leaves out very large diffs and says so.',
  words:
    'diff of the merge request, changes of the mr, files of the merge request, review the mr, what does the merge request change, patch of the merge request, mr diff',
  effect: 'read',
  example,
  input: z.strictObject({ ...one, ...paging }),
  output: listOf(diffShape),
  run: ({ input, http }) => list<z.input<typeof diffShape>>({ http, input }, `${placeOf(input)}/diffs`),
})

export const mergeActions = {
  list_merge_requests: listMerges,
  get_merge_request: getMerge,
  create_merge_request: createMerge,
  update_merge_request: updateMerge,
  merge_merge_request: mergeMerge,
  list_merge_request_changes: listChanges,
}

import { z } from 'zod'
import { path } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { branchShape, commitShape, listOf, paging, project, ref } from '../shapes.ts'

type Branch = z.input<typeof branchShape>

const example = { project: 'octo-group/hello-world' }
const branchOf = (input: { project: string; branch: string }): string =>
  path`/projects/${input.project}/repository/branches/${input.branch}`

const listCommits = gitlab.action({
  title: 'List commits of a GitLab project',
  description:
    'Lists commits of a branch of a GitLab project, newest first, by path, author or time. Use it to see what changed lately. Returns SHA, title, author and time of each.',
  words:
    'gitlab commits, commit history on gitlab, what changed in the gitlab project, latest gitlab commits, who changed the file on gitlab, gitlab git log',
  effect: 'read',
  example,
  input: z.strictObject({
    project,
    ref: ref.optional().describe('Branch, tag or SHA to begin from; the default branch when left out.'),
    path: z.string().min(1).max(4096).optional().describe('Only commits that touch this path.'),
    author: z.string().min(1).max(255).optional().describe('Only by this name or e-mail.'),
    since: z.iso.datetime().optional().describe('Only after this time.'),
    until: z.iso.datetime().optional().describe('Only before this time.'),
    ...paging,
  }),
  output: listOf(commitShape),
  run: ({ input, http }) => {
    const { ref: ref_name, path: touching, author, since, until } = input
    const query = { ref_name, path: touching, author, since, until }
    return list<z.input<typeof commitShape>>({ http, input }, path`/projects/${input.project}/repository/commits`, query)
  },
})

const getCommit = gitlab.action({
  title: 'Get a commit of a GitLab project',
  description:
    'Gets one commit of a GitLab project with its message, author, counts and the state of its pipeline. Use it when you know the SHA. Returns those.',
  words:
    'gitlab commit details, show the gitlab commit, who wrote the gitlab commit, message of a gitlab commit, gitlab sha, commit on gitlab',
  effect: 'read',
  example: { ...example, ref: 'main' },
  input: z.strictObject({ project, ref: ref.describe('SHA, branch or tag.') }),
  output: commitShape.extend({
    status: z.string().nullish(),
    stats: z.object({ additions: z.number(), deletions: z.number(), total: z.number() }).nullish(),
  }),
  run: ({ input, http }) => http.get(path`/projects/${input.project}/repository/commits/${input.ref}`),
})

const listBranches = gitlab.action({
  title: 'List branches of a GitLab project',
  description:
    'Lists the branches of a GitLab project with their newest commit. Use it to find the exact name of a branch. Returns name, commit and protection of each.',
  words:
    'gitlab branches, branches of a gitlab project, which branches are on gitlab, find a gitlab branch, protected gitlab branches, merged gitlab branches',
  effect: 'read',
  example,
  input: z.strictObject({ project, search: z.string().min(1).max(255).optional().describe('Words of the name.'), ...paging }),
  output: listOf(branchShape),
  run: ({ input, http }) => list<Branch>({ http, input }, path`/projects/${input.project}/repository/branches`, { search: input.search }),
})

const createBranch = gitlab.action({
  title: 'Create a branch in GitLab',
  description:
    'Creates a branch of a GitLab project from another branch, a tag or a commit. Use it before you write files for a merge request. Returns the branch with its commit.',
  words: 'new gitlab branch, make a branch on gitlab, create a gitlab branch, branch off on gitlab, start a branch in the gitlab project',
  effect: 'write',
  example: { ...example, branch: 'feature', ref: 'main' },
  input: z.strictObject({
    project,
    branch: ref.describe('Name of the new branch.'),
    ref: ref.describe('Branch, tag or SHA to begin from.'),
  }),
  output: branchShape,
  run: ({ input, http }) =>
    http.post(path`/projects/${input.project}/repository/branches`, undefined, { query: { branch: input.branch, ref: input.ref } }),
  labels: () => ({ author: 'trusted' }),
  verify: async ({ input, http }) => {
    const { status, data } = await http.request<Branch>({ method: 'GET', path: branchOf(input), allow: [404] })
    return status === 404 ? { happened: false } : { happened: true, output: data }
  },
  undo: {
    plan: ({ input: { project: place, branch }, output: { commit } }) => ({
      action: 'delete_branch',
      input: { project: place, branch },
      left: { sha: commit.id },
    }),
  },
})

const deleteBranch = gitlab.action({
  title: 'Delete a branch in GitLab',
  description:
    'Deletes a branch of a GitLab project; its commits stay reachable only where another branch or tag has them. Use it when a branch is merged or not needed. Returns a confirmation.',
  words:
    'delete a gitlab branch, remove the gitlab branch, clean up gitlab branches, drop the branch on gitlab, get rid of a gitlab branch',
  effect: 'destroy',
  example: { ...example, branch: 'feature' },
  input: z.strictObject({ project, branch: ref.describe('Name of the branch.') }),
  output: z.object({ deleted: z.literal(true) }),
  run: async ({ input, http }) => {
    await http.delete(branchOf(input))
    return { deleted: true as const }
  },
  verify: async ({ input, http }) => {
    const { status } = await http.request({ method: 'GET', path: branchOf(input), allow: [404] })
    return status === 404 ? { happened: true, output: { deleted: true as const } } : { happened: false }
  },
  current: async ({ input, http }) => {
    const { name, commit } = branchShape.parse(await http.get(branchOf(input)))
    return { branch: name, sha: commit.id, title: commit.title }
  },
  undo: {
    needsBefore: true,
    plan: ({ input: { project: place, branch }, before }) => ({
      action: 'create_branch',
      input: { project: place, branch, ref: (before as { sha: string }).sha },
    }),
  },
})

export const commitActions = {
  list_commits: listCommits,
  get_commit: getCommit,
  list_branches: listBranches,
  create_branch: createBranch,
  delete_branch: deleteBranch,
}

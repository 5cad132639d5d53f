import { z } from 'zod'
import { path } from '#kit'
import { github } from '../declaration.ts'
import { list } from '../pages.ts'
import { branchName, commitShape, fileShape, listOf, paging, repository } from '../shapes.ts'

type Commit = z.input<typeof commitShape>

const branchShape = z.object({ name: z.string(), protected: z.boolean().optional(), commit: z.object({ sha: z.string() }) })
const ref = branchName.describe('Branch, tag or SHA.')

const listCommits = github.action({
  title: 'List commits',
  description:
    'Lists commits of a branch, newest first, by path, author or time. Use it to see what changed lately or who changed a file. Returns SHA, message, author and time of each.',
  words:
    'commits, commit history, git log, history of a file, recent changes, latest commits, what changed lately, what has been committed, who changed this file, who touched the code, who broke it, blame, what was pushed, last changes on a branch, commits by an author, what landed on main, what was merged lately, what got pushed, commits this week, who committed, changes since yesterday, what did the team commit, activity in the repo, code activity, last commit, who worked on this file, when was the file changed, history of the repository',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world' },
  input: z.strictObject({
    ...repository,
    sha: ref.optional().describe('Branch, tag or SHA to begin from; the default branch when left out.'),
    path: z.string().max(4096).optional().describe('Only commits that touch this path.'),
    author: z.string().max(200).optional().describe('Only by this login or e-mail.'),
    since: z.iso.datetime().optional().describe('Only after this time.'),
    until: z.iso.datetime().optional().describe('Only before this time.'),
    ...paging,
  }),
  output: listOf(commitShape),
  run: ({ input, http }) => {
    const { sha, path: touching, author, since, until } = input
    return list<Commit>({ http, input }, path`/repos/${input.owner}/${input.repo}/commits`, { sha, path: touching, author, since, until })
  },
})

const getCommit = github.action({
  title: 'Get a commit',
  description:
    'Gets one commit with the files it changes and their patches. Use it to see exactly what a commit changed. Returns message, author, counts and files.',
  words:
    "show a commit, commit details, what did the commit change, git show, who wrote the commit, changes of a sha, look at the commit, message of a commit, patch of a commit, what's in this commit, this sha, files of a commit, open the commit, explain the commit, what was changed by, who made this commit, when was it committed",
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world', ref: 'main' },
  input: z.strictObject({ ...repository, ref }),
  output: commitShape.extend({
    stats: z.object({ additions: z.number(), deletions: z.number(), total: z.number() }).partial().optional(),
    files: z.array(fileShape).optional(),
  }),
  run: ({ input, http }) => http.get(path`/repos/${input.owner}/${input.repo}/commits/${input.ref}`),
})

const compareCommits = github.action({
  title: 'Compare two commits',
  description:
    'Compares two branches, tags or commits: the commits and files that one has and the other does not have. Use it for a summary of the changes of a release or branch. Returns how many commits they differ by, the commits and the files with patches.',
  words:
    'compare branches, compare tags, difference between versions, diff between two branches, what changed between releases, what changed since the release, changelog between tags, ahead or behind main, unreleased changes, commits not in main, git diff, what is new since the last release, changes since the tag, commits between, how far behind, how far ahead, compare with main, what would be deployed, what is different, diff of branches, branch is missing commits, compare v1 and v2',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world', base: 'main', head: 'feature' },
  input: z.strictObject({ ...repository, base: ref, head: ref, ...paging }),
  output: z.object({
    status: z.string(),
    ahead_by: z.number(),
    behind_by: z.number(),
    total_commits: z.number(),
    html_url: z.string(),
    commits: z.array(commitShape),
    files: z.array(fileShape).optional(),
  }),
  run: ({ input: { owner, repo, base, head, page, per_page }, http }) =>
    http.get(`${path`/repos/${owner}/${repo}/compare/${base}`}...${path`/${head}`.slice(1)}`, { query: { page, per_page } }),
})

const listBranches = github.action({
  title: 'List branches',
  description:
    'Lists the branches of a repository with their newest commit. Use it to find a branch’s exact name. Returns name, SHA and protection of each.',
  words:
    'branches, all branches, which branches exist, list git branches, find a branch, branch names, stale branches, protected branches, what branches do we have, open branches, feature branches, branch list, old branches',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world' },
  input: z.strictObject({
    ...repository,
    protected: z.boolean().optional().describe('Only protected, or only unprotected ones.'),
    ...paging,
  }),
  output: listOf(branchShape),
  run: ({ input, http }) =>
    list<z.input<typeof branchShape>>({ http, input }, path`/repos/${input.owner}/${input.repo}/branches`, { protected: input.protected }),
})

const getBranch = github.action({
  title: 'Get a branch',
  description: 'Gets one branch with its newest commit. Use it for the SHA a branch points to. Returns name, SHA and protection.',
  words:
    'branch details, latest commit of a branch, head of a branch, tip of the branch, does the branch exist, is the branch protected, sha of a branch, is there a branch called, where does the branch point, look at a branch, last commit on the branch',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world', branch: 'main' },
  input: z.strictObject({ ...repository, branch: branchName.describe('Name of the branch.') }),
  output: branchShape,
  run: ({ input, http }) => http.get(path`/repos/${input.owner}/${input.repo}/branches/${input.branch}`),
})

const createBranch = github.action({
  title: 'Create a branch',
  description:
    'Creates a branch that points to a commit. Use it before you write files for a pull request. Returns the branch’s name and SHA.',
  words:
    'new branch, make a branch, start a branch, cut a branch, fork off main, git checkout -b, branch off, make me a branch, branch from main, feature branch for, hotfix branch, release branch, open a branch',
  effect: 'write',
  example: { owner: 'octocat', repo: 'hello-world', branch: 'feature', sha: 'aa218f56b14c9653891f9e74264a383fa43fefbd' },
  input: z.strictObject({
    ...repository,
    branch: branchName.describe('Name of the new branch.'),
    sha: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/, 'must be a complete SHA')
      .describe('Complete SHA of the commit.'),
  }),
  output: z.object({ branch: z.string(), sha: z.string() }),
  run: async ({ input, http }) => {
    const created = await http.post<{ object: { sha: string } }>(path`/repos/${input.owner}/${input.repo}/git/refs`, {
      ref: `refs/heads/${input.branch}`,
      sha: input.sha,
    })
    return { branch: input.branch, sha: created.object.sha }
  },
  verify: async ({ input, http }) => {
    const { status, data } = await http.request<{ commit: { sha: string } }>({
      method: 'GET',
      path: path`/repos/${input.owner}/${input.repo}/branches/${input.branch}`,
      allow: [404],
    })
    return status === 404 ? { happened: false } : { happened: true, output: { branch: input.branch, sha: data.commit.sha } }
  },
})

export const commitActions = {
  list_commits: listCommits,
  get_commit: getCommit,
  compare_commits: compareCommits,
  list_branches: listBranches,
  get_branch: getBranch,
  create_branch: createBranch,
}

import { z } from 'zod'
import { path } from '#kit'
import { github } from '../declaration.ts'
import { list } from '../pages.ts'
import { branchName, listOf, login, markdown, paging, repository } from '../shapes.ts'

const releaseShape = z.object({
  id: z.number(),
  tag_name: z.string(),
  name: z.string().nullish(),
  body: z.string().nullish(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  html_url: z.string(),
  created_at: z.string(),
  published_at: z.string().nullish(),
})

const userShape = z.object({
  login: z.string(),
  id: z.number(),
  type: z.string(),
  name: z.string().nullish(),
  company: z.string().nullish(),
  bio: z.string().nullish(),
  email: z.string().nullish(),
  html_url: z.string(),
})

const example = { owner: 'octocat', repo: 'hello-world' }

const listReleases = github.action({
  title: 'List releases',
  description:
    'Lists the releases of a repository, newest first. Use it to see the times and notes of releases. Returns tag, title, notes and time of each.',
  effect: 'read',
  example,
  input: z.strictObject({ ...repository, ...paging }),
  output: listOf(releaseShape),
  run: ({ input, http }) => list<z.input<typeof releaseShape>>({ http, input }, path`/repos/${input.owner}/${input.repo}/releases`),
})

const getRelease = github.action({
  title: 'Get a release',
  description:
    'Gets the newest release of a repository, or that of a tag. Use it to learn the current version and its notes. Returns tag, title, notes and time.',
  effect: 'read',
  example,
  input: z.strictObject({ ...repository, tag: branchName.optional().describe('Tag; the newest release when left out.') }),
  output: releaseShape,
  run: ({ input: { owner, repo, tag }, http }) =>
    http.get(tag === undefined ? path`/repos/${owner}/${repo}/releases/latest` : path`/repos/${owner}/${repo}/releases/tags/${tag}`),
})

const createRelease = github.action({
  title: 'Create a release',
  description:
    'Creates a release for a tag, and the tag if it does not exist. Use it only when a release was requested: it is public at once unless it is a draft. Returns the release with its address.',
  effect: 'write',
  example: { ...example, tag_name: 'v1.0.0', draft: true },
  input: z.strictObject({
    ...repository,
    tag_name: branchName.describe('Tag.'),
    target_commitish: branchName.optional().describe('Branch or SHA for a new tag; the default branch when left out.'),
    name: z.string().max(255).optional().describe('Title.'),
    body: markdown.optional().describe('Notes in Markdown.'),
    draft: z.boolean().default(false).describe('Not public yet.'),
    prerelease: z.boolean().default(false).describe('Mark it as a pre-release.'),
    generate_release_notes: z.boolean().default(false).describe('GitHub generates the notes.'),
  }),
  output: releaseShape,
  run: ({ input: { owner, repo, ...body }, http }) => http.post(path`/repos/${owner}/${repo}/releases`, body),
  verify: async ({ input, http }) => {
    const found = await http.get<z.input<typeof releaseShape>[]>(path`/repos/${input.owner}/${input.repo}/releases`, {
      query: { per_page: 30 },
    })
    const same = found.find(({ tag_name: tag }) => tag === input.tag_name)
    return same ? { happened: true, output: same } : { happened: false }
  },
})

const getUser = github.action({
  title: 'Get a user',
  description:
    'Gets a user or organisation by login, or the account of the credential. Use it to learn who a user is, or which account you use. Returns login, name, company and address.',
  effect: 'read',
  example: { login: 'octocat' },
  input: z.strictObject({ login: login.optional().describe('Login; your own account when left out.') }),
  output: userShape,
  run: ({ input, http }) => http.get(input.login === undefined ? '/user' : path`/users/${input.login}`),
})

const getRateLimit = github.action({
  title: 'Get the rate limit',
  description:
    'Gets how much of GitHub’s rate limits remains, and when they are reset. Use it before many calls. Returns limit, remaining and reset time of each resource; the call does not count against the limits.',
  effect: 'read',
  example: {},
  input: z.strictObject({}),
  output: z.object({ resources: z.record(z.string(), z.object({ limit: z.number(), remaining: z.number(), reset: z.number() })) }),
  run: ({ http }) => http.get('/rate_limit'),
})

export const releaseActions = { list_releases: listReleases, get_release: getRelease, create_release: createRelease }
export const userActions = { get_user: getUser, get_rate_limit: getRateLimit }

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
  words:
    'releases, all releases, version history, past versions, release history, changelog, when was it released, list versions, previous releases, which releases are there, how often do we release, when was the last release, all versions, earlier releases, dates of releases',
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
  words:
    "latest release, newest version, current version, latest version, release notes, what is new in a version, what version are we on, notes of a tag, most recent release, changelog of a version, what's the current release, what changed in the last release, which version is out, what's in version, release number, latest tag, newest release, what did we ship last, notes for the release",
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
  words:
    'new release, make a release, cut a release, publish a version, release a version, tag a version, ship a version, draft a release, create a git tag, push a release, publish the release, announce version, put out a new version, release it, version is ready release it, new tag, make a tag, bump the release, write release notes',
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
  words:
    'github profile, who is this github user, github account, who am i, which account am i using, look up a login, github username, user info, developer profile, who is logged in, who is behind this login, github bio, company of a developer, who does this token belong to, my account, my github name, what is my login, look at a profile',
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
  words:
    'rate limit, api quota, quota left, remaining api calls, how many requests are left, are we throttled, too many requests, when does the limit reset, api usage, am I being throttled, api budget, how much quota, limit reached, rate limited, calls left, can I make more requests, allowance',
  effect: 'read',
  example: {},
  input: z.strictObject({}),
  output: z.object({ resources: z.record(z.string(), z.object({ limit: z.number(), remaining: z.number(), reset: z.number() })) }),
  run: ({ http }) => http.get('/rate_limit'),
})

export const releaseActions = { list_releases: listReleases, get_release: getRelease, create_release: createRelease }
export const userActions = { get_user: getUser, get_rate_limit: getRateLimit }

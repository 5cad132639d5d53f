import { z } from 'zod'
import { path } from '#kit'
import { github } from '../declaration.ts'
import { page } from '../pages.ts'
import { listOf, paging, repository, repositoryShape } from '../shapes.ts'

const searchRepositories = github.action({
  title: 'Search repositories',
  description:
    'Searches repositories on GitHub by words and qualifiers (user:, org:, language:, topic:, stars:>10). Use it to find a repository when you do not know its exact owner and name. Returns the best matches first, with the total count.',
  words:
    'find a repo, search repos, repo about a topic, projects on github, look for a repository, discover repositories, popular repositories, libraries in a language, repos by stars, open source projects, is there a repo for, which repo has, repo named, find our repository, who has a library for',
  effect: 'read',
  aliases: ['github_repo_search'],
  example: { query: 'hello-world language:typescript' },
  input: z.strictObject({
    query: z.string().min(1).max(256).describe('Words and qualifiers, as in the search box of GitHub.'),
    sort: z.enum(['stars', 'forks', 'help-wanted-issues', 'updated']).optional().describe('Order; best match by default.'),
    ...paging,
  }),
  output: listOf(repositoryShape).extend({ total_count: z.number() }),
  labels: (_input, { items }) => ({ place: items.every(({ private: isPrivate }) => !isPrivate) ? 'public' : 'private' }),
  run: async ({ input, http }) => {
    const { data, next } = await page<{ total_count: number; items: z.input<typeof repositoryShape>[] }>(
      { http, input },
      '/search/repositories',
      {
        q: input.query,
        sort: input.sort,
      },
    )
    return { items: data.items, total_count: data.total_count, ...next }
  },
})

const getRepository = github.action({
  title: 'Get a repository',
  description:
    'Gets one repository by owner and name. Use it to check that it exists, or for its default branch, language and visibility. Returns its main properties.',
  words:
    'repo details, about the repo, is the repo private, is the repo public, visibility, default branch, main language, stars of a repo, repo exists, info about the repository, forks, archived, license, does the repo exist, what language is it written in, how many stars, repo settings, repo description, repo url',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world' },
  input: z.strictObject(repository),
  output: repositoryShape,
  labels: (_input, { private: isPrivate }) => ({ place: isPrivate ? 'private' : 'public' }),
  run: ({ input, http }) => http.get(path`/repos/${input.owner}/${input.repo}`),
})

const listRepositories = github.action({
  title: 'List repositories',
  description:
    'Lists repositories of a user or organisation, or, without an owner, those that the credential can reach. Use it for an overview; to find a specific repository, search instead. Returns them by last push, newest first.',
  words:
    "my repos, our repos, all repositories, repos of the organisation, repos of a user, what repos do we have, which repositories can I see, list repos, overview of repos, all our repos, team's repositories, how many repos, list of projects on github, codebases",
  effect: 'read',
  lookup: {
    arguments: ['repo', 'repository'],
    input: () => ({ per_page: 100 }),
    values: ({ items }) => items.map(({ full_name: name }) => name.slice(name.indexOf('/') + 1)),
  },
  example: { owner: 'octocat' },
  input: z.strictObject({
    owner: z.string().min(1).max(100).optional().describe('User or organisation; your own when left out.'),
    ...paging,
  }),
  output: listOf(repositoryShape),
  labels: (_input, { items }) => ({ place: items.every(({ private: isPrivate }) => !isPrivate) ? 'public' : 'private' }),
  run: async ({ input, http }) => {
    const place = input.owner === undefined ? '/user/repos' : path`/users/${input.owner}/repos`
    const { data, next } = await page<z.input<typeof repositoryShape>[]>({ http, input }, place, { sort: 'pushed' })
    return { items: data, ...next }
  },
})

const createRepository = github.action({
  title: 'Create a repository',
  description:
    'Creates a new repository for the credential’s user or in an organisation. Use it only when a new repository was requested. Returns the new repository.',
  words:
    'new repo, create a repo, set up a repository, start a repository, make a repo, initialise a git project, blank repository, new codebase, new project on github, empty repo, private repo for, spin up a repo',
  effect: 'write',
  example: { name: 'hello-world', private: true },
  input: z.strictObject({
    name: z.string().min(1).max(100).describe('Its name.'),
    organization: z.string().min(1).max(100).optional().describe('Organisation to create it in; your own account when left out.'),
    description: z.string().max(350).optional().describe('One line about it.'),
    private: z.boolean().default(true).describe('Hide it from the public.'),
    auto_init: z.boolean().default(false).describe('Begin with a commit that holds a README.'),
  }),
  output: repositoryShape,
  labels: (_input, { private: isPrivate }) => ({ author: 'trusted', place: isPrivate ? 'private' : 'public' }),
  sendsTo: (input) => (input.private ? 'private' : 'public'),
  run: ({ input: { organization, ...body }, http }) =>
    http.post(organization === undefined ? '/user/repos' : path`/orgs/${organization}/repos`, body),
  // An owner has only one repository of a name. If it exists now, this call created it, or it could not have created it.
  verify: async ({ input, http }) => {
    const owner = input.organization ?? (await http.get<{ login: string }>('/user')).login
    const { status, data } = await http.request<z.input<typeof repositoryShape>>({
      method: 'GET',
      path: path`/repos/${owner}/${input.name}`,
      allow: [404],
    })
    return status === 404 ? { happened: false } : { happened: true, output: data }
  },
})

export const repositoryActions = {
  search_repositories: searchRepositories,
  get_repository: getRepository,
  list_repositories: listRepositories,
  create_repository: createRepository,
}

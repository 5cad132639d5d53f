import { z } from 'zod'
import { path } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { listOf, paging, project, projectShape } from '../shapes.ts'

const listProjects = gitlab.action({
  title: 'List projects',
  description:
    'Lists projects of GitLab that the token can see, by words of their name, by group, or only those of its owner. Use it to find the exact path of a project. Returns path, description, visibility and address of each.',
  words:
    'gitlab projects, find a gitlab project, which projects are on gitlab, gitlab repositories, search gitlab projects, projects of a gitlab group, my gitlab projects, list gitlab repos',
  effect: 'read',
  example: { search: 'hello' },
  input: z.strictObject({
    search: z.string().min(1).max(200).optional().describe('Words of the name or path.'),
    group: z.string().min(1).max(500).optional().describe('Only projects of this group and its subgroups: its path or id.'),
    membership: z.boolean().default(true).describe('Only projects of which the owner of the token is a member; not used with a group.'),
    archived: z.boolean().optional().describe('Only archived, or only other ones.'),
    ...paging,
  }),
  output: listOf(projectShape),
  run: ({ input, http }) => {
    const { search, group, membership, archived } = input
    const query = { search, archived, order_by: 'last_activity_at' }
    return group === undefined
      ? list<z.input<typeof projectShape>>({ http, input }, '/projects', { ...query, membership: membership || undefined })
      : list<z.input<typeof projectShape>>({ http, input }, path`/groups/${group}/projects`, { ...query, include_subgroups: true })
  },
})

const getProject = gitlab.action({
  title: 'Get a project',
  description:
    'Gets one project of GitLab by path or id. Use it for its default branch, visibility, description and address. Returns those and its counts.',
  words:
    'gitlab project details, look at the gitlab project, default branch of a gitlab project, is the gitlab project public, gitlab project id, about the gitlab project, gitlab repository details',
  effect: 'read',
  example: { project: 'octo-group/hello-world' },
  input: z.strictObject({ project }),
  output: projectShape,
  run: ({ input, http }) => http.get(path`/projects/${input.project}`),
})

const scopes = ['issues', 'merge_requests', 'projects', 'milestones', 'blobs', 'commits', 'notes', 'wiki_blobs'] as const

const searchGitlab = gitlab.action({
  title: 'Search GitLab',
  description:
    'Searches issues, merge requests, code, commits or comments for words, in one project, one group or everywhere. Use it when you do not know the number or the path. Returns title, text, path and address of what it finds.',
  words:
    'search gitlab, search code on gitlab, find in gitlab, grep the gitlab project, where in gitlab, find a gitlab issue about, look for a merge request about, search gitlab comments, find text in gitlab code',
  effect: 'read',
  example: { scope: 'issues', search: 'cookie', project: 'octo-group/hello-world' },
  input: z.strictObject({
    scope: z.enum(scopes).describe('What is searched; blobs is code. Code and comments of a group or of everything need advanced search.'),
    search: z.string().min(2).max(1000).describe('The words.'),
    project: project.optional(),
    group: z.string().min(1).max(500).optional().describe('Only in this group; not used with a project.'),
    ref: z.string().min(1).max(255).optional().describe('Branch or tag of a project, for code and commits.'),
    ...paging,
  }),
  output: listOf(
    z.object({
      id: z.union([z.number(), z.string()]).nullish(),
      iid: z.number().nullish(),
      project_id: z.number().nullish(),
      title: z.string().nullish(),
      name: z.string().nullish(),
      description: z.string().nullish(),
      state: z.string().nullish(),
      body: z.string().nullish(),
      path: z.string().nullish(),
      path_with_namespace: z.string().nullish(),
      ref: z.string().nullish(),
      startline: z.number().nullish(),
      data: z.string().nullish(),
      message: z.string().nullish(),
      web_url: z.string().nullish(),
    }),
  ),
  run: ({ input, http }) => {
    const { scope, search, project: inProject, group, ref } = input
    const place =
      inProject !== undefined ? path`/projects/${inProject}/search` : group === undefined ? '/search' : path`/groups/${group}/search`
    return list<Record<string, never>>({ http, input }, place, { scope, search, ref: inProject === undefined ? undefined : ref })
  },
})

export const projectActions = { list_projects: listProjects, get_project: getProject, search_gitlab: searchGitlab }

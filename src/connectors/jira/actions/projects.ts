import { z } from 'zod'
import { hubError, path, type Http } from '#kit'
import type { JiraConfig } from '../config.ts'
import { jira } from '../declaration.ts'
import { isCloud, person, projectRef, renderUser, userShape, type RawUser } from '../shapes.ts'

const projectShape = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  type: z.string().nullable(),
  lead: userShape.nullable(),
  description: z.string().nullable(),
})

interface RawProject {
  id: string
  key: string
  name: string
  projectTypeKey?: string
  lead?: RawUser
  description?: string
  issueTypes?: { id: string; name: string; subtask?: boolean; description?: string }[]
}

function renderProject({ id, key, name, projectTypeKey, lead, description }: RawProject) {
  return { id, key, name, type: projectTypeKey ?? null, lead: renderUser(lead), description: description || null }
}

interface Page {
  values: RawProject[]
  isLast?: boolean
  startAt: number
  maxResults: number
}

const paging = {
  limit: z.number().int().min(1).max(100).default(50).describe('How many at most.'),
  start_at: z.number().int().min(0).default(0).describe('`next_start` of the answer before.'),
}

/** Jira Cloud returns projects in pages. Jira Server returns all of them, so the page is selected here. */
async function searchProjects(
  http: Http,
  config: JiraConfig,
  { query, limit, start_at }: { query?: string | undefined; limit: number; start_at: number },
) {
  if (isCloud(config)) {
    const page = await http.get<Page>('/project/search', {
      query: { query, startAt: start_at, maxResults: limit, expand: 'lead,description' },
    })
    return { found: page.values, next_start: page.isLast === false ? page.startAt + page.values.length : null }
  }
  const all = await http.get<RawProject[]>('/project', { query: { expand: 'lead,description' } })
  const text = query?.toLowerCase()
  const fitting =
    text === undefined ? all : all.filter(({ key, name }) => key.toLowerCase().includes(text) || name.toLowerCase().includes(text))
  const end = start_at + limit
  return { found: fitting.slice(start_at, end), next_start: end < fitting.length ? end : null }
}

const listProjects = jira.action({
  title: 'List projects',
  description:
    'Lists the projects that the credential can see. Use it to learn the keys of projects. Returns key, name, kind and lead of each.',
  words:
    'jira projects, all projects, which projects exist, list project keys, what projects do we have, overview of projects, what projects are there, our jira projects, list of projects, project keys, how many projects, project overview, all boards',
  effect: 'read',
  example: {},
  lookup: {
    arguments: ['project', 'project_key'],
    input: (typed) => (typed === '' ? {} : { query: typed }),
    values: ({ items }) => items.map(({ key }) => key),
  },
  input: z.strictObject({ query: z.string().max(255).optional().describe('Only projects whose key or name has this.'), ...paging }),
  output: z.object({ items: z.array(projectShape), next_start: z.number().nullable() }),
  run: async ({ input, http, config }) => {
    const { found, next_start } = await searchProjects(http, config, input)
    return { items: found.map(renderProject), next_start }
  },
})

const findProject = jira.action({
  title: 'Find a project by name',
  description:
    'Finds a project by name; upper and lower case are equal. Use it when people name a project and you need its key. Returns the project, or a not-found error that lists similar projects.',
  words:
    "project key, key of a project, find a project by name, look up a project, which key has the project, project called, what's the key for the project, which project is called, the project named, find the project, project with the name, look up the project key",
  effect: 'read',
  aliases: ['jira_project_finder'],
  example: { project_name: 'My project' },
  input: z.strictObject({ project_name: z.string().min(1).max(255).describe('Name or key.') }),
  output: projectShape,
  run: async ({ input, http, config }) => {
    const wanted = input.project_name.trim().toLowerCase()
    const { found } = await searchProjects(http, config, { query: input.project_name.trim(), limit: 100, start_at: 0 })
    const same = found.find(({ name, key }) => name.toLowerCase() === wanted || key.toLowerCase() === wanted)
    if (same) return renderProject(same)
    const near = found.slice(0, 5).map(({ key, name }) => `${name} (${key})`)
    throw hubError('vendor_not_found', {
      detail: `Jira has no project called "${input.project_name}"${near.length > 0 ? `; it has ${near.join(', ')}` : ''}`,
    })
  },
})

const getProject = jira.action({
  title: 'Get a project',
  description:
    'Gets one project by its key or id. Use it for its lead and description, or to check that it exists. Returns key, name, kind, lead and description.',
  words:
    'project details, project lead, who leads the project, who owns the project, about the project, project description, owner of the project, project manager, tell me about the project, who runs the project, project info, who is in charge of the project, does the project exist, responsible for the project, contact for the project',
  effect: 'read',
  example: { project_key: 'PROJ' },
  input: z.strictObject({ project_key: projectRef }),
  output: projectShape,
  run: async ({ input, http }) => renderProject(await http.get<RawProject>(path`/project/${input.project_key}`)),
})

const named = z.object({ id: z.string(), name: z.string() })

const listIssueTypes = jira.action({
  title: 'List issue types',
  description:
    'Lists the types that issues of a project can have, e.g. Bug or Task. Use it to choose the type of a new issue. Returns id, name and whether it is a sub-task.',
  words:
    'issue types, ticket types, bug or task or story, can I create an epic, which kinds of tickets, kinds of issues, work item types, types of issue, what types of tickets, ticket kinds, is there a type incident, types available, which type should I choose, can I make a story, does the project support epics',
  effect: 'read',
  example: { project_key: 'PROJ' },
  input: z.strictObject({ project_key: projectRef }),
  output: z.object({ items: z.array(named.extend({ subtask: z.boolean() })) }),
  run: async ({ input, http }) => {
    const { issueTypes = [] } = await http.get<RawProject>(path`/project/${input.project_key}`)
    return { items: issueTypes.map(({ id, name, subtask = false }) => ({ id, name, subtask })) }
  },
})

const listStatuses = jira.action({
  title: 'List statuses',
  description:
    'Lists the statuses that issues of a project can have, by issue type. Use it to get the status names for searches and transitions. Returns the statuses of each issue type.',
  words:
    'statuses, which statuses exist, workflow statuses, status names, board columns, columns like to do and done, states of a ticket, possible states of the project, workflow of the project, stages, what statuses are there, status list, what does the workflow look like, what are the stages, names of the columns, lanes, which states can tickets have',
  effect: 'read',
  example: { project_key: 'PROJ' },
  input: z.strictObject({ project_key: projectRef }),
  output: z.object({ items: z.array(z.object({ issue_type: z.string(), statuses: z.array(named) })) }),
  run: async ({ input, http }) => {
    const types = await http.get<{ name: string; statuses: { id: string; name: string }[] }[]>(path`/project/${input.project_key}/statuses`)
    return {
      items: types.map(({ name, statuses }) => ({
        issue_type: name,
        statuses: statuses.map(({ id, name: status }) => ({ id, name: status })),
      })),
    }
  },
})

const searchUsers = jira.action({
  title: 'Search users',
  description:
    'Searches people by name or e-mail address. Use it to find whom to assign or mention. Returns id, name and, where it is visible, the e-mail address of each.',
  words:
    "find a jira user, account id, look up a person in jira, jira account of a colleague, who is this person, find a colleague, find someone to assign, search people, find a person, who is called, look up someone, find the user, does this person have a jira account, users named, person's id, people in jira, who can I assign, email to jira user",
  effect: 'read',
  example: { query: 'ada' },
  input: z.strictObject({
    query: person.optional().describe('Part of a name or e-mail address; everybody when left out.'),
    limit: paging.limit,
  }),
  output: z.object({ items: z.array(userShape) }),
  run: async ({ input, http, config }) => {
    // Jira Server requires a search text. A dot matches every user.
    const query = isCloud(config)
      ? { query: input.query ?? '', maxResults: input.limit }
      : { username: input.query ?? '.', maxResults: input.limit }
    const found = await http.get<RawUser[]>('/user/search', { query })
    return { items: found.map((user) => renderUser(user)!) }
  },
})

export const projectActions = {
  list_projects: listProjects,
  find_project: findProject,
  get_project: getProject,
  list_issue_types: listIssueTypes,
  list_statuses: listStatuses,
  search_users: searchUsers,
}

import { z } from 'zod'
import { hubError, type Http } from '#kit'
import { github } from '../declaration.ts'
import { owner } from '../shapes.ts'

/** Projects are only available through GraphQL. A query is a POST but changes nothing, so it is marked as a read. */
async function query<T>(http: Http, text: string, variables: Record<string, unknown>): Promise<T> {
  const { data } = await http.post<{ data: T }>('/graphql', { query: text, variables }, { effect: 'read' })
  return data
}

const cursor = {
  first: z.number().int().min(1).max(100).default(20).describe('How many at most.'),
  after: z.string().max(500).optional().describe('`next_cursor` of the answer before.'),
}
const number = z.number().int().min(1).describe('Number of the project, as in its address.')
const example = { owner: 'octo-org', number: 1 }

interface Connection<T> {
  nodes: (T | null)[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

function paged<T>({ nodes, pageInfo }: Connection<T>) {
  return { items: nodes.filter((node) => node !== null), next_cursor: pageInfo.hasNextPage ? pageInfo.endCursor : null }
}

const pageInfo = 'pageInfo { hasNextPage endCursor }'
const projectFields = 'id number title shortDescription closed url'
const projectShape = z.object({
  id: z.string(),
  number: z.number(),
  title: z.string(),
  shortDescription: z.string().nullish(),
  closed: z.boolean(),
  url: z.string(),
})

const listProjects = github.action({
  title: 'List projects',
  description:
    'Lists the projects of a user or organisation, or those linked with a repository. Use it to find a project’s number. Returns number, title and address of each.',
  words:
    'project boards, github projects, boards, kanban boards, list boards, which projects does the team have, planning boards, roadmaps, do we have a board, find the board, which project boards, planning board, github project number, our roadmap',
  effect: 'read',
  example: { owner: 'octo-org' },
  input: z.strictObject({
    owner,
    repo: z.string().min(1).max(100).optional().describe('Only projects linked with this repository.'),
    ...cursor,
  }),
  output: z.object({ items: z.array(projectShape), next_cursor: z.string().nullable() }),
  run: async ({ input, http }) => {
    const list = `projectsV2(first: $first, after: $after) { nodes { ${projectFields} } ${pageInfo} }`
    const text =
      input.repo === undefined
        ? `query($owner: String!, $first: Int!, $after: String) { repositoryOwner(login: $owner) { ... on User { ${list} } ... on Organization { ${list} } } }`
        : `query($owner: String!, $repo: String!, $first: Int!, $after: String) { repository(owner: $owner, name: $repo) { ${list} } }`
    const { owner: login, repo, first, after } = input
    const data = await query<Record<string, { projectsV2?: Connection<z.input<typeof projectShape>> } | null>>(http, text, {
      owner: login,
      repo,
      first,
      after: after ?? null,
    })
    const found = (data['repositoryOwner'] ?? data['repository'])?.projectsV2
    if (!found) throw hubError('vendor_not_found', { detail: `GitHub has no projects of ${login}${repo ? `/${repo}` : ''}` })
    return paged(found)
  },
})

interface Node {
  id: string
  type: string
  isArchived: boolean
  content: {
    __typename: string
    title?: string
    number?: number
    url?: string
    state?: string
    repository?: { nameWithOwner: string }
  } | null
  fieldValues: {
    nodes: ({ text?: string; number?: number; date?: string; name?: string; title?: string; field?: { name?: string } } | null)[]
  }
}

const itemsQuery = `items(first: $first, after: $after) { nodes { id type isArchived
  content { __typename ... on Issue { title number url state repository { nameWithOwner } } ... on PullRequest { title number url state repository { nameWithOwner } } ... on DraftIssue { title } }
  fieldValues(first: 20) { nodes {
    ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { name } } }
    ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } }
    ... on ProjectV2ItemFieldDateValue { date field { ... on ProjectV2FieldCommon { name } } }
    ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { name } } }
    ... on ProjectV2ItemFieldIterationValue { title field { ... on ProjectV2FieldCommon { name } } } } } } ${pageInfo} }`

const fieldsQuery = `fields(first: $first, after: $after) { nodes { ... on ProjectV2FieldCommon { id name dataType } ... on ProjectV2SingleSelectField { options { id name } } } ${pageInfo} }`

/** Finds a project by number. The owner may be a user or an organisation. */
async function inProject<T>(
  http: Http,
  input: { owner: string; number: number; first: number; after?: string | undefined },
  part: string,
): Promise<T> {
  const inside = `projectV2(number: $number) { ${part} }`
  const text = `query($owner: String!, $number: Int!, $first: Int!, $after: String) { repositoryOwner(login: $owner) { ... on User { ${inside} } ... on Organization { ${inside} } } }`
  const { owner: login, number: which, first, after } = input
  const data = await query<{ repositoryOwner: { projectV2?: T | null } | null }>(http, text, {
    owner: login,
    number: which,
    first,
    after: after ?? null,
  })
  const found = data.repositoryOwner?.projectV2
  if (!found) throw hubError('vendor_not_found', { detail: `GitHub has no project ${which} of ${login}` })
  return found
}

const fieldShape = z.object({
  id: z.string(),
  name: z.string(),
  dataType: z.string(),
  options: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
})

const listProjectFields = github.action({
  title: 'List the fields of a project',
  description:
    'Lists the fields of a project, such as status and iteration, with the options of each. Use it to understand its items. Returns name, type and options of each.',
  words:
    'columns of the board, fields of the project, custom fields, status options, board columns, iterations, sprint field, what columns does the board have, what fields does the board have, which statuses on the board, lanes of the board, iteration names, options of the status field, board settings',
  effect: 'read',
  example,
  input: z.strictObject({ owner, number, ...cursor }),
  output: z.object({ items: z.array(fieldShape), next_cursor: z.string().nullable() }),
  run: async ({ input, http }) =>
    paged((await inProject<{ fields: Connection<z.input<typeof fieldShape>> }>(http, input, fieldsQuery)).fields),
})

const listProjectItems = github.action({
  title: 'List the items of a project',
  description:
    'Lists the issues, pull requests and drafts of a project with the values of its fields. Use it to see what is planned or in which column an item is. Returns title, number, address and field values of each.',
  words:
    "items on the board, cards on the board, what is on the board, board content, what is planned, sprint items, project items, in progress column, cards in a column, roadmap items, what is everybody working on, what is in progress on the board, what's in the to do column, what is everyone doing this iteration, cards, what's left in the iteration, tasks on the project board, what is next on the roadmap, what's in review on the board, sprint board",
  effect: 'read',
  example,
  input: z.strictObject({ owner, number, ...cursor }),
  output: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        archived: z.boolean(),
        title: z.string().nullable(),
        number: z.number().nullable(),
        repository: z.string().nullable(),
        state: z.string().nullable(),
        url: z.string().nullable(),
        fields: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
    ),
    next_cursor: z.string().nullable(),
  }),
  run: async ({ input, http }) => {
    const { items, next_cursor } = paged((await inProject<{ items: Connection<Node> }>(http, input, itemsQuery)).items)
    return { items: items.map(renderItem), next_cursor }
  },
})

function renderItem({ id, type, isArchived, content, fieldValues }: Node) {
  const values = fieldValues.nodes.flatMap((value) => {
    const shown = value?.text ?? value?.number ?? value?.date ?? value?.name ?? value?.title
    return value?.field?.name !== undefined && shown !== undefined ? [[value.field.name, shown] as const] : []
  })
  return {
    id,
    type,
    archived: isArchived,
    title: content?.title ?? null,
    number: content?.number ?? null,
    repository: content?.repository?.nameWithOwner ?? null,
    state: content?.state ?? null,
    url: content?.url ?? null,
    fields: Object.fromEntries(values),
  }
}

export const projectActions = { list_projects: listProjects, list_project_fields: listProjectFields, list_project_items: listProjectItems }

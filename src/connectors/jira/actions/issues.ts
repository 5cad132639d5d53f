import { z } from 'zod'
import { hubError, path } from '#kit'
import type { JiraConfig } from '../config.ts'
import { currentForUpdate, currentWithComments } from '../current.ts'
import { jira } from '../declaration.ts'
import { buildJql } from '../jql.ts'
import { restoreIssue } from '../undo.ts'
import { findPerson } from '../people.ts'
import { asText, isCloud, issueFields, issueKey, issueShape, markdown, person, projectRef, renderIssue, type RawIssue } from '../shapes.ts'

const labels = z.array(z.string().regex(/^\S{1,255}$/, 'must have no spaces')).max(100)

const searchIssues = jira.action({
  title: 'Search issues',
  description:
    'Searches issues by project, status, people, labels, words and time, or by a JQL query of your own; values of filters are escaped and cannot change the query. Use it to see what is open, or to avoid duplicates before you create an issue. Returns key, summary, status and people of each, and the cursor of the next page.',
  words:
    "find tickets, search tickets, list tickets, my tickets, tickets assigned to me, what is on my plate, my tasks, my work, to do list, open bugs, open tickets, backlog, unresolved, overdue, jql, tickets in the sprint, current sprint, tickets by status, blocked tickets, high priority bugs, what is someone working on, recently updated tickets, tickets reported by, how many tickets, unassigned tickets, look for an issue about, what is left to do, list issues, stories, epics, workload, who has the fewest tickets, sev1 tickets, tickets from this week, tickets closed last week, new tickets, what did we finish, what's open, what should I work on, what's next for me, stuck tickets, oldest tickets, tickets without an assignee, critical tickets, release blockers, everything assigned to, what's due this week, query tickets, filter tickets, any ticket about, is there already a ticket for, known issues, tickets with a label, tickets changed today, work of the team, count tickets, team's open work, issues I reported, tickets waiting for the customer, list of bugs, customer complaints",
  effect: 'read',
  example: { project_key: 'PROJ', status: 'To Do' },
  input: z.strictObject({
    project_key: projectRef.optional(),
    status: z.string().max(255).optional().describe('Status by name, e.g. In Progress.'),
    assignee: person.optional().describe('Person by id or e-mail address; or one of the words me and nobody.'),
    reporter: person.optional().describe('Person by id or e-mail address; me.'),
    issue_type: z.string().max(255).optional().describe('Type by name, e.g. Bug.'),
    priority: z.string().max(255).optional().describe('Priority by name.'),
    labels: labels.optional().describe('Labels that it must all have.'),
    text: z.string().min(1).max(1000).optional().describe('Words in summary, description or comments.'),
    updated_since: z.iso.datetime().optional().describe('Only issues changed after this time.'),
    created_since: z.iso.datetime().optional().describe('Only issues created after this time.'),
    jql: z
      .string()
      .min(1)
      .max(10_000)
      .optional()
      .describe('A query in Jira’s own language, with its order. It is sent as it is, and cannot be combined with filters.'),
    order_by: z.enum(['updated', 'created', 'priority', 'key']).default('updated').describe('Order.'),
    direction: z.enum(['asc', 'desc']).default('desc').describe('Ascending or descending.'),
    limit: z.number().int().min(1).max(100).default(50).describe('How many at most.'),
    cursor: z.string().max(2000).optional().describe('`next_cursor` of the answer before.'),
  }),
  output: z.object({ items: z.array(issueShape), next_cursor: z.string().nullable() }),
  run: async ({ input, http, config }) => {
    const { project_key: project, order_by: by, direction, limit, cursor, jql: own, ...filters } = input
    if (own !== undefined) assertAlone({ project_key: project, ...filters })
    const jql = own ?? buildJql({ project, ...filters }, { by, direction })
    if (isCloud(config)) {
      // Jira Cloud refuses a search without any restriction.
      const bounded = jql.startsWith('ORDER') ? `created >= "1970-01-01" ${jql}` : jql
      const body = { jql: bounded, fields: issueFields, maxResults: limit, nextPageToken: cursor }
      const page = await http.post<{ issues: RawIssue[]; nextPageToken?: string; isLast?: boolean }>('/search/jql', body, {
        effect: 'read',
      })
      return {
        items: page.issues.map((issue) => renderIssue(issue, config)),
        next_cursor: page.isLast === true ? null : (page.nextPageToken ?? null),
      }
    }
    const startAt = Number(cursor ?? 0) || 0
    const page = await http.post<{ issues: RawIssue[]; total: number }>(
      '/search',
      { jql, fields: issueFields, startAt, maxResults: limit },
      { effect: 'read' },
    )
    const end = startAt + page.issues.length
    return {
      items: page.issues.map((issue) => renderIssue(issue, config)),
      next_cursor: end < page.total && page.issues.length > 0 ? String(end) : null,
    }
  },
})

/** A filter beside a query would suggest that it limits the query, which may contain anything. */
function assertAlone(filters: Readonly<Record<string, unknown>>): void {
  const errors = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({ path: `input.${name}`, message: 'cannot be combined with jql' }))
  if (errors.length > 0) throw hubError('invalid_input', { errors })
}

const getIssue = jira.action({
  title: 'Get an issue',
  description:
    'Gets one issue with its text, people and status. Use it when you know the key. Returns the issue, its description as Markdown.',
  words:
    "read a ticket, show a ticket, ticket details, what is the ticket about, open the ticket, status of a ticket, where do we stand with the ticket, who is working on the ticket, who owns the ticket, who is responsible for the ticket, who has the ticket, look up a ticket, pull up the ticket, description of the story, acceptance criteria, assignee of a ticket, is the ticket done, priority of the ticket, what's happening with the ticket, what's going on with, how is the ticket doing, any news on the ticket, progress of the ticket, when was the ticket created, who reported the ticket, when is the ticket due, check the ticket, tell me about the ticket, summarize the ticket, is the ticket still open, is it fixed yet, who has it, latest on the ticket, info on the ticket, what does the ticket say, see the ticket",
  effect: 'read',
  example: { issue_key: 'PROJ-1' },
  input: z.strictObject({ issue_key: issueKey }),
  output: issueShape,
  run: async ({ input, http, config }) =>
    renderIssue(await http.get<RawIssue>(path`/issue/${input.issue_key}`, { query: { fields: issueFields.join(',') } }), config),
})

const writable = {
  summary: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\r\n]*$/, 'must be one line'),
  description: markdown.optional().describe('Text in Markdown.'),
  priority: z.string().max(255).optional().describe('Priority by name.'),
  labels: labels.optional().describe('Labels; they replace those it has.'),
  fields: z
    .record(z.string().regex(/^[A-Za-z][\w-]*$/, 'must be the id of a field'), z.unknown())
    .optional()
    .describe('Other fields by id, as Jira’s API takes them, e.g. customfield_10010.'),
}

interface Writable {
  summary?: string | undefined
  description?: string | undefined
  priority?: string | undefined
  labels?: string[] | undefined
  fields?: Record<string, unknown> | undefined
}

/** What has a field of its own here is checked there, and by the rules of the workspace. */
const typed: ReadonlySet<string> = new Set(
  'project issuetype parent assignee summary description priority labels id key status comment issuelinks'.split(' '),
)

function assertFree(fields: Record<string, unknown> = {}): void {
  const errors = Object.keys(fields)
    .filter((name) => typed.has(name.toLowerCase()))
    .map((name) => ({ path: `input.fields.${name}`, message: 'cannot be set here; use the input field or the tool for it' }))
  if (errors.length > 0) throw hubError('invalid_input', { errors })
}

function fieldsOf({ summary, description, priority, labels: names, fields }: Writable, config: JiraConfig): Record<string, unknown> {
  assertFree(fields)
  return {
    ...fields,
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description: asText(description, config) }),
    ...(priority === undefined ? {} : { priority: { name: priority } }),
    ...(names === undefined ? {} : { labels: names }),
  }
}

const createIssue = jira.action({
  title: 'Create an issue',
  description:
    'Creates a new issue in a project. Use it to report or plan work; search first to avoid duplicates. Returns key and address of the new issue.',
  words:
    'new ticket, create a ticket, open a ticket, make a ticket, file a bug, report a bug, log a defect, raise a ticket, new task, new story, new epic, subtask, sub-task, add to the backlog, raise an incident, support request, create a task, write a user story, report a problem, track this work, open something for it, capture this as a task, put it in the backlog, track it in jira, write a ticket, need a ticket for, ticket for the team, log an incident, report an outage, add a story, add a task, add a bug, jot it down as a task, ask it to fix with a ticket, make an issue, create a bug, put in a request, request for the platform team, do not forget it, submit a ticket, log a ticket, new work item, ticket please, epic for',
  effect: 'write',
  aliases: ['create_jira_issue'],
  example: { project_key: 'PROJ', summary: 'Found a bug', type: 'Bug' },
  input: z.strictObject({
    project_key: projectRef,
    ...writable,
    summary: writable.summary.describe('Title.'),
    type: z.string().min(1).max(255).default('Task').describe('Type by name, e.g. Task, Bug or Story.'),
    assignee: person.optional().describe('Person by id or e-mail address.'),
    parent_key: issueKey.optional().describe('Issue it belongs under, for a sub-task or a story of an epic.'),
  }),
  output: z.object({ id: z.string(), key: z.string(), url: z.string() }),
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http, config }) => {
    const { project_key: project, type, assignee, parent_key: parent } = input
    const who = assignee === undefined ? undefined : await findPerson(http, config, assignee)
    const fields = {
      ...fieldsOf(input, config),
      project: /^\d+$/.test(project) ? { id: project } : { key: project },
      issuetype: { name: type },
      ...(who === undefined ? {} : { assignee: who }),
      ...(parent === undefined ? {} : { parent: { key: parent } }),
    }
    const { id, key } = await http.post<{ id: string; key: string }>('/issue', { fields })
    return { id, key, url: `${config.base_url.replace(/\/+$/, '')}/browse/${key}` }
  },
  // Whoever has commented on it or changed it would lose that, so the issue has to be as it was made.
  undo: {
    plan: ({ input, output: { key } }) => ({
      action: 'delete_issue',
      input: { issue_key: key },
      left: { key, summary: input.summary, comments: 0 },
    }),
  },
})

const updateIssue = jira.action({
  title: 'Update an issue',
  description:
    'Changes title, text, priority, labels or other fields of an issue; omitted fields are not changed. Use it to correct or complete an issue; the status is changed with a transition. Returns a confirmation.',
  words:
    'edit a ticket, change a ticket, change the priority, raise the priority, due date, deadline, change the title, change the summary, change the description, add a label, tag the ticket, set a field, story points, estimate, fix version, component, rename the ticket, update the story, bump, set the estimate, points, lower the priority, make it urgent, make it critical, postpone the deadline, push back the due date, set the fix version, rewrite the description, add details to the ticket, correct the ticket, set the component, label the ticket, put a label on the ticket, ticket title is wrong, update fields, it is more important now, escalate the ticket, set the severity, modify the ticket, ticket needs a better title, add to the sprint, change the due date',
  effect: 'write',
  idempotent: true,
  aliases: ['update_jira_issue'],
  example: { issue_key: 'PROJ-1', summary: 'A better title' },
  input: z.strictObject({ issue_key: issueKey, ...writable, summary: writable.summary.optional().describe('New title.') }),
  output: z.object({ key: z.string(), done: z.literal(true) }),
  run: async ({ input, http, config }) => {
    const fields = fieldsOf(input, config)
    if (Object.keys(fields).length === 0)
      throw hubError('invalid_input', { errors: [{ path: 'input', message: 'must contain at least one field to change' }] })
    await http.put(path`/issue/${input.issue_key}`, { fields }, { repeatable: 'state' })
    return { key: input.issue_key, done: true as const }
  },
  labels: () => ({ author: 'trusted' }),
  current: currentForUpdate,
  undo: { needsBefore: true, plan: restoreIssue },
})

const deleteIssue = jira.action({
  title: 'Delete an issue',
  description:
    'Deletes an issue permanently, with its comments and history. Use it only when the deletion was requested explicitly; closing the issue with a transition keeps it. Returns a confirmation.',
  words:
    'delete a ticket, remove a ticket permanently, erase a ticket, get rid of a ticket, destroy, wipe, throw away the ticket, purge, nuke the ticket, kill the ticket for good, ticket was a mistake remove it, permanently delete, trash the ticket, bin the ticket, the test ticket can go',
  effect: 'destroy',
  example: { issue_key: 'PROJ-1' },
  input: z.strictObject({
    issue_key: issueKey,
    delete_subtasks: z.boolean().default(false).describe('Also delete its sub-tasks; otherwise an issue with sub-tasks is refused.'),
  }),
  output: z.object({ key: z.string(), done: z.literal(true) }),
  run: async ({ input, http }) => {
    await http.delete(path`/issue/${input.issue_key}`, { query: { deleteSubtasks: input.delete_subtasks } })
    return { key: input.issue_key, done: true as const }
  },
  labels: () => ({ author: 'trusted' }),
  current: currentWithComments,
  undo: { plan: () => ({ impossible: 'Jira does not keep deleted issues' }) },
  verify: async ({ input, http }) => {
    const { status } = await http.request({
      method: 'GET',
      path: path`/issue/${input.issue_key}`,
      query: { fields: 'summary' },
      allow: [404],
    })
    return status === 404 ? { happened: true, output: { key: input.issue_key, done: true as const } } : { happened: false }
  },
})

export const issueActions = {
  search_issues: searchIssues,
  get_issue: getIssue,
  create_issue: createIssue,
  update_issue: updateIssue,
  delete_issue: deleteIssue,
}

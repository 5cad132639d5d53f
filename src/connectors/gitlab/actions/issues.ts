import { z } from 'zod'
import { path, type Http } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { idsOf } from '../people.ts'
import { issueNumber, issueShape, labelNames, listOf, markdown, paging, project, title, username } from '../shapes.ts'
import { restoreIssue } from '../undo.ts'

type Issue = z.input<typeof issueShape>

const one = { project, issue: issueNumber }
const example = { project: 'octo-group/hello-world', issue: 1 }
const placeOf = (input: { project: string; issue: number }): string => path`/projects/${input.project}/issues/${input.issue}`

interface OneContext {
  readonly input: { project: string; issue: number }
  readonly http: Http
}

/** The issue as it is, for whoever decides on a change. The names of people are as `update_issue` takes them. */
async function currentIssue({ input, http }: OneContext) {
  const found = issueShape.parse(await http.get(placeOf(input)))
  return { ...found, description: found.description ?? '', due_date: found.due_date ?? '' }
}

const listIssues = gitlab.action({
  title: 'List issues of a GitLab project',
  description:
    'Lists issues of a GitLab project, newest first, by state, labels, assignee, words or time of change. Use it to see what is open. Returns number, title, state, labels and people of each.',
  words:
    'gitlab issues, open gitlab issues, issues of a gitlab project, gitlab bugs, gitlab backlog, gitlab tickets, gitlab issues by label, gitlab issues assigned to me, list gitlab issues',
  effect: 'read',
  example: { project: 'octo-group/hello-world', state: 'opened' },
  input: z.strictObject({
    project,
    state: z.enum(['opened', 'closed', 'all']).default('opened').describe('Which ones.'),
    labels: labelNames.optional().describe('Only issues that have all of these.'),
    assignee: username.optional().describe('Only issues of this user.'),
    author: username.optional().describe('Only issues that this user opened.'),
    search: z.string().min(1).max(1000).optional().describe('Only issues with these words in title or text.'),
    updated_after: z.iso.datetime().optional().describe('Only issues changed after this time.'),
    order_by: z.enum(['created_at', 'updated_at']).default('created_at').describe('Order.'),
    ...paging,
  }),
  output: listOf(issueShape),
  run: ({ input, http }) => {
    const { state, labels, assignee, author, search, updated_after, order_by } = input
    const query = { state, labels: labels?.join(','), author_username: author, search, updated_after, order_by }
    const people = assignee === undefined ? {} : { assignee_username: assignee }
    return list<Issue>({ http, input }, path`/projects/${input.project}/issues`, { ...query, ...people, scope: 'all' })
  },
})

const getIssue = gitlab.action({
  title: 'Get an issue of GitLab',
  description:
    'Gets one issue of a GitLab project with its text, labels, people and state. Use it when you know the number. Returns the issue without its comments, which have a tool of their own.',
  words:
    'read a gitlab issue, show the gitlab issue, gitlab issue details, status of the gitlab issue, who is assigned to the gitlab issue, what does the gitlab issue say, gitlab issue text',
  effect: 'read',
  example,
  input: z.strictObject(one),
  output: issueShape,
  run: ({ input, http }) => http.get(placeOf(input)),
})

const createIssue = gitlab.action({
  title: 'Create an issue in GitLab',
  description:
    'Opens a new issue in a GitLab project. Use it to report a bug or ask for work there; search first, to avoid duplicates. Returns the new issue with its number and address.',
  words:
    'open a gitlab issue, file a bug on gitlab, new gitlab issue, report a problem on gitlab, create a gitlab ticket, gitlab feature request, log a defect in gitlab, raise a gitlab issue',
  effect: 'write',
  example: { project: 'octo-group/hello-world', title: 'Found a bug' },
  input: z.strictObject({
    project,
    title: title.describe('Title.'),
    description: markdown.optional().describe('Text in Markdown.'),
    labels: labelNames.optional().describe('Labels by name; new ones are created.'),
    assignees: z.array(username).max(10).optional().describe('User names; free GitLab takes one.'),
    due_date: z.iso.date().optional().describe('Day on which it is due.'),
    confidential: z.boolean().optional().describe('Only members from the role planner on see it.'),
  }),
  output: issueShape,
  run: async ({ input: { project: place, labels, assignees, ...body }, http }) =>
    http.post(path`/projects/${place}/issues`, { ...body, labels: labels?.join(','), assignee_ids: await idsOf(http, assignees) }),
  labels: () => ({ author: 'trusted' }),
  // An issue can only be recognised by title, text and author. If none is found, the request may still be on its way.
  verify: async ({ input, http }) => {
    const found = await http.get<Issue[]>(path`/projects/${input.project}/issues`, {
      query: { scope: 'created_by_me', order_by: 'created_at', created_after: anHourAgo(), per_page: 100 },
    })
    const same = found.find((issue) => issue.title === input.title && (issue.description ?? '') === (input.description ?? ''))
    return same ? { happened: true, output: same } : 'unknown'
  },
  undo: {
    plan: ({ input, output: { iid } }) => ({
      action: 'close_issue',
      input: { project: input.project, issue: iid },
      left: { state: 'opened' },
    }),
  },
})

const anHourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString()

const updateIssue = gitlab.action({
  title: 'Update an issue of GitLab',
  description:
    'Changes title, text, labels, people or due date of an issue of GitLab; omitted fields are not changed, and labels and assignees given here replace the existing ones. Use it to edit or assign. Returns the changed issue.',
  words:
    'edit a gitlab issue, rename the gitlab issue, assign the gitlab issue, label the gitlab issue, change the gitlab issue, set the due date of a gitlab issue, gitlab issue description',
  effect: 'write',
  idempotent: true,
  example: { ...example, title: 'A better title' },
  input: z.strictObject({
    ...one,
    title: title.optional().describe('New title.'),
    description: markdown.optional().describe('New text in Markdown.'),
    labels: labelNames.optional().describe('The complete list of labels.'),
    assignees: z.array(username).max(10).optional().describe('The complete list of user names; free GitLab takes one.'),
    due_date: z
      .union([z.iso.date(), z.literal('')])
      .optional()
      .describe('Day on which it is due; empty for none.'),
    confidential: z.boolean().optional().describe('Whether only members from the role planner on see it.'),
  }),
  output: issueShape,
  run: async ({ input, http }) => {
    const { project: _, issue: __, labels, assignees, ...body } = input
    const changes = { ...body, labels: labels?.join(','), assignee_ids: await idsOf(http, assignees) }
    return http.put(placeOf(input), changes, { repeatable: 'state' })
  },
  current: currentIssue,
  undo: restoreIssue,
})

const closeIssue = gitlab.action({
  title: 'Close an issue of GitLab',
  description:
    'Closes an issue of a GitLab project. Use it when the work is finished or will not be done; comment first if people should know why. Returns the closed issue.',
  words:
    'close the gitlab issue, shut the gitlab ticket, gitlab issue is fixed, resolve the gitlab issue, gitlab issue is done, finish the gitlab issue, cancel the gitlab issue',
  effect: 'write',
  idempotent: true,
  example,
  input: z.strictObject(one),
  output: issueShape,
  run: ({ input, http }) => http.put(placeOf(input), { state_event: 'close' }, { repeatable: 'state' }),
  current: currentIssue,
  undo: {
    needsBefore: true,
    plan: ({ input, before }) =>
      (before as Issue).state === 'closed'
        ? { impossible: 'the issue had been closed before' }
        : { action: 'reopen_issue', input: { ...input }, left: { state: 'closed' } },
  },
})

const reopenIssue = gitlab.action({
  title: 'Reopen an issue of GitLab',
  description:
    'Opens a closed issue of a GitLab project again. Use it when the problem is back or was never solved. Returns the open issue.',
  words:
    'reopen the gitlab issue, gitlab issue is not fixed, bring the gitlab issue back, open the gitlab issue again, the gitlab bug is back, undo closing the gitlab issue',
  effect: 'write',
  idempotent: true,
  example,
  input: z.strictObject(one),
  output: issueShape,
  run: ({ input, http }) => http.put(placeOf(input), { state_event: 'reopen' }, { repeatable: 'state' }),
  current: currentIssue,
  undo: {
    needsBefore: true,
    plan: ({ input, before }) =>
      (before as Issue).state === 'opened'
        ? { impossible: 'the issue had been open before' }
        : { action: 'close_issue', input: { ...input }, left: { state: 'opened' } },
  },
})

export const issueActions = {
  list_issues: listIssues,
  get_issue: getIssue,
  create_issue: createIssue,
  update_issue: updateIssue,
  close_issue: closeIssue,
  reopen_issue: reopenIssue,
}

import { z } from 'zod'
import { path, type Http } from '#kit'
import { github } from '../declaration.ts'
import { list } from '../pages.ts'
import { closeCreatedIssue, reopenIssue, restoreIssue, restoreLabels } from '../undo.ts'
import { commentShape, issueNumber, issueShape, listOf, login, markdown, paging, repository } from '../shapes.ts'

type Issue = z.input<typeof issueShape>
type Comment = z.input<typeof commentShape>

const one = { ...repository, number: issueNumber }
/** The issue as it is, for whoever decides on a change. */
async function currentIssue({ input, http }: { input: { owner: string; repo: string; number: number }; http: Http }): Promise<Issue> {
  return issueShape.parse(await http.get(path`/repos/${input.owner}/${input.repo}/issues/${input.number}`))
}

async function currentComment({
  input,
  http,
}: {
  input: { owner: string; repo: string; comment_id: number }
  http: Http
}): Promise<Comment> {
  return commentShape.parse(await http.get(path`/repos/${input.owner}/${input.repo}/issues/comments/${input.comment_id}`))
}

const labels = z.array(z.string().min(1).max(50)).max(100)
const example = { owner: 'octocat', repo: 'hello-world', number: 1 }

const listIssues = github.action({
  title: 'List issues',
  description:
    'Lists issues of a repository, newest first, by state, labels, assignee or time of change. Use it to see what is open; GitHub counts pull requests as issues, but they are not listed here. Returns number, title, state, labels and people of each.',
  words:
    'open issues, list issues, issues by label, issues assigned to me, bug list, backlog, tickets in the repo, what issues are there, closed issues, unassigned issues, outstanding problems, search issues, find an issue, issues of the repository, bug reports, feature requests, known bugs, what is broken in the repo, anything open, issues of the milestone, issues without an owner, stale issues, how many open issues, new issues this week, recent issues, which bugs are open, issues opened by, good first issues, search the issues',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world', state: 'open' },
  input: z.strictObject({
    ...repository,
    state: z.enum(['open', 'closed', 'all']).default('open').describe('Which ones.'),
    labels: labels.optional().describe('Only issues that have all of these.'),
    assignee: login.optional().describe('Only issues of this user; * for any user, none for issues without an assignee.'),
    since: z.iso.datetime().optional().describe('Only issues changed after this time.'),
    sort: z.enum(['created', 'updated', 'comments']).default('created').describe('Order.'),
    ...paging,
  }),
  output: listOf(issueShape),
  run: async ({ input, http }) => {
    const { state, labels: wanted, assignee, since, sort } = input
    const query = { state, labels: wanted?.join(','), assignee, since, sort }
    const found = await list<Issue & { pull_request?: unknown }>({ http, input }, path`/repos/${input.owner}/${input.repo}/issues`, query)
    return { ...found, items: found.items.filter(({ pull_request: pull }) => pull === undefined) }
  },
})

const getIssue = github.action({
  title: 'Get an issue',
  description:
    'Gets one issue with its text, labels, people and state. Use it when you know the number. Returns the issue without its comments; comments have a tool of their own.',
  words:
    'read an issue, show an issue, issue details, what is the issue about, open issue number, look up an issue, get the ticket, status of an issue, who is assigned to the issue, description of the bug, is the issue still open, who opened the issue, who reported it, what does the issue say, when was the issue opened, issue text, look at issue, tell me about the issue, summarize the issue',
  effect: 'read',
  example,
  input: z.strictObject(one),
  output: issueShape,
  run: ({ input, http }) => http.get(path`/repos/${input.owner}/${input.repo}/issues/${input.number}`),
})

const createIssue = github.action({
  title: 'Create an issue',
  description:
    'Opens a new issue in a repository. Use it to report a bug or ask for work; search first, to avoid duplicates. Returns the new issue with its number and address.',
  words:
    'file a bug, report a bug, new issue, open an issue, raise an issue, log a defect, create a ticket, open a ticket, report a problem, feature request, make a todo, raise an incident, something is broken report it, report an issue, submit a bug, let the developers know about a bug, create an issue for this, write up a bug, put it on the tracker, track this as an issue, add an issue, open a bug, suggest a feature, found a problem',
  effect: 'write',
  example: { owner: 'octocat', repo: 'hello-world', title: 'Found a bug' },
  input: z.strictObject({
    ...repository,
    title: z.string().min(1).max(256).describe('Title.'),
    body: markdown.optional().describe('Text in Markdown.'),
    labels: labels.optional().describe('Labels by name; those of the integration’s default_labels are added.'),
    assignees: z.array(login).max(10).optional().describe('Users to assign.'),
    milestone: z.number().int().optional().describe('Number of a milestone.'),
  }),
  output: issueShape,
  run: ({ input: { owner, repo, labels: given = [], ...body }, http, config }) =>
    http.post(path`/repos/${owner}/${repo}/issues`, { ...body, labels: [...new Set([...given, ...(config.default_labels ?? [])])] }),
  labels: () => ({ author: 'trusted' }),
  // An issue can only be recognised by title, author and time. If none is found the result is unknown, because the list may be out of date.
  verify: async ({ input, http }) => {
    const found = await http.get<Issue[]>(path`/repos/${input.owner}/${input.repo}/issues`, {
      query: { state: 'all', sort: 'created', per_page: 30 },
    })
    const same = found.find(({ title, body }) => title === input.title && (body ?? '') === (input.body ?? ''))
    return same ? { happened: true, output: same } : 'unknown'
  },
  undo: closeCreatedIssue,
})

const updateIssue = github.action({
  title: 'Update an issue',
  description:
    'Changes title, text, labels, people, milestone or state of an issue; omitted fields are not changed. Use it to edit or reopen; labels and assignees given here replace the existing ones. Returns the changed issue.',
  words:
    'edit an issue, rename the issue, change the title, change the description, reopen an issue, assign an issue, assign to someone, unassign, set a milestone, change issue fields, hand the issue to somebody, who works on it, take over an issue, bring the issue back, give the issue to, put someone on the issue, add it to the milestone, move the issue to the next milestone, rewrite the issue text, add an assignee, the issue is not fixed reopen it, change the assignee, modify the issue, correct the issue',
  effect: 'write',
  idempotent: true,
  example: { ...example, title: 'A better title' },
  input: z.strictObject({
    ...one,
    title: z.string().min(1).max(256).optional().describe('New title.'),
    body: markdown.optional().describe('New text in Markdown.'),
    state: z.enum(['open', 'closed']).optional().describe('Close or reopen.'),
    state_reason: z.enum(['completed', 'not_planned', 'reopened', 'duplicate']).optional().describe('Why.'),
    labels: labels.optional().describe('The complete list of labels.'),
    assignees: z.array(login).max(10).optional().describe('The complete list of assignees.'),
    milestone: z.number().int().nullable().optional().describe('Number of a milestone; null removes it.'),
  }),
  output: issueShape,
  run: ({ input: { owner, repo, number, ...body }, http }) =>
    http.patch(path`/repos/${owner}/${repo}/issues/${number}`, body, { repeatable: 'state' }),
  current: currentIssue,
  undo: restoreIssue,
})

const closeIssue = github.action({
  title: 'Close an issue',
  description:
    'Closes an issue as done, as not planned or as a duplicate. Use it when the work is finished or will not be done; comment first if people should know why. Returns the closed issue.',
  words:
    "close the issue, shut the ticket, close a ticket, resolve the issue, issue is fixed, issue is done, mark as fixed, mark as duplicate, won't fix, not planned, bug is solved, cancel the issue, dismiss an issue, finish an issue, kill the issue, issue can be closed, no longer a problem, close as completed, close as duplicate, it works now close it, we will not do this, wrap up the issue, archive the issue, mark the issue as done, close out",
  effect: 'write',
  idempotent: true,
  example,
  input: z.strictObject({
    ...one,
    reason: z.enum(['completed', 'not_planned', 'duplicate']).default('completed').describe('Why it is closed.'),
  }),
  output: issueShape,
  run: ({ input: { owner, repo, number, reason }, http }) =>
    http.patch(path`/repos/${owner}/${repo}/issues/${number}`, { state: 'closed', state_reason: reason }, { repeatable: 'state' }),
  current: currentIssue,
  undo: reopenIssue,
})

const labelIssue = github.action({
  title: 'Label an issue',
  description:
    'Adds labels to an issue or pull request and can remove others; other existing labels are kept. Use it to sort or triage. Returns the names of all its labels.',
  words:
    'add a label, label an issue, tag the issue, remove a label, take off a label, label a pull request, triage, mark as bug, mark as urgent, untag, categorize the issue, set labels, put a label on, flag the issue, add the bug label, drop a label, swap labels, wrong label, set the priority label, tag the pr, mark as help wanted, sort issues',
  effect: 'write',
  idempotent: true,
  example: { ...example, add: ['bug'] },
  input: z.strictObject({
    ...one,
    add: labels.default([]).describe('Labels to add.'),
    remove: labels.default([]).describe('Labels to remove.'),
  }),
  output: z.object({ labels: z.array(z.string()) }),
  run: async ({ input, http }) => {
    const place = path`/repos/${input.owner}/${input.repo}/issues/${input.number}/labels`
    // If the label is not on the issue, the requested state is already reached.
    for (const name of input.remove)
      await http.request({ method: 'DELETE', path: `${place}${path`/${name}`}`, allow: [404], repeatable: 'state' })
    const now =
      input.add.length > 0
        ? await http.post<{ name: string }[]>(place, { labels: input.add }, { repeatable: 'state' })
        : await http.get<{ name: string }[]>(place, { query: { per_page: 100 } })
    return { labels: now.map(({ name }) => name) }
  },
  current: currentIssue,
  undo: restoreLabels,
})

const labelShape = z.object({ name: z.string(), description: z.string().nullish(), color: z.string().optional() })

const listLabels = github.action({
  title: 'List the labels of a repository',
  description:
    'Lists the labels that a repository has. Use it before you label something, so that you do not create a new label by mistake. Returns name, description and colour of each.',
  words:
    'which labels exist, available labels, all labels, tags of the repository, label names, what tags can I use, list labels, what labels are there, label colours, names of labels',
  effect: 'read',
  example: { owner: 'octocat', repo: 'hello-world' },
  input: z.strictObject({ ...repository, ...paging }),
  output: listOf(labelShape),
  run: ({ input, http }) => list<z.input<typeof labelShape>>({ http, input }, path`/repos/${input.owner}/${input.repo}/labels`),
})

const createIssueComment = github.action({
  title: 'Comment on an issue or pull request',
  description:
    'Writes a comment under an issue or pull request. Use it to answer, report or write a review as one text; for remarks on single lines create a review. Returns the comment with its id and address.',
  words:
    'comment on an issue, comment on a pull request, leave a comment, add a comment, reply to an issue, answer on the issue, write under the issue, post an update on the issue, say thanks on the pr, ask the reporter, note on the ticket, respond to the issue, mention in the issue, tell the author of the pr, write on the pull request, write to the author, thank the contributor, let the reporter know, ask for more information on the issue, ping in the issue, explain on the issue, reply to the comment, say on github, remind the author, respond on the pr',
  effect: 'write',
  example: { ...example, body: 'Thank you!' },
  input: z.strictObject({ ...one, body: markdown.min(1).describe('Text in Markdown.') }),
  output: commentShape,
  run: ({ input: { owner, repo, number, body }, http }) => http.post(path`/repos/${owner}/${repo}/issues/${number}/comments`, { body }),
  labels: () => ({ author: 'trusted' }),
  verify: async ({ input, http }) => {
    const since = new Date(Date.now() - 3_600_000).toISOString()
    const found = await http.get<Comment[]>(path`/repos/${input.owner}/${input.repo}/issues/${input.number}/comments`, {
      query: { since, per_page: 100 },
    })
    const same = found.findLast(({ body }) => body === input.body)
    return same ? { happened: true, output: same } : { happened: false }
  },
  undo: {
    plan: ({ input: { owner, repo }, output: { id, body } }) => ({
      action: 'delete_issue_comment',
      input: { owner, repo, comment_id: id },
      left: { body },
    }),
  },
})

const listIssueComments = github.action({
  title: 'List comments',
  description:
    'Lists the comments under an issue or pull request, oldest first. Use it to read a discussion before you answer. Returns text, author and time of each.',
  words:
    'read the comments, issue comments, discussion under an issue, conversation on a pull request, what did people say on the issue, replies to the issue, thread of the issue, latest comment, what was said on the issue, any reply on the issue, who commented, see the comments, comments on the pr, last word on the issue, arguments in the issue',
  effect: 'read',
  example,
  input: z.strictObject({ ...one, since: z.iso.datetime().optional().describe('Only comments changed after this time.'), ...paging }),
  output: listOf(commentShape),
  run: ({ input, http }) =>
    list<Comment>({ http, input }, path`/repos/${input.owner}/${input.repo}/issues/${input.number}/comments`, { since: input.since }),
})

const updateIssueComment = github.action({
  title: 'Update a comment',
  description:
    'Replaces the text of a comment. Use it to keep one comment up to date instead of writing another. Returns the changed comment.',
  words:
    'edit a comment, change my comment, correct a comment, fix a typo in a comment, reword a comment, update the comment, change what I wrote, rewrite my comment, my comment is wrong, amend the comment, edit my reply',
  effect: 'write',
  idempotent: true,
  example: { owner: 'octocat', repo: 'hello-world', comment_id: 1, body: 'Edited' },
  input: z.strictObject({
    ...repository,
    comment_id: z.number().int().min(1).describe('Id of the comment.'),
    body: markdown.min(1).describe('New text in Markdown.'),
  }),
  output: commentShape,
  run: ({ input: { owner, repo, comment_id: id, body }, http }) =>
    http.patch(path`/repos/${owner}/${repo}/issues/comments/${id}`, { body }, { repeatable: 'state' }),
  current: currentComment,
  undo: {
    needsBefore: true,
    plan: ({ input: { owner, repo, comment_id }, output, before }) => ({
      action: 'update_issue_comment',
      input: { owner, repo, comment_id, body: (before as Comment).body },
      left: { body: output.body },
    }),
  },
})

const deleteIssueComment = github.action({
  title: 'Delete a comment',
  description:
    'Deletes a comment under an issue or pull request. Use it only when a comment should not have been written: it cannot be restored. Returns a confirmation.',
  words:
    'delete a comment, remove a comment, take back my comment, erase a comment, get rid of my comment, the comment was wrong remove it, undo the comment, drop the comment, retract a comment, clean up my comments',
  effect: 'destroy',
  idempotent: true,
  example: { owner: 'octocat', repo: 'hello-world', comment_id: 1 },
  input: z.strictObject({ ...repository, comment_id: z.number().int().min(1).describe('Id of the comment.') }),
  output: z.object({ comment_id: z.number(), done: z.literal(true) }),
  run: async ({ input: { owner, repo, comment_id }, http }) => {
    await http.delete(path`/repos/${owner}/${repo}/issues/comments/${comment_id}`)
    return { comment_id, done: true as const }
  },
  labels: () => ({ author: 'trusted' }),
  current: currentComment,
  undo: { plan: () => ({ impossible: 'GitHub does not keep deleted comments' }) },
})

export const issueActions = {
  list_issues: listIssues,
  get_issue: getIssue,
  create_issue: createIssue,
  update_issue: updateIssue,
  close_issue: closeIssue,
  label_issue: labelIssue,
  list_labels: listLabels,
  create_issue_comment: createIssueComment,
  list_issue_comments: listIssueComments,
  update_issue_comment: updateIssueComment,
  delete_issue_comment: deleteIssueComment,
}

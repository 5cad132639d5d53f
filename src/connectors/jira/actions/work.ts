import { z } from 'zod'
import { hubError, path, type Http } from '#kit'
import { currentIssue } from '../current.ts'
import { jira } from '../declaration.ts'
import { findPerson } from '../people.ts'
import { asText, issueKey, markdown, person, renderUser, textOf, userShape, type RawUser } from '../shapes.ts'

const done = z.object({ key: z.string(), done: z.literal(true) })

interface Seen {
  readonly status: string | null
  readonly assignee: { readonly id: string } | null
}

const assignIssue = jira.action({
  title: 'Assign an issue',
  description:
    'Assigns an issue to a person, or removes the assignee. Use it when the responsible person changes; assigning the same person again has no effect. Returns a confirmation.',
  words:
    'assign a ticket, assign to someone, give the ticket to, hand over the ticket, reassign, unassign, take the ticket, take it off someone, change the owner, change the assignee, pass it to a colleague, put someone on the ticket, assign to me, make someone responsible, someone else should do it, grab the ticket for me, I will take it, hand it to the new guy, give it to me, put me on it, make me the assignee, dispatch the ticket to, who should take it, transfer the ticket to a colleague, nobody should have it, pass the ticket on, delegate the ticket, let someone handle the ticket, someone will look after it, allocate the ticket',
  effect: 'write',
  idempotent: true,
  example: { issue_key: 'PROJ-1', assignee: '5b10ac8d82e05b22cc7d4ef5' },
  input: z.strictObject({
    issue_key: issueKey,
    assignee: person.nullable().describe('Person by id or e-mail address; null removes the assignee.'),
  }),
  output: done.extend({ assignee: z.string().nullable().optional().describe('Id of the person.') }),
  run: async ({ input, http, config }) => {
    const unassigned = config.api_version === '3' ? { accountId: null } : { name: null }
    const who = input.assignee === null ? unassigned : await findPerson(http, config, input.assignee)
    await http.put(path`/issue/${input.issue_key}/assignee`, who, { repeatable: 'state' })
    return { key: input.issue_key, done: true as const, assignee: Object.values(who)[0] ?? null }
  },
  current: currentIssue,
  undo: {
    needsBefore: true,
    plan: ({ input, output, before }) => ({
      action: 'assign_issue',
      input: { issue_key: input.issue_key, assignee: (before as Seen).assignee?.id ?? null },
      left: output.assignee === undefined ? {} : { assignee: output.assignee === null ? null : { id: output.assignee } },
    }),
  },
})

const commentShape = z.object({
  id: z.string(),
  author: userShape.nullable(),
  body: z.string().nullable(),
  created: z.string().nullable(),
  updated: z.string().nullable(),
})

interface RawComment {
  id: string
  author?: RawUser
  body?: unknown
  created?: string
  updated?: string
}

function renderComment({ id, author, body, created, updated }: RawComment) {
  return { id, author: renderUser(author), body: textOf(body), created: created ?? null, updated: updated ?? null }
}

const addComment = jira.action({
  title: 'Comment on an issue',
  description: 'Writes a comment under an issue. Use it to report progress or ask. Returns the comment with its id.',
  words:
    'comment on a ticket, add a comment, leave a note on the ticket, write on the ticket, post an update on the ticket, reply on the ticket, tell them on the ticket, note in the ticket, ask in the ticket, mention in the ticket, respond to the reporter, note down in the ticket, say on the ticket, comment that, add a remark to the ticket, update the ticket with a note, write an update, tell the reporter, let the watchers know, log a progress note, document in the ticket, leave a message on the ticket, answer the question on the ticket, put a note in, record that, reply to the customer on the ticket, mention on the ticket',
  effect: 'write',
  example: { issue_key: 'PROJ-1', body: 'Work has begun.' },
  input: z.strictObject({ issue_key: issueKey, body: markdown.min(1).describe('Text in Markdown.') }),
  output: commentShape,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input, http, config }) =>
    renderComment(await http.post<RawComment>(path`/issue/${input.issue_key}/comment`, { body: asText(input.body, config) })),
  verify: async ({ input, http, config }) => {
    const { comments } = await http.get<{ comments: RawComment[] }>(path`/issue/${input.issue_key}/comment`, {
      query: { orderBy: '-created', maxResults: 20 },
    })
    const sent = textOf(asText(input.body, config))
    const same = comments
      .map(renderComment)
      .find(({ body, created }) => body === sent && Date.now() - Date.parse(created ?? '') < 3_600_000)
    return same ? { happened: true, output: same } : { happened: false }
  },
  undo: {
    plan: ({ input, output: { id, body } }) => ({
      action: 'delete_comment',
      input: { issue_key: input.issue_key, comment_id: id },
      left: { body },
    }),
  },
})

const deleteComment = jira.action({
  title: 'Delete a comment',
  description:
    'Deletes a comment of an issue. Use it only when a comment should not have been written: it cannot be restored. Returns a confirmation.',
  words:
    'delete a comment, remove a comment, take back the comment on the ticket, erase the note, get rid of my comment, the comment was wrong remove it, undo the comment, retract the comment, clean up my comments, drop the remark',
  effect: 'destroy',
  idempotent: true,
  example: { issue_key: 'PROJ-1', comment_id: '10000' },
  input: z.strictObject({
    issue_key: issueKey,
    comment_id: z
      .string()
      .regex(/^\d{1,20}$/, 'must be the id of a comment')
      .describe('Id of the comment.'),
  }),
  output: done,
  labels: () => ({ author: 'trusted' }),
  run: async ({ input: { issue_key: key, comment_id: id }, http }) => {
    await http.delete(path`/issue/${key}/comment/${id}`)
    return { key, done: true as const }
  },
  current: async ({ input: { issue_key: key, comment_id: id }, http }) =>
    renderComment(await http.get<RawComment>(path`/issue/${key}/comment/${id}`)),
  undo: { plan: () => ({ impossible: 'Jira does not keep deleted comments' }) },
})

const linkIssues = jira.action({
  title: 'Link two issues',
  description:
    'Links one issue with another, e.g. as blocking or duplicate. Use it to record dependencies between issues. Returns a confirmation.',
  words:
    'link tickets, link two issues, blocks, is blocked by, depends on, dependency, duplicate of, mark as a duplicate, relates to, related tickets, connect tickets, clone of, tie together, are the same thing, belong together, is related to, tie two tickets, waits for the other ticket, caused by, connect the ticket with, ticket is a duplicate of, cannot start before, prerequisite, ticket blocks another, make it a blocker of, reference another ticket, same problem as',
  effect: 'write',
  example: { issue_key: 'PROJ-1', other_key: 'PROJ-2', type: 'Blocks' },
  input: z.strictObject({
    issue_key: issueKey.describe('The issue that e.g. blocks.'),
    other_key: issueKey.describe('The issue that e.g. is blocked.'),
    type: z.string().min(1).max(255).default('Relates').describe('Kind of link by name: Blocks, Duplicate, Relates …'),
    comment: markdown.optional().describe('Comment to write with it, in Markdown.'),
  }),
  output: done,
  run: async ({ input, http, config }) => {
    const { issue_key: key, other_key: other, type, comment } = input
    const body = {
      type: { name: type },
      inwardIssue: { key },
      outwardIssue: { key: other },
      ...(comment ? { comment: { body: asText(comment, config) } } : {}),
    }
    // Jira makes a link of a type between two issues only once, but every request writes its comment, so it is not repeated.
    await http.post('/issueLink', body)
    return { key, done: true as const }
  },
  verify: async ({ input: { issue_key: key, other_key: other, type }, http }) => {
    const { fields } = await http.get<{ fields?: { issuelinks?: Link[] } }>(path`/issue/${key}`, { query: { fields: 'issuelinks' } })
    const happened = (fields?.issuelinks ?? []).some(
      ({ type: kind, outwardIssue: issue }) => issue?.key === other && kind?.name?.toLowerCase() === type.toLowerCase(),
    )
    return happened ? { happened, output: { key, done: true as const } } : { happened: false }
  },
})

interface Link {
  readonly type?: { readonly name?: string }
  readonly outwardIssue?: { readonly key?: string }
}

interface Transition {
  id: string
  name: string
  to?: { name?: string }
}

function transitionsOf(http: Http, key: string): Promise<{ transitions: Transition[] }> {
  return http.get(path`/issue/${key}/transitions`)
}

const listTransitions = jira.action({
  title: 'List transitions',
  description:
    'Lists the transitions that an issue allows in its current status. Use it before moving an issue. Returns id and name of each, and the status it leads to.',
  words:
    'possible transitions, next statuses, what can I move the ticket to, allowed status changes, next steps of the ticket, available moves, which state comes next, where can it go from here, what are the next steps, which statuses can it get, can I close it from here, how can I move it, which moves are possible, options for the status, can the ticket go to, where can I move',
  effect: 'read',
  example: { issue_key: 'PROJ-1' },
  input: z.strictObject({ issue_key: issueKey }),
  output: z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), to: z.string().nullable() })) }),
  run: async ({ input, http }) => {
    const { transitions } = await transitionsOf(http, input.issue_key)
    return { items: transitions.map(({ id, name, to }) => ({ id, name, to: to?.name ?? null })) }
  },
})

const transitionIssue = jira.action({
  title: 'Move an issue',
  description:
    'Moves an issue to another status by one of its transitions, e.g. to In Progress or Done. Use it when work begins or is finished; jira_list_transitions lists the possible transitions. Returns the new status.',
  words:
    "move a ticket, change the status, close the ticket, shut the ticket, resolve the ticket, mark as done, ticket is done, finished, complete the ticket, complete the task, start work, start progress, begin working on, in progress, in review, move the card, move to done, reopen the ticket, put back to to do, ready for testing, won't do, cancel the ticket, ticket is fixed, push to qa, on hold, put the story in a column, punt it back to the backlog, move it back, ticket is blocked, put it on hold, it works close the ticket, wrap up the ticket, we shipped it close the ticket, set the status to, set to done, mark it complete, mark as in progress, I am starting with it, I started it, send it to testing, ready for review, back to open, resume, pause the ticket, ticket is deployed, kill the ticket, advance the ticket, push it forward, ticket is solved, was fixed, drag to done, close it out, pick up the ticket, pull the ticket into progress, ticket can be closed, reject the ticket, reopen",
  effect: 'write',
  example: { issue_key: 'PROJ-1', to: 'Done' },
  input: z.strictObject({
    issue_key: issueKey,
    to: z.string().min(1).max(255).describe('Transition or status by name, or a transition’s id.'),
    comment: markdown.optional().describe('Comment to write with it, in Markdown.'),
    resolution: z.string().max(255).optional().describe('Resolution by name, if the transition requires one.'),
  }),
  output: z.object({ key: z.string(), status: z.string().nullable() }),
  run: async ({ input, http, config }) => {
    const { transitions } = await transitionsOf(http, input.issue_key)
    const wanted = input.to.toLowerCase()
    const found = transitions.find(
      ({ id, name, to }) => id === input.to || name.toLowerCase() === wanted || to?.name?.toLowerCase() === wanted,
    )
    if (!found) {
      const names = transitions.map(({ name, to }) => (to?.name && to.name !== name ? `${name} (to ${to.name})` : name))
      throw hubError('vendor_rejected', {
        detail: `${input.issue_key} cannot be moved to "${input.to}" now`,
        hint: `possible transitions: ${names.join(', ') || 'none'}`,
      })
    }
    await http.post(path`/issue/${input.issue_key}/transitions`, {
      transition: { id: found.id },
      ...(input.resolution === undefined ? {} : { fields: { resolution: { name: input.resolution } } }),
      ...(input.comment === undefined ? {} : { update: { comment: [{ add: { body: asText(input.comment, config) } }] } }),
    })
    return { key: input.issue_key, status: found.to?.name ?? found.name }
  },
  current: currentIssue,
  undo: {
    needsBefore: true,
    plan: ({ input, output, before }) => {
      const { status } = before as Seen
      if (status === null) return { impossible: 'the issue had no status' }
      if (status === output.status) return { impossible: 'it changed nothing' }
      // Jira refuses it where no transition leads back, and its answer names those that exist.
      return { action: 'transition_issue', input: { issue_key: input.issue_key, to: status }, left: { status: output.status } }
    },
  },
  verify: async ({ input, http }) => {
    const { fields } = await http.get<{ fields: { status: { name: string } } }>(path`/issue/${input.issue_key}`, {
      query: { fields: 'status' },
    })
    return fields.status.name.toLowerCase() === input.to.toLowerCase()
      ? { happened: true, output: { key: input.issue_key, status: fields.status.name } }
      : 'unknown'
  },
})

export const workActions = {
  assign_issue: assignIssue,
  add_comment: addComment,
  delete_comment: deleteComment,
  link_issues: linkIssues,
  list_transitions: listTransitions,
  transition_issue: transitionIssue,
}

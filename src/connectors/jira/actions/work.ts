import { z } from 'zod'
import { hubError, path, type Http } from '#kit'
import { jira } from '../declaration.ts'
import { findPerson } from '../people.ts'
import { asText, issueKey, markdown, person, renderUser, textOf, userShape, type RawUser } from '../shapes.ts'

const done = z.object({ key: z.string(), done: z.literal(true) })

const assignIssue = jira.action({
  title: 'Assign an issue',
  description:
    'Assigns an issue to a person, or removes the assignee. Use it when the responsible person changes; assigning the same person again has no effect. Returns a confirmation.',
  effect: 'write',
  idempotent: true,
  example: { issue_key: 'PROJ-1', assignee: '5b10ac8d82e05b22cc7d4ef5' },
  input: z.strictObject({
    issue_key: issueKey,
    assignee: person.nullable().describe('Person by id or e-mail address; null removes the assignee.'),
  }),
  output: done,
  run: async ({ input, http, config }) => {
    const unassigned = config.api_version === '3' ? { accountId: null } : { name: null }
    const who = input.assignee === null ? unassigned : await findPerson(http, config, input.assignee)
    await http.put(path`/issue/${input.issue_key}/assignee`, who, { repeatable: 'state' })
    return { key: input.issue_key, done: true as const }
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
  effect: 'write',
  example: { issue_key: 'PROJ-1', body: 'Work has begun.' },
  input: z.strictObject({ issue_key: issueKey, body: markdown.min(1).describe('Text in Markdown.') }),
  output: commentShape,
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
})

const linkIssues = jira.action({
  title: 'Link two issues',
  description:
    'Links one issue with another, e.g. as blocking or duplicate. Use it to record dependencies between issues. Returns a confirmation.',
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
  link_issues: linkIssues,
  list_transitions: listTransitions,
  transition_issue: transitionIssue,
}

import { z } from 'zod'
import { path } from '#kit'
import { github } from '../declaration.ts'
import { list } from '../pages.ts'
import { listOf, markdown, paging, pullNumber, repository, user } from '../shapes.ts'

const one = { ...repository, number: pullNumber }
const example = { owner: 'octocat', repo: 'hello-world', number: 1 }

const reviewShape = z.object({
  id: z.number(),
  state: z.string(),
  body: z.string().nullish(),
  user,
  html_url: z.string().optional(),
  submitted_at: z.string().nullish(),
})

const remarkShape = z.object({
  id: z.number(),
  path: z.string(),
  line: z.number().nullish(),
  body: z.string(),
  user,
  html_url: z.string(),
  created_at: z.string(),
  in_reply_to_id: z.number().optional(),
})

type Review = z.input<typeof reviewShape>

const listReviews = github.action({
  title: 'List reviews',
  description:
    'Lists the reviews of a pull request with their results. Use it to see whether it is approved or which changes are requested. Returns state, text, author and time of each.',
  words:
    'was it approved, approvals of a pr, who approved, who reviewed, review status, review results, changes requested, is it signed off, read the reviews, reviewers verdict, did they approve, do we have approval, how many approvals, is the pr approved, who has reviewed, review verdict, who blocked the pr, state of the reviews, outcome of the review',
  effect: 'read',
  example,
  input: z.strictObject({ ...one, ...paging }),
  output: listOf(reviewShape),
  run: ({ input, http }) => list<Review>({ http, input }, path`/repos/${input.owner}/${input.repo}/pulls/${input.number}/reviews`),
})

const createReview = github.action({
  title: 'Review a pull request',
  description:
    'Creates a review with a result, a text, and remarks on single lines of the diff. Use it to approve, to ask for changes, or to comment on lines. Returns the review with its id and state.',
  words:
    'approve the pr, approve a pull request, lgtm, request changes, reject the pr, review the pr, review a pull request, submit a review, sign off on a pr, review comment on a line, inline comment, comment on the code, remark on a line, block the pr, give feedback on the code, looks good to me, pr is fine, give it a thumbs up on the pr, needs work, ask for changes, I do not like this pr, approve it, ok the pr, accept the changes, decline the changes, suggest a change, write a review, leave review feedback, code review the pr, disapprove, comment on line, leave comments on the diff, critique',
  effect: 'write',
  example: { ...example, event: 'COMMENT', body: 'Looks good to me.' },
  input: z.strictObject({
    ...one,
    event: z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']).describe('The result of the review.'),
    body: markdown.optional().describe('Text in Markdown; needed unless you approve.'),
    commit_id: z.string().max(64).optional().describe('SHA the review is about; the newest by default.'),
    comments: z
      .array(
        z.strictObject({
          path: z.string().min(1).describe('File, as in the diff.'),
          line: z.number().int().min(1).describe('Line in the file.'),
          side: z.enum(['LEFT', 'RIGHT']).default('RIGHT').describe('Before or after the change.'),
          start_line: z.number().int().min(1).optional().describe('First line, for a remark on several.'),
          body: markdown.min(1).describe('The remark in Markdown.'),
        }),
      )
      .max(100)
      .optional()
      .describe('Remarks on lines.'),
  }),
  output: reviewShape,
  run: ({ input: { owner, repo, number, ...body }, http }) => http.post(path`/repos/${owner}/${repo}/pulls/${number}/reviews`, body),
  verify: async ({ input, http }) => {
    const found = await http.get<Review[]>(path`/repos/${input.owner}/${input.repo}/pulls/${input.number}/reviews`, {
      query: { per_page: 100 },
    })
    const { login } = await http.get<{ login: string }>('/user')
    const same = found.findLast(({ user: author, body }) => author?.login === login && (body ?? '') === (input.body ?? ''))
    return same ? { happened: true, output: same } : { happened: false }
  },
  undo: { plan: () => ({ impossible: 'a review that was submitted can only be dismissed, on GitHub itself' }) },
})

const listReviewComments = github.action({
  title: 'List remarks on lines',
  description:
    'Lists the remarks on single lines of a pull request. Use it to see what reviewers want to have changed, and where. Returns file, line, text, author and the comment that each one replies to.',
  words:
    'inline comments, review comments, comments on lines, code review feedback, what did the reviewer say about the code, remarks in the diff, reviewer feedback, unresolved review threads, comments in the code, what did they criticise, notes on the diff, suggestions of the reviewer, what should I fix in the pr, comments on the diff, line comments, read the review feedback',
  effect: 'read',
  example,
  input: z.strictObject({ ...one, ...paging }),
  output: listOf(remarkShape),
  run: ({ input, http }) =>
    list<z.input<typeof remarkShape>>({ http, input }, path`/repos/${input.owner}/${input.repo}/pulls/${input.number}/comments`),
})

const requestReviewers = github.action({
  title: 'Request reviewers',
  description:
    'Asks users or teams to review a pull request. Use it when a pull request is ready; a second request to the same reviewer has no effect. Returns the users and teams whose review is requested now.',
  words:
    'request a review, ask for a review, ask someone to review, have someone look over the pr, add a reviewer, assign a reviewer, get a second pair of eyes, who should review, invite to review, need approval from, ask for feedback on the pr, please review my pr, code review by, take a look at my changes, have someone check my code, who can review, put someone on the review, throw someone on the review, get eyes on, loop in a reviewer, get approval from, let a colleague look at my pr, send for review, need a reviewer, ping for review, assign the pr for review, someone should look at the pr, ask to look at the pull request',
  effect: 'write',
  idempotent: true,
  example: { ...example, reviewers: ['hubot'] },
  input: z.strictObject({
    ...one,
    reviewers: z.array(z.string().min(1).max(100)).max(15).default([]).describe('Users by login.'),
    team_reviewers: z.array(z.string().min(1).max(100)).max(15).default([]).describe('Teams by slug.'),
  }),
  output: z.object({ requested_reviewers: z.array(user), requested_teams: z.array(z.object({ slug: z.string() })).default([]) }),
  run: ({ input: { owner, repo, number, ...body }, http }) =>
    http.post(path`/repos/${owner}/${repo}/pulls/${number}/requested_reviewers`, body, { repeatable: 'state' }),
})

export const reviewActions = {
  list_reviews: listReviews,
  create_review: createReview,
  list_review_comments: listReviewComments,
  request_reviewers: requestReviewers,
}

import { z } from 'zod'

/** Inputs and outputs that many actions share. Outputs contain only the fields that an agent needs. */
export const owner = z.string().min(1).max(100).describe('Owner of the repository: a user or an organisation, e.g. octocat.')
const repo = z.string().min(1).max(100).describe('Name of the repository without its owner, e.g. hello-world.')
export const repository = { owner, repo }

export const paging = {
  per_page: z.number().int().min(1).max(100).default(30).describe('How many at most.'),
  page: z.number().int().min(1).default(1).describe('Which page; `next_page` of the answer before.'),
  after: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('`next_cursor` of the answer before, for lists of more than 10,000; then `page` is not used.'),
}

export const issueNumber = z.number().int().min(1).describe('Number of the issue or pull request, as after # in its title.')
export const pullNumber = z.number().int().min(1).describe('Number of the pull request.')
export const markdown = z.string().max(65_536)
export const branchName = z.string().min(1).max(255)
export const login = z.string().min(1).max(100)

/** A page of a list. GitHub counts pages up to 10,000 items and names a cursor from there on. Both are null on the last page. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_page: z.number().nullable(), next_cursor: z.string().nullable() })
}

/** A user; null if the account was deleted. */
export const user = z.object({ login: z.string(), id: z.number() }).nullable()

export const repositoryShape = z.object({
  id: z.number(),
  full_name: z.string(),
  description: z.string().nullish(),
  private: z.boolean(),
  fork: z.boolean(),
  archived: z.boolean().optional(),
  default_branch: z.string().optional(),
  language: z.string().nullish(),
  stargazers_count: z.number().optional(),
  open_issues_count: z.number().optional(),
  html_url: z.string(),
  pushed_at: z.string().nullish(),
})

// GitHub returns labels as objects, but sometimes as plain names.
const label = z
  .union([z.string(), z.object({ name: z.string().nullish() })])
  .transform((given) => (typeof given === 'string' ? given : (given.name ?? '')))

export const issueShape = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  state_reason: z.string().nullish(),
  body: z.string().nullish(),
  user,
  labels: z.array(label),
  assignees: z.array(user).nullish(),
  milestone: z.object({ number: z.number(), title: z.string() }).nullish(),
  comments: z.number().optional(),
  html_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string().nullish(),
})

export const commentShape = z.object({
  id: z.number(),
  body: z.string().nullish(),
  user,
  html_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
})

const tip = z.object({ ref: z.string(), sha: z.string() })

export const pullShape = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  draft: z.boolean().optional(),
  body: z.string().nullish(),
  user,
  labels: z.array(label).optional(),
  head: tip.extend({ repo: z.object({ full_name: z.string(), fork: z.boolean().optional() }).nullish() }),
  base: tip,
  merged: z.boolean().optional(),
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().optional(),
  additions: z.number().optional(),
  deletions: z.number().optional(),
  changed_files: z.number().optional(),
  comments: z.number().optional(),
  html_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  merged_at: z.string().nullish(),
})

const signature = z.object({ name: z.string().nullish(), email: z.string().nullish(), date: z.string().nullish() })

export const commitShape = z.object({
  sha: z.string(),
  html_url: z.string(),
  commit: z.object({ message: z.string(), author: signature.nullable(), committer: signature.nullable() }),
  author: user.optional(),
  parents: z.array(z.object({ sha: z.string() })),
})

export const fileShape = z.object({
  filename: z.string(),
  status: z.string(),
  additions: z.number(),
  deletions: z.number(),
  changes: z.number(),
  patch: z.string().optional(),
  previous_filename: z.string().optional(),
})

import { z } from 'zod'

/** What many actions take and answer. Answers are what an agent needs of GitHub's much longer ones. */
export const owner = z.string().min(1).max(100).describe('Owner of the repository: a user or an organisation, e.g. octocat.')
export const repo = z.string().min(1).max(100).describe('Name of the repository without its owner, e.g. hello-world.')
export const repository = { owner, repo }

export const paging = {
  per_page: z.number().int().min(1).max(100).default(30).describe('How many at most.'),
  page: z.number().int().min(1).default(1).describe('Which page; `next_page` of the answer before.'),
}

/** A list of GitHub's in pages: the next one's number, or null. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_page: z.number().nullable() })
}

export const user = z.object({ login: z.string(), id: z.number() })

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

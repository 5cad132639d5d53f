import { z } from 'zod'

/** Inputs and outputs that many actions share. Outputs contain only the fields that an agent needs. */
export const project = z.string().min(1).max(500).describe('The project: its path with the group, e.g. gitlab-org/gitlab, or its id.')

export const paging = {
  per_page: z.number().int().min(1).max(100).default(30).describe('How many at most.'),
  cursor: z
    .string()
    .regex(/^(?:page|page_token|cursor|id_after|id_before)=.{1,2000}$/s, 'must be `next_cursor` of an answer')
    .optional()
    .describe('`next_cursor` of the answer before.'),
}

export const issueNumber = z.number().int().min(1).describe('Number of the issue in its project, as after # in its address.')
export const mergeNumber = z.number().int().min(1).describe('Number of the merge request in its project, as after ! in its address.')
export const markdown = z.string().max(1_000_000)
export const title = z.string().min(1).max(255)
export const ref = z.string().min(1).max(255)
export const username = z.string().min(1).max(255)
export const labelNames = z
  .array(
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^,]+$/, 'must not hold a comma'),
  )
  .max(100)
export const sha = z.string().regex(/^[0-9a-f]{7,64}$/, 'must be the SHA of a commit')

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

const user = z.object({ id: z.number(), username: z.string(), name: z.string() }).nullable()

export const projectShape = z.object({
  id: z.number(),
  path_with_namespace: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  visibility: z.string().optional(),
  archived: z.boolean().optional(),
  default_branch: z.string().nullish(),
  star_count: z.number().optional(),
  open_issues_count: z.number().optional(),
  web_url: z.string(),
  last_activity_at: z.string().nullish(),
})

const milestone = z.object({ id: z.number(), title: z.string() }).nullish()

export const issueShape = z.object({
  iid: z.number(),
  project_id: z.number(),
  title: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  confidential: z.boolean().optional(),
  labels: z.array(z.string()),
  author: user.optional(),
  assignees: z.array(user).nullish(),
  milestone,
  due_date: z.string().nullish(),
  user_notes_count: z.number().optional(),
  web_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string().nullish(),
})

export const noteShape = z.object({
  id: z.number(),
  body: z.string(),
  author: user.optional(),
  system: z.boolean().optional(),
  internal: z.boolean().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
})

export const mergeShape = z.object({
  iid: z.number(),
  project_id: z.number(),
  title: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  draft: z.boolean().optional(),
  labels: z.array(z.string()).optional(),
  author: user.optional(),
  assignees: z.array(user).nullish(),
  reviewers: z.array(user).nullish(),
  milestone,
  source_branch: z.string(),
  target_branch: z.string(),
  sha: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  detailed_merge_status: z.string().optional(),
  has_conflicts: z.boolean().optional(),
  user_notes_count: z.number().optional(),
  changes_count: z.string().nullish(),
  web_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  merged_at: z.string().nullish(),
})

export const diffShape = z.object({
  old_path: z.string(),
  new_path: z.string(),
  new_file: z.boolean(),
  renamed_file: z.boolean(),
  deleted_file: z.boolean(),
  diff: z.string(),
  collapsed: z.boolean().nullish(),
  too_large: z.boolean().nullish(),
})

export const commitShape = z.object({
  id: z.string(),
  short_id: z.string().optional(),
  title: z.string(),
  message: z.string().optional(),
  author_name: z.string(),
  author_email: z.string().optional(),
  authored_date: z.string().nullish(),
  committed_date: z.string().nullish(),
  parent_ids: z.array(z.string()).nullish(),
  web_url: z.string().optional(),
})

export const branchShape = z.object({
  name: z.string(),
  default: z.boolean().optional(),
  merged: z.boolean().optional(),
  protected: z.boolean().optional(),
  web_url: z.string().optional(),
  commit: commitShape,
})

export const pipelineShape = z.object({
  id: z.number(),
  iid: z.number().optional(),
  status: z.string(),
  source: z.string().nullish(),
  ref: z.string().nullish(),
  sha: z.string(),
  web_url: z.string(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  started_at: z.string().nullish(),
  finished_at: z.string().nullish(),
  duration: z.number().nullish(),
  coverage: z.union([z.string(), z.number()]).nullish(),
  yaml_errors: z.string().nullish(),
})

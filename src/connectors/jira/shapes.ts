import { z } from 'zod'
import type { JiraConfig } from './config.ts'
import { fromAdf, toAdf } from './adf.ts'

export const issueKey = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^([A-Za-z][A-Za-z0-9_]*-\d+|\d+)$/, 'must be an issue key such as PROJ-12, or an id')
  .describe('Issue by key, e.g. PROJ-12, or id.')
export const projectRef = z.string().trim().toUpperCase().min(1).max(255).describe('Project by key, e.g. PROJ, or id.')
export const person = z.string().min(1).max(255)
export const markdown = z.string().max(32_767)

export const userShape = z.object({ id: z.string(), name: z.string(), email: z.string().nullable(), active: z.boolean() })

export interface RawUser {
  accountId?: string
  name?: string
  key?: string
  displayName?: string
  emailAddress?: string
  active?: boolean
}

export function renderUser(user: RawUser | null | undefined): z.output<typeof userShape> | null {
  if (!user) return null
  return {
    id: user.accountId ?? user.name ?? user.key ?? '',
    name: user.displayName ?? user.name ?? '',
    email: user.emailAddress ?? null,
    active: user.active ?? true,
  }
}

export const issueShape = z.object({
  id: z.string(),
  key: z.string(),
  url: z.string(),
  summary: z.string().nullable(),
  description: z.string().nullable(),
  status: z.string().nullable(),
  issue_type: z.string().nullable(),
  priority: z.string().nullable(),
  project: z.string().nullable(),
  assignee: userShape.nullable(),
  reporter: userShape.nullable(),
  labels: z.array(z.string()),
  created: z.string().nullable(),
  updated: z.string().nullable(),
  resolved: z.string().nullable(),
})

export interface RawIssue {
  id: string
  key: string
  self?: string
  fields?: {
    summary?: string
    description?: unknown
    status?: { name?: string }
    issuetype?: { name?: string }
    priority?: { name?: string } | null
    project?: { key?: string }
    assignee?: RawUser | null
    reporter?: RawUser | null
    labels?: string[]
    created?: string | number
    updated?: string | number
    resolutiondate?: string | number | null
    comment?: { total?: number }
  }
}

export const issueFields = [
  'summary',
  'description',
  'status',
  'issuetype',
  'priority',
  'project',
  'assignee',
  'reporter',
  'labels',
  'created',
  'updated',
  'resolutiondate',
]

export function renderIssue({ id, key, fields = {} }: RawIssue, config: JiraConfig): z.output<typeof issueShape> {
  return {
    id,
    key,
    url: `${config.base_url.replace(/\/+$/, '')}/browse/${key}`,
    summary: fields.summary ?? null,
    description: textOf(fields.description),
    status: fields.status?.name ?? null,
    issue_type: fields.issuetype?.name ?? null,
    priority: fields.priority?.name ?? null,
    project: fields.project?.key ?? null,
    assignee: renderUser(fields.assignee),
    reporter: renderUser(fields.reporter),
    labels: fields.labels ?? [],
    created: timeOf(fields.created),
    updated: timeOf(fields.updated),
    resolved: timeOf(fields.resolutiondate),
  }
}

/** Parses a time in Jira's format, or in milliseconds as in some of Atlassian's examples. */
function timeOf(value: string | number | null | undefined): string | null {
  return typeof value === 'number' ? new Date(value).toISOString() : (value ?? null)
}

/** Jira Cloud stores texts as documents, Jira Server as wiki markup. */
export function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : fromAdf(value)
}

export function isCloud(config: JiraConfig): boolean {
  return config.api_version === '3'
}

export function asText(text: string, config: JiraConfig): unknown {
  return isCloud(config) ? toAdf(text) : text
}

import { hubError } from '#kit'

/**
 * JQL is built from filters. Each value becomes a quoted string with escaped quotes and backslashes, so that a value cannot end the string
 * and add a clause.
 */
export interface Filters {
  readonly project?: string | undefined
  readonly status?: string | undefined
  readonly assignee?: string | undefined
  readonly reporter?: string | undefined
  readonly issue_type?: string | undefined
  readonly priority?: string | undefined
  readonly labels?: readonly string[] | undefined
  readonly text?: string | undefined
  readonly updated_since?: string | undefined
  readonly created_since?: string | undefined
}

export function quote(value: string): string {
  // JQL strings must not contain control characters, and a line break ends the string in some versions.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(value))
    throw hubError('invalid_input', { detail: 'a filter contains control characters; remove them' })
  return `"${value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')}"`
}

export function buildJql(
  filters: Filters,
  order: { by: string; direction: 'asc' | 'desc' } = { by: 'updated', direction: 'desc' },
): string {
  const is = (field: string, value: string | undefined): string[] => (value === undefined ? [] : [`${field} = ${quote(value)}`])
  const clauses = [
    ...is('project', filters.project),
    ...is('status', filters.status),
    ...person('assignee', filters.assignee),
    ...person('reporter', filters.reporter),
    ...is('issuetype', filters.issue_type),
    ...is('priority', filters.priority),
    ...(filters.labels ?? []).map((label) => `labels = ${quote(label)}`),
    ...(filters.text === undefined ? [] : [`text ~ ${quote(searchTerms(filters.text))}`]),
    ...since('updated', filters.updated_since),
    ...since('created', filters.created_since),
  ]
  return `${clauses.join(' AND ')}${clauses.length > 0 ? ' ' : ''}ORDER BY ${order.by} ${order.direction.toUpperCase()}`
}

/** Translates `me` and `nobody`, because JQL has no such users. */
function person(field: string, value: string | undefined): string[] {
  if (value === undefined) return []
  if (value === 'me') return [`${field} = currentUser()`]
  if (value === 'nobody') return [`${field} IS EMPTY`]
  return [`${field} = ${quote(value)}`]
}

function since(field: string, value: string | undefined): string[] {
  // JQL times have a format of their own and no seconds.
  return value === undefined ? [] : [`${field} >= ${quote(new Date(value).toISOString().slice(0, 16).replace('T', ' '))}`]
}

/** Escapes the operators of Jira's text search, so that they are searched as characters. */
function searchTerms(text: string): string {
  return text
    .replaceAll(/[+\-&|!(){}[\]^~*?\\:"]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

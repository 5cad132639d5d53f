import { hubError } from '#kit'

/**
 * JQL is built from filters, never from pasted text: each value becomes a quoted string in which quotes and backslashes are escaped, so it
 * cannot end the string and begin a clause of its own.
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
  // Control characters have no place in a JQL string, and a line break would end it in some versions.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(value)) throw hubError('invalid_input', { detail: 'a filter has control characters' })
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

/** `me` and `nobody` are words people use; JQL has functions for them. */
function person(field: string, value: string | undefined): string[] {
  if (value === undefined) return []
  if (value === 'me') return [`${field} = currentUser()`]
  if (value === 'nobody') return [`${field} IS EMPTY`]
  return [`${field} = ${quote(value)}`]
}

function since(field: string, value: string | undefined): string[] {
  // JQL knows minutes, and its own spelling of a time.
  return value === undefined ? [] : [`${field} >= ${quote(new Date(value).toISOString().slice(0, 16).replace('T', ' '))}`]
}

/** The text search has a language of its own inside the string; its signs are taken for letters. */
function searchTerms(text: string): string {
  return text
    .replaceAll(/[+\-&|!(){}[\]^~*?\\:"]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

import type { Tool } from '#tools'

/** Which of the caller's tools a request sees, from the query of its URL: `?toolset=github,slack&read_only=1`. */
export interface View {
  /** Connectors and tools; all of them if undefined. */
  readonly toolset: ReadonlySet<string> | undefined
  readonly readOnly: boolean
}

/** The longest list of names that a URL may hold. */
const maxNames = 100

/** Returns what is wrong with the query as a text. */
export function viewOf(query: URLSearchParams): View | string {
  for (const name of query.keys())
    if (name !== 'toolset' && name !== 'read_only') return `the parameter "${name}" is not known here; there are toolset and read_only`
  const names = query
    .getAll('toolset')
    .flatMap((part) => part.split(','))
    .map((part) => part.trim())
    .filter(Boolean)
  if (names.length > maxNames) return `toolset names more than ${maxNames} tools and connectors`
  const readOnly = query.getAll('read_only')
  // A value that is not understood must not widen what the caller sees.
  if (!readOnly.every((value) => isYes(value) || isNo(value))) return 'read_only is 1 or 0'
  return { toolset: query.has('toolset') ? new Set(names) : undefined, readOnly: readOnly.some(isYes) }
}

export function isVisible({ toolset, readOnly }: View, { name, connector, action }: Tool): boolean {
  if (readOnly && action.effect !== 'read') return false
  return toolset === undefined || [name, connector.name, ...connector.aliases].some((one) => toolset.has(one))
}

/** The same text for the same view. */
export function nameOf({ toolset, readOnly }: View): string {
  return `${readOnly ? 'read' : 'all'} ${toolset === undefined ? '*' : [...toolset].toSorted().join(',')}`
}

const isYes = (value: string): boolean => ['1', 'true', ''].includes(value)
const isNo = (value: string): boolean => ['0', 'false'].includes(value)

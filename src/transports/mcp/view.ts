import { isInToolset, type Tool, type Toolset } from '#tools'

/** Which of the caller's tools a request sees, from the query of its URL: `?toolset=github,slack&read_only=1`. */
export interface View {
  /** Connectors and tools; all of them if undefined. */
  readonly toolset: Toolset | undefined
  /** What the person allowed the app, whatever its URL says. */
  readonly within?: Toolset | undefined
  readonly readOnly: boolean
  /** Whether the list has all tools or those that search; undefined leaves it to their size. */
  readonly list: 'full' | 'search' | undefined
}

/** The longest list of names that a URL may hold. */
const maxNames = 100
const parameters = ['toolset', 'read_only', 'list']

/** Returns what is wrong with the query as a text. */
export function viewOf(query: URLSearchParams): View | string {
  const unknown = [...query.keys()].find((name) => !parameters.includes(name))
  if (unknown !== undefined) return `the parameter "${unknown}" is not known here; there are ${parameters.join(', ')}`
  const names = query
    .getAll('toolset')
    .flatMap((part) => part.split(','))
    .map((part) => part.trim())
    .filter(Boolean)
  if (names.length > maxNames) return `toolset names more than ${maxNames} tools and connectors`
  const readOnly = query.getAll('read_only')
  // A value that is not understood must not widen what the caller sees.
  if (!readOnly.every((value) => isYes(value) || isNo(value))) return 'read_only is 1 or 0'
  const list = query.get('list') ?? undefined
  if (list !== undefined && list !== 'full' && list !== 'search') return 'list is full or search'
  return { toolset: query.has('toolset') ? new Set(names) : undefined, readOnly: readOnly.some(isYes), list }
}

/** The query of a view, which is the same for the same view of tools. */
export function queryOf({ toolset, readOnly }: View): string {
  const query = new URLSearchParams(toolset === undefined ? {} : { toolset: [...toolset].toSorted().join(',') })
  if (readOnly) query.set('read_only', '1')
  return query.toString().replaceAll('%2C', ',')
}

/** A view that shows nothing beyond what another one shows, which comes from `queryOf`. */
export function narrowed(view: View, allowed: string): View {
  const within = viewOf(new URLSearchParams(allowed))
  // What is not understood must not widen what the app sees.
  if (typeof within === 'string') return { ...view, within: new Set(), readOnly: true }
  return { ...view, within: within.toolset, readOnly: view.readOnly || within.readOnly }
}

export function isVisible({ toolset, within, readOnly }: View, tool: Tool): boolean {
  if (readOnly && tool.action.effect !== 'read') return false
  if (within !== undefined && !isInToolset(within, tool)) return false
  return toolset === undefined || isInToolset(toolset, tool)
}

/** The same text for the same view of tools. */
export function nameOf({ toolset, within, readOnly }: View): string {
  const names = (set: Toolset | undefined): string => (set === undefined ? '*' : [...set].toSorted().join(','))
  return `${readOnly ? 'read' : 'all'} ${names(toolset)}${within === undefined ? '' : ` ${names(within)}`}`
}

const isYes = (value: string): boolean => ['1', 'true', ''].includes(value)
const isNo = (value: string): boolean => ['0', 'false'].includes(value)

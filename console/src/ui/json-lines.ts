export interface JsonLine {
  /** `items[3].title`. */
  readonly path: string
  readonly depth: number
  readonly name: string | undefined
  readonly value: unknown
  readonly kind: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'
  readonly isOpen: boolean
  readonly isEnd: boolean
  readonly count: number
  readonly isMatch: boolean
}

interface LinesOptions {
  isOpen(path: string, depth: number): boolean
  /** Only lines that contain this, and those above them. */
  readonly search: string
}

/** More would make the page slow; search finds what is beyond. */
const mostLines = 100_000

/** The lines of a value as a tree. Closed branches have one line. */
export function linesOf(root: unknown, { isOpen, search }: LinesOptions): JsonLine[] {
  const wanted = search.trim().toLowerCase()
  const lines: JsonLine[] = []
  const contains = (text: string): boolean => wanted !== '' && text.toLowerCase().includes(wanted)

  /** Returns whether the value or something in it matches. */
  const add = ({ value, name, path, depth }: Pick<JsonLine, 'value' | 'name' | 'path' | 'depth'>): boolean => {
    if (lines.length >= mostLines) return false
    const kind = kindOf(value)
    const isBranch = kind === 'object' || kind === 'array'
    const entries = isBranch ? Object.entries(value as object) : []
    const open = isBranch && isOpen(path, depth)
    const isMatch = contains(name ?? '') || (!isBranch && contains(String(value)))
    const at = lines.length
    lines.push({ path, depth, name, value, kind, isOpen: open, isEnd: false, count: entries.length, isMatch })
    let found = isMatch
    if (open) {
      for (const [key, child] of entries) {
        const childPath =
          kind === 'array' ? `${path}[${key}]` : path === '' ? plain(key) : `${path}${/^\w+$/.test(key) ? '.' : ''}${plain(key)}`
        if (add({ value: child, name: key, path: childPath, depth: depth + 1 })) found = true
      }
    }
    if (wanted !== '' && !found) lines.length = at
    return found
  }
  add({ value: root, name: undefined, path: '', depth: 0 })
  return lines
}

function plain(key: string): string {
  return /^\w+$/.test(key) ? key : `[${JSON.stringify(key)}]`
}

function kindOf(value: unknown): JsonLine['kind'] {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'object' || type === 'string' || type === 'number' || type === 'boolean' ? type : 'string'
}

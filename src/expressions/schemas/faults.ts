import { innerSchemas, keywords } from './keywords.ts'

/** Something wrong with a schema, and where in it. */
export interface SchemaFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Counted through `$ref`, which is where a short schema becomes a deep or a large one. */
const maxDepth = 32
const maxSchemas = 2000
const maxFaults = 50
const maxPattern = 1000

interface Size {
  readonly depth: number
  /** How many schemas it has when each reference is replaced by what it refers to. */
  readonly count: number
}

/** Finds what is wrong with a schema that somebody wrote, in time that is proportional to its size. */
export function faultsOf(root: unknown): SchemaFault[] {
  const faults: SchemaFault[] = []
  const known = new Map<object, Size>()
  const around = new Set<object>()
  const add = (path: SchemaFault['path'], message: string): void => {
    if (faults.length < maxFaults) faults.push({ path, message })
  }

  const measure = (schema: unknown, path: SchemaFault['path']): Size => {
    if (typeof schema === 'boolean') return { depth: 1, count: 1 }
    if (!isRecord(schema)) {
      add(path, 'a schema is an object, true or false')
      return { depth: 1, count: 1 }
    }
    const size = known.get(schema)
    if (size) return size
    if (around.has(schema)) {
      add(path, 'the schema contains itself through `$ref`, so its depth has no end')
      return { depth: 1, count: 1 }
    }
    if (around.size >= maxDepth) {
      add(path, `the schema is nested too deeply: at most ${maxDepth} levels, counted through \`$ref\``)
      return { depth: 1, count: 1 }
    }
    checkKeywords(schema, path, add)
    around.add(schema)
    let depth = 0
    let count = 1
    const include = (inner: Size): void => {
      depth = Math.max(depth, inner.depth)
      count += inner.count
    }
    for (const { path: place, schema: inner, applies } of innerSchemas(schema)) {
      const measured = measure(inner, [...path, ...place])
      if (applies) include(measured)
    }
    const { $ref: reference } = schema
    if (typeof reference === 'string' && reference.startsWith('#')) {
      const target = targetOf(root, reference)
      if (target === undefined) add([...path, '$ref'], `there is nothing at \`${reference.slice(0, 100)}\``)
      else include(measure(target, [...path, '$ref']))
    }
    around.delete(schema)
    const made = { depth: depth + 1, count }
    known.set(schema, made)
    return made
  }

  const { depth, count } = measure(root, [])
  if (depth > maxDepth) add([], `the schema is nested too deeply: at most ${maxDepth} levels, counted through \`$ref\``)
  if (count > maxSchemas) add([], `the schema is too large: at most ${maxSchemas} schemas, each counted as often as something refers to it`)
  return faults
}

function checkKeywords(
  schema: Readonly<Record<string, unknown>>,
  path: SchemaFault['path'],
  add: (path: SchemaFault['path'], message: string) => void,
): void {
  for (const [keyword, value] of Object.entries(schema)) {
    const form = keywords.get(keyword)
    if (!form) {
      add(path, `unknown keyword: "${keyword.slice(0, 100)}"`)
      continue
    }
    const message = form(value)
    if (message !== undefined) add([...path, keyword], message)
    const patterns = keyword === 'pattern' ? [value] : keyword === 'patternProperties' && isRecord(value) ? Object.keys(value) : []
    if (patterns.some((pattern) => String(pattern).length > maxPattern))
      add([...path, keyword], `a pattern has at most ${maxPattern} characters`)
  }
}

/** What a reference such as `#/$defs/name` points at, found as the validator finds it. */
export function targetOf(root: unknown, reference: string): unknown {
  let at = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = decoded(part)
    if (name === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

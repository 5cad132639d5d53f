import type { z } from 'zod'
import { nearest } from '#lib/nearest'
import { pathKey, type DefinitionProblem, type Path, type Source } from './source.ts'

/** Collects problems with their positions in the text. */
export interface Problems {
  readonly list: DefinitionProblem[]
  add(path: Path, message: string, remedy: string, which?: 'key' | 'value'): void
  /** Inside a string: after its nth `${{`, or after its beginning. */
  addInside(path: Path, nth: number | undefined, offset: number, message: string, remedy: string): void
}

/** More than this many errors help nobody, and an answer with all of a large hostile definition would be large too. */
const most = 50

export function collectProblems(source: Source): Problems {
  const list: DefinitionProblem[] = []
  const seen = new Set<string>()
  const put = (path: Path, problem: DefinitionProblem): void => {
    const key = `${pathKey(path)} ${problem.line}:${problem.column} ${problem.message}`
    if (seen.has(key) || list.length >= most) return
    seen.add(key)
    list.push({ ...problem, message: shortened(problem.message), remedy: shortened(problem.remedy) })
  }
  return {
    list,
    add: (path, message, remedy, which) => put(path, { ...source.place(path, which), path: writtenPath(path), message, remedy }),
    addInside: (path, nth, offset, message, remedy) =>
      put(path, { ...source.inside(path, nth, offset), path: writtenPath(path), message, remedy }),
  }
}

export function writtenPath(path: Path): string {
  let written = ''
  for (const part of path) {
    if (typeof part === 'number') written += `[${part}]`
    else if (/^[A-Za-z_][\w-]*$/.test(part)) written += written === '' ? part : `.${part}`
    else written += `[${JSON.stringify(part)}]`
  }
  return written
}

/** `Did you mean …?` with the most similar name, if there is one. */
export function suggest(name: string, known: Iterable<string>): string {
  const [like] = nearest(name, known)
  return like === undefined ? 'There is none yet.' : `Did you mean \`${like}\`?`
}

/** Checks a value against a schema and says for each error what to write. */
export function checkShape(problems: Problems, schema: z.ZodType, value: unknown, base: Path): boolean {
  const { success, error } = schema.safeParse(value)
  if (success) return true
  for (const issue of error.issues) {
    const inner = issue.path.filter((part) => typeof part !== 'symbol')
    const path = [...base, ...inner]
    const at = schemaAt(schema, inner)
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(shapeOf(at) ?? {})
      for (const key of issue.keys) {
        if (problems.list.length >= most) return false
        problems.add([...path, key], `\`${key}\` is not known here`, `${suggest(key, known)} Known: ${known.join(', ')}.`, 'key')
      }
      continue
    }
    const description = at?.description ?? ''
    if (valueAt(value, inner) === undefined) {
      problems.add(path, `\`${String(inner.at(-1) ?? '')}\` is missing`, `Add it. ${description}`.trim(), 'key')
    } else {
      const message = issue.message.replace(/^(Invalid input|Invalid option|Invalid key in record): /, '')
      problems.add(path, message === 'Invalid input' ? 'this does not fit here' : message, description || 'Write what is expected.')
    }
  }
  return false
}

interface Definitions {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly options?: readonly z.ZodType[]
  readonly shape?: Readonly<Record<string, z.ZodType>>
}

const definitionOf = (schema: z.ZodType): Definitions => schema.def

function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  let at = schema
  for (const part of path) {
    if (!at) return undefined
    const { element, valueType } = definitionOf(bare(at))
    const shape = shapeOf(at)
    at = shape ? shape[part] : (element ?? valueType)
  }
  return at
}

/** The schema inside `optional`: the description may be on either. */
function bare(schema: z.ZodType): z.ZodType {
  const { innerType } = definitionOf(schema)
  return innerType ? bare(innerType) : schema
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> | undefined {
  if (!schema) return undefined
  const { shape, options } = definitionOf(bare(schema))
  return shape ?? options?.map((option) => shapeOf(option)).find((found) => found !== undefined)
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}

/** A list of known names can be long, and there may be fifty problems. */
function shortened(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text
}

const maxTextLength = 1000

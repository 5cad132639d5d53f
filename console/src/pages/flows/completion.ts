import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { Schema } from '#forms'

/** What the completion knows of the workspace and of the format. */
export interface Knowledge {
  readonly tools: readonly { readonly name: string; readonly title: string; readonly description: string; readonly input: Schema }[]
  readonly flows: readonly { readonly id: string; readonly name: string | null; readonly parameters: Schema | null }[]
  readonly integrations: readonly string[]
  readonly eventTypes: readonly string[]
  readonly format: FormatSchema | undefined
}

export interface FormatSchema extends Omit<Schema, 'items' | 'properties' | 'anyOf' | 'oneOf'> {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, FormatSchema>>
  readonly properties?: Readonly<Record<string, FormatSchema>>
  readonly additionalProperties?: FormatSchema | boolean
  readonly items?: FormatSchema
  readonly anyOf?: readonly FormatSchema[]
  readonly oneOf?: readonly FormatSchema[]
}

/** What is written at the cursor: the keys around it, and the tool or flow whose arguments are given there. */
interface Place {
  readonly path: readonly string[]
  readonly subject: string | undefined
  readonly taken: ReadonlySet<string>
}

const keyLine = /^(\s*)((?:- +)*)([\w.-]+):(?:\s|$)/
const expressionRoots = ['steps', 'parameters', 'event', 'run', 'error', 'item', 'index']

/** Proposes what fits: keys of the format, tools, their arguments, flows, integrations, event types, and earlier steps in expressions. */
export function completeWith(knowledge: () => Knowledge) {
  return (context: CompletionContext): CompletionResult | null => {
    const { doc } = context.state
    const line = doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const expression = expressionBefore(before)
    if (expression !== undefined) return inExpression(context, expression)
    const [, indent, dashes, key, typed] = /^(\s*)((?:- +)*)([\w.-]+):\s+["']?([\w.*-]*)$/.exec(before) ?? []
    if (key !== undefined)
      return result(context, typed!, valuesFor(knowledge(), key, placeOf(doc, line.number, indent!.length + dashes!.length)))
    const [, space, dash, word] = /^(\s*)((?:- +)*)([\w.-]*)$/.exec(before) ?? []
    if (word === undefined || (word === '' && !context.explicit && dash === '')) return null
    return result(context, word, keysFor(knowledge(), placeOf(doc, line.number, space!.length + dash!.length)))
  }
}

type Doc = CompletionContext['state']['doc']

function result({ pos }: CompletionContext, typed: string, options: readonly Completion[]): CompletionResult | null {
  return options.length === 0 ? null : { from: pos - typed.length, options, validFor: /^[\w.*-]*$/ }
}

/** What is written of an expression that is not closed yet. */
function expressionBefore(before: string): string | undefined {
  const open = before.lastIndexOf('${{')
  if (open >= 0 && !before.slice(open).includes('}}')) return before.slice(open + 3)
  return /^\s*(?:- +)*(?:if|filter|correlate):\s+(.*)$/.exec(before)?.[1]
}

function inExpression(context: CompletionContext, expression: string): CompletionResult | null {
  const [typed = ''] = /[\w.]*$/.exec(expression) ?? []
  const parts = typed.split('.')
  const last = parts.pop() ?? ''
  const { doc } = context.state
  const options = (names: readonly string[], type: string): CompletionResult | null =>
    names.length === 0 ? null : { from: context.pos - last.length, options: names.map((label) => ({ label, type })), validFor: /^\w*$/ }
  if (parts.length === 0) return last === '' && !context.explicit ? null : options(expressionRoots, 'variable')
  if (parts[0] === 'steps' && parts.length === 1) return options(idsBefore(doc, context.pos), 'variable')
  if (parts[0] === 'steps' && parts.length === 2) return options(['output', 'status', 'error'], 'property')
  if (parts[0] === 'parameters' && parts.length === 1) return options(parametersOf(doc), 'property')
  if (parts[0] === 'event' && parts.length === 1) return options(['data', 'type', 'subject', 'id', 'time', 'source'], 'property')
  return null
}

/** Ids of steps that are written above. */
function idsBefore(doc: Doc, position: number): string[] {
  return [...doc.sliceString(0, position).matchAll(/^\s*(?:- +)+id: *["']?(\w+)/gm)].map(([, id]) => id!).toReversed()
}

function parametersOf(doc: Doc): string[] {
  const [, block = ''] = /^parameters:\s*\n((?:[ \t]+.*\n|\s*\n)*)/m.exec(doc.toString()) ?? []
  const [, properties = ''] = /^ {2}properties:\s*\n((?: {4,}.*\n|\s*\n)*)/m.exec(block) ?? []
  return [...properties.matchAll(/^ {4}([\w-]+):/gm)].map(([, name]) => name!)
}

/** The keys around a line, from the outside in, by how far they are indented. */
function placeOf(doc: Doc, number: number, column: number): Place {
  const path: string[] = []
  const taken = new Set<string>()
  let subject: string | undefined
  let at = column
  let isSameItem = !isItem(doc.line(number).text)
  for (let above = number - 1; above >= 1; above--) {
    const { text } = doc.line(above)
    const [, indent, dashes, key] = keyLine.exec(text) ?? []
    if (key === undefined) continue
    const own = indent!.length + dashes!.length
    if (own === at && isSameItem) {
      if (path.length === 0) taken.add(key)
      // The tool that `with` is for stands beside it.
      if (path[0] === 'with' && path.length === 1) subject ??= subjectOf(text)
    }
    if (own === at && dashes !== '') isSameItem = false
    if (own < at) {
      path.unshift(key)
      at = own
      isSameItem = dashes === ''
      if (key === 'with' && path.length === 1 && dashes === '') isSameItem = true
    }
  }
  return { path, subject: subject ?? (path.at(-1) === 'with' ? subjectBelow(doc, number, column) : undefined), taken }
}

const isItem = (text: string): boolean => /^\s*- /.test(text)

function subjectOf(text: string): string | undefined {
  return /^\s*(?:- +)*(?:uses|flow): *["']?([\w.-]+)/.exec(text)?.[1]
}

function subjectBelow(doc: Doc, number: number, column: number): string | undefined {
  for (let below = number + 1; below <= doc.lines; below++) {
    const { text } = doc.line(below)
    const [, indent, dashes] = keyLine.exec(text) ?? []
    if (indent === undefined || indent.length + dashes!.length >= column) continue
    return dashes === '' ? subjectOf(text) : undefined
  }
  return undefined
}

function valuesFor(known: Knowledge, key: string, { path }: Place): Completion[] {
  switch (key) {
    case 'uses':
      return known.tools.map(({ name, title, description }) => ({ label: name, detail: title, info: description, type: 'function' }))
    case 'flow':
      return known.flows.map(({ id, name }) => ({ label: id, type: 'function', ...(name === null ? {} : { detail: name }) }))
    case 'integration':
      return known.integrations.map((label) => ({ label, type: 'constant' }))
    case 'event':
      return known.eventTypes.map((label) => ({ label, type: 'constant' }))
    default: {
      const values = schemasAt(known, [...path, key]).flatMap((schema) => [
        ...(schema.enum ?? []),
        ...(schema.type === 'boolean' ? [true, false] : []),
      ])
      return [...new Set(values.map(String))].map((label) => ({ label, type: 'constant' }))
    }
  }
}

function keysFor(known: Knowledge, { path, subject, taken }: Place): Completion[] {
  const properties =
    path.at(-1) === 'with' && subject !== undefined
      ? Object.entries(inputOf(known, subject).properties ?? {})
      : schemasAt(known, path).flatMap((schema) => Object.entries(schema.properties ?? {}))
  const seen = new Set(taken)
  return properties
    .filter(([name]) => !seen.has(name) && seen.add(name))
    .map(([label, { description }]) => ({
      label,
      apply: `${label}: `,
      type: 'property',
      ...(description === undefined ? {} : { info: description }),
    }))
}

function inputOf({ tools, flows }: Knowledge, subject: string): Schema {
  return tools.find(({ name }) => name === subject)?.input ?? flows.find(({ id }) => id === subject)?.parameters ?? {}
}

/** The schemas that a value under these keys may have. Lists are left out of the keys. */
function schemasAt({ format }: Knowledge, path: readonly string[]): FormatSchema[] {
  if (!format) return []
  let at = flat(format, format)
  for (const key of path) {
    at = at.flatMap(({ properties = {}, additionalProperties: others }) => {
      const next = Object.hasOwn(properties, key) ? properties[key] : typeof others === 'object' ? others : undefined
      return next ? flat(format, next) : []
    })
  }
  return at
}

/** A schema without references, alternatives and lists around what it is about. */
function flat(root: FormatSchema, schema: FormatSchema): FormatSchema[] {
  if (schema.$ref !== undefined) {
    const found = root.$defs?.[schema.$ref.split('/').at(-1)!]
    return found ? flat(root, found) : []
  }
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])]
  return inner.length === 0 ? [schema] : inner.flatMap((one) => flat(root, one))
}

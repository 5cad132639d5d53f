import { isMap, type YAMLSeq } from 'yaml'
import { documentOf, everyStep, outlineOf, type Step } from '../../graph/outline.ts'

/** What the graph changes in the text. */
export type StepEdit = 'insert' | 'duplicate' | 'wrap' | 'delete'

/** A changed text, and the id of the step that is to be selected in it. */
export interface Edited {
  readonly text: string
  readonly step: string | undefined
}

/**
 * Changes the lines of a step and nothing else, so that comments and the form of the text stay. Where a step does not stand on lines of its own, as
 * in `steps: [{ … }]`, the text is written anew by the YAML library, which keeps comments as well.
 */
export function editStep(text: string, id: string, edit: StepEdit): Edited | undefined {
  const outline = outlineOf(text)
  const all = outline ? [...everyStep([...outline.steps, ...outline.onError])] : []
  const step = all.find((one) => one.id === id)
  if (!step) return undefined
  const ids = new Set(all.map((one) => one.id))
  const block = linesOf(text, step)
  return block ? editLines(text, { step, block, ids, edit }) : editDocument(text, { step, ids, edit })
}

interface Lines {
  readonly start: number
  readonly end: number
  readonly indent: string
}

interface Editing {
  readonly step: Step
  readonly ids: ReadonlySet<string>
  readonly edit: StepEdit
}

/** The whole lines of a step in block style, from its dash on; undefined where it shares lines. */
function linesOf(text: string, { from, to }: Step): Lines | undefined {
  const start = text.lastIndexOf('\n', from - 1) + 1
  const [, indent] = /^( *)- +$/.exec(text.slice(start, from)) ?? []
  if (indent === undefined || text[from] === '{') return undefined
  const last = from + text.slice(from, to).trimEnd().length
  const lineEnd = text.indexOf('\n', last)
  return { start, indent, end: lineEnd < 0 ? text.length : lineEnd }
}

function editLines(text: string, { step, block: { start, end, indent }, ids, edit }: Editing & { readonly block: Lines }): Edited {
  const before = text.slice(0, start)
  const own = text.slice(start, end)
  const after = text.slice(end)
  // Steps with empty lines between them get one too.
  const gap = /^\n[ \t]*\n/.test(after) || /\n[ \t]*\n$/.test(before) ? '\n\n' : '\n'
  switch (edit) {
    case 'insert': {
      const id = freeId('step', ids)
      return { text: `${before}${own}${gap}${indent}- id: ${id}\n${indent}  transform: ''${after}`, step: id }
    }
    case 'duplicate': {
      const { text: copy, id } = renamed(own, step, ids)
      return { text: `${before}${own}${gap}${copy}${after}`, step: id }
    }
    case 'wrap': {
      const id = freeId(`try_${step.id}`, ids)
      const deeper = own
        .split('\n')
        .map((line) => (line.trim() === '' ? line : `      ${line}`))
        .join('\n')
      return { text: `${before}${indent}- id: ${id}\n${indent}  try:\n${indent}    steps:\n${deeper}${after}`, step: id }
    }
    case 'delete':
      return { text: `${before}${after.replace(/^\n([ \t]*\n)?/, '')}`, step: undefined }
    default:
      return edit satisfies never
  }
}

function editDocument(text: string, { step, ids, edit }: Editing): Edited | undefined {
  const document = documentOf(text)
  const list = document.getIn(step.path.slice(0, -1)) as YAMLSeq | undefined
  const index = step.path.at(-1) as number
  const item = list?.items[index]
  if (!list || !isMap(item)) return undefined
  const done = (id: string | undefined): Edited => ({ text: document.toString({ lineWidth: 0 }), step: id })
  switch (edit) {
    case 'insert': {
      const id = freeId('step', ids)
      list.items.splice(index + 1, 0, document.createNode({ id, transform: '' }))
      return done(id)
    }
    case 'duplicate': {
      const own = text.slice(step.from, step.to)
      const { text: copy, id } = renamed(own, step, ids)
      list.items.splice(index + 1, 0, documentOf(copy).contents)
      return done(id)
    }
    case 'wrap': {
      const id = freeId(`try_${step.id}`, ids)
      const around = document.createNode({ id, try: { steps: [0] } })
      document.setIn([...step.path], around)
      document.setIn([...step.path, 'try', 'steps', 0], item)
      return done(id)
    }
    case 'delete':
      list.items.splice(index, 1)
      return done(undefined)
    default:
      return edit satisfies never
  }
}

/** A copy whose steps have ids that are not taken. What refers to a step inside the copy refers to its copy. */
function renamed(own: string, step: Step, ids: ReadonlySet<string>): { text: string; id: string } {
  const taken = new Set(ids)
  let text = own
  let first = step.id
  for (const { id } of everyStep([step])) {
    if (id === '') continue
    const next = freeId(id, taken)
    taken.add(next)
    if (id === step.id) first = next
    text = text
      .replace(new RegExp(`(\\bid: *["']?)${id}(?=["']?\\s*([,}#]|$))`, 'm'), `$1${next}`)
      .replaceAll(new RegExp(`\\bsteps\\.${id}\\b`, 'g'), `steps.${next}`)
  }
  return { text, id: first }
}

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted) && wanted !== 'step') return wanted
  const stem = wanted.replace(/_\d+$/, '')
  for (let number = 2; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`
}

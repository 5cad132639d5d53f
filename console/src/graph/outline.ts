import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml'

export type Path = readonly (string | number)[]

/** A step of a flow, with its place in the text. */
export interface Step {
  /** Unique in the flow once it is sound. */
  readonly id: string
  readonly kind: string
  /** What it does, in a word: the tool, the flow, the event. */
  readonly what: string
  readonly condition: string | undefined
  readonly path: Path
  readonly from: number
  readonly to: number
  readonly blocks: readonly Block[]
}

/** Steps inside a step, such as those of a branch. */
export interface Block {
  readonly label: string
  readonly steps: readonly Step[]
}

export interface Outline {
  readonly triggers: readonly string[]
  readonly steps: readonly Step[]
  readonly onError: readonly Step[]
}

const kinds = [
  'uses',
  'flow',
  'then',
  'switch',
  'for_each',
  'parallel',
  'wait_for',
  'wait',
  'approve',
  'transform',
  'script',
  'emit',
  'try',
]

export function documentOf(text: string): Document {
  return parseDocument(text, { logLevel: 'silent', uniqueKeys: false })
}

/** The steps of a flow; undefined while the text cannot be read. */
export function outlineOf(text: string): Outline | undefined {
  const { contents, errors } = documentOf(text)
  if (errors.length > 0 || !isMap(contents)) return undefined
  const triggers = contents.get('on')
  const failure = contents.get('on_error')
  return {
    triggers: isSeq(triggers) ? triggers.items.filter(isMap).map(triggerOf) : [],
    steps: stepsOf(contents.get('steps'), ['steps']),
    onError: isMap(failure) ? stepsOf(failure.get('steps'), ['on_error', 'steps']) : [],
  }
}

/** Every step, in the order of the text. */
export function* everyStep(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    for (const block of step.blocks) yield* everyStep(block.steps)
  }
}

/** The innermost step around a place in the text. */
export function stepAt({ steps, onError }: Outline, position: number): Step | undefined {
  let found: Step | undefined
  for (const step of everyStep([...steps, ...onError])) if (step.from <= position && position <= step.to) found = step
  return found
}

/** The steps of the list that a step is in, itself included. */
export function siblingsOf({ steps, onError }: Outline, step: Step): readonly Step[] {
  const lists = [steps, onError, ...[...everyStep([...steps, ...onError])].flatMap(({ blocks }) => blocks.map((block) => block.steps))]
  return lists.find((list) => list.includes(step)) ?? []
}

function triggerOf(trigger: YAMLMap): string {
  for (const name of ['event', 'schedule', 'bus']) {
    const text = textOf(trigger, name)
    if (text !== undefined) return name === 'event' ? text : `${name} ${text}`
  }
  return 'trigger'
}

function stepsOf(node: unknown, path: Path): Step[] {
  if (!isSeq(node)) return []
  return node.items.flatMap((item, index) => (isMap(item) ? [stepOf(item, [...path, index])] : []))
}

function stepOf(map: YAMLMap, path: Path): Step {
  const kind = kinds.find((name) => map.has(name)) ?? 'step'
  const [from = 0, to = 0] = map.range ?? []
  return {
    id: textOf(map, 'id') ?? '',
    kind: kind === 'then' ? 'if' : kind,
    what: whatOf(map, kind),
    condition: textOf(map, 'if'),
    path,
    from,
    to,
    blocks: blocksOf(map, path),
  }
}

function whatOf(map: YAMLMap, kind: string): string {
  if (kind === 'uses' || kind === 'flow' || kind === 'wait') return textOf(map, kind) ?? ''
  if (kind === 'then') return textOf(map, 'if') ?? ''
  const value = map.get(kind)
  if (!isMap(value)) return ''
  const inner = { for_each: 'in', switch: 'on', wait_for: 'event', approve: 'message', emit: 'type' }[kind]
  return inner === undefined ? '' : (textOf(value, inner) ?? '')
}

function blocksOf(map: YAMLMap, path: Path): Block[] {
  const blocks: Block[] = []
  const add = (label: string, node: unknown, ...at: Path): void => {
    if (isSeq(node)) blocks.push({ label, steps: stepsOf(node, [...path, ...at]) })
  }
  add('then', map.get('then'), 'then')
  add('else', map.get('else'), 'else')
  const choice = map.get('switch')
  if (isMap(choice)) {
    const cases = choice.get('cases')
    if (isSeq(cases))
      cases.items.forEach(
        (one, index) => isMap(one) && add(textOf(one, 'when') ?? `case ${index + 1}`, one.get('steps'), 'switch', 'cases', index, 'steps'),
      )
    add('otherwise', choice.get('default'), 'switch', 'default')
  }
  const each = map.get('for_each')
  if (isMap(each)) add(`each ${textOf(each, 'as') ?? 'item'}`, each.get('steps'), 'for_each', 'steps')
  const parallel = map.get('parallel')
  const branches = isMap(parallel) ? parallel.get('branches') : undefined
  if (isMap(branches))
    for (const { key, value } of branches.items) {
      const name = isScalar(key) ? String(key.value) : ''
      add(name, value, 'parallel', 'branches', name)
    }
  for (const name of ['try', 'catch', 'finally']) {
    const block = map.get(name)
    if (isMap(block)) add(name, block.get('steps'), name, 'steps')
  }
  return blocks
}

function textOf(map: YAMLMap, key: string): string | undefined {
  const value = map.get(key)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
